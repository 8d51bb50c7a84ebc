"""The media websocket breaks in the middle of a sentence: the talk goes on over the next one."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from local.call import CALLED, somebody
from local.driver import System
from local.ear import RATE
from local.line import Progress, place_call
from shared.call_store import CallStore
from shared.calls import Outcome
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.e2e.conftest import spoken
from tests.e2e.store_stops import WatchedPhone, call_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def test_the_agent_says_its_sentence_to_the_end(system: System) -> None:
    phone = WatchedPhone([await asyncio.to_thread(spoken, "What is the address of Cedar Grill?", "bright")])
    progress = Progress()
    async with asyncio.TaskGroup() as group:
        group.create_task(place_call(system.addresses.acs, phone, progress, caller=somebody(), called=CALLED))
        await phone.until(lambda: len(phone.caller.spans) == 1)
        asked = phone.caller.spans[0].start
        await phone.until(lambda: phone.agent.onset_after(asked) is not None)
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{system.addresses.acs}/faults", json={"media_reset": True}) as answer,
        ):
            assert answer.status == 200
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        store = CallStore(tables)
        call = await call_of(store, progress)
        replies = [turn for turn in await store.turns(call.id) if turn.role == "agent"]
    assert call.outcome == Outcome.COMPLETED
    _, address = replies
    assert "River Walk" in address.text
    assert not address.interrupted
    assert phone.agent.last_sound is not None
    assert phone.agent.last_sound - asked > 5 * RATE, "most of it was heard after the break"
