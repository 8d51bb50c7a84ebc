"""The ACS stand-in put together.

REST, phone line, media sockets, callbacks and clock in one loop.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
from aiohttp import web

from local.acs.background import Background, background
from local.acs.call import Call, CallSettings
from local.acs.callbacks import RETRY_AFTER_S, Callback, CallbackSender, Faults
from local.acs.clock import TICK_S, Lateness, keep_time
from local.acs.events import CallEvent, cloud_event
from local.acs.exchange import Exchange
from local.acs.identifiers import identify
from local.acs.incoming import Publisher
from local.acs.media_socket import RECONNECT_AFTER_S, MediaSocket
from local.acs.midcall import MidCall
from local.acs.phone_socket import Phones
from local.acs.prompts import Prompts, Synthesiser
from local.acs.repeats import Repeats
from local.acs.rest import MAX_BODY, Rest
from local.acs.tokens import ISSUER, TokenSigner
from local.decoding import FieldError, decode

_LAST_EVENTS = {"CallDisconnected", "AnswerFailed", "CreateCallFailed"}


@dataclass(frozen=True, slots=True)
class AcsOptions:
    """How one stand-in is set up. `key` is the access key's bytes; `resource_id` the tokens' audience."""

    key: bytes
    resource_id: str
    topic_url: str
    topic_key: str | None = None
    issuer: str = ISSUER
    ring_s: float = 30.0
    numbers: frozenset[str] = frozenset()
    unreachable: frozenset[str] = frozenset()
    synthesiser: Synthesiser | None = None
    callback_retries_s: tuple[float, ...] = RETRY_AFTER_S
    reconnects_s: tuple[float, ...] = RECONNECT_AFTER_S


class Acs:
    """The stand-in.

    It is what `Outside` means to a call: effects become frames on sockets and HTTP requests.
    """

    def __init__(
        self, options: AcsOptions, http: aiohttp.ClientSession, work: Background, recordings: Path
    ) -> None:
        self._signer = TokenSigner(options.resource_id, issuer=options.issuer)
        self._faults = Faults()
        self._lateness = Lateness()
        self._sockets: dict[str, MediaSocket] = {}
        self._repeats = Repeats(time.monotonic)
        self._work = work
        self._reconnects_s = options.reconnects_s
        settings = CallSettings(
            app=identify(f"8:acs:{options.resource_id}_{uuid4()}", "app"),
            ring_ticks=round(options.ring_s / TICK_S),
            unreachable=options.unreachable,
            recordings=recordings,
        )
        self._exchange = Exchange(settings, self, lambda: datetime.now(UTC), options.numbers)
        self._phones = Phones(self._exchange, Publisher(http, options.topic_url, options.topic_key))
        self._callbacks = CallbackSender(http, self._signer, work, self._faults, options.callback_retries_s)
        mid_call = MidCall(Prompts(http, options.synthesiser), work, self._faults)
        self._rest = Rest(self._exchange, mid_call, options.key, self._repeats, self._faults)
        work.start(keep_time(self._exchange.tick, self._lateness), endless=True)

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=MAX_BODY)
        app.on_shutdown.append(self._close_phones)
        app.router.add_get("/phone", self._phones.serve)
        app.router.add_get("/calls", self._calls)
        app.router.add_post("/faults", self._set_faults)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/calling/keys", self._keys)
        app.router.add_get("/calling/.well-known/acsopenidconfiguration", self._openid)
        self._rest.add_routes(app.router)
        return app

    # -- Outside: what calls want done

    def callback(self, call: Call, event: CallEvent, uri: str, source: str | None) -> None:
        """Send an event to the app."""
        wire = cloud_event(event, call.ids, datetime.now(UTC), source=source)
        self._callbacks.send(call.id, Callback(uri, wire), last=event.type in _LAST_EVENTS)

    def to_phone(self, call: Call, message: dict[str, Any]) -> None:
        """Send a text frame to the call's phone."""
        self._phones.text(call.id, message)

    def phone_audio(self, call: Call, frame: bytes) -> None:
        """Send 20 ms to the call's phone."""
        self._phones.audio(call.id, frame)

    def open_media(self, call: Call) -> None:
        """Open the call's media websocket."""
        if call.stream is None:
            return
        socket = MediaSocket(call, call.stream, self._signer, self._reconnects_s)
        self._sockets[call.id] = socket
        self._work.start(self._run_media(call.id, socket))

    async def _run_media(self, call_id: str, socket: MediaSocket) -> None:
        try:
            await socket.run()
        finally:
            # A stream that was stopped and started again has another socket by now.
            if self._sockets.get(call_id) is socket:
                del self._sockets[call_id]

    def close_media(self, call: Call) -> None:
        """Close the call's media websocket."""
        socket = self._sockets.pop(call.id, None)
        if socket is not None:
            socket.close()

    def to_media(self, call: Call, frame: str) -> None:
        """Send a frame on the call's media websocket."""
        socket = self._sockets.get(call.id)
        if socket is not None:
            socket.send(frame)

    # -- HTTP

    async def _close_phones(self, _app: web.Application) -> None:
        await self._phones.close()

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response(self._signer.jwks())

    async def _openid(self, request: web.Request) -> web.Response:
        return web.json_response(self._signer.openid_configuration(f"{request.scheme}://{request.host}"))

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "calls": len(self._exchange.active)})

    async def _calls(self, _request: web.Request) -> web.Response:
        sockets = {call_id: socket.dropped for call_id, socket in self._sockets.items()}
        calls = [
            {
                **call,
                "media_frames_dropped": sockets.get(call["call_connection_id"], 0),
                "phone_frames_dropped": self._phones.dropped(call["call_connection_id"]),
            }
            for call in self._exchange.inspect()
        ]
        state = {
            "calls": calls,
            "clock": self._lateness.state(),
            "callbacks": self._callbacks.counters,
            "repeats_replayed": self._repeats.replayed,
        }
        return web.Response(body=msgspec.json.encode(state), content_type="application/json")

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            wanted = decode(await request.read(), Faults)
        except FieldError as error:
            return web.json_response({"error": {"code": "BadRequest", "message": str(error)}}, status=400)
        for name in Faults.__struct_fields__:
            setattr(self._faults, name, getattr(wanted, name))
        if self._faults.media_reset:
            self._faults.media_reset = False
            for socket in self._sockets.values():
                socket.break_off()
        return web.json_response(msgspec.to_builtins(self._faults))


@asynccontextmanager
async def running(options: AcsOptions) -> AsyncIterator[web.Application]:
    """The stand-in's application with its clock going. Recordings are gone when the block ends."""
    with TemporaryDirectory(prefix="recordings-") as folder:
        async with aiohttp.ClientSession() as http, background() as work:
            yield Acs(options, http, work, Path(folder)).app()
