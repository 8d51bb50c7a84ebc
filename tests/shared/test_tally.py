"""Sums over calls, and the percentiles read off them."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.call_facts import CallerOutcome, CallFacts
from shared.histogram import ERROR, Histogram, add, merge, percentile
from shared.intents import Decision, Intent
from shared.prices import Usage
from shared.tally import Tally, midnight, pack, peaks, tally, unpack

DUBLIN = ZoneInfo("Europe/Dublin")
DAY = date(2026, 11, 20)
values = st.lists(st.integers(0, 600_000), max_size=60)


@given(values, st.sampled_from([0.01, 0.5, 0.9, 0.95, 1.0]))
def test_a_percentile_is_within_its_error(numbers: list[int], share: float) -> None:
    histogram: Histogram = {}
    add(histogram, numbers)
    if not numbers:
        assert percentile(histogram, share) is None
        return
    exact = sorted(numbers)[max(1, math.ceil(share * len(numbers) - 1e-9)) - 1]
    found = percentile(histogram, share)
    assert found is not None
    assert abs(found - exact) <= exact * ERROR + 1  # and half a millisecond of rounding each


@given(values, values)
def test_histograms_add_up_and_come_apart(some: list[int], others: list[int]) -> None:
    both: Histogram = {}
    add(both, some + others)
    one: Histogram = {}
    add(one, some)
    other: Histogram = {}
    add(other, others)
    merge(other, one)
    assert other == both
    add(both, others, -1)
    assert both == one


@st.composite
def calls(draw: st.DrawFn) -> CallFacts:
    second = draw(st.integers(0, 86_399))
    seconds = draw(st.integers(0, 3600))
    rang = midnight(DAY, DUBLIN).astimezone(UTC) + timedelta(seconds=second)
    talked = draw(st.booleans())
    return CallFacts(
        id=f"call-{draw(st.integers(0, 10**6))}",
        rang_at=rang,
        ended_at=rang + timedelta(seconds=seconds),
        carrier=draw(st.sampled_from(["phone", "browser"])),
        outcome=draw(st.sampled_from(CallerOutcome)),
        decision=Decision(intent=draw(st.sampled_from(Intent)), reached=draw(st.booleans()), reason=""),
        live_from=rang if talked else None,
        seconds=seconds if talked else 0,
        greeting_ms=draw(st.none() | st.integers(0, 5000)),
        replies_ms=tuple(draw(st.lists(st.integers(0, 9000), max_size=4))),
        interruptions=draw(st.integers(0, 2)),
        misunderstandings=draw(st.integers(0, 2)),
        tools=draw(st.dictionaries(st.sampled_from(["book_table", "find_restaurants"]), st.just((2, 1)))),
        usage=Usage(input_tokens=draw(st.integers(0, 9999))),
        cost=draw(st.none() | st.integers(0, 10**6)),
        restaurants=tuple(draw(st.sets(st.sampled_from(["a", "b"])))),
        booked_at=tuple(draw(st.lists(st.sampled_from(["a", "b"]), max_size=2))),
        wishes=tuple(draw(st.sets(st.sampled_from(["ramen", "pho"])))),
    )


@settings(max_examples=60)
@given(st.lists(calls(), max_size=8), st.lists(calls(), max_size=8))
def test_counting_out_undoes_counting_in(kept: list[CallFacts], corrected: list[CallFacts]) -> None:
    counted = tally([*kept, *corrected], DUBLIN)
    for facts in corrected:
        counted.count(facts, DUBLIN, -1)
    assert counted == tally(kept, DUBLIN)
    assert unpack(pack(counted)) == counted


@settings(max_examples=60)
@given(st.lists(calls(), max_size=8), st.lists(calls(), max_size=8))
def test_days_add_up(one: list[CallFacts], other: list[CallFacts]) -> None:
    whole = tally(one, DUBLIN)
    whole.merge(tally(other, DUBLIN))
    whole.slots = {}
    together = tally([*one, *other], DUBLIN)
    together.slots = {}
    assert whole == together


def lasting(rang: datetime, seconds: int, name: str = "x") -> CallFacts:
    return CallFacts(
        id=name,
        rang_at=rang,
        ended_at=rang + timedelta(seconds=seconds),
        carrier="phone",
        outcome=CallerOutcome.ABANDONED,
        decision=Decision(intent=Intent.NONE, reached=False, reason=""),
        live_from=rang,
        seconds=seconds,
    )


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 24), 24), (date(2026, 10, 25), 25), (date(2026, 3, 29), 23)]
)
def test_calls_past_midnight_count_with_those_of_the_next_day(day: date, hours: int) -> None:
    """Also when a day is longer or shorter than others."""
    midnight_after = midnight(day, DUBLIN).astimezone(UTC) + timedelta(hours=hours)
    late = [lasting(midnight_after - timedelta(minutes=5), 600) for _ in range(3)]
    early = [lasting(midnight_after + timedelta(minutes=1), 60) for _ in range(2)]
    next_day = day + timedelta(days=1)
    both = {day: tally(late, DUBLIN), next_day: tally(early, DUBLIN)}
    assert peaks(both.items(), DUBLIN) == {day: 3, next_day: 5}


def test_calls_one_after_the_other_are_never_at_once() -> None:
    begin = midnight(DAY, DUBLIN).astimezone(UTC)
    calls = [lasting(begin + timedelta(seconds=60 * n), 45) for n in range(5)]
    assert peaks([(DAY, tally(calls, DUBLIN))], DUBLIN) == {DAY: 1}


def test_a_call_of_an_hour_before_midnight_fits() -> None:
    begin = midnight(DAY, DUBLIN).astimezone(UTC) + timedelta(hours=23, minutes=59)
    counted = tally([lasting(begin, 3 * 3600)], DUBLIN)
    assert unpack(pack(counted)) == counted


def test_nothing_is_nothing() -> None:
    assert unpack(pack(Tally())) == Tally()
    assert peaks([(DAY, Tally())], DUBLIN) == {DAY: 0}
