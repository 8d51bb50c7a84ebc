"""The store fails at every request of what a call writes: in the end everything stands there, once."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

import bridge.recorder
from bridge.metrics import Metrics
from bridge.recorder import Recorder
from shared.call_store import CallStore
from shared.calls import Call, CallEvent, EventKind, ToolRun, Turn, apply, derive_call_id
from shared.settings import StoreSettings
from shared.tables import Tables
from shared.uncounted import UncountedCalls
from tests.shared.faulty_tables import Fault, FaultyTables

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
EVENTS = (
    CallEvent(EventKind.MEDIA_CONNECTED, NOW, "gpt-realtime", "connection-1"),
    CallEvent(EventKind.GREETED, NOW, ms=400),
    CallEvent(EventKind.TRANSFER_STARTED, NOW, transfer=1, summary="wants a person"),
    CallEvent(EventKind.TRANSFER_FAILED, NOW, "486/0", transfer=1),
    CallEvent(EventKind.TRANSFER_STARTED, NOW, transfer=2, summary="wants a person, again"),
    CallEvent(EventKind.TRANSFER_ACCEPTED, NOW, transfer=2),
    CallEvent(EventKind.DISCONNECTED, NOW + timedelta(minutes=1), "200/0"),
)
TURNS = (Turn(0, "caller", "a person", NOW, NOW), Turn(0, "caller", "a person, please", NOW, NOW))
RUNS = (ToolRun(1, "cancel_booking", "{}", "", 0, NOW), ToolRun(1, "cancel_booking", "{}", "{}", 3, NOW))


@pytest.fixture(scope="module")
async def tables(azurite: str) -> AsyncIterator[Tables]:
    async with Tables(StoreSettings(azurite, None, "recordfaults")) as opened:
        yield opened


async def write(tables: Tables, call_id: str) -> None:
    """What a bridge writes about a call with two hand-overs, the second of which a person takes."""
    async with Recorder(CallStore(tables), call_id, metrics=Metrics(())) as recorder:
        for event in EVENTS[:2]:
            recorder.event(event)
        for turn in TURNS:
            recorder.turn(turn)
        for run in RUNS:
            recorder.tool(run)
        for event in EVENTS[2:]:
            recorder.event(event)


@pytest.mark.parametrize("fault", [Fault.NEVER_SENT, Fault.ANSWER_LOST, Fault.LATE])
async def test_whichever_request_fails_the_record_is_whole(
    tables: Tables, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But one that the store does after all that follows (`Fault.LAST`): a turn may then be cut short."""
    monkeypatch.setattr(bridge.recorder, "_PAUSE", 0.0)
    at, more = 0, True
    while more:
        at += 1
        call = Call(id=derive_call_id(NOW, f"{fault} {at}"), rang_at=NOW, claimed_at=NOW)
        await CallStore(tables).claim(call)
        faulty = FaultyTables(tables, fault, at)
        await write(faulty, call.id)
        await faulty.settle()
        more = faulty.requests >= at
        store = CallStore(tables)
        assert await store.get(call.id) == functools.reduce(apply, EVENTS, call), f"request {at}"
        assert await store.turns(call.id) == [TURNS[1]], f"request {at}"
        assert await store.tools(call.id) == [RUNS[1]], f"request {at}"
        waiting = [waiting.call_id for waiting in await UncountedCalls(tables).waiting(1000)]
        assert waiting.count(call.id) == 1, f"request {at}"
    assert at > 20
