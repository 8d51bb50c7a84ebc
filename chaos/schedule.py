"""When which fault happens: chosen by a seed, the same for the same seed. No I/O and no clock."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

QUIET_S = (3.0, 9.0)
"""Seconds between the end of a fault's window and the next fault, at least and at most."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fault of a schedule."""

    fault: str
    pause_s: float
    """After the one before is over."""


def each_once(faults: Sequence[str], seed: int) -> list[Step]:
    """Every fault once, in the given order, after pauses of chance."""
    chance = random.Random(seed)
    return [Step(fault, chance.uniform(*QUIET_S)) for fault in faults]


def at_random(faults: Sequence[str], seed: int, seconds: float, lasts_s: Sequence[float]) -> list[Step]:
    """Faults of chance at times of chance, as many as go into so many seconds.

    Args:
        lasts_s: how long each fault's window is, in the order of `faults`.

    Raises:
        ValueError: there is nothing to choose from, or the lengths are not of these faults.
    """
    if not faults or len(faults) != len(lasts_s):
        raise ValueError("at_random takes one length for each of one fault or more")
    chance = random.Random(seed)
    steps: list[Step] = []
    left, before = seconds, ""
    while True:
        # Not the same twice in a row, where there is a choice: a rare one gets its turn sooner.
        number = chance.choice([n for n, name in enumerate(faults) if name != before or len(faults) == 1])
        pause = chance.uniform(*QUIET_S)
        left -= pause + lasts_s[number]
        if left < 0:
            return steps
        before = faults[number]
        steps.append(Step(before, pause))
