"""Timer triggers by a clock of the test's own."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from local.functions_host.ncrontab import Schedule
from local.functions_host.timers import run_timer
from local.functions_host.worker import Function, Worker

START = datetime(2026, 11, 22, 18, 4, 5, tzinfo=UTC)


class VirtualClock:
    """Time passes only while somebody sleeps, and stops at `end`."""

    def __init__(self, end: datetime) -> None:
        self.time = START
        self.end = end
        self.ended = asyncio.Event()

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        if self.time > self.end:
            self.ended.set()
            await asyncio.Event().wait()


class RecordingWorker:
    """Notes when it ran and what it was given; each run takes as long as told."""

    def __init__(self, clock: VirtualClock, takes: timedelta = timedelta(0)) -> None:
        self.clock = clock
        self.takes = takes
        self.ran: list[tuple[str, dict[str, Any]]] = []

    async def run(self, _: Function, value: Any) -> None:
        self.ran.append((f"{self.clock.time:%H:%M:%S}", json.loads(value.value)))
        self.clock.time += self.takes


async def runs(
    expression: str, *, takes: timedelta = timedelta(0), on_startup: bool = False
) -> list[tuple[str, dict[str, Any]]]:
    """When a function with this schedule runs within five minutes."""
    clock = VirtualClock(START + timedelta(minutes=5))
    worker = RecordingWorker(clock, takes)
    function = Function("f", "id", {"type": "timerTrigger", "name": "t", "runOnStartup": on_startup})
    timer = asyncio.create_task(run_timer(cast(Worker, worker), function, Schedule.parse(expression), clock))
    await clock.ended.wait()
    timer.cancel()
    return worker.ran


async def test_runs_at_each_time_of_its_schedule() -> None:
    ran = await runs("0 * * * * *")
    assert [at for at, _ in ran] == ["18:05:00", "18:06:00", "18:07:00", "18:08:00", "18:09:00"]


async def test_is_told_when_it_ran_last() -> None:
    ran = await runs("0 */2 * * * *")
    assert [info["ScheduleStatus"]["Last"][11:19] for _, info in ran] == ["18:04:05", "18:06:00"]
    assert all(info["IsPastDue"] is False for _, info in ran)


async def test_a_long_run_is_not_overlapped_and_what_it_missed_is_skipped() -> None:
    ran = await runs("0 * * * * *", takes=timedelta(seconds=90))
    assert [at for at, _ in ran] == ["18:05:00", "18:07:00", "18:09:00"]


@pytest.mark.parametrize(("on_startup", "first"), [(True, "18:04:05"), (False, "18:05:00")])
async def test_on_startup(on_startup: bool, first: str) -> None:
    assert (await runs("0 * * * * *", on_startup=on_startup))[0][0] == first


class SetClock(VirtualClock):
    """Once, in the first sleep that reaches `at`, the clock is set by `by`."""

    def __init__(self, end: datetime, at: datetime, by: timedelta) -> None:
        super().__init__(end)
        self._at, self._by = at, by

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self._by and self.time >= self._at:
            self.time, self._by = self.time + self._by, timedelta(0)


async def set_by(by: timedelta, expression: str = "0 * * * * *") -> list[str]:
    """When a function runs whose clock, a quarter of an hour after the start, is set by so much."""
    at = START + timedelta(minutes=15)
    clock = SetClock(at + max(by, timedelta(0)) + timedelta(minutes=2, seconds=30), at, by)
    worker = RecordingWorker(clock)
    function = Function("f", "id", {"type": "timerTrigger", "name": "t"})
    timer = asyncio.create_task(run_timer(cast(Worker, worker), function, Schedule.parse(expression), clock))
    await clock.ended.wait()
    timer.cancel()
    return [at for at, _ in worker.ran]


async def test_what_fell_due_while_the_machine_slept_is_run_once() -> None:
    """Asleep from 18:19 for an hour: what was due at 18:20 runs on waking, then each minute as before."""
    ran = await set_by(timedelta(hours=1))
    assert ran[:15] == [f"18:{minute:02}:00" for minute in range(5, 20)]
    assert [at[:5] for at in ran[15:]] == ["19:19", "19:20", "19:21"]


async def test_a_daily_time_that_was_slept_through_is_made_up_for() -> None:
    assert [at[:5] for at in await set_by(timedelta(hours=10), "0 0 3 * * *")] == ["04:19"]


async def test_a_clock_that_is_set_back_stops_no_timer() -> None:
    """By an hour: the times of that hour come again, and are kept."""
    ran = await set_by(-timedelta(hours=1))
    assert ran[15:18] == ["17:20:00", "17:21:00", "17:22:00"]


async def test_a_small_correction_runs_nothing_twice() -> None:
    for seconds in range(-59, 60, 7):
        ran = await set_by(timedelta(seconds=seconds))
        assert len([at[:5] for at in ran]) == len({at[:5] for at in ran}), seconds


async def test_ends_when_the_schedule_has_no_more_times() -> None:
    clock = VirtualClock(START)
    function = Function("f", "id", {"type": "timerTrigger", "name": "t"})
    worker = RecordingWorker(clock)
    await run_timer(cast(Worker, worker), function, Schedule.parse("0 0 0 30 2 *"), clock)
    assert worker.ran == []
