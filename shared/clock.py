"""The time of day, on which all processes agree: the store's.

Several machines compare times with each other: is a bridge's report fresh, has a claim run out, does the
phone still ring? Their own clocks may be wrong, and leap when somebody sets them. So each process takes the
time from its machine once, goes on by a clock that nobody sets, and holds it against what the store says
with every answer. Where the machine's clock is right nothing comes of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_SLACK: Final = 2.0
"""Seconds by which the store may differ before it is followed: its clock and ours go on independently."""
_WHOLE: Final = 1.0
"""Seconds that an HTTP date leaves out."""

_log = logging.getLogger(__name__)


def steady() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps where there is such."""
    return time.clock_gettime(_STEADY)


_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""That of Linux; the other counts sleep on macOS."""


class Clock:
    """A clock that follows another by what is heard of it.

    Args:
        wall: the machine's time in seconds since the epoch.
        steady: seconds that go on evenly.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady) -> None:
        self._wall, self._steady = wall, steady
        self._ahead = wall() - steady()
        self._heard_at: float | None = None
        """By how much the machine's time was ahead of the steady one when the other was last heard."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self._now(), UTC)

    @property
    def is_sure(self) -> bool:
        """Whether the other was heard, and the machine's clock has not leapt since: a machine may have slept,
        and its steady clock not know of it."""
        return self._heard_at is not None and abs(self._wall() - self._steady() - self._heard_at) < _SLACK

    def hear(self, date: str | None, asked_at: float) -> None:
        """Take note of the other's time.

        Args:
            date: of an HTTP answer that has just come; what is none is ignored.
            asked_at: when its question was sent, by `steady`: the date was written some time after.
        """
        try:
            earliest = parsedate_to_datetime(date or "").timestamp()
        except (ValueError, OverflowError):
            return
        self._heard_at = self._wall() - self._steady()
        latest = earliest + _WHOLE + self._steady() - asked_at
        if earliest - _SLACK <= self._now() <= latest + _SLACK:
            return
        off = (earliest + latest) / 2 - self._now()
        self._ahead += off
        _log.warning("the time was off by %.0f s from the store's, which counts", -off)

    def _now(self) -> float:
        return self._ahead + self._steady()


CLOCK: Final = Clock()
"""Of this process."""


def utc_now() -> datetime:
    """The time in UTC, by the clock of this process."""
    return CLOCK.now()
