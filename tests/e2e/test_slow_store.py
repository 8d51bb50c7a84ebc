"""A store that answers late: the caller hears that somebody is at it, and gets the booking all the same."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.call import CALLED, somebody
from local.driver import System
from local.line import Progress, place_call
from local.measure import bookings_of
from local.phone import Line, Move, Phone
from shared.agent_config import load_agent
from shared.call_store import CallStore
from shared.calls import Call
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.e2e.conftest import spoken

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the store's process in /proc"),
]


class WatchedPhone(Phone):
    """A phone that one can wait for."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__(lines)
        self._ticked = asyncio.Event()

    def tick(self, frame: bytes) -> Move:
        self._ticked.set()
        return super().tick(frame)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something to be said or heard."""
        while not happened():
            self._ticked.clear()
            await self._ticked.wait()


async def test_a_filler_bridges_a_slow_booking(system: System, agent_folder: Path) -> None:
    """The store stands still from the caller's yes until the agent has been heard once more."""
    lines = ["A table for two at Cedar Grill tomorrow at seven.", "Anna.", "Yes please."]
    phone = WatchedPhone([await asyncio.to_thread(spoken, line, "bright") for line in lines])
    progress = Progress()
    async with asyncio.TaskGroup() as group:
        group.create_task(place_call(system.addresses.acs, phone, progress, caller=somebody(), called=CALLED))
        await phone.until(lambda: len(phone.caller.spans) == len(lines))
        async with _standing_still(system):
            yes = phone.caller.spans[-1].start
            await phone.until(lambda: phone.agent.onset_after(yes) is not None)
    async with _tables(system) as tables:
        store = CallStore(tables)
        call = await call_of(store, progress)
        turns = await store.turns(call.id)
        bookings = await bookings_of(tables, call.id)
    fillers = load_agent(agent_folder).phrases_for("en").fillers
    filler, reply = [turn for turn in turns if turn.role == "agent"][-2:]
    assert filler.text in fillers
    assert "booked" in reply.text
    assert reply.filler
    assert reply.tool_ms is not None
    assert reply.tool_ms > 800
    assert len(bookings) == 1


@asynccontextmanager
async def _standing_still(system: System) -> AsyncIterator[None]:
    """The system's store, stopped for a while."""
    process = _store_process(system)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def _store_process(system: System) -> int:
    """The process id of the system's Azurite."""
    found = re.search(r"TableEndpoint=http://127\.0\.0\.1:(\d+)", system.addresses.tables)
    assert found is not None
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        arguments = path.read_bytes().split(b"\0")
        if arguments[0].endswith(b"node") and found[1].encode() in arguments:
            return int(path.parent.name)
    raise AssertionError("the system has no store")


@asynccontextmanager
async def _tables(system: System) -> AsyncIterator[Tables]:
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        yield tables


async def call_of(store: CallStore, progress: Progress) -> Call:
    """The record of a call that has ended, as soon as it says so."""
    async with asyncio.timeout(20):
        while True:
            for call in await store.day(datetime.now(UTC).date()):
                if call.correlation_id == progress.correlation_id and call.outcome is not None:
                    return call
            await asyncio.sleep(0.2)  # the callback that tells the end comes after it
