"""Words for the ear."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import spoken

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (time(19, 30), "half past seven in the evening"),
        (time(12, 0), "noon"),
        (time(0, 0), "midnight"),
        (time(0, 30), "half past twelve at night"),
        (time(1, 0), "one o'clock in the morning"),
        (time(7, 45), "quarter to eight in the morning"),
        (time(16, 55), "five to five in the afternoon"),
        (time(23, 45), "quarter to twelve at night"),
        (time(12, 35), "twenty-five to one in the afternoon"),
        (time(20, 7), "eight oh seven in the evening"),
        (time(20, 32), "eight thirty-two in the evening"),
    ],
)
def test_a_time_of_day_is_said_as_people_say_it(at: time, said: str) -> None:
    assert spoken.clock_of_day(at) == said


@given(st.times(), st.times())
def test_two_times_of_day_never_sound_the_same(one: time, other: time) -> None:
    one, other = (at.replace(second=0, microsecond=0, tzinfo=None, fold=0) for at in (one, other))
    assert (spoken.clock_of_day(one) == spoken.clock_of_day(other)) == (one == other)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("12.50", "twelve fifty"),
        ("12.00", "twelve euros"),
        ("1", "one euro"),
        ("8.05", "eight oh five"),
        ("0.80", "eighty cents"),
        ("0.01", "one cent"),
        ("134.90", "one hundred and thirty-four ninety"),
    ],
)
def test_money(amount: str, said: str) -> None:
    assert spoken.money(Decimal(amount), "EUR") == said


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([time(18), time(21, 30)], "six o'clock or half past nine in the evening"),
        ([time(12), time(18)], "noon or six o'clock in the evening"),
        ([time(12)], "noon"),
        ([time(21), time(22), time(0)], "nine o'clock in the evening, ten o'clock at night or midnight"),
    ],
)
def test_times_to_choose_from_say_the_part_of_day_once(times: list[time], said: str) -> None:
    assert spoken.clocks_of_day(times) == said


def test_money_finer_than_a_cent_is_refused() -> None:
    with pytest.raises(ValueError, match="finer"):
        spoken.money(Decimal("1.005"), "EUR")


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (0, "today"),
        (1, "tomorrow"),
        (5, "Friday"),
        (7, "Sunday the twenty-ninth of November"),
        (9, "Tuesday the first of December"),
        (-1, "Saturday the twenty-first of November"),
    ],
)
def test_a_day_is_named_without_doubt(ahead: int, said: str) -> None:
    assert spoken.day(SUNDAY + timedelta(days=ahead), SUNDAY) == said


def test_a_phone_number_is_said_digit_by_digit_with_pauses() -> None:
    assert spoken.digits("+353 20 913") == "plus three five three, two zero, nine one three"


@pytest.mark.parametrize(
    ("items", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_listing(items: list[str], said: str) -> None:
    assert spoken.listing(items, "or") == said


def test_every_number_has_its_own_words() -> None:
    said = [spoken.number(n) for n in range(10_000)]
    assert len(set(said)) == 10_000
    assert said[1234] == "one thousand two hundred and thirty-four"
    with pytest.raises(ValueError, match="10000"):
        spoken.number(10_000)


def test_ordinals_of_the_month() -> None:
    assert [spoken.ordinal(n) for n in (1, 2, 3, 5, 12, 20, 21, 30, 31)] == [
        "first",
        "second",
        "third",
        "fifth",
        "twelfth",
        "twentieth",
        "twenty-first",
        "thirtieth",
        "thirty-first",
    ]
