"""The phone line: a websocket on which a simulated phone dials, speaks, listens, presses keys and hangs up.

The phone sends text frames (`dial` first, then `dtmf` and `hang_up`) and binary frames of PCM16LE 24 kHz
mono. It gets text frames (`ringing`, `answered`, `ended` or `error`) and, while connected, every 20 ms one
binary frame of 1,920 bytes: what it said in that tick as the app got it, then what it heard in that tick.
"""

import asyncio
import contextlib
import json
from typing import Annotated, Any, cast

import msgspec
from aiohttp import WSMsgType, web

from local.acs.call import Call
from local.acs.exchange import Exchange
from local.acs.incoming import Publisher, PublishError, incoming_call_event
from local.acs.outbox import Outbox
from local.decoding import FieldError, decode

_FRAMES_WAITING = 500
_MAX_MESSAGE = 1024 * 1024
_DIAL_WITHIN_S = 10.0
_CLOSE_TIMEOUT_S = 1.0


class Dial(msgspec.Struct, tag="dial", tag_field="type", rename={"caller": "from", "callee": "to"}):
    """Call a number. The headers become the event's custom context."""

    caller: str
    callee: str
    sip_headers: dict[str, str] = {}
    voip_headers: dict[str, str] = {}


class Dtmf(msgspec.Struct, tag="dtmf", tag_field="type"):
    """Press keys."""

    digits: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Da-d*#]{1,100}$")]


class HangUp(msgspec.Struct, tag="hang_up", tag_field="type"):
    """End the call."""


# A union is no class to the type checker, yet msgspec decodes it by its tag.
_FRAME = cast("type[Dtmf | HangUp]", Dtmf | HangUp)


class Phones:
    """The phones that are connected, by the id of their call."""

    def __init__(self, exchange: Exchange, publisher: Publisher) -> None:
        self._exchange = exchange
        self._publisher = publisher
        self._outboxes: dict[str, Outbox[str | bytes]] = {}
        self._sockets: set[web.WebSocketResponse] = set()

    def text(self, call_id: str, message: dict[str, Any]) -> None:
        """Send a text frame to the phone of a call. `ended` is its last: the socket closes after it."""
        outbox = self._outboxes.get(call_id)
        if outbox is not None:
            outbox.put(json.dumps(message))
            if message["type"] == "ended":
                outbox.close()

    def audio(self, call_id: str, frame: bytes) -> None:
        """Send 20 ms to the phone of a call."""
        outbox = self._outboxes.get(call_id)
        if outbox is not None:
            outbox.put(frame)

    def dropped(self, call_id: str) -> int:
        """Frames that a slow phone of a live call did not get."""
        outbox = self._outboxes.get(call_id)
        return 0 if outbox is None else outbox.dropped

    async def close(self) -> None:
        """Close every phone's socket: the service stops."""
        for socket in tuple(self._sockets):
            await socket.close(code=1001)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One phone, from its dial to the end of its call."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=_MAX_MESSAGE, timeout=_CLOSE_TIMEOUT_S)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async with asyncio.timeout(_DIAL_WITHIN_S):
                dial = await _first_frame(socket)
            call, context = self._exchange.dial(dial.caller, dial.callee)
        except (FieldError, TimeoutError) as error:
            message = str(error) or f"no dial within {_DIAL_WITHIN_S:.0f} s"
            with contextlib.suppress(ConnectionError):
                await socket.send_str(json.dumps({"type": "error", "message": message}))
            await socket.close(code=1008)
        else:
            await self._connect(socket, dial, call, context)
        finally:
            self._sockets.discard(socket)
        return socket

    async def _connect(self, socket: web.WebSocketResponse, dial: Dial, call: Call, context: str) -> None:
        outbox: Outbox[str | bytes] = Outbox(_FRAMES_WAITING)
        self._outboxes[call.id] = outbox
        ids = {"correlation_id": call.correlation_id, "server_call_id": call.server_call_id}
        self.text(call.id, {"type": "ringing", **ids})
        headers = {"sipHeaders": dial.sip_headers, "voipHeaders": dial.voip_headers}
        event = incoming_call_event(call, context, headers)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pump_out(socket, outbox))
                announcement = tasks.create_task(self._announce(call, event))
                await _pump_in(socket, call)
                # The phone is gone: nobody rings any more, whether or not the event got through.
                announcement.cancel()
                call.phone_hung_up()
                outbox.close()
        finally:
            del self._outboxes[call.id]

    async def _announce(self, call: Call, event: dict[str, Any]) -> None:
        try:
            await self._publisher.publish(event)
        except PublishError:
            call.unroutable()


async def _first_frame(socket: web.WebSocketResponse) -> Dial:
    message = await socket.receive()
    if message.type is not WSMsgType.TEXT:
        raise FieldError("type", 'the first frame must be {"type": "dial", "from": ..., "to": ...}')
    return decode(message.data, Dial)


async def _pump_in(socket: web.WebSocketResponse, call: Call) -> None:
    """Hand what the phone sends to the call, until the socket closes."""
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            call.phone_said(message.data)
        elif message.type is WSMsgType.TEXT:
            try:
                frame = decode(message.data, _FRAME)
            except FieldError as error:
                await socket.send_str(json.dumps({"type": "error", "message": str(error)}))
                continue
            if isinstance(frame, Dtmf):
                call.phone_pressed(frame.digits)
            else:
                call.phone_hung_up()


async def _pump_out(socket: web.WebSocketResponse, outbox: Outbox[str | bytes]) -> None:
    """Send what is queued, then close."""
    with contextlib.suppress(ConnectionError):
        while (frame := await outbox.get()) is not None:
            if isinstance(frame, bytes):
                await socket.send_bytes(frame)
            else:
                await socket.send_str(frame)
    await socket.close()
