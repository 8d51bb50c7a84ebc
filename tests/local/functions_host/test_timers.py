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


async def test_ends_when_the_schedule_has_no_more_times() -> None:
    clock = VirtualClock(START)
    function = Function("f", "id", {"type": "timerTrigger", "name": "t"})
    worker = RecordingWorker(clock)
    await run_timer(cast(Worker, worker), function, Schedule.parse("0 0 0 30 2 *"), clock)
    assert worker.ran == []
