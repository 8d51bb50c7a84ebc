"""The time of a modelled call: what happens when, and how much of the caller's audio has come."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

_NO_NOISE = 1e-6
"""What times lose by being added up."""


class Timeline:
    """What happens when. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = count()

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Have something done at a time, in order where times are equal."""
        heapq.heappush(self._due, (max(when, self.now), next(self._count), do))

    def next(self) -> float | None:
        """When something happens."""
        return self._due[0][0] if self._due else None

    def step(self) -> None:
        """Go to the next thing that happens."""
        self.now, _, do = heapq.heappop(self._due)
        do()


class CallerAudio:
    """How much of the caller's audio has come: it stands still while the line is lost.

    Args:
        line: when things happen.
    """

    def __init__(self, line: Timeline) -> None:
        self._line = line
        self._began = line.now
        self._lost_at: float | None = None
        """Since when there is no media socket."""
        self._missed = 0.0
        """Seconds that never came, up to the last return of the line."""
        self._unheard: list[tuple[float, Callable[[], None]]] = []
        """What is done with audio that has not come yet, and how much it needs for it."""

    @property
    def lost(self) -> bool:
        """Whether the line is lost."""
        return self._lost_at is not None

    @property
    def seconds(self) -> float:
        """How much has come."""
        now = self._line.now if self._lost_at is None else self._lost_at
        return now - self._began - self._missed

    def line_lost(self) -> None:
        """Nothing comes from now on."""
        self._lost_at = self._line.now

    def line_back(self) -> None:
        """It comes again, but for what was said meanwhile."""
        assert self._lost_at is not None
        self._missed += self._line.now - self._lost_at
        self._lost_at = None

    def go_on(self) -> None:
        """Have done what was to be done with audio that comes now."""
        unheard, self._unheard = self._unheard, []
        for needed, do in unheard:
            self.when_heard(needed, do)

    def when_heard(self, needed: float, do: Callable[[], None]) -> None:
        """Have something done once so many seconds have come."""

        def try_it() -> None:
            if self.lost:
                self._unheard.append((needed, do))
            elif self.seconds < needed - _NO_NOISE:
                self.when_heard(needed, do)
            else:
                do()

        self._line.at(self._began + self._missed + needed, try_it)
