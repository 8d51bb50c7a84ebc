"""Two bridges, one of which is killed in the middle of calls: they go on at the other."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local.call import CALLED, somebody
from local.driver import System, running_system
from local.ear import RATE
from local.line import Progress, place_call
from local.measure import bookings_of
from shared.call_store import CallStore
from shared.calls import Call, Outcome
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.e2e.conftest import spoken
from tests.e2e.test_slow_store import WatchedPhone, call_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the bridges in /proc"),
]

LINES = (
    "A table for two at Cedar Grill tomorrow at seven.",
    *("Anna.", "Anna."),
    *("Yes please.", "Yes please."),
)
"""What is said into the break is lost, so it is said again: as people do."""
CALLS = 2


@pytest.fixture
async def two_bridges() -> AsyncIterator[System]:
    async with running_system({}, "--bridges", "2") as system:
        yield system


async def test_the_calls_of_a_killed_bridge_go_on_with_all_that_was_said(two_bridges: System) -> None:
    """Within five seconds each caller hears the agent again, and each booking is made once."""
    said = [await asyncio.to_thread(spoken, line, "bright") for line in LINES]
    phones = [WatchedPhone(said) for _ in range(CALLS)]
    calls = [Progress() for _ in range(CALLS)]
    silences: list[float] = []
    async with asyncio.TaskGroup() as group:
        for phone, progress in zip(phones, calls, strict=True):
            acs = two_bridges.addresses.acs
            group.create_task(place_call(acs, phone, progress, caller=somebody(), called=CALLED))
        for phone in phones:  # each has been asked for the name
            await phone.until(lambda phone=phone: _answered(phone))  # type: ignore[misc]  # a bound argument
        os.kill(_a_bridge(two_bridges), signal.SIGKILL)
        for phone in phones:
            killed = phone.agent.now
            await phone.until(lambda phone=phone, at=killed: phone.agent.onset_after(at) is not None)  # type: ignore[misc]  # bound arguments
            silences.append((phone.agent.onset_after(killed) or 0) / RATE - killed / RATE)
    assert max(silences) < 5.0, silences
    async with Tables(StoreSettings(two_bridges.addresses.tables, endpoint=None, prefix="")) as tables:
        store = CallStore(tables)
        records: list[Call] = [await call_of(store, progress) for progress in calls]
        assert [record.outcome for record in records] == [Outcome.COMPLETED] * CALLS
        assert max(record.media_epoch for record in records) == 2, "none has moved"
        for record in records:
            agent = " ".join(turn.text for turn in await store.turns(record.id) if turn.role == "agent")
            assert agent.count("I am an AI assistant") == 1
            assert len(await bookings_of(tables, record.id)) == 1


def _answered(phone: WatchedPhone) -> bool:
    """Whether the first thing that the caller said has been replied to."""
    return bool(phone.caller.spans) and phone.agent.onset_after(phone.caller.spans[0].start) is not None


def _a_bridge(system: System) -> int:
    """The process id of one of the system's bridges."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().split(b"\0")
            environment = (path.parent / "environ").read_bytes()
        except OSError:
            continue  # it has just ended
        if arguments[1:3] == [b"-m", b"bridge"] and system.addresses.tables.encode() in environment:
            return int(path.parent.name)
    raise AssertionError("the system has no bridge")
