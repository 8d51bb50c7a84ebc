"""Makes records of calls as the system leaves them, for tests of what is done with them afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.call_store import CallStore
from shared.calls import Call, CallEvent, EventKind, Talk, ToolRun, Turn, apply, derive_call_id

RANG = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)


async def open_calls(store: CallStore, rang_before: datetime) -> list[Call]:
    """What a sweep finds."""
    found = [await store.open_call(call_id) for call_id in await store.open_ids(rang_before)]
    return [call for call in found if call is not None]


def a_call(
    name: str = "c",
    rang_at: datetime = RANG,
    *,
    seconds: int = 60,
    end: EventKind = EventKind.MEDIA_CLOSED,
    talk: Talk | None = None,
) -> Call:
    """A call that was answered, lasted `seconds` and ended by `end`."""
    call = Call(
        id=derive_call_id(rang_at, name),
        rang_at=rang_at,
        claimed_at=rang_at,
        caller="4:+15550100",
        called="4:+15550199",
        correlation_id="" if talk else name,
        talk=talk,
    )
    live = rang_at + timedelta(seconds=1)
    over = live + timedelta(seconds=seconds)
    for event in (
        CallEvent(EventKind.ANSWERED, rang_at, call_connection_id="x"),
        CallEvent(EventKind.MEDIA_CONNECTED, live, "gpt-4.1"),
        CallEvent(EventKind.GREETED, live, ms=300),
        CallEvent(end, over),
        CallEvent(EventKind.DISCONNECTED, over),
    ):
        call = apply(call, event)
    return call


def missed(name: str = "m", rang_at: datetime = RANG) -> Call:
    """A call that nobody answered."""
    blank = replace(a_call(name, rang_at), answered_at=None, connected_at=None, media_connected_at=None)
    blank = replace(blank, ended_at=None, end_reason="", greeting_ms=None, model="")
    return apply(blank, CallEvent(EventKind.RING_ENDED, rang_at + timedelta(seconds=30)))


def said(seq: int, text: str, rang_at: datetime = RANG) -> Turn:
    """A turn of the caller."""
    at = rang_at + timedelta(seconds=5 * seq)
    return Turn(seq, "caller", text, at, at + timedelta(seconds=2))


def replied(
    seq: int, text: str, latency_ms: int | None = 700, *, rang_at: datetime = RANG, **more: Any
) -> Turn:
    """A turn of the agent."""
    at = rang_at + timedelta(seconds=5 * seq)
    return Turn(seq, "agent", text, at, at + timedelta(seconds=2), latency_ms=latency_ms, **more)


def ran(
    seq: int, name: str, arguments: dict[str, Any], result: dict[str, Any], rang_at: datetime = RANG
) -> ToolRun:
    """A tool run."""
    at = rang_at + timedelta(seconds=5 * seq)
    return ToolRun(seq, name, json.dumps(arguments), json.dumps(result), 40, at)


def booked(seq: int, code: str = "HKLMO", restaurant: str = "Golden Lotus") -> ToolRun:
    """A table that was booked."""
    return ran(
        seq,
        "book_table",
        {"restaurant": restaurant},
        {"booked": True, "code": code, "restaurant": restaurant},
    )
