"""When Voice Live fails in a real call, the caller is not left on a silent line."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from local.call import CALLED, CALLER
from local.driver import System
from local.ear import RATE
from local.line import Progress
from local.line import place_call as place_real_call
from local.report import CallReport
from shared.agent_config import load_agent
from shared.call_store import CallStore
from shared.calls import Outcome
from shared.settings import DEFAULT_AGENT_DIR, StoreSettings
from shared.tables import Tables
from tests.e2e.conftest import METRICS_TOKEN, spoken
from tests.e2e.store_stops import WatchedPhone, call_of

ASKS = "What is the address of Cedar Grill?"
BYE = "Goodbye."
FILLERS = load_agent(DEFAULT_AGENT_DIR).phrases_for("en").fillers
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    "fault",
    [{"refuse_status": 503}, {"drop_after_audio_deltas": 3}],
    ids=lambda fault: next(iter(fault)),
)
async def test_another_session_takes_over_in_the_same_call(
    fault: dict[str, Any], system: System, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    """The caller hears the greeting once, and is answered."""
    await order(system, {**fault, "sessions": 1})
    report = await place_call("Goodbye.")
    assert report.outcome == "completed"
    said = " ".join(turn.text for turn in report.turns if turn.role == "agent")
    assert said.count("What would you like to eat?") == 1
    assert len([turn for turn in report.turns if turn.role == "caller"]) == 1


async def test_a_sentence_that_broke_off_goes_on_within_two_and_a_half_seconds(system: System) -> None:
    """The greeting breaks off after 300 ms; the rest of it comes from the next session."""
    await order(system, {"drop_after_audio_deltas": 3, "sessions": 1})
    phone = WatchedPhone([])
    await place_real_call(system.addresses.acs, phone, Progress(), caller=CALLER, called=CALLED)
    first, second = phone.agent.spans[:2]
    assert 0 < (second.start - first.end) / RATE < 2.5


async def test_a_session_is_renewed_before_it_expires(system: System) -> None:
    """In the pause after the greeting; the caller is answered by the next one, and hears nothing of it."""
    await order(system, {"expire_after_ms": 16_000, "sessions": 1})
    phone = WatchedPhone([await asyncio.to_thread(spoken, text, "bright") for text in (ASKS, ASKS, BYE)])
    progress = Progress()
    await place_real_call(system.addresses.acs, phone, progress, caller=CALLER, called=CALLED)
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        store = CallStore(tables)
        call = await call_of(store, progress)
        said = [turn.text for turn in await store.turns(call.id) if turn.role == "agent"]
    assert call.outcome == Outcome.COMPLETED
    assert " ".join(said).count("I am an AI assistant") == 1
    assert not set(said) & set(FILLERS), "something was heard of it"
    assert sum("River Walk" in text for text in said) == 2
    assert await replaced(system, "expires") == 1


async def test_when_nothing_can_answer_a_person_is_called(
    system: System, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    """Settings that are refused will be refused by every session; the call is not left to silence."""
    await order(system, {"error_code": "invalid_value", "error_on": "session.update", "sessions": 1})
    report = await place_call("Hello.")
    assert report.outcome == "transferred"


async def order(system: System, fault: dict[str, Any]) -> None:
    """Have Voice Live make trouble."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{system.addresses.voice_live}/faults", json=fault) as answer,
    ):
        assert answer.status == 200


async def replaced(system: System, why: str) -> int:
    """How many sessions another one followed for this reason."""
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{system.addresses.bridge}/metrics", headers=headers) as answer,
    ):
        page = await answer.text()
    found = re.search(rf'tabletalk_sessions_replaced_total{{why="{why}"}} (\d+)', page)
    return int(found[1]) if found else 0
