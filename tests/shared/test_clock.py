"""The time that all processes agree on: of this machine at first, of the store when they differ."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.clock import Clock

ROOT = Path(__file__).parents[2]
START = datetime(2026, 11, 28, 18, tzinfo=UTC)
HOUR = 3600.0

offsets = st.floats(-400 * 24 * HOUR, 400 * 24 * HOUR)
delays = st.floats(0, 60)


class World:
    """A machine whose wall clock is off, and a store whose clock is right."""

    def __init__(self, off: float = 0.0) -> None:
        self.seconds = 0.0
        self.off = off
        self.slept = 0.0
        self.clock = Clock(lambda: self.time.timestamp() + self.off, lambda: self.seconds)

    @property
    def time(self) -> datetime:
        return START + timedelta(seconds=self.seconds + self.slept)

    def ask(self, there: float = 0.01, back: float = 0.01) -> None:
        """A question to the store that takes so many seconds each way."""
        asked_at = self.seconds
        self.seconds += there
        date = format_datetime(self.time, usegmt=True)  # whole seconds
        self.seconds += back
        self.clock.hear(date, asked_at)

    @property
    def wrong_by(self) -> float:
        return abs((self.clock.now() - self.time).total_seconds())


@given(offsets, st.lists(st.tuples(delays, delays), max_size=6))
def test_a_right_clock_is_left_alone_however_slow_the_store_is(
    leap: float, asks: list[tuple[float, float]]
) -> None:
    world = World()
    world.off = leap  # the machine's clock is set afterwards
    for there, back in asks:
        world.ask(there, back)
        assert world.wrong_by < 0.001


@given(offsets, st.lists(st.tuples(delays, delays), max_size=6))
def test_a_wrong_clock_is_right_with_the_first_quick_answer(
    off: float, asks: list[tuple[float, float]]
) -> None:
    world = World(off)
    for there, back in asks:
        world.ask(there, back)
        assert world.wrong_by <= (there + back) + 3.001
    world.ask()
    assert world.wrong_by < 3.1


@given(offsets)
def test_a_leap_of_the_machines_clock_moves_nothing(leap: float) -> None:
    world = World()
    before = world.clock.now()
    world.off = leap
    world.seconds += 5
    assert world.clock.now() - before == timedelta(seconds=5)


@given(st.floats(2.001, 400 * 24 * HOUR), st.sampled_from([1, -1]))
def test_who_has_not_heard_the_store_since_the_machines_clock_leapt_is_not_sure(
    leap: float, direction: int
) -> None:
    world = World()
    sure = [world.clock.is_sure]
    world.ask()
    world.seconds += 24 * HOUR
    sure.append(world.clock.is_sure)
    world.off = leap * direction
    sure.append(world.clock.is_sure)
    world.ask()
    assert [*sure, world.clock.is_sure] == [False, True, False, True]


def test_a_sleep_that_no_clock_but_the_machines_has_counted_is_made_up_for() -> None:
    world = World()
    world.ask()
    world.slept = 8 * HOUR
    assert not world.clock.is_sure
    world.ask()
    assert world.wrong_by < 3.1


@pytest.mark.parametrize(
    "date", [None, "", "soon", "Sat, 99 Nov 2026 18:00:00 GMT", "Sat, 28 Nov 99999999999 18:00:00 GMT"]
)
def test_what_is_no_date_changes_nothing(date: str | None) -> None:
    world = World()
    world.clock.hear(date, 0.0)
    assert (world.clock.now(), world.clock.is_sure) == (START, False)


def test_it_goes_on_evenly() -> None:
    before = clock.steady()
    assert 0 <= clock.steady() - before < HOUR
    assert abs(clock.utc_now() - datetime.now(UTC)) < timedelta(seconds=10)


ASKS_THE_MACHINE = {
    "shared/clock.py",
    # Commands of somebody at a desk, whose clock it is.
    "shared/caller_forget.py",
    "shared/calls_cli.py",
    "shared/order_commands.py",
}


def test_nothing_else_takes_the_time_from_the_machine() -> None:
    """Else two processes would not agree on it."""
    asking = {
        str(path.relative_to(ROOT))
        for plane in ("shared", "bridge", "control")
        for path in (ROOT / plane).rglob("*.py")
        if any(_asks_the_machine(ast.parse(path.read_text("utf-8"))))
    }
    assert asking == ASKS_THE_MACHINE


def _asks_the_machine(tree: ast.Module) -> Iterator[bool]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield (node.value.id, node.attr) in {
                *(("datetime", name) for name in ("now", "utcnow", "today")),
                *(("time", name) for name in ("time", "time_ns")),
                ("date", "today"),
            }
