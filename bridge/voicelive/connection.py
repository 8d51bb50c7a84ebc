"""One websocket to Azure Voice Live."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from azure.core.exceptions import AzureError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.http11 import Response
from websockets.protocol import State

from bridge.sockets import close_socket, send_in_time
from bridge.voicelive import wire
from bridge.voicelive.pool import Trouble
from bridge.voicelive.pulse import ASK_AFTER, Doubt, Finding, Pulse

API_VERSION = "2026-07-15"
TOKEN_SCOPE = "https://ai.azure.com/.default"  # noqa: S105 - a scope, not a secret

_TOKEN_SECONDS = 3.0
_CONNECT_SECONDS = 4.0
_CLOSE_SECONDS = 1.0
_LARGEST_FRAME = 8 * 2**20
_MOST_UNSENT = 2**20
"""Bytes that may wait for the network, 16 s of audio. It is noticed sooner that nobody takes them, and what
else the bridge decides does not wait behind them until then."""

log = logging.getLogger(__name__)

Headers = Callable[[], Awaitable[dict[str, str]]]
"""Makes the headers that prove who connects: `api-key`, or `Authorization` with a fresh Entra token."""

type Target = Mapping[str, str]
"""What answers, as query parameters: `model`, or `agent-name`, `agent-project-name` and perhaps
`agent-version`. An agent takes an Entra token only."""


class VoiceLiveError(Exception):
    """Voice Live cannot be reached, refuses, or ended the session. The text is safe to log.

    Args:
        retry_after: seconds that it wants to be left alone.
        still_since: when it gave its last sign of life (monotonic seconds), if that is what is wrong.
    """

    def __init__(
        self,
        reason: str,
        trouble: Trouble = Trouble.LOST,
        retry_after: float | None = None,
        *,
        still_since: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.trouble = trouble
        self.retry_after = retry_after
        self.still_since = still_since


class VoiceLive:
    """A connected session: sends client events, yields server events.

    The SDK's own client hides why a session ended and opens an HTTP session a call; a relay needs neither.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._appended = 0
        self.endpoint = 0
        """Which of the endpoints it is at."""

    @classmethod
    async def open(cls, endpoint: str, target: Target, headers: Headers) -> VoiceLive:
        """Connect to `endpoint` (http or https base URL) for a session with `target`.

        Raises:
            VoiceLiveError: it did not answer in time, refuses or fails.
        """
        url = _session_url(endpoint, target)
        try:
            async with asyncio.timeout(_TOKEN_SECONDS):
                proof = await headers()
            return cls(await _connect(url, proof))
        except (OSError, TimeoutError, InvalidHandshake, AzureError, AssertionError) as error:
            # AssertionError: websockets 17.4, when the peer goes away in the middle of the handshake.
            reason = f"cannot open a Voice Live session: {_describe(error)}"
            raise VoiceLiveError(reason, *_trouble(error)) from error

    @property
    def is_open(self) -> bool:
        """Whether neither side has ended it, as far as is known."""
        return self._socket.state is State.OPEN

    async def send(self, event: wire.ClientEvent) -> None:
        """Send one client event.

        Raises:
            VoiceLiveError: the session has ended, or takes nothing any more.
        """
        await self._send(wire.encode(event))

    async def append(self, base64_audio: str) -> None:
        """Append the caller's audio, base64 as the carrier sent it.

        Raises:
            VoiceLiveError: the session has ended, or takes nothing any more.
        """
        self._appended += 1
        await self._send(wire.append_frame(f"input_audio_buffer.append-{self._appended}", base64_audio))

    async def events(self) -> AsyncIterator[wire.ServerEvent]:
        """Server events in order. Frames that cannot be read are logged and skipped.

        Raises:
            VoiceLiveError: the session has ended; the text has the close code and reason.
        """
        while True:
            event = _read(await self._receive())
            if event is not None:
                yield event

    async def events_and_doubts(
        self, patience: Callable[[], float]
    ) -> AsyncIterator[wire.ServerEvent | Doubt]:
        """The same, of a session that is asked whether it lives while it tells nothing.

        Args:
            patience: seconds without an answer after which nobody waits any longer, as it is by now.

        Raises:
            VoiceLiveError: as above, or the session stands still: it did not answer for so long.
        """
        clock = asyncio.get_running_loop().time
        pulse = Pulse(clock(), patience())
        while True:
            pulse.patience = patience()
            match pulse.look(clock()):
                case Finding.ASK:
                    await self._ask(pulse)
                case Finding.DOUBT:
                    yield Doubt(pulse.last)
                case Finding.TRUST:
                    yield Doubt(None)
                case Finding.STILL:
                    raise VoiceLiveError("Voice Live stands still", Trouble.SILENT, still_since=pulse.last)
                case None:
                    pass
            try:
                async with asyncio.timeout(pulse.wait(clock())):
                    frame = await self._receive()
            except TimeoutError:
                continue
            pulse.sign(clock())
            event = _read(frame)
            if event is not None:
                yield event

    async def close(self) -> None:
        """Close the session; does nothing when it is closed."""
        await close_socket(self._socket)

    async def _receive(self) -> str | bytes:
        try:
            return await self._socket.recv()
        except ConnectionClosed as error:
            raise VoiceLiveError(f"Voice Live ended the session: {_describe(error)}") from error

    async def _ask(self, pulse: Pulse) -> None:
        clock = asyncio.get_running_loop().time

        def answered(pong: asyncio.Future[float]) -> None:
            if not pong.cancelled() and pong.exception() is None:
                pulse.sign(clock())

        try:
            async with asyncio.timeout(ASK_AFTER):
                pong = await self._socket.ping()
        except TimeoutError:
            return  # it takes nothing any more, which is answer enough
        except ConnectionClosed:
            return  # as whoever receives learns next
        asyncio.ensure_future(pong).add_done_callback(answered)

    async def _send(self, frame: str) -> None:
        try:
            await send_in_time(self._socket, frame)
        except ConnectionClosed as error:
            raise VoiceLiveError(f"Voice Live ended the session: {_describe(error)}") from error
        except TimeoutError as error:
            raise VoiceLiveError("Voice Live takes nothing any more") from error


def _read(frame: str | bytes) -> wire.ServerEvent | None:
    try:
        return wire.decode(frame)
    except wire.WireError as error:
        log.warning("unreadable Voice Live frame", extra={"reason": str(error)})
        return None


class _Connect(connect):
    """A handshake that follows no redirect: the key would go with it to wherever it points."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def _connect(url: str, headers: dict[str, str]) -> ClientConnection:
    return await _Connect(
        url,
        additional_headers=headers,
        compression=None,  # base64 audio does not shrink; deflate would cost a core
        open_timeout=_CONNECT_SECONDS,
        close_timeout=_CLOSE_SECONDS,
        max_size=_LARGEST_FRAME,
        write_limit=_MOST_UNSENT,
        proxy=None,
    )


def _session_url(endpoint: str, target: Target) -> str:
    parts = urlsplit(endpoint)
    scheme = {"http": "ws", "https": "wss"}[parts.scheme]
    query = urlencode({"api-version": API_VERSION, **target}, quote_via=quote, safe="")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/voice-live/realtime?{query}"


def _trouble(error: Exception) -> tuple[Trouble, float | None]:
    """What kind of trouble it is, and how many seconds the service wants to be left alone."""
    response: Response | None = getattr(error, "response", None)
    status = None if response is None else response.status_code
    if response is None or status is None or status >= 500 or status < 300:
        return Trouble.FAILED, None
    if status != HTTPStatus.TOO_MANY_REQUESTS:
        return Trouble.REFUSED, None
    after = response.headers.get("Retry-After", "")
    return Trouble.THROTTLED, float(after) if after.isdecimal() else None


def _describe(error: Exception) -> str:
    """The reason without the URL. websockets puts neither key nor token into its messages; a credential's
    message may quote an answer of the token service, so its class must do."""
    return type(error).__name__ if isinstance(error, AzureError) else f"{type(error).__name__}: {error}"
