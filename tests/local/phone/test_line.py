"""How a line ends: closed in good order, or broken."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from local.line import LineError, Progress, place_call
from local.phone import STEREO_FRAME_BYTES, Phone

SILENCE = bytes(STEREO_FRAME_BYTES)


@asynccontextmanager
async def line(end: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """The address of a stand-in that answers, exchanges one frame, and then ends the call with `end`."""

    async def handle(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(json.dumps({"type": "answered"}))
        await socket.send(SILENCE)
        await socket.recv()
        await end(socket)
        await socket.wait_closed()

    async with serve(handle, "127.0.0.1", 0) as server:
        (bound,) = server.sockets
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


async def at_once(socket: ServerConnection) -> None:
    """A tick, the end of the call and the close frame in one write, as when a hang-up lands beside a tick."""
    socket.protocol.send_binary(SILENCE)
    socket.protocol.send_text(json.dumps({"type": "ended", "reason": "agent_hung_up"}).encode())
    socket.protocol.send_close(1000)
    socket.send_data()


async def without_a_word(socket: ServerConnection) -> None:
    socket.protocol.send_binary(SILENCE)
    socket.protocol.send_close(1000)
    socket.send_data()


async def abort(socket: ServerConnection) -> None:
    socket.transport.abort()


async def hold(acs: str, progress: Progress) -> None:
    await place_call(acs, Phone([]), progress, caller="+15550100", called="+15550199")


async def test_an_end_behind_a_tick_is_heard_though_the_line_is_closed_by_then() -> None:
    progress = Progress()
    async with line(at_once) as acs:
        await hold(acs, progress)
    assert progress.ended == "agent_hung_up"


@pytest.mark.parametrize(
    ("end", "complaint"), [(abort, "broke"), (without_a_word, "without saying how the call ended")]
)
async def test_a_line_that_breaks_is_an_error(
    end: Callable[[ServerConnection], Awaitable[None]], complaint: str
) -> None:
    async with line(end) as acs:
        with pytest.raises(LineError, match=complaint):
            await hold(acs, Progress())
