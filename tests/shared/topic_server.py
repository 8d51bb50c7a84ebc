"""A small Event Grid topic for tests: checks the key, keeps what came, answers as told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from local.serving import listening
from shared.settings import EventsSettings

KEY = "topic-key"


@dataclass
class TopicServer:
    """`answers` are given in turn, then 200; `keeps_failed` takes an event in although it answers otherwise.
    A status of 0 breaks the connection."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    always: int | None = None
    """Answered to everything while it is set."""
    bad_subject: str | None = None
    """Events with this subject are answered 400."""
    keeps_failed: bool = False
    accepted: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    hold: asyncio.Event | None = None

    @property
    def settings(self) -> EventsSettings:
        return EventsSettings(f"{self.url}/api/events", KEY, alarm_seconds=60, max_attempts=3)

    def ids(self) -> list[str]:
        """Of what was accepted, in order, repetitions and all."""
        return [event["id"] for event in self.accepted]

    async def publish(self, request: web.Request) -> web.Response:
        self.asked += 1
        [event] = json.loads(await request.read())
        if self.hold is not None:
            await self.hold.wait()
        if request.headers.get("aeg-sas-key") != KEY:
            return web.Response(status=401)
        assert request.content_type == "application/cloudevents-batch+json"
        status = self.always or (self.answers.pop(0) if self.answers else 200)
        if event["subject"] == self.bad_subject:
            status = 400
        if status == 200 or self.keeps_failed:
            self.accepted.append(event)
        if status == 0:
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=status or 500)


@contextlib.asynccontextmanager
async def topic_server() -> AsyncIterator[TopicServer]:
    """The topic, on a port of its own."""
    server = TopicServer()
    app = web.Application()
    app.router.add_post("/api/events", server.publish)
    async with listening(app) as server.url:
        try:
            yield server
        finally:
            if server.hold is not None:
                server.hold.set()
