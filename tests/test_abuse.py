"""What an abuse run is judged by."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from abuse.attacker import Outcome
from abuse.processes import Held
from abuse.verdict import Phase, Run, describe, judge, percentile

CALM = Phase(
    calls=4,
    completed=4,
    others=[],
    late=1,
    replies_ms=[700 + n % 100 for n in range(200)],
    greetings_ms=[300],
    pings_ms=[0.5] * 200,
    talks_broken=0,
)
GOOD = Run(
    before=CALM,
    under=CALM,
    held_before={"bridge": Held(1, 100.0, 20)},
    held_most={"bridge": 130.0},
    held_after={"bridge": Held(1, 110.0, 21)},
    outcome=Outcome({"bridge: no token": {"401": 30, "429": 5}, "tables: noise": {"500": 1}}, 0, 1.5),
    limits={"address": 5.0},
    tracebacks=0,
    seconds=1.0,
    per_second=40.0,
)


def test_a_run_that_keeps_everything() -> None:
    assert judge(GOOD) == []
    told = describe(GOOD)
    assert "401 30, 429 5" in told
    assert "799 ms" in told


def test_each_promise_that_is_broken_is_named() -> None:
    slow = replace(CALM, replies_ms=[round(ms * 1.3) for ms in CALM.replies_ms])
    stuck = replace(CALM, pings_ms=[0.5] * 190 + [80.0] * 10)
    broken = {
        "1 of 4 calls under abuse did not come to an end: line_broke": replace(
            GOOD, under=replace(CALM, completed=3, others=["line_broke"])
        ),
        "pings of the media socket: 80 ms": replace(GOOD, under=stuck),
        "2 talks from the page broke before": replace(GOOD, before=replace(CALM, talks_broken=2)),
        "36 attacks were made, of 400": replace(GOOD, seconds=10.0),
        "replies: 1039 ms in the 99th percentile under abuse, 799 before": replace(GOOD, under=slow),
        "bridge has died": replace(GOOD, held_after={"bridge": Held(2, 100.0, 20)}),
        "bridge holds 200 MB": replace(GOOD, held_after={"bridge": Held(1, 200.0, 20)}),
        "bridge has 90 files": replace(GOOD, held_after={"bridge": Held(1, 100.0, 90)}),
        "functions: health: 500 2": replace(
            GOOD, outcome=Outcome({"functions: health": {"200": 38, "500": 2}}, 0, 1.0)
        ),
        "3 tracebacks": replace(GOOD, tracebacks=3),
    }
    for words, run in broken.items():
        (found,) = judge(run)
        assert words in found


def test_too_few_replies_are_not_judged_and_it_is_said() -> None:
    few = replace(CALM, replies_ms=CALM.replies_ms[:100])
    slow = replace(CALM, replies_ms=[9_000] * 200)
    run = replace(GOOD, before=few, under=slow)
    assert judge(run) == []
    assert "NOT JUDGED: replies: 100 before and 200 under abuse" in describe(run)
    assert "NOT JUDGED" not in describe(GOOD)


def test_a_ping_that_nobody_can_hear_the_difference_of_is_let_pass() -> None:
    """Half a millisecond or two: many times as long, and less than half a frame."""
    assert judge(replace(GOOD, under=replace(CALM, pings_ms=[2.0] * 200))) == []


@given(values=st.lists(st.floats(0, 1e6), min_size=1), share=st.floats(0, 1))
def test_a_percentile_is_a_value_that_so_many_are_not_above(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
