"""A store that answers late: the caller hears that somebody is at it, and gets the booking all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from local.call import CALLED, somebody
from local.driver import System
from local.line import Progress, place_call
from local.measure import bookings_of
from shared.agent_config import load_agent
from shared.call_store import CallStore
from tests.e2e.conftest import spoken
from tests.e2e.store_stops import WatchedPhone, call_of, standing_still, tables_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the store's process in /proc"),
]


async def test_a_filler_bridges_a_slow_booking(system: System, agent_folder: Path) -> None:
    """The store stands still from the caller's yes until the agent has been heard once more."""
    lines = ["A table for two at Cedar Grill tomorrow at seven.", "Anna.", "Yes please."]
    phone = WatchedPhone([await asyncio.to_thread(spoken, line, "bright") for line in lines])
    progress = Progress()
    async with asyncio.TaskGroup() as group:
        group.create_task(place_call(system.addresses.acs, phone, progress, caller=somebody(), called=CALLED))
        await phone.until(lambda: len(phone.caller.spans) == len(lines))
        async with standing_still(system):
            yes = phone.caller.spans[-1].start
            await phone.until(lambda: phone.agent.onset_after(yes) is not None)
    async with tables_of(system) as tables:
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
