"""Schedules of timer triggers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.functions_host.ncrontab import Schedule, ScheduleError

NOW = datetime(2026, 11, 22, 18, 4, 5, tzinfo=UTC)
"""A Sunday."""


def next_after(expression: str, moment: datetime = NOW) -> str:
    found = Schedule.parse(expression).next_after(moment)
    assert found is not None
    return f"{found:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("0 * * * * *", "2026-11-22 18:05:00"),
        ("* * * * * *", "2026-11-22 18:04:06"),
        ("0 */5 * * * *", "2026-11-22 18:05:00"),
        ("30 4 18 * * *", "2026-11-22 18:04:30"),
        ("5 4 18 * * *", "2026-11-23 18:04:05"),
        ("0 0 9-17/4 * * *", "2026-11-23 09:00:00"),
        ("0 30 9 * * Mon", "2026-11-23 09:30:00"),
        ("0 30 9 * * monday", "2026-11-23 09:30:00"),
        ("0 30 9 * * Mon-Fri", "2026-11-23 09:30:00"),
        ("0 0 0 * * 0", "2026-11-29 00:00:00"),
        ("0 0 0 1 Jan *", "2027-01-01 00:00:00"),
        ("0 0 0 1 January,March *", "2027-01-01 00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29 00:00:00"),
        ("0 0 0 29 2 Tue", "2028-02-29 00:00:00"),
        ("0 0 0 29 2 Wed", "2040-02-29 00:00:00"),
        ("5/20 * * * * *", "2026-11-22 18:04:25"),
        ("*/5 * * * *", "2026-11-22 18:05:00"),
    ],
)
def test_next(expression: str, due: str) -> None:
    assert next_after(expression) == due


def test_day_and_day_of_week_must_both_match() -> None:
    """Unlike Unix cron, where either would do."""
    assert next_after("0 0 0 13 * Fri") == "2027-08-13 00:00:00"


def test_a_day_that_never_comes() -> None:
    assert Schedule.parse("0 0 0 30 2 *").next_after(NOW) is None


def test_other_zones_are_turned_into_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=-8)))
    assert next_after("0 0 19 * * *", there) == "2026-11-22 19:00:00"


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("", "0 fields"),
        ("* * *", "3 fields"),
        ("60 * * * * *", "second '60': expected 0 to 59"),
        ("* * 24 * * *", "hour '24'"),
        ("* * * 0 * *", "day '0': expected 1 to 31"),
        ("* * * * Foo *", "month 'Foo': expected 1 to 12 or a name"),
        ("* * * * * 7", "day-of-week '7'"),
        ("*/0 * * * * *", "step '0'"),
        ("*/x * * * * *", "step 'x'"),
        ("30-10 * * * * *", "backwards"),
        ("1,,2 * * * * *", "second ''"),
        ("Mon * * * * *", "second 'Mon'"),
    ],
)
def test_a_fault_is_named(expression: str, named: str) -> None:
    with pytest.raises(ScheduleError, match=named):
        Schedule.parse(expression)


def field(lowest: int, highest: int) -> st.SearchStrategy[tuple[str, set[int]]]:
    """A field, and the values it stands for worked out the slow way."""
    number = st.integers(lowest, highest)
    step = st.integers(1, highest)
    everything = set(range(lowest, highest + 1))
    item = st.one_of(
        st.just(("*", everything)),
        number.map(lambda n: (str(n), {n})),
        st.tuples(number, number).map(lambda ab: (f"{min(ab)}-{max(ab)}", set(range(min(ab), max(ab) + 1)))),
        step.map(lambda s: (f"*/{s}", {n for n in everything if (n - lowest) % s == 0})),
        st.tuples(number, step).map(
            lambda ns: (
                f"{ns[0]}/{ns[1]}",
                {n for n in everything if n >= ns[0] and (n - ns[0]) % ns[1] == 0},
            )
        ),
    )
    return st.lists(item, min_size=1, max_size=3).map(
        lambda items: (",".join(text for text, _ in items), set().union(*(values for _, values in items)))
    )


@given(field(0, 59), field(0, 59), field(0, 23), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware below
def test_next_is_the_first_second_that_matches(
    seconds: tuple[str, set[int]],
    minutes: tuple[str, set[int]],
    hours: tuple[str, set[int]],
    moment: datetime,
) -> None:
    moment = moment.replace(tzinfo=UTC)
    found = Schedule.parse(f"{seconds[0]} {minutes[0]} {hours[0]} * * *").next_after(moment)
    assert found is not None
    assert moment < found <= moment + timedelta(days=1)

    def due(at: datetime) -> bool:
        return at.second in seconds[1] and at.minute in minutes[1] and at.hour in hours[1]

    assert due(found)
    # No second in between is due: enough to look at the fields' values, minute by minute near both ends.
    second = moment.replace(microsecond=0) + timedelta(seconds=1)
    for _ in range(2000):
        if second >= found:
            break
        assert not due(second)
        second += timedelta(seconds=1)


@given(
    field(1, 31),
    field(1, 12),
    field(0, 6),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_next_day_is_the_first_that_matches(
    days: tuple[str, set[int]], months: tuple[str, set[int]], week: tuple[str, set[int]], day: date
) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = Schedule.parse(f"0 0 0 {days[0]} {months[0]} {week[0]}").next_after(start)
    tried = start + timedelta(days=1)
    for _ in range(800):
        if tried.day in days[1] and tried.month in months[1] and tried.isoweekday() % 7 in week[1]:
            assert found == tried
            return
        tried += timedelta(days=1)
    assert found is None or found > tried - timedelta(days=1)


@pytest.mark.parametrize(
    ("number", "name"), list(enumerate(["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]))
)
def test_names_of_days(number: int, name: str) -> None:
    assert Schedule.parse(f"* * * * * {name}") == Schedule.parse(f"* * * * * {number}")
