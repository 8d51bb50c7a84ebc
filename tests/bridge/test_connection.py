"""How a session of Voice Live is asked for, and one that takes nothing any more."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from bridge.sockets import SEND_WITHIN
from bridge.voicelive import wire
from bridge.voicelive.connection import Target, VoiceLive, VoiceLiveError
from tests.bridge.virtual_time import run_virtually


class Door:
    """A server that notes what is asked and lets nobody in."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = ""

    def admit(self, connection: ServerConnection, request: Request) -> Response:
        self.asked = request.path
        return connection.respond(HTTPStatus.FORBIDDEN, "")


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()

    async def never(_: ServerConnection) -> None:
        raise AssertionError("nobody is let in")

    async with serve(never, "127.0.0.1", 0, process_request=door.admit) as server:
        door.url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield door


@pytest.mark.parametrize(
    "target",
    [
        {"model": "gpt-4.1"},
        {"agent-name": "host & co", "agent-project-name": "tables"},
        {"agent-name": "host", "agent-project-name": "tables/1", "agent-version": "7"},
    ],
)
async def test_what_answers_stands_in_the_query(door: Door, target: Target) -> None:
    """Names of the parameters: reference 2026-07-15, endpoint; `agent-version`: the client library."""

    async def headers() -> dict[str, str]:
        return {"Authorization": "Bearer token"}

    with pytest.raises(VoiceLiveError):
        await VoiceLive.open(door.url, target, headers)
    asked = urlsplit(door.asked)
    assert asked.path == "/voice-live/realtime"
    wanted = {"api-version": "2026-07-15", **target}
    assert parse_qs(asked.query, strict_parsing=True) == {name: [value] for name, value in wanted.items()}


async def test_what_is_said_to_one_that_takes_nothing_holds_nobody_up() -> None:
    """It is left after some seconds; the bridge has other things to do meanwhile."""
    over = asyncio.Event()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))

        async def takes_nothing(connection: ServerConnection) -> None:
            connection.transport.pause_reading()
            await over.wait()
            connection.transport.abort()

        async def headers() -> dict[str, str]:
            return {}

        async with serve(takes_nothing, sock=listener):
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            session = await VoiceLive.open(url, {"model": "gpt-4.1"}, headers)
            out: socket.socket = session._socket.transport.get_extra_info("socket")
            out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            try:
                for _ in range(600):  # 12 s
                    await session.append("A" * 1280)
            finally:
                session._socket.transport.abort()
                over.set()


class Stuck(ClientConnection):
    """Stands for a connection whose peer takes nothing."""

    def __init__(self) -> None:
        pass

    async def send(self, message: object, text: bool | None = None) -> None:
        await asyncio.Event().wait()


def test_a_session_that_takes_nothing_any_more_has_ended() -> None:
    """All that the bridge decides waits behind a frame to it."""

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        session = VoiceLive(Stuck())
        with pytest.raises(VoiceLiveError, match="takes nothing"):
            await session.append("AAAA")
        assert loop.time() == pytest.approx(SEND_WITHIN)
        with pytest.raises(VoiceLiveError, match="takes nothing"):
            await session.send(wire.ResponseCreate(event_id="response.create-1"))

    run_virtually(scene())
