"""How long the service, a reply and the whole call may take. No I/O, no clock.

Times are monotonic seconds.
"""

from __future__ import annotations

_SETTINGS_SECONDS = 5.0
"""How long the service may take to accept the session's settings."""

_ANSWER_SECONDS = 6.0
"""The longest a caller may wait for the agent's first sound; then something is wrong, and is said."""

_OVERTIME = 60.0
"""Seconds after the longest time of a call in which a goodbye may still be fitted in."""


class Patience:
    """The deadlines of one call. Each is None while nothing is waited for.

    Args:
        most_seconds: the longest a call may be.
    """

    def __init__(self, most_seconds: float) -> None:
        self._most_seconds = most_seconds
        self._utc_offset = 0.0
        self.settings_due: float | None = None
        self.answer_due: float | None = None
        """When the agent's first sound is overdue."""
        self.limit_due: float | None = None
        """When the call has reached its longest time: the farewell is due."""
        self.last_due: float | None = None
        """When it ends whatever happens."""

    def due(self) -> float | None:
        """The earliest deadline."""
        dues = (self.settings_due, self.answer_due, self.limit_due, self.last_due)
        return min((due for due in dues if due is not None), default=None)

    def session_opened(self, now: float, utc: float) -> None:
        """A session is connected. `utc` is now in seconds since 1970."""
        self._utc_offset = utc - now

    def settings_sent(self, now: float) -> None:
        """The session has been sent its settings."""
        self.settings_due = now + _SETTINGS_SECONDS

    def session_ready(self, now: float) -> None:
        """The settings are taken. The first time, the call begins."""
        self.settings_due = None
        if self.last_due is None:
            self.limit_due = now + self._most_seconds
            self.last_due = self.limit_due + _OVERTIME

    def monotonic(self, utc: float) -> float:
        """A time in seconds since 1970 in those of this clock."""
        return utc - self._utc_offset

    def wait_for_sound(self, now: float) -> None:
        """Something is about to be said."""
        self.answer_due = now + _ANSWER_SECONDS


def is_due(due: float | None, now: float) -> bool:
    """Whether a time has come."""
    return due is not None and now >= due
