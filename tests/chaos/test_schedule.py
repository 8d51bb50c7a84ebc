"""A schedule of faults: the same for the same seed, within its time, and no fault left out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.__main__ import main, plan
from chaos.faults import FAULTS, SHORT
from chaos.run import AFTER_S
from chaos.schedule import QUIET_S, at_random, each_once

NAMES = [fault.name for fault in FAULTS]
LASTS = {fault.name: fault.lasts_s + AFTER_S for fault in FAULTS}

seeds = st.integers(0, 2**32)
minutes = st.floats(0.1, 60.0)


@given(seeds, minutes)
def test_the_same_seed_gives_the_same_schedule(seed: int, length: float) -> None:
    assert plan(FAULTS, seed, length) == plan(FAULTS, seed, length)


@given(seeds, minutes)
def test_each_fault_is_tried_once_before_chance_begins(seed: int, length: float) -> None:
    steps = plan(FAULTS, seed, length)
    assert [step.fault for step in steps[: len(FAULTS)]] == NAMES
    assert all(step.fault in NAMES for step in steps)


@given(seeds, minutes)
def test_chance_is_the_same_without_that(seed: int, length: float) -> None:
    assert plan(FAULTS, seed, length, each=False) == plan(FAULTS, seed, length)[len(FAULTS) :]


@pytest.mark.parametrize("options", [["--minutes", "0"], ["--short"]])
def test_chance_alone_takes_time(options: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--chance-only", *options])
    assert refused.value.code == 2


@given(seeds, minutes)
def test_faults_of_chance_take_the_time_that_is_given_and_no_more(seed: int, length: float) -> None:
    steps = at_random(NAMES, seed, length * 60, list(LASTS.values()))
    taken = sum(step.pause_s + LASTS[step.fault] for step in steps)
    assert taken <= length * 60
    assert taken + QUIET_S[1] + max(LASTS.values()) > length * 60, "there was time for one more"
    assert all(QUIET_S[0] <= step.pause_s <= QUIET_S[1] for step in steps)


@given(seeds, st.integers(2, len(NAMES)))
def test_the_same_fault_does_not_come_twice_in_a_row(seed: int, count: int) -> None:
    steps = at_random(NAMES[:count], seed, 3_600, [5.0] * count)
    assert all(one.fault != other.fault for one, other in itertools.pairwise(steps))


def test_a_single_fault_comes_again_and_again() -> None:
    assert {step.fault for step in at_random(["one"], 1, 120, [5.0])} == {"one"}


def test_another_seed_gives_another_schedule() -> None:
    schedules = {tuple(plan(FAULTS, seed, 10.0)) for seed in range(20)}
    assert len(schedules) == 20


@pytest.mark.parametrize(("faults", "lasts"), [([], []), (["one"], []), (["one"], [1.0, 2.0])])
def test_faults_without_their_lengths_are_refused(faults: list[str], lasts: list[float]) -> None:
    with pytest.raises(ValueError, match="one length for each"):
        at_random(faults, 1, 60, lasts)


def test_the_names_are_of_different_faults_and_the_short_form_names_some_of_them() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(SHORT) < set(NAMES)
    assert each_once(SHORT, 1)[0].fault == SHORT[0]
