"""Opening hours against an independent check, minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.opening_hours import OpeningHours, Span

DUBLIN = ZoneInfo("Europe/Dublin")
FRIDAY = date(2026, 11, 27)
MINUTE = timedelta(minutes=1)

type Week = dict[int, list[tuple[time, time]]]
"""Weekday to opening and closing times, as a restaurant would print them."""


def hours_of(week: Week, zone: ZoneInfo = DUBLIN) -> OpeningHours:
    return OpeningHours({day: [Span.of(*pair) for pair in pairs] for day, pairs in week.items()}, zone)


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    """Spans without overlap: cut points drawn over the whole week, each span below a day, some past
    midnight."""
    cuts = draw(st.lists(st.integers(0, 7 * 96 - 1), min_size=2, max_size=16, unique=True).map(sorted))
    week: Week = {}
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        if end - start < 96:
            weekday, quarter = divmod(start, 96)
            pair = (time(quarter // 4, quarter % 4 * 15), time(end % 96 // 4, end % 4 * 15))
            week.setdefault(weekday, []).append(pair)
    return week


def open_minutes(week: Week, zone: ZoneInfo, first: date, days: int) -> set[datetime]:
    """By walking the clock on the wall: no spans, no service days, no time-zone folding."""
    reached: dict[datetime, datetime] = {}
    at = datetime.combine(first - timedelta(days=2), time(), UTC)
    before = None
    for _ in range((days + 5) * 24 * 60):
        wall = (at + (at.astimezone(zone).utcoffset() or timedelta())).replace(tzinfo=None)
        if before is not None:
            skipped, late = before + MINUTE, at
            while skipped < wall:  # the hands jumped: these wall times come as if they had not
                reached.setdefault(skipped, late)
                skipped, late = skipped + MINUTE, late + MINUTE
        reached.setdefault(wall, at)
        before, at = wall, at + MINUTE
    found: set[datetime] = set()
    for ahead in range(-1, days + 1):
        day = first + timedelta(days=ahead)
        for opens, closes in week.get(day.weekday(), []):
            until = day if closes > opens else day + timedelta(days=1)
            start, end = reached[datetime.combine(day, opens)], reached[datetime.combine(until, closes)]
            found.update(start + n * MINUTE for n in range(int((end - start) / MINUTE)))
    return found


@pytest.mark.parametrize(
    ("zone", "monday"),
    [
        ("Europe/Dublin", date(2027, 3, 22)),
        ("Europe/Dublin", date(2027, 10, 25)),
        ("America/New_York", date(2026, 10, 26)),
        ("Australia/Lord_Howe", date(2027, 3, 29)),
        ("Asia/Kathmandu", date(2026, 6, 1)),
    ],
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(week=weeks())
@example(week={6: [(time(1, 15), time(1, 45))], 5: [(time(18), time(1))]})
@example(week={5: [(time(18), time(1, 30))], 6: [(time(2, 15), time(2, 0))]})
def test_open_exactly_when_the_clock_on_the_wall_says_so(zone: str, monday: date, week: Week) -> None:
    """A whole week in every kind of clock change: forward, back, at the end of the week, by half an hour,
    none."""
    hours, place = hours_of(week, ZoneInfo(zone)), ZoneInfo(zone)
    expected = open_minutes(week, place, monday, 8)
    start = datetime.combine(monday, time(), place).astimezone(UTC)
    for n in range(7 * 24 * 60):
        at = start + n * MINUTE
        assert hours.is_open(at) == (at in expected), at.astimezone(place)


class TestPastMidnight:
    """Friday from six until two belongs to Friday."""

    hours = hours_of({4: [(time(18), time(2))]})

    def test_the_early_morning_belongs_to_the_evening_before(self) -> None:
        assert self.hours.placed(FRIDAY + timedelta(days=1), time(0, 30)) == (FRIDAY, 1470, Span(1080, 1560))

    def test_the_early_morning_of_the_day_itself_is_closed(self) -> None:
        assert self.hours.placed(FRIDAY, time(0, 30)) is None

    def test_until_says_the_next_morning(self) -> None:
        late = datetime(2026, 11, 27, 23, tzinfo=DUBLIN)
        assert self.hours.open_until(late) == datetime(2026, 11, 28, 2, tzinfo=DUBLIN)

    def test_closing_time_is_closed(self) -> None:
        assert self.hours.open_until(datetime(2026, 11, 28, 2, tzinfo=DUBLIN)) is None

    def test_is_said(self) -> None:
        assert self.hours.said(FRIDAY) == "from six o'clock to two o'clock in the morning"


def test_a_break_is_closed_and_the_next_opening_is_after_it() -> None:
    hours = hours_of({4: [(time(12), time(14, 30)), (time(18), time(22, 30))]})
    in_between = datetime(2026, 11, 27, 15, tzinfo=DUBLIN)
    assert not hours.is_open(in_between)
    assert hours.next_opening(in_between) == datetime(2026, 11, 27, 18, tzinfo=DUBLIN)
    assert hours.said(FRIDAY) == "from noon to half past two and from six o'clock to half past ten"


def test_a_span_is_as_long_as_the_clock_change_makes_it() -> None:
    """At 02:00 on 31 October 2027 clocks in Dublin go back to 01:00: six to two is then nine hours."""
    hours = hours_of({5: [(time(18), time(2))]})
    saturday = date(2027, 10, 30)
    assert hours.instant(saturday, 1560) - hours.instant(saturday, 1080) == timedelta(hours=9)


def test_hours_on_another_clock_are_compared_as_moments() -> None:
    hours = hours_of({4: [(time(12), time(13))]})
    assert hours.is_open(datetime(2026, 11, 27, 7, 30, tzinfo=ZoneInfo("America/New_York")))


@pytest.mark.parametrize(
    "week",
    [
        {4: [(time(12), time(15)), (time(14), time(16))]},
        {4: [(time(20), time(2))], 5: [(time(1), time(5))]},
        {6: [(time(20), time(2))], 0: [(time(1), time(5))]},
    ],
    ids=["same day", "past midnight", "past the end of the week"],
)
def test_overlapping_spans_are_refused(week: Week) -> None:
    with pytest.raises(ValueError, match=r"overlap: the span from \w+ \d\d:\d\d starts before"):
        hours_of(week)


def test_never_open_has_no_next_opening() -> None:
    assert hours_of({}).next_opening(datetime(2026, 11, 27, tzinfo=UTC)) is None
