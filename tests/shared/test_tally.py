"""Sums over calls, and the percentiles read off them."""

from __future__ import annotations

import math
import random
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


def a_call(seed: int) -> CallFacts:
    """Some call or other, from one number drawn and not twenty."""
    dice = random.Random(seed)
    rang = midnight(DAY, DUBLIN).astimezone(UTC) + timedelta(seconds=dice.randrange(86_400))
    seconds, talked = dice.randrange(3600), dice.random() < 0.8
    return CallFacts(
        id=f"call-{seed}",
        rang_at=rang,
        ended_at=rang + timedelta(seconds=seconds),
        carrier=dice.choice(("phone", "browser")),
        outcome=dice.choice(list(CallerOutcome)),
        decision=Decision(intent=dice.choice(list(Intent)), reached=dice.random() < 0.5, reason=""),
        live_from=rang if talked else None,
        seconds=seconds if talked else 0,
        greeting_ms=dice.choice((None, 0, 420)),
        replies_ms=tuple(dice.randrange(9000) for _ in range(dice.randrange(4))),
        interruptions=dice.randrange(3),
        misunderstandings=dice.randrange(3),
        tools={name: (2, dice.randrange(2)) for name in ("book_table", "end_call") if dice.random() < 0.5},
        usage=Usage(input_tokens=dice.randrange(9999)),
        cost=dice.choice((None, 0, 31_000)),
        restaurants=tuple(dice.sample(("a", "b", "c"), dice.randrange(3))),
        booked_at=tuple(dice.choices(("a", "b"), k=dice.randrange(3))),
        wishes=tuple(dice.sample(("ramen", "pho"), dice.randrange(3))),
    )


calls = st.lists(st.integers(0, 2**32).map(a_call), max_size=8)


@settings(max_examples=60)
@given(calls, calls)
def test_counting_out_undoes_counting_in(kept: list[CallFacts], corrected: list[CallFacts]) -> None:
    counted = tally([*kept, *corrected], DUBLIN)
    for facts in corrected:
        counted.count(facts, DUBLIN, -1)
    assert counted == tally(kept, DUBLIN)
    assert unpack(pack(counted)) == counted


@settings(max_examples=60)
@given(calls, calls)
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
