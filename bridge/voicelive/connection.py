"""One websocket to Azure Voice Live."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from urllib.parse import quote, urlencode, urlsplit

from azure.core.exceptions import AzureError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bridge.sockets import close_socket, send_in_time
from bridge.voicelive import wire

API_VERSION = "2026-07-15"
TOKEN_SCOPE = "https://ai.azure.com/.default"  # noqa: S105 - a scope, not a secret

_TOKEN_SECONDS = 3.0
_CONNECT_SECONDS = 4.0
_CLOSE_SECONDS = 1.0
_RETRY_DELAYS = (0.2, 0.6)
"""Seconds before the second and third try: a caller is already on the line and hears nothing meanwhile."""
_LARGEST_FRAME = 8 * 2**20

log = logging.getLogger(__name__)

Headers = Callable[[], Awaitable[dict[str, str]]]
"""Makes the headers that prove who connects: `api-key`, or `Authorization` with a fresh Entra token."""

type Target = Mapping[str, str]
"""What answers, as query parameters: `model`, or `agent-name`, `agent-project-name` and perhaps
`agent-version`. An agent takes an Entra token only."""


class VoiceLiveError(Exception):
    """Voice Live cannot be reached, refuses, or ended the session. The text is safe to log."""


class VoiceLive:
    """A connected session: sends client events, yields server events.

    The SDK's own client hides why a session ended and opens an HTTP session a call; a relay needs neither.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._appended = 0

    @classmethod
    async def open(cls, endpoint: str, target: Target, headers: Headers) -> VoiceLive:
        """Connect to `endpoint` (http or https base URL) for a session with `target`.

        Raises:
            VoiceLiveError: three tries failed, or the service refused for good (3xx, or 4xx other than 429).
        """
        url = _session_url(endpoint, target)
        for delay in (*_RETRY_DELAYS, None):
            try:
                async with asyncio.timeout(_TOKEN_SECONDS):
                    proof = await headers()
                return cls(await _connect(url, proof))
            except (OSError, TimeoutError, InvalidHandshake, AzureError) as error:
                reason = _describe(error)
                if delay is None or _is_final(error):
                    raise VoiceLiveError(f"cannot open a Voice Live session: {reason}") from error
                log.warning("Voice Live did not connect, trying again", extra={"reason": reason})
                await asyncio.sleep(delay)
        raise AssertionError("unreachable: the last try returns or raises")

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
            try:
                frame = await self._socket.recv()
            except ConnectionClosed as error:
                raise VoiceLiveError(f"Voice Live ended the session: {_describe(error)}") from error
            try:
                event = wire.decode(frame)
            except wire.WireError as error:
                log.warning("unreadable Voice Live frame", extra={"reason": str(error)})
                continue
            if event is not None:
                yield event

    async def close(self) -> None:
        """Close the session; does nothing when it is closed."""
        await close_socket(self._socket)

    async def _send(self, frame: str) -> None:
        try:
            await send_in_time(self._socket, frame)
        except ConnectionClosed as error:
            raise VoiceLiveError(f"Voice Live ended the session: {_describe(error)}") from error
        except TimeoutError as error:
            raise VoiceLiveError("Voice Live takes nothing any more") from error


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
        proxy=None,
    )


def _session_url(endpoint: str, target: Target) -> str:
    parts = urlsplit(endpoint)
    scheme = {"http": "ws", "https": "wss"}[parts.scheme]
    query = urlencode({"api-version": API_VERSION, **target}, quote_via=quote, safe="")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/voice-live/realtime?{query}"


def _is_final(error: Exception) -> bool:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status is not None and 300 <= status < 500 and status != 429


def _describe(error: Exception) -> str:
    """The reason without the URL. websockets puts neither key nor token into its messages; a credential's
    message may quote an answer of the token service, so its class must do."""
    return type(error).__name__ if isinstance(error, AzureError) else f"{type(error).__name__}: {error}"
