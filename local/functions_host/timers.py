"""Timer triggers: run each function when its schedule says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from azure_functions_runtime.bindings.datumdef import Datum

from local.functions_host.ncrontab import Schedule
from local.functions_host.worker import Function, Worker


class Clock(Protocol):
    """Time, and waiting for it."""

    def now(self) -> datetime: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def run_timer(worker: Worker, function: Function, schedule: Schedule, clock: Clock) -> None:
    """Run the function at each time of its schedule until cancelled, or until the schedule has no more times.

    A run that is still going when the next is due is not overlapped; the missed time is skipped, as the
    host's singleton lock has it.
    """
    last = clock.now()
    if function.trigger.get("runOnStartup"):
        await worker.run(function, timer_datum(last, last))
    while (due := schedule.next_after(max(last, clock.now()))) is not None:
        await clock.sleep((due - clock.now()).total_seconds())
        await worker.run(function, timer_datum(last, due))
        last = due


def timer_datum(last: datetime, due: datetime) -> Datum:
    """What a timer function is given, as the timer extension writes it."""
    status = {"Last": last.isoformat(), "Next": due.isoformat(), "LastUpdated": last.isoformat()}
    info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
    return Datum(msgspec.json.encode(info).decode(), "json")
