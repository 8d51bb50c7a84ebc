"""When a restaurant is open: spans of the wall clock, a service day at a time.

A service day is the evening a host means by "Friday", even after midnight: a span from 18:00 to 02:00
belongs whole to the day on which it opens. Minutes count from midnight of the service day, so 02:00 of the
next morning is 1560.

Clock changes follow RFC 5545 3.3.5: a wall time that occurs twice means its first occurrence, one that is
skipped is taken with the offset before the change. No I/O and no clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared import spoken

DAY = 24 * 60
"""Minutes of a wall-clock day."""

_WEEK = 7 * DAY

_AHEAD = 60
"""Days that are looked through for the next opening; a winter break is shorter."""

_JOINED = 8
"""Spans that follow one another without a gap are followed this far: longer means day and night."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from `opens` up to but not including `closes`, both in minutes of the service day."""

    opens: int
    closes: int

    @classmethod
    def of(cls, opens: time, closes: time) -> Span:
        """From two wall times; a closing time at or before the opening time is on the next day."""
        start, end = (at.hour * 60 + at.minute for at in (opens, closes))
        return cls(start, end if end > start else end + DAY)

    @property
    def text(self) -> str:
        """In digits: "18:00-02:00"."""
        return f"{wall_clock(self.opens):%H:%M}-{wall_clock(self.closes):%H:%M}"


class OpeningHours:
    """The hours of one restaurant in its time zone: a week, and days on which something else holds."""

    def __init__(
        self,
        week: Mapping[int, Sequence[Span]],
        zone: ZoneInfo,
        on: Callable[[date], tuple[Span, ...] | None] | None = None,
    ) -> None:
        """`week` maps a weekday (0 is Monday) to its spans; a missing day is closed. `on` gives the spans, in
        order, of a date that has its own, such as a holiday; None where the week holds.

        Raises:
            ValueError: two spans overlap, across midnight included.
        """
        self._week = {weekday: tuple(sorted(spans)) for weekday, spans in week.items()}
        self._on = on
        self.zone = zone
        self._refuse_overlaps()

    def spans(self, service_day: date) -> tuple[Span, ...]:
        """The spans of a service day in order; empty when closed all day."""
        if self._on is not None and (own := self._on(service_day)) is not None:
            return own
        return self._week.get(service_day.weekday(), ())

    def instant(self, service_day: date, minute: int) -> datetime:
        """The moment (UTC) of a minute of the service day."""
        wall = datetime.combine(service_day, time()) + timedelta(minutes=minute)
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def is_skipped(self, service_day: date, minute: int) -> bool:
        """Whether the clock on the wall never shows that minute, since it is set forward over it."""
        wall = datetime.combine(service_day, time()) + timedelta(minutes=minute)
        return self.instant(service_day, minute).astimezone(self.zone).replace(tzinfo=None, fold=0) != wall

    def open_until(self, at: datetime) -> datetime | None:
        """When it closes after `at` (aware), in the restaurant's zone; None when closed then. Spans without a
        gap between them count as one."""
        until = self._span_ends(at)
        for _ in range(_JOINED):
            if until is None or (later := self._span_ends(until)) is None:
                break
            until = later
        return None if until is None else until.astimezone(self.zone)

    def _span_ends(self, at: datetime) -> datetime | None:
        """The end (UTC) of a span around `at`; the later one where spans of two days overlap."""
        today = at.astimezone(self.zone).date()
        ends = []
        for service_day in (today - timedelta(days=1), today):
            for span in self.spans(service_day):
                closes = self.instant(service_day, span.closes)
                if self.instant(service_day, span.opens) <= at < closes:
                    ends.append(closes)
        return max(ends, default=None)

    def is_open(self, at: datetime) -> bool:
        """Whether guests find the door open at `at` (aware)."""
        return self._span_ends(at) is not None

    def next_opening(self, at: datetime) -> datetime | None:
        """The first opening after `at` within the coming weeks, in the restaurant's zone."""
        today = at.astimezone(self.zone).date()
        openings = (
            self.instant(today + timedelta(days=ahead), span.opens)
            for ahead in range(_AHEAD)
            for span in self.spans(today + timedelta(days=ahead))
        )
        return next((opening.astimezone(self.zone) for opening in openings if opening > at), None)

    def placed(self, on: date, at: time) -> tuple[date, int, Span] | None:
        """The service day, minute and span that the wall time `at` on the calendar day `on` falls into.

        Half past midnight on Saturday is minute 1470 of Friday when Friday's span reaches that far.
        """
        minute = at.hour * 60 + at.minute
        for service_day, wanted in ((on, minute), (on - timedelta(days=1), minute + DAY)):
            for span in self.spans(service_day):
                if span.opens <= wanted < span.closes:
                    return service_day, wanted, span
        return None

    def said(self, service_day: date) -> str:
        """The hours of a day for the ear: "from noon to half past two and from six to half past ten"."""
        if self.spans(service_day) == (Span(0, DAY),):
            return "day and night"
        parts = [f"from {_said(span.opens)} to {_said(span.closes)}" for span in self.spans(service_day)]
        return spoken.listing(parts)

    def _refuse_overlaps(self) -> None:
        spans = sorted(
            (weekday * DAY + span.opens, weekday * DAY + span.closes)
            for weekday, day in self._week.items()
            for span in day
        )
        if not spans:
            return
        first_again = (spans[0][0] + _WEEK, spans[0][1] + _WEEK)
        for earlier, later in itertools.pairwise([*spans, first_again]):
            if later[0] < earlier[1]:
                weekday, minute = divmod(later[0] % _WEEK, DAY)
                at = f"{spoken.WEEKDAYS[weekday]} {minute // 60:02d}:{minute % 60:02d}"
                raise ValueError(
                    f"opening hours overlap: the span from {at} starts before the one before it ends"
                )


def wall_clock(minute: int) -> time:
    """The time of day that a minute of the service day shows on the wall."""
    return time(minute % DAY // 60, minute % 60)


def _said(minute: int) -> str:
    """Mornings are named, for restaurants open at noon and in the evening."""
    at = wall_clock(minute)
    return spoken.clock_of_day(at) if at.hour < 12 else spoken.clock(at)
