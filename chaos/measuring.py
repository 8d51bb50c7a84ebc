"""What a caller had to put up with, from sounds alone. No I/O and no clock; times in samples of the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local.ear import Span


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody was heard from `start` to `end`, and the caller waited for the agent."""

    start: int
    end: int

    @property
    def samples(self) -> int:
        return self.end - self.start


def silences(
    caller: Sequence[Span], agent: Sequence[Span], asked_again: Sequence[int], end: int
) -> list[Silence]:
    """Every silence in which the caller waited for the agent.

    Those that the agent broke; those that the caller broke by asking once more; and the one at the end of a
    call that was over while the caller still waited. A pause that the caller takes to think is none.

    Args:
        caller: what was said; agent: what was heard. Both by time.
        asked_again: where the caller, hearing nothing, spoke once more.
        end: of the call.
    """
    sounds = sorted(
        [(span.start, span.end, "caller") for span in caller] + [(s.start, s.end, "agent") for s in agent]
    )
    found: list[Silence] = []
    quiet_since, who = 0, "caller"  # at first the caller waits to be greeted
    for start, stop, speaker in sounds:
        if start > quiet_since:
            waited = speaker == "agent" or any(quiet_since <= at <= start for at in asked_again)
            if waited:
                found.append(Silence(quiet_since, start))
        if stop > quiet_since:
            quiet_since, who = stop, speaker
    if who == "caller" and end > quiet_since:
        found.append(Silence(quiet_since, end))
    return found


def longest(found: Sequence[Silence], start: int, end: int) -> int:
    """The longest of the silences that lie at least partly between two moments; 0 for none."""
    return max((one.samples for one in found if one.start < end and one.end > start), default=0)
