"""The websocket that carries one call's media: opened, kept open, opened again when it breaks.

Wire facts: "Audio streaming quickstart" and "Secure WebSocket connections": the service dials the app, with
its JWT and the call's ids as headers. How often it reconnects is not documented; here three times, after 1,
2 and 4 s.
"""

import asyncio
import contextlib
import logging

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from local.acs.call import Call
from local.acs.outbox import Outbox
from local.acs.streaming import FailureDetails, MediaStream
from local.acs.tokens import TokenSigner

log = logging.getLogger(__name__)

RECONNECT_AFTER_S = (1.0, 2.0, 4.0)
"""Seconds before each attempt to open a broken socket again."""

MAX_MESSAGE = 1024 * 1024
"""Bytes of one frame from the app. A larger one closes the socket with 1009."""

_FRAMES_WAITING = 100
_OPEN_TIMEOUT_S = 5.0
_CLOSE_TIMEOUT_S = 1.0
_REFUSED: dict[int, FailureDetails] = {401: "authenticationFailure", 403: "forbidden"}
_NORMAL = {1000, 1001}


class MediaSocket:
    """Runs the media socket of one call until `close`, or until the stream has ended."""

    def __init__(
        self, call: Call, stream: MediaStream, signer: TokenSigner, reconnects_s: tuple[float, ...]
    ) -> None:
        self.dropped = 0
        self._call = call
        self._stream = stream
        self._signer = signer
        self._reconnects_s = reconnects_s
        self._outbox: Outbox[str] = Outbox(_FRAMES_WAITING)
        self._closing = asyncio.Event()
        self._connection: ClientConnection | None = None

    def send(self, frame: str) -> None:
        """Send a frame when the socket is ready for it."""
        self._outbox.put(frame)

    def close(self) -> None:
        """Close in good order, with what is queued sent first. The stream hears nothing more from here."""
        self._closing.set()
        self._outbox.close()

    def break_off(self) -> None:
        """Cut the connection without a close frame, as a failing network does."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def run(self) -> None:
        """Connect, carry frames, reconnect. Returns when the stream is over."""
        connection, trouble = await self._open()
        if connection is None:
            self._report(trouble, final=True)
            return
        while connection is not None and await self._carry(connection):
            self._report("streamConnectionInterrupted", final=False)
            connection = await self._reopen()
            if connection is None:
                self._report("streamConnectionUnsuccessful", final=True)

    def _report(self, trouble: FailureDetails, *, final: bool) -> None:
        if not self._closing.is_set():
            self._stream.failed(trouble, final=final)

    async def _open(self) -> tuple[ClientConnection | None, FailureDetails]:
        headers = {
            "Authorization": f"Bearer {self._signer.media_token()}",
            "x-ms-call-connection-id": self._call.id,
            "x-ms-call-correlation-id": self._call.correlation_id,
        }
        try:
            connection = await connect(
                self._stream.options.transport_url,
                additional_headers=headers,
                compression=None,
                max_size=MAX_MESSAGE,
                open_timeout=_OPEN_TIMEOUT_S,
                close_timeout=_CLOSE_TIMEOUT_S,
                ping_interval=None,
                proxy=None,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            log.warning("media socket refused with %d", status)
            return None, _REFUSED.get(status, "initialWebSocketConnectionFailed")
        except (InvalidHandshake, InvalidURI, OSError, TimeoutError, ValueError, AssertionError) as error:
            # AssertionError: websockets 17.4, when the peer goes away in the middle of the handshake.
            log.warning("media socket could not be opened: %s", type(error).__name__)
            return None, "initialWebSocketConnectionFailed"
        return connection, "streamConnectionUnsuccessful"

    async def _reopen(self) -> ClientConnection | None:
        for wait in self._reconnects_s:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._closing.wait()
            if self._closing.is_set():
                return None
            connection, _ = await self._open()
            if connection is not None:
                return connection
        return None

    async def _carry(self, connection: ClientConnection) -> bool:
        """Carry frames both ways. True when the connection broke and is wanted still."""
        if self._closing.is_set():
            await connection.close()
            return False
        self._connection = connection
        self._outbox = Outbox(_FRAMES_WAITING)
        # AudioMetadata goes first, so it is queued before any tick can see that the stream is up.
        self._outbox.put(self._stream.opened())
        async with asyncio.TaskGroup() as pumps:
            sender = pumps.create_task(self._pump_out(connection))
            await self._pump_in(connection)
            sender.cancel()
        self.dropped += self._outbox.dropped
        self._connection = None
        if self._closing.is_set():
            return False
        if connection.close_code in _NORMAL:
            self._stream.closed_by_app()
            return False
        return True

    async def _pump_out(self, connection: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (frame := await self._outbox.get()) is not None:
                await connection.send(frame)
            await connection.close()

    async def _pump_in(self, connection: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                self._stream.receive(message)
