"""What an abuse run is judged by."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from abuse.attacker import Outcome
from abuse.processes import Held
from abuse.verdict import Phase, Run, describe, judge, percentile

CALM = Phase(4, 4, [], [700 + n % 100 for n in range(100)], [300], [0.5] * 100)
GOOD = Run(
    before=CALM,
    under=CALM,
    held_before={"bridge": Held(1, 100.0, 20)},
    held_most={"bridge": 130.0},
    held_after={"bridge": Held(1, 110.0, 21)},
    outcome=Outcome({"bridge: no token": {"401": 30, "429": 5}, "tables: noise": {"500": 1}}, 0, 1.5),
    limits={"address": 5.0},
    tracebacks=0,
    seconds=60.0,
    per_second=40.0,
)


def test_a_run_that_keeps_everything() -> None:
    assert judge(GOOD) == []
    told = describe(GOOD)
    assert "401 30, 429 5" in told
    assert "799 ms" in told


def test_each_promise_that_is_broken_is_named() -> None:
    slow = replace(CALM, replies_ms=[round(ms * 1.3) for ms in CALM.replies_ms])
    broken = {
        "calls under abuse": replace(GOOD, under=replace(CALM, completed=3, others=["line_broke"])),
        "99th percentile": replace(GOOD, under=slow),
        "bridge has died": replace(GOOD, held_after={"bridge": Held(2, 100.0, 20)}),
        "bridge holds 200 MB": replace(GOOD, held_after={"bridge": Held(1, 200.0, 20)}),
        "bridge has 90 files": replace(GOOD, held_after={"bridge": Held(1, 100.0, 90)}),
        "functions: health: 500 2": replace(
            GOOD, outcome=Outcome({"functions: health": {"200": 9, "500": 2}}, 0, 1.0)
        ),
        "3 tracebacks": replace(GOOD, tracebacks=3),
    }
    for words, run in broken.items():
        (found,) = judge(run)
        assert words in found


@given(values=st.lists(st.floats(0, 1e6), min_size=1), share=st.floats(0, 1))
def test_a_percentile_is_a_value_that_so_many_are_not_above(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
