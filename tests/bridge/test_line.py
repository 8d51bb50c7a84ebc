"""The caller's socket and the signs that the caller is gone, on a virtual clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from bridge.carriers import Audio, Carrier
from bridge.carriers.acs import AcsCarrier
from bridge.carriers.browser import BrowserCarrier
from bridge.line import CallOverError, Line
from bridge.sockets import SEND_WITHIN, close_socket
from shared.calls import EventKind
from tests.bridge.virtual_time import asleep, run_virtually

FRAME = '{"kind":"AudioData","audioData":{"data":"AAAAAAAA"}}'
HOURS = 10_000.0


class Transport(asyncio.Transport):
    aborted = False

    def abort(self) -> None:
        self.aborted = True


class Socket(ServerConnection):
    """Stands for a caller's socket: frames come at so many seconds, then none; takes nothing."""

    def __init__(self, *frames_at: float) -> None:
        self._frames_at = [*frames_at, HOURS]
        self.transport: Transport = Transport()

    async def recv(self, decode: bool | None = None) -> Any:
        await asyncio.sleep(self._frames_at[0] - now())
        self._frames_at.pop(0)
        return FRAME

    async def send(self, message: object, text: bool | None = None) -> None:
        await asyncio.sleep(HOURS)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await asyncio.sleep(HOURS)


def line(socket: Socket, carrier: Carrier | None = None) -> Line:
    async def hang_up() -> None:
        """Not what this is about."""

    return Line(socket, carrier or AcsCarrier(), "connection", hang_up)


def now() -> float:
    return asyncio.get_running_loop().time()


async def receives(line: Line, frames: int) -> None:
    for _ in range(frames):
        assert await line.receive() == Audio("AAAAAAAA")


def test_a_phone_that_sends_nothing_for_five_seconds_is_gone() -> None:
    """No close, no broken connection: the frames just stop."""

    async def scene() -> None:
        caller = line(Socket(0.02, 0.04, 5.0))
        await receives(caller, 3)
        with pytest.raises(CallOverError, match="no frames") as over:
            await caller.receive()
        assert over.value.kind is EventKind.MEDIA_CLOSED
        assert now() == pytest.approx(10.0)

    run_virtually(scene())


def test_a_browser_may_send_nothing_while_it_is_muted() -> None:
    async def scene() -> None:
        caller = line(Socket(), BrowserCarrier())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caller.receive(), HOURS / 2)

    run_virtually(scene())


def test_during_a_hand_over_the_frames_may_stop() -> None:
    """The network may take the media away for as long as the person's phone rings."""

    async def scene() -> None:
        caller = line(Socket(0.02, 60.0))
        with caller.pausing():
            await receives(caller, 2)
        assert now() == pytest.approx(60.0)

    run_virtually(scene())


def test_after_a_hand_over_the_frames_have_time_to_come_back() -> None:
    async def scene() -> None:
        caller = line(Socket())
        waiting = asyncio.create_task(caller.receive())
        with caller.pausing():
            await asyncio.sleep(14.0)
        with pytest.raises(CallOverError, match="no frames"):
            await waiting
        assert now() == pytest.approx(19.0)

    run_virtually(scene())


def test_a_carrier_that_takes_no_audio_ends_the_call() -> None:
    """Everything that is decided waits behind the frame it does not take."""

    async def scene() -> None:
        caller = line(Socket())
        with pytest.raises(CallOverError, match="takes no audio") as over:
            await caller.send("frame")
        assert over.value.kind is EventKind.FAILED
        assert now() == pytest.approx(SEND_WITHIN)

    run_virtually(scene())


def test_a_socket_that_does_not_close_is_cut() -> None:
    """The closing handshake waits behind what its peer does not take."""

    async def scene() -> None:
        socket = Socket()
        await close_socket(socket)
        assert socket.transport.aborted
        assert now() < 5.0

    run_virtually(scene())


def test_who_has_slept_does_not_take_the_caller_for_gone() -> None:
    """On waking the time is up, and frames are still to be read; without any, it is up five seconds later."""

    async def scene() -> None:
        caller = line(Socket(1.0, 14.0))
        await receives(caller, 1)
        waiting = asyncio.create_task(caller.receive())
        await asyncio.sleep(0)
        asleep(12.0)
        assert await waiting == Audio("AAAAAAAA")
        with pytest.raises(CallOverError, match="no frames"):
            await caller.receive()

    run_virtually(scene())
