"""What the log says about the outbox: a line of numbers, and an alarm when events wait too long."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from shared.outbox_relay import Round

_log = logging.getLogger(__name__)

_ALARM_EVERY: Final = timedelta(minutes=1)


class Report:
    """Turns rounds into log lines. The numbers stand in the text: Functions passes nothing else on.

    The alarm is an error line that begins with "events overdue", once a minute while it lasts.
    """

    def __init__(self, alarm_seconds: float) -> None:
        self._limit = timedelta(seconds=alarm_seconds)
        self._alarmed_at: datetime | None = None

    def take(self, round_: Round, now: datetime) -> None:
        """Log a round, unless nothing happened in it and nothing waits."""
        age = timedelta(0) if round_.oldest is None else max(timedelta(0), now - round_.oldest)
        self._alarm(round_, age, now)
        if round_.published or round_.failed or round_.pending or round_.unread:
            _log.info(
                "events: published=%d failed=%d dead=%d pending=%d oldest_s=%d unread=%d topic=%s",
                *(round_.published, round_.failed, round_.dead, round_.pending),
                *(age.total_seconds(), round_.unread, round_.down or "ok"),
            )

    def _alarm(self, round_: Round, age: timedelta, now: datetime) -> None:
        if age <= self._limit:
            # A round that did not see everything cannot say that it is over.
            if self._alarmed_at is not None and not round_.unread:
                _log.warning("events no longer overdue")
                self._alarmed_at = None
        elif self._alarmed_at is None or now - self._alarmed_at >= _ALARM_EVERY:
            self._alarmed_at = now
            _log.error(
                "events overdue: the oldest of %d is %d s old, %d s are allowed; topic: %s",
                *(round_.pending, age.total_seconds(), self._limit.total_seconds(), round_.down or "answers"),
            )
