"""What to do when nobody says anything: a check, a second one, a goodbye. No I/O, no clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum


class SilenceStep(StrEnum):
    """What a silence asks for, in this order."""

    CHECK = "check"
    """Ask gently whether the caller is still there."""
    CHECK_AGAIN = "check_again"
    GOODBYE = "goodbye"
    """Nobody is there: say goodbye and end the call."""


class Silence:
    """Counts how long nobody speaks, from the end of the agent's playback.

    The agent's own check ends a silence but is no answer to it, so the next silence asks for the next step.
    Only the caller brings back the first one.

    Args:
        waits: seconds of silence before each step, one for each of SilenceStep.

    Raises:
        ValueError: `waits` are not three, or one is not above 0.
    """

    def __init__(self, waits: Sequence[float]) -> None:
        if len(waits) != len(SilenceStep) or not all(wait > 0 for wait in waits):
            raise ValueError("waits: give three numbers of seconds above 0, one for each step of a silence")
        self._steps = tuple(zip(SilenceStep, waits, strict=True))
        self._taken = 0
        """Steps taken since the caller was last heard."""
        self._since: float | None = None
        self._step_at = -math.inf
        """When the last step was taken."""

    def begins(self, at: float) -> None:
        """Nobody speaks from `at` on, which may be to come. A silence under way keeps its beginning.

        It does not begin before the last step: one that could not be said is followed by a full wait, too.
        """
        if self._since is None:
            self._since = max(at, self._step_at)

    def ends(self, *, caller: bool) -> None:
        """Somebody speaks or something is under way; with `caller`, it is the caller, in words or keys.

        A sound without words is not the caller yet: a television must not keep an empty line open.
        """
        self._since = None
        if caller:
            self._taken = 0

    def due(self) -> float | None:
        """When `step` has something; None while nobody is silent, or when the goodbye was asked for."""
        if self._since is None or self._taken == len(self._steps):
            return None
        return self._since + self._steps[self._taken][1]

    def step(self, now: float) -> SilenceStep | None:
        """The step that is due at `now`, given out once.

        The wait for the next one begins here: a check that never gets to be heard does not stop the ladder.
        """
        due = self.due()
        if due is None or now < due:
            return None
        step, _ = self._steps[self._taken]
        self._taken += 1
        self._since = self._step_at = now
        return step
