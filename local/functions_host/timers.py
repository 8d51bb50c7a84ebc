"""Timer triggers: run each function when its schedule says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
from azure_functions_runtime.bindings.datumdef import Datum

from local.functions_host.ncrontab import Schedule
from local.functions_host.worker import Function, Worker

_LOOK_EVERY = 10.0
"""Seconds after which the clock is looked at anew: a sleep does not notice when it is set, nor count the time
for which the machine was asleep."""
_SET_BACK = timedelta(minutes=1)
"""What is less is a correction: a time that has been is not come to once more."""


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
    host's singleton lock has it. After the machine has slept, what fell due meanwhile is run once.
    """
    last = clock.now()
    if function.trigger.get("runOnStartup"):
        await worker.run(function, timer_datum(last, last))
    while (due := schedule.next_after(_reckoned_from(last, clock.now()))) is not None:
        if await _reached(due, clock):
            await worker.run(function, timer_datum(last, due))
            last = due


def _reckoned_from(last: datetime, now: datetime) -> datetime:
    """The later of the last run and now, unless the clock was set back so far that it would stand still."""
    return now if last - now > _SET_BACK else max(last, now)


async def _reached(due: datetime, clock: Clock) -> bool:
    """Wait until a time has come; False when the clock was set back meanwhile."""
    now = clock.now()
    while now < due:
        await clock.sleep(min((due - now).total_seconds(), _LOOK_EVERY))
        before, now = now, clock.now()
        if before - now > _SET_BACK:
            return False
    return True


def timer_datum(last: datetime, due: datetime) -> Datum:
    """What a timer function is given, as the timer extension writes it."""
    status = {"Last": last.isoformat(), "Next": due.isoformat(), "LastUpdated": last.isoformat()}
    info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
    return Datum(msgspec.json.encode(info).decode(), "json")
