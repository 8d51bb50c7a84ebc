"""An app, phones and SDK clients around one ACS stand-in, for the tests of this room."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from aiohttp import web
from azure.communication.callautomation import AudioFormat, MediaStreamingOptions
from azure.communication.callautomation import MediaStreamingAudioChannelType as Channels
from azure.communication.callautomation import MediaStreamingContentType as Content
from azure.communication.callautomation import StreamingTransportType as Transport
from azure.communication.callautomation.aio import CallAutomationClient, CallConnectionClient
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_media
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from local.acs.server import AcsOptions, running
from local.serving import listening
from tests.local.acs.schema import check_event

KEY = base64.b64encode(b"a key that only these tests know.").decode()
RESOURCE_ID = "11111111-2222-3333-4444-555555555555"
CALLER = "+15550100"
CALLED = "+15550199"
NOBODY = "+15550404"
PATIENCE_S = 15.0
"""How long a test waits for something that must happen; a limit, never a measure."""

OPTIONS = AcsOptions(
    key=base64.b64decode(KEY),
    resource_id=RESOURCE_ID,
    topic_url="",
    numbers=frozenset({CALLED}),
    unreachable=frozenset({NOBODY}),
)


@dataclass
class Posted:
    """One HTTP request the app got."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Media:
    """One media socket the app accepted. Frames are parsed as they come."""

    socket: ServerConnection
    frames: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def headers(self) -> dict[str, str]:
        assert self.socket.request is not None
        return {key.lower(): value for key, value in self.socket.request.headers.raw_items()}

    async def next(self, kind: str) -> dict[str, Any]:
        """The next frame of a kind; others before it are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while (frame := await self.frames.get())["kind"] != kind:
                pass
        return frame

    async def play(self, pcm: bytes) -> None:
        """Send audio to the caller, as .NET and Python apps word it."""
        data = base64.b64encode(pcm).decode()
        await self.socket.send(
            json.dumps({"Kind": "AudioData", "AudioData": {"Data": data}, "StopAudio": None})
        )


class App:
    """What a deployed application is to the service: a topic, callback addresses, a media socket, files."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.posted: list[Posted] = []
        self.events: list[dict[str, Any]] = []
        self.media: asyncio.Queue[Media] = asyncio.Queue()
        self.answer_callback: Callable[[Posted], int] = lambda _: 200
        self.refuse_media: list[int] = []
        self.topic_status = 200
        self.files: dict[str, bytes] = {}
        self.url = ""
        self.media_url = ""
        self._arrived = asyncio.Condition()

    async def _topic(self, request: web.Request) -> web.Response:
        for event in await request.json():
            self.incoming.put_nowait(event)
        return web.Response(status=self.topic_status)

    async def _callback(self, request: web.Request) -> web.Response:
        posted = Posted(
            request.path, {k.lower(): v for k, v in request.headers.items()}, await request.read()
        )
        async with self._arrived:
            self.posted.append(posted)
            status = self.answer_callback(posted)
            if status == 200:
                self.events += json.loads(posted.body)
            self._arrived.notify_all()
        return web.Response(status=status)

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.Response(body=self.files[name]) if name in self.files else web.Response(status=404)

    def _admit(self, connection: ServerConnection, _request: Request) -> Response | None:
        if self.refuse_media:
            return connection.respond(self.refuse_media.pop(0), "no\n")
        return None

    async def _media_socket(self, connection: ServerConnection) -> None:
        media = Media(connection)
        self.media.put_nowait(media)
        try:
            async for message in connection:
                media.frames.put_nowait(json.loads(message))
        except ConnectionClosed:
            pass
        finally:
            media.ended.set()

    async def event(self, kind: str, after: int = 0) -> dict[str, Any]:
        """The first callback of a kind, counted from `after` callbacks on."""
        wanted = f"Microsoft.Communication.{kind}"

        def found() -> dict[str, Any] | None:
            return next((event for event in self.events[after:] if event["type"] == wanted), None)

        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: found() is not None)
            event = found()
            assert event is not None
            return event

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something about what was posted is true."""
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(true)

    def kinds(self) -> list[str]:
        """The callbacks so far, by type, without the prefix."""
        return [event["type"].removeprefix("Microsoft.Communication.") for event in self.events]

    async def next_media(self) -> Media:
        """The next media socket."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.media.get()


def present[T](value: T | None) -> T:
    """A field that the SDK types as optional and that must be there."""
    assert value is not None
    return value


@asynccontextmanager
async def run_app() -> AsyncIterator[App]:
    """The app, listening."""
    app = App()
    http = web.Application()
    http.router.add_post("/topic", app._topic)
    http.router.add_post("/callbacks/{name}", app._callback)
    http.router.add_get("/files/{name}", app._file)
    async with (
        listening(http) as app.url,
        serve_media(app._media_socket, "127.0.0.1", 0, process_request=app._admit, compression=None) as media,
    ):
        app.media_url = f"ws://127.0.0.1:{media.sockets[0].getsockname()[1]}"
        yield app


class Phone:
    """A phone on the stand-in's line."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.said = bytearray()
        self.heard = bytearray()

    async def text(self) -> dict[str, Any]:
        """The next text frame; audio before it is kept."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.socket.recv()
                if isinstance(message, str):
                    frame: dict[str, Any] = json.loads(message)
                    return frame
                self._keep(message)

    async def listen(self, until: Callable[[], bool] | int) -> None:
        """Take audio until a condition holds, or for so many frames."""
        async with asyncio.timeout(PATIENCE_S):
            if callable(until):
                while not until():
                    await self._frame()
            else:
                for _ in range(until):
                    await self._frame()

    async def _frame(self) -> None:
        message = await self.socket.recv()
        assert isinstance(message, bytes), message
        self._keep(message)

    def _keep(self, frame: bytes) -> None:
        assert len(frame) == 1920
        self.said += frame[:960]
        self.heard += frame[960:]

    async def send(self, frame: dict[str, Any] | bytes) -> None:
        """A text frame or audio."""
        await self.socket.send(frame if isinstance(frame, bytes) else json.dumps(frame))


@dataclass
class Stack:
    """One stand-in, the app behind it and the SDK's client."""

    url: str
    app: App
    client: CallAutomationClient

    @asynccontextmanager
    async def phone(self) -> AsyncIterator[Phone]:
        """A phone that has not dialled."""
        async with connect(
            self.url.replace("http", "ws") + "/phone", compression=None, max_queue=None
        ) as socket:
            yield Phone(socket)

    @asynccontextmanager
    async def dial(self, **extra: Any) -> AsyncIterator[tuple[Phone, dict[str, Any]]]:
        """A phone that rings, and the data of its IncomingCall."""
        async with self.phone() as phone:
            await phone.send({"type": "dial", "from": CALLER, "to": CALLED, **extra})
            assert (await phone.text())["type"] == "ringing"
            async with asyncio.timeout(PATIENCE_S):
                event = await self.app.incoming.get()
            yield phone, event["data"]

    def streaming(self, **changes: Any) -> MediaStreamingOptions:
        """The media streaming options the application answers with."""
        options: dict[str, Any] = {
            "transport_url": f"{self.app.media_url}/acs/call",
            "transport_type": Transport.WEBSOCKET,
            "content_type": Content.AUDIO,
            "audio_channel_type": Channels.MIXED,
            "start_media_streaming": True,
            "enable_bidirectional": True,
            "audio_format": AudioFormat.PCM24_K_MONO,
            "enable_dtmf_tones": True,
        }
        return MediaStreamingOptions(**{**options, **changes})

    @asynccontextmanager
    async def connected(
        self, *, stream: bool = False, **changes: Any
    ) -> AsyncIterator[tuple[Phone, CallConnectionClient]]:
        """A phone in a connected call, and the SDK's client for that call."""
        async with self.dial() as (phone, data):
            properties = await self.client.answer_call(
                data["incomingCallContext"],
                f"{self.app.url}/callbacks/call",
                operation_context="answering",
                media_streaming=self.streaming(**changes) if stream else None,
            )
            assert properties.call_connection_id is not None
            assert (await phone.text()) == {
                "type": "answered",
                "call_connection_id": properties.call_connection_id,
            }
            yield phone, self.client.get_call_connection(properties.call_connection_id)

    async def inspect(self) -> dict[str, Any]:
        """What GET /calls says."""
        state: dict[str, Any] = await request("GET", self.url + "/calls")
        return state

    async def faults(self, **faults: Any) -> None:
        """Set faults."""
        await request("POST", self.url + "/faults", faults)


async def request(method: str, url: str, body: Any = None) -> Any:
    """A plain HTTP request; the JSON of a 200."""
    async with aiohttp.ClientSession() as http, http.request(method, url, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


@asynccontextmanager
async def stack(**changes: Any) -> AsyncIterator[Stack]:
    """A stand-in with an app and a client. `changes` replace options."""
    async with run_app() as app:
        quick = {"callback_retries_s": (0.0, 0.0), "reconnects_s": (0.0, 0.0)}
        options = replace(OPTIONS, topic_url=f"{app.url}/topic", **{**quick, **changes})
        async with (
            running(options) as http,
            listening(http) as url,
            CallAutomationClient(url, AzureKeyCredential(KEY), retry_total=0) as client,
        ):
            yield Stack(url, app, client)
        # Whatever a test was about: every event that was sent is one the SDK knows.
        for event in app.events:
            check_event(event)
