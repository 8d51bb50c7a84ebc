"""What a bridge talks to, in the hand of a test: the model and the caller, frame by frame.

The full stand-ins live in local/.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from shared.auth import secret_hash
from shared.calls import Call, derive_call_id

SECRET = "per-call-secret"
SILENCE = base64.b64encode(bytes(960)).decode()
METADATA = {
    "kind": "AudioMetadata",
    "audioMetadata": {"subscriptionId": "s", "sampleRate": 24_000, "channels": 1},
}


def call_record(number: int = 1) -> Call:
    """A claimed call whose media secret is SECRET."""
    now = datetime.now(UTC)
    return Call(
        id=derive_call_id(now, f"correlation-{number}"),
        rang_at=now,
        claimed_at=now,
        caller="4:+15550100",
        correlation_id=f"correlation-{number}",
        call_connection_id=f"connection-{number}",
        secret_hashes=(secret_hash(SECRET),),
    )


@dataclass
class ModelSession:
    """One session of the scripted model."""

    socket: ServerConnection
    received: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    audio: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def emit(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, "event_id": "event_1", **fields}))

    async def speak(
        self, response: str, text: str, audio: bytes, calls: tuple[str, str] | None = None
    ) -> None:
        """A whole response: words, audio, and perhaps a function call (name, arguments) after them."""
        ids = {"response_id": response, "item_id": f"item-{response}"}
        await self.emit("response.created", response={"id": response})
        if text:
            item = {"id": f"item-{response}", "type": "message"}
            await self.emit("response.output_item.added", response_id=response, item=item)
            await self.emit("response.audio_transcript.done", **ids, transcript=text)
            await self.emit("response.audio.delta", **ids, delta=base64.b64encode(audio).decode())
        if calls is not None:
            function = {"call_id": f"call-{response}", "name": calls[0], "arguments": calls[1]}
            await self.emit("response.function_call_arguments.done", **ids, **function)
        await self.emit("response.done", response={"id": response, "status": "completed"})

    async def next(self, kind: str) -> dict[str, Any]:
        """The next client event of a type; others before it are passed over."""
        while True:
            event = await self.received.get()
            if event["type"] == kind:
                return event


class Model:
    """Voice Live by script: accepts sessions, answers `session.update`, leaves the rest to the test."""

    def __init__(self) -> None:
        self.url = ""
        self.sessions: asyncio.Queue[ModelSession] = asyncio.Queue()
        self.refusals: deque[HTTPStatus] = deque()
        self.handshakes = 0
        self.refuses_settings = False
        self.answers = asyncio.Event()
        """Cleared, it leaves handshakes without an answer."""
        self.answers.set()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Model]:
        async with serve(self._handle, "127.0.0.1", 0, process_request=self._admit) as server:
            self.url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            yield self

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes += 1
        await self.answers.wait()
        query = "/voice-live/realtime?api-version=2026-07-15&"
        assert request.path.startswith((f"{query}model=", f"{query}agent-name="))
        if request.headers["api-key"] != "model-key":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong key")
        if not self.refusals:
            return None
        refusal = connection.respond(self.refusals.popleft(), "")
        refusal.headers["Location"] = f"{self.url}/elsewhere".replace("127.0.0.1", "localhost")
        return refusal

    async def _handle(self, socket: ServerConnection) -> None:
        session = ModelSession(socket)
        await session.emit("session.created", session={"id": "sess_1"})
        self.sessions.put_nowait(session)
        async for frame in socket:
            event = json.loads(frame)
            if event["type"] == "input_audio_buffer.append":
                session.audio.put_nowait(event["audio"])
                continue
            session.received.put_nowait(event)
            if event["type"] == "session.update" and self.refuses_settings:
                await session.emit("error", error={"code": "invalid_value", "event_id": event["event_id"]})
            elif event["type"] == "session.update":
                await session.emit("session.updated", session={"id": "sess_1"})


class Caller:
    """The media socket of ACS, frame by frame."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    async def dial(cls, url: str, call: Call, token: str, secret: str = SECRET) -> Caller:
        headers = {"Authorization": f"Bearer {token}", "x-ms-call-connection-id": call.call_connection_id}
        caller = cls(await connect(f"{url}/acs/{call.id}/{secret}", additional_headers=headers, proxy=None))
        await caller.send(METADATA)
        return caller

    async def send(self, frame: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(frame))

    async def say(self, audio: str = SILENCE) -> None:
        await self.send({"kind": "AudioData", "audioData": {"data": audio, "silent": False}})

    async def press(self, key: str) -> None:
        await self.send({"kind": "DtmfData", "dtmfData": {"data": key}})

    async def hears(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await self.socket.recv())
        return frame
