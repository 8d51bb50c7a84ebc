"""The Voice Live stand-in as a service: `python -m local voice-live --port N`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import numpy as np
from aiohttp import WSCloseCode, web

from local.serving import port, serve
from local.voice_live.admission import Admission, AdmissionError
from local.voice_live.connection import Connection
from local.voice_live.faults import FAULT_HELP, FaultOrder, FaultPlan, Faults
from local.voice_live.seams import Parts
from local.voice_live.session import Session
from local.voice_live.workers import Workers

PATH = "/voice-live/realtime"
_LARGEST_FRAME = 32 * 1024 * 1024
"""Bytes of one websocket message: room for the largest append in base64, which gets an error of its own."""
_CLOSE_TIMEOUT_S = 1.0
"""How long a client may take to answer a close frame."""
_HOUR = 3600.0

_EPILOG = """\
not here: avatar, MCP tools, images, LLM interim responses, and the client events input_audio.turn.* and
input_text.*; in agent mode (agent-name and agent-project-name) every agent is one without instructions

faults at run time:
  POST /faults    JSON with any of the --fault options' names (drop_after_ms, ...) and "sessions": N for the
                  next N sessions or "all" (default) for every new one until changed; handshakes that would
                  be refused anyway do not count. "drop_now": true drops the sockets of all that run
  GET /faults     what every new session gets now
  DELETE /faults  back to the command line's faults

example: curl -d '{"drop_after_audio_deltas": 3, "sessions": 1}' http://127.0.0.1:PORT/faults
"""


@dataclass(slots=True)
class Service:
    """Everything the handlers share. `audio_speed`: see `Connection`."""

    parts: Parts
    admission: Admission
    faults: FaultPlan = field(default_factory=FaultPlan)
    lifetime_s: float = _HOUR
    audio_speed: float = 4.0
    _workers: Workers = field(default_factory=Workers)
    _open: dict[web.WebSocketResponse, tuple[web.Request, Session]] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get(PATH, self._connect)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/sessions", self._show_sessions)
        app.router.add_get("/faults", self._show_faults)
        app.router.add_post("/faults", self._order_faults)
        app.router.add_delete("/faults", self._clear_faults)
        app.cleanup_ctx.append(self._run_workers)
        app.on_shutdown.append(self._close_sockets)
        return app

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        try:
            target = self.admission.admit(request.query, request.headers)
            socket = web.WebSocketResponse(
                compress=False, max_msg_size=_LARGEST_FRAME, timeout=_CLOSE_TIMEOUT_S
            )
            if not socket.can_prepare(request):
                raise AdmissionError(400, "400", "This address speaks WebSocket; send an upgrade request.")
            # Only here: what would not have become a session spends no fault that was ordered for one.
            faults = self.faults.take()
            await asyncio.sleep(faults.connect_delay_ms / 1000)
            if faults.refuse_status:
                raise _forced_refusal(faults.refuse_status)
        except AdmissionError as refusal:
            return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)
        await socket.prepare(request)
        lifetime_s = self.lifetime_s if faults.expire_after_ms is None else faults.expire_after_ms / 1000
        session = Session(
            target=target,
            make_activity=self.parts.voice_activity,
            clock=time.time,
            lifetime_s=lifetime_s,
            faults=faults,
        )
        connection = Connection(
            socket,
            session,
            self.parts,
            self._workers,
            faults=faults,
            lifetime_s=lifetime_s,
            audio_speed=self.audio_speed,
            drop=lambda: _abort(request),
        )
        self._open[socket] = request, session
        try:
            await connection.run()
        finally:
            del self._open[socket]
        return socket

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "sessions": len(self._open)})

    async def _show_sessions(self, _: web.Request) -> web.Response:
        return web.json_response({"sessions": [session.shown() for _, session in self._open.values()]})

    async def _show_faults(self, _: web.Request) -> web.Response:
        return web.json_response(msgspec.to_builtins(self.faults.standing))

    async def _order_faults(self, request: web.Request) -> web.Response:
        try:
            order = msgspec.json.decode(await request.read(), type=FaultOrder)
        except msgspec.DecodeError as error:
            return web.json_response({"error": {"code": "400", "message": str(error)}}, status=400)
        self.faults.order(order)
        if order.drop_now:
            for running, _ in self._open.values():
                _abort(running)
        return web.json_response(msgspec.to_builtins(order))

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self.faults.clear()
        return web.Response(status=204)

    async def _run_workers(self, _: web.Application) -> AsyncIterator[None]:
        async with self._workers:
            yield

    async def _close_sockets(self, _: web.Application) -> None:
        stopping = (
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"the service stops") for socket in self._open
        )
        await asyncio.gather(*stopping)


def _forced_refusal(status: int) -> AdmissionError:
    headers = {"Retry-After": "1"} if status in (429, 503) else None
    return AdmissionError(status, str(status), "This refusal was asked for.", headers)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def load_parts() -> Parts:
    """The real parts, warmed up: the first recognition and synthesis are slow, and no caller should pay."""
    # Here and not above: loading takes a second, which a mistyped option should not cost.
    from local.speech import Recognizer, Speaker, VoiceActivity
    from local.voice_live.mind import make_mind

    recognizer = Recognizer()
    recognizer.transcribe(np.zeros(16000, np.float32))
    speaker = Speaker()
    for _ in speaker.stream("Hello."):
        pass
    return Parts(recognizer, speaker, make_mind(os.environ), VoiceActivity)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m local voice-live",
        description="Voice Live on this machine: the realtime protocol, with real hearing and speech.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--port", type=port, default=0, help="port on 127.0.0.1 (default: any free one)")
    options.add_argument("--api-key", help="the only key accepted (default: any key)")
    options.add_argument("--bearer-audience", help="accept only JWTs made out to this audience")
    options.add_argument(
        "--connections-per-minute", type=int, default=30, help="per credential; 0: no limit (default: 30)"
    )
    options.add_argument(
        "--session-seconds", type=float, default=_HOUR, help="how long a session may last (default: 3600)"
    )
    options.add_argument(
        "--audio-speed",
        type=float,
        default=4.0,
        help="times faster than real time that reply audio is sent; 0: as fast as it is made (default: 4)",
    )
    faults = options.add_argument_group("faults in every session")
    for name, text in FAULT_HELP.items():
        switch = isinstance(getattr(Faults(), name), bool)
        action = "store_true" if switch else "store"
        faults.add_argument(f"--fault-{name.replace('_', '-')}", dest=name, action=action, help=text)
    return options


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code; 2 for options that make no sense."""
    options = parser().parse_args(argv)
    given = {name: value for name in FAULT_HELP if (value := getattr(options, name)) not in (None, False)}
    try:
        faults = msgspec.convert(given, Faults, strict=False)
    except msgspec.ValidationError as error:
        print(f"voice-live: a --fault option is wrong: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    service = Service(
        load_parts(),
        Admission(
            clock=time.monotonic,
            api_key=options.api_key,
            bearer_audience=options.bearer_audience,
            connections_per_minute=options.connections_per_minute,
        ),
        FaultPlan(faults),
        lifetime_s=options.session_seconds,
        audio_speed=options.audio_speed,
    )
    return asyncio.run(serve(service.app(), service="voice-live", port=options.port))
