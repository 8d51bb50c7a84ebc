"""A call that rings at a control plane: what the tests of answering and of the sweep share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from control.answering import (
    Line,
    answer_incoming,
)
from shared.acs_events import IncomingCall
from shared.calls import (
    Call,
    CallEvent,
    EventKind,
    derive_call_id,
)
from tests.shared.acs_server import AcsServer

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
INCOMING = IncomingCall(RANG, "4:+15550100", "4:+15550199", "correlation", "server call", "ctx")
CALL_ID = derive_call_id(RANG, "correlation")


@dataclass
class Clock:
    now: datetime = RANG + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return self.now


BROKEN = "streamConnectionUnsuccessful"
"""What Call Automation says of a media stream that broke."""


async def stored(line: Line) -> Call:
    call = await line.calls.get(CALL_ID)
    assert call is not None
    return call


def happened(kind: EventKind, detail: str = "", second: float = 5) -> CallEvent:
    return CallEvent(kind, RANG + timedelta(seconds=second), detail, "connection-1")


async def die_while_answering(line: Line, acs: AcsServer) -> None:
    """The service got the answer; the process that sent it was killed before it heard so."""
    reached = asyncio.Event()

    async def never() -> web.Response:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    acs.replies = [never]
    process = asyncio.create_task(answer_incoming(line, INCOMING))
    await reached.wait()
    process.cancel()
    await asyncio.gather(process, return_exceptions=True)
