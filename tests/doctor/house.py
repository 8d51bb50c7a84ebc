"""A small system for the doctor to look at: real Azurite and stand-ins, and knobs to break each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from local.serving import listening
from local.voice_live.admission import Admission
from local.voice_live.faults import FaultOrder, FaultPlan
from local.voice_live.service import Service
from tests.local.voice_live.doubles import parts
from tests.shared.acs_server import KEY, RESOURCE_ID, AcsServer, acs_server
from tests.shared.topic_server import KEY as TOPIC_KEY
from tests.shared.topic_server import TopicServer, topic_server

VOICE_KEY = "voice-live-key"
OPERATOR_TOKEN = "o" * 32
METRICS_TOKEN = "m" * 32


@dataclass
class Plane:
    """What answers at the planes' own addresses: statuses and texts as a test wants them."""

    url: str = ""
    ready: tuple[int, str] = (200, "ready, 0 of 50 calls")
    socket: int = 401
    """Status of a websocket that shows no token; 101 lets it in."""
    health: tuple[int, Any] = (200, {"status": "ok", "events": "published"})
    track: int = 200
    """What Application Insights says to a line."""
    lines: list[Any] = field(default_factory=list)
    """What it was sent, and with which proof."""
    calls: tuple[int, str] = (200, '{"calls": 0}')
    """To who shows the metrics token."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/readyz":
            return web.Response(status=self.ready[0], text=self.ready[1])
        if request.path == "/calls":
            shown = request.headers.get("Authorization") == f"Bearer {METRICS_TOKEN}"
            return (
                web.Response(status=self.calls[0], text=self.calls[1]) if shown else web.Response(status=401)
            )
        if request.path == "/v2.1/track":
            self.lines.append((request.headers.get("Authorization"), await request.json()))
            return web.Response(status=self.track)
        if request.path == "/api/health":
            status, body = self.health
            return web.json_response(body, status=status)
        if request.path.startswith("/acs/") and self.socket == 101:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.close()
            return socket
        return web.Response(status=self.socket if request.path.startswith("/acs/") else 404)


@dataclass
class House:
    """The parts, and the settings of both planes that fit them."""

    acs: AcsServer
    topic: TopicServer
    plane: Plane
    voice_url: str
    voice_faults: FaultPlan
    tables: str
    prefix: str
    changed: dict[str, str] = field(default_factory=dict)
    """Settings that a test makes other than they should be; empty takes one away."""

    @property
    def env(self) -> Mapping[str, str]:
        env = {
            "TABLES_CONNECTION_STRING": self.tables,
            "TABLES_PREFIX": self.prefix,
            "ACS_ENDPOINT": self.acs.url,
            "ACS_ACCESS_KEY": KEY,
            "ACS_RESOURCE_ID": RESOURCE_ID,
            "ACS_JWKS_URL": f"{self.acs.url}/calling/keys",
            "CALLBACK_BASE_URL": self.plane.url,
            "MEDIA_BASE_URL": self.plane.url.replace("http", "ws", 1),
            "EVENTS_TOPIC_ENDPOINT": f"{self.topic.url}/api/events",
            "EVENTS_TOPIC_KEY": TOPIC_KEY,
            "OPERATOR_TOKEN": OPERATOR_TOKEN,
            "CALLER_KEY": "b25lIGtleSBmb3IgdGVzdHMgb2YgMzIgYnl0ZXMhISE=",
            "VOICE_LIVE_ENDPOINT": self.voice_url,
            "VOICE_LIVE_API_KEY": VOICE_KEY,
            "METRICS_TOKEN": METRICS_TOKEN,
            "BRIDGE_SPILL_DIR": "/var/tabletalk/spill",
            "BRIDGE_SCALE_URL": f"{self.plane.url}/calls",
        }
        return {name: value for name, value in (env | self.changed).items() if value}

    def break_voice(self, **faults: Any) -> None:
        """Every session from now on has these faults."""
        self.voice_faults.order(FaultOrder(**faults))


@asynccontextmanager
async def open_house(azurite: str, prefix: str) -> AsyncIterator[House]:
    """All of it up and well."""
    plane, faults = Plane(), FaultPlan()
    admission = Admission(clock=lambda: 0.0, api_key=VOICE_KEY, connections_per_minute=0)
    voice = Service(parts(), admission, faults, audio_speed=0.0)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", plane.answer)
    async with (
        acs_server() as acs,
        topic_server() as topic,
        listening(app) as plane.url,
        listening(voice.app()) as url,
    ):
        acs.state = None
        yield House(acs, topic, plane, url, faults, azurite, prefix)
