"""A talk with a running stand-in through the unmodified client library, every frame checked on the way."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from azure.ai.voicelive.aio import VoiceLiveConnection, connect
from azure.core.credentials import AzureKeyCredential

from tests.local.voice_live import wire_models
from tests.local.voice_live.doubles import Event

TIMEOUT_S = 20.0


class Talk:
    """The client's connection, and everything the server has sent on it."""

    def __init__(self, client: VoiceLiveConnection) -> None:
        self.client = client
        self.log: list[Event] = []
        self.arrived: list[float] = []
        """When each event of the log arrived, in seconds of the loop's clock."""

    async def next(self) -> Event:
        """The next event; fails when the client library could not read it whole."""
        async with asyncio.timeout(TIMEOUT_S):
            frame = await self.client.recv_bytes()
        event: Event = msgspec.json.decode(frame)
        assert wire_models.faults(event) == []
        self.log.append(event)
        self.arrived.append(asyncio.get_running_loop().time())
        return event

    async def until(self, kind: str) -> Event:
        """Read on to the next event of this type."""
        while (event := await self.next())["type"] != kind:
            pass
        return event

    async def hear(self, pcm: bytes, *, real_time: bool = False) -> None:
        """Append PCM16 24 kHz in 20 ms pieces, as fast as it goes or at the pace of a telephone."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for index, start in enumerate(range(0, len(pcm), 960)):
            if real_time:
                await asyncio.sleep(max(0.0, begun + index * 0.02 - loop.time()))
            piece = base64.b64encode(pcm[start : start + 960]).decode()
            await self.client.input_audio_buffer.append(audio=piece)

    def first(self, kind: str) -> Event:
        return next(event for event in self.log if event["type"] == kind)


@asynccontextmanager
async def talking(url: str, session: Any = None, model: str = "gpt-realtime") -> AsyncIterator[Talk]:
    """A connection after `session.created`, and after `session.updated` if there is something to set."""
    async with connect(credential=AzureKeyCredential("any"), endpoint=url, model=model) as client:
        talk = Talk(client)
        await talk.until("session.created")
        if session is not None:
            await client.session.update(session=session)
            await talk.until("session.updated")
        yield talk
