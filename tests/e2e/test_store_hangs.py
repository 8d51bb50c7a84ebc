"""The store does not answer for some questions long: the talk goes on, and stands on record afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from local.call import CALLED, somebody
from local.driver import System
from local.line import Progress, place_call
from local.measure import REPLY_WORST_MS
from shared.call_store import CallStore
from tests.e2e.conftest import METRICS_TOKEN, spoken
from tests.e2e.store_stops import WatchedPhone, call_of, standing_still, tables_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the store's process in /proc"),
]

SLACK = 3
"""A shared machine may take this many times as long before a test calls it broken."""


async def test_a_talk_goes_on_while_the_store_hangs(system: System) -> None:
    """It accepts, and never answers: replies come as fast as ever, records wait on disk, and none is lost."""
    asked = ["What is the address of Sakura House?", "What is the address of Golden Lotus?"]
    lines = [await asyncio.to_thread(spoken, line, "bright") for line in asked]
    phone, progress = WatchedPhone(lines), Progress()
    lost = await _number(system, "records_lost_total")
    async with asyncio.TaskGroup() as group:
        group.create_task(place_call(system.addresses.acs, phone, progress, caller=somebody(), called=CALLED))
        await phone.until(lambda: len(phone.agent.spans) > 0)
        async with standing_still(system):
            await phone.until(lambda: len(phone.caller.spans) == len(asked))
            second = phone.caller.spans[-1].start
            await phone.until(lambda: phone.agent.onset_after(second) is not None)
            await _until(system, spilled=True)
    async with tables_of(system) as tables:
        store = CallStore(tables)
        call = await call_of(store, progress)
        await _until(system, spilled=False)
        turns = await store.turns(call.id)
    assert [turn.role for turn in turns] == ["agent", "caller", "agent", "caller", "agent"]
    assert ["sakura" in turns[2].text.lower(), "lotus" in turns[4].text.lower()] == [True, True]
    replies = [turns[2].latency_ms, turns[4].latency_ms]
    print(f"replies while the store hung: {replies} ms")
    assert all(reply is not None and reply < REPLY_WORST_MS * SLACK for reply in replies)
    assert call.greeting_ms is not None
    assert await _number(system, "records_lost_total") == lost


async def _until(system: System, *, spilled: bool) -> None:
    """Wait until records are on disk, or none is any more: the bridge finds out in its own time."""
    async with asyncio.timeout(30):
        while (await _number(system, "records_spilled_bytes") > 0) != spilled:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)


async def _number(system: System, name: str) -> float:
    """A number of the bridge's metrics, over all labels."""
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{system.addresses.bridge}/metrics") as answer,
    ):
        families = text_string_to_metric_families(await answer.text())
    found = (sample for family in families for sample in family.samples)
    return sum(sample.value for sample in found if sample.name == f"tabletalk_{name}")
