"""A bridge on real sockets with everything around it: real tokens, real store, a model played by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bridge.server import BridgeServer
from bridge.services import Services
from shared.calls import Call
from shared.settings import (
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    BridgeSettings,
    StoreSettings,
    VoiceLiveSettings,
)
from tests.bridge.stand_ins import Caller, Model, ModelSession, call_record
from tests.shared.acs_server import AcsServer, acs_server


async def soon[T](awaitable: Awaitable[T]) -> T:
    """What must happen, with a deadline that only a hang reaches."""
    return await asyncio.wait_for(awaitable, 20)


@dataclass
class Stage:
    """A bridge and everything around it."""

    acs: AcsServer
    model: Model
    services: Services
    server: BridgeServer
    url: str

    async def call(self, number: int = 1) -> Call:
        record = call_record(number)
        assert await self.services.store.claim(record)
        return record

    async def dial(self, number: int = 1) -> tuple[Call, Caller]:
        record = await self.call(number)
        return record, await self.bring(record)

    async def bring(self, record: Call) -> Caller:
        """The audio of a call."""
        return await Caller.dial(self.url, record, self.acs.token())

    async def talk(self, number: int = 1) -> tuple[Call, Caller, ModelSession]:
        """A call whose greeting has begun, so that the caller is listened to."""
        call, caller = await self.dial(number)
        session = await soon(self.model.sessions.get())
        await soon(session.next("response.create"))
        await session.speak("greeting", "Hello.", bytes(960))
        await soon(caller.hears())
        return call, caller, session

    async def hung_up(self, call: Call) -> None:
        """Wait until the bridge has ended the phone call."""
        request = await soon(self.acs.arrived.get())
        assert request.path == f"/calling/callConnections/{call.call_connection_id}:terminate"


@asynccontextmanager
async def open_stage(
    azurite: str, table_prefix: str, *, metrics_token: str | None = None
) -> AsyncIterator[Stage]:
    """One for one test."""
    async with acs_server() as acs, Model().serve() as model:
        settings = BridgeSettings(
            store=StoreSettings(azurite, None, table_prefix),
            acs=acs.settings,
            host="127.0.0.1",
            port=0,
            max_calls=3,
            drain_seconds=5,
            voice_live=VoiceLiveSettings((model.url,), ("model-key",)),
            agent_dir=DEFAULT_AGENT_DIR,
            restaurants_file=DEFAULT_RESTAURANTS_FILE,
            metrics_token=metrics_token,
        )
        async with Services.open(settings) as services:
            server = BridgeServer(services)
            port = await server.start()
            yield Stage(acs, model, services, server, f"ws://127.0.0.1:{port}")
            await server.drain(0)
