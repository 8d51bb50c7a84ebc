"""The caller's side of a call: the media socket, how its frames are spelt, and the signs that it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from bridge.carriers import SAMPLE_RATE, Carrier, CarrierError, Inbound, MediaFormat
from bridge.limits import Limit, MediaAllowance
from bridge.sockets import send_in_time
from shared.calls import EventKind

_ASLEEP = 0.25
"""Seconds by which this process may notice the silence of a carrier too late. More, and it was this process
that got no time: frames may wait to be read."""
_BAD_FRAMES = 50
"""Frames of a carrier that may be unreadable before the call is given up."""
_NO_PONG = "keepalive ping timeout"
"""The reason with which websockets closes a socket whose peer answers no ping."""

log = logging.getLogger(__name__)


_ENDED = "1000"
"""The close code of a media socket whose call is over."""


class CallOverError(Exception):
    """Ends the task group of a call."""

    def __init__(self, kind: EventKind, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind
        self.reason = reason

    @property
    def may_come_back(self) -> bool:
        """Whether only the media socket broke, so that the carrier may open another for the same call."""
        return self.kind is EventKind.MEDIA_CLOSED and self.reason != _ENDED


class Line:
    """One caller's media socket. Each method raises `CallOverError` when the caller or the socket is gone.

    Args:
        call_connection_id: the carrier's id of the call; empty for a browser.
        hang_up: ends the phone call. Never raises: what it cannot do it logs, and the sweep does it later.
        exceeded: is told of a limit that ends the call.
    """

    def __init__(
        self,
        socket: ServerConnection,
        carrier: Carrier,
        call_connection_id: str,
        hang_up: Callable[[], Awaitable[None]],
        exceeded: Callable[[Limit], None] = lambda _: None,
    ) -> None:
        self._socket = socket
        self.carrier = carrier
        self.call_connection_id = call_connection_id
        self.hang_up = hang_up
        self._exceeded = exceeded
        self._allowance = MediaAllowance()
        self._bad_frames = 0
        self._may_pause = False
        self._quiet_since = 0.0
        """Since when a frame is waited for, in the time of the loop."""

    async def check_format(self) -> None:
        """The first frame announces the format; with another one the caller would hear noise."""
        announced = await self.receive()
        if announced != MediaFormat(SAMPLE_RATE, 1):
            raise CallOverError(EventKind.FAILED, f"media format is not PCM {SAMPLE_RATE} Hz mono")

    async def receive(self) -> Inbound | None:
        """The next frame; None for one that means nothing, or cannot be read."""
        raw = await self._frame()
        frame = None
        try:
            frame = self.carrier.decode(raw)
        except CarrierError as error:
            self._bad_frames += 1
            if self._bad_frames == 1:
                log.warning("unreadable media frame", extra={"reason": str(error)})
            if self._bad_frames > _BAD_FRAMES:
                raise self._over(Limit.BAD_FRAMES, "unreadable media frames") from error
        if limit := self._allowance.exceeded(frame, asyncio.get_running_loop().time()):
            raise self._over(limit, f"too many media frames: {limit}")
        return frame

    async def send(self, frame: str) -> None:
        """Write one frame of the carrier."""
        try:
            await send_in_time(self._socket, frame)
        except ConnectionClosed as error:
            raise _closed(error) from error
        except TimeoutError as error:
            raise CallOverError(EventKind.FAILED, "the carrier takes no audio") from error

    def abort(self) -> None:
        """Cut the connection as a broken network does, without a close frame."""
        self._socket.transport.abort()

    async def watch(self) -> None:
        """Wait until the socket is closed, and raise: also while nobody reads it."""
        await self._socket.wait_closed()
        raise _closed(self._socket.protocol.close_exc)

    @contextlib.contextmanager
    def pausing(self) -> Iterator[None]:
        """While the telephone network moves the caller, no frames are no sign of anything."""
        self._may_pause = True
        try:
            yield
        finally:
            self._may_pause = False
            self._quiet_since = asyncio.get_running_loop().time()

    def _over(self, limit: Limit, reason: str) -> CallOverError:
        self._exceeded(limit)
        return CallOverError(EventKind.FAILED, reason)

    async def _frame(self) -> str | bytes:
        """The next frame as it came; a carrier that sends all the time and has stopped is gone."""
        loop = asyncio.get_running_loop()
        limit = self.carrier.quiet_seconds
        self._quiet_since = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(None if limit is None else self._quiet_since + limit):
                    return await self._socket.recv()
            except ConnectionClosed as error:
                raise _closed(error) from error
            except TimeoutError as error:
                late = loop.time() - self._quiet_since - (limit or 0.0)
                if self._may_pause or late > _ASLEEP:
                    self._quiet_since = loop.time()
                elif limit is not None and loop.time() >= self._quiet_since + limit:
                    raise CallOverError(EventKind.MEDIA_CLOSED, "no frames") from error


def _closed(error: ConnectionClosed) -> CallOverError:
    """Who closed the media socket: the carrier, because the caller left or the line broke, or we."""
    if error.sent is not None and error.sent.reason == _NO_PONG:
        return CallOverError(EventKind.MEDIA_CLOSED, "no pong")
    if error.sent is not None and not error.rcvd_then_sent:
        return CallOverError(EventKind.FAILED, f"media socket closed by us ({error.sent.code})")
    code = 1006 if error.rcvd is None else error.rcvd.code
    return CallOverError(EventKind.MEDIA_CLOSED, str(code))
