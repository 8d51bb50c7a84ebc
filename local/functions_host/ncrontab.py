"""NCRONTAB, the schedules of timer triggers: {second} {minute} {hour} {day} {month} {day-of-week}, in UTC.

Each field is `*`, a number, a name (Jan, January, Mon, Monday), a range `a-b`, or a list of those with
commas; each of these may have a step `/n`. A number with a step runs to the end of the field. Five fields
mean second 0. Day and day-of-week must both match (as in the NCrontab library, unlike in Unix cron).
Source: Azure Functions timer trigger.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_MONTHS: Final = {name.lower(): n for n, name in enumerate(calendar.month_name) if name}
_DAYS: Final = {name.lower(): (n + 1) % 7 for n, name in enumerate(calendar.day_name)}


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: dict[str, int]


_FIELDS: Final = (
    _Field("second", 0, 59, {}),
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day", 1, 31, {}),
    _Field("month", 1, 12, _MONTHS),
    _Field("day-of-week", 0, 6, _DAYS),
)

_HORIZON: Final = timedelta(days=366 * 41)
"""29 February on a given day of the week comes back within 40 years, and nothing is rarer."""


class ScheduleError(ValueError):
    """Not an NCRONTAB expression; the message names the field and the fix."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed expression: the allowed values of each field, rising."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    days_of_week: tuple[int, ...]
    """Sunday is 0."""

    @classmethod
    def parse(cls, expression: str) -> Schedule:
        """Raises ScheduleError."""
        parts = expression.split()
        if len(parts) == 5:
            parts.insert(0, "0")
        if len(parts) != 6:
            raise ScheduleError(
                f"schedule {expression!r}: {len(parts)} fields; "
                "expected 6: second minute hour day month day-of-week"
            )
        return cls(*(_values(field, part) for field, part in zip(_FIELDS, parts, strict=True)))

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time later than `moment` (aware), in UTC; None when there is none (30 February)."""
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        day, earliest = start.date(), start.time()
        while day <= start.date() + _HORIZON:
            if self._has_day(day):
                found = self._time_from(earliest)
                if found is not None:
                    return datetime.combine(day, found, UTC)
            day, earliest = day + timedelta(days=1), time.min
        return None

    def _has_day(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.days_of_week

    def _time_from(self, earliest: time) -> time | None:
        """The first time of day not before `earliest`."""
        for hour in self.hours:
            for minute in self.minutes:
                if (hour, minute) < (earliest.hour, earliest.minute):
                    continue
                for second in self.seconds:
                    if time(hour, minute, second) >= earliest:
                        return time(hour, minute, second)
        return None


def _values(field: _Field, text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for item in text.split(","):
        span, slash, step = item.partition("/")
        first, last = _span(field, span, open_end=bool(slash))
        if slash and not (step.isdecimal() and int(step) > 0):
            raise ScheduleError(f"{field.name} {text!r}: step {step!r} is not a whole number above 0")
        found.update(range(first, last + 1, int(step) if slash else 1))
    return tuple(sorted(found))


def _span(field: _Field, text: str, *, open_end: bool) -> tuple[int, int]:
    if text == "*":
        return field.lowest, field.highest
    start, dash, end = text.partition("-")
    first = _number(field, start)
    if not dash:
        return first, field.highest if open_end else first
    last = _number(field, end)
    if last < first:
        raise ScheduleError(f"{field.name} {text!r}: the range runs backwards; write two ranges")
    return first, last


def _number(field: _Field, text: str) -> int:
    if text.isdecimal() and field.lowest <= int(text) <= field.highest:
        return int(text)
    matches = {n for name, n in field.names.items() if text.lower() in (name, name[:3])}
    if len(matches) != 1:
        names = " or a name" if field.names else ""
        raise ScheduleError(f"{field.name} {text!r}: expected {field.lowest} to {field.highest}{names}")
    return matches.pop()
