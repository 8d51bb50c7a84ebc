"""Connections of which nothing is proved yet: how many, for how long, and how much they may say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from websockets.asyncio.server import Server, ServerConnection
from websockets.protocol import Event
from websockets.server import ServerProtocol

from bridge.admission import Admission
from bridge.limits import Limit

MOST: Final = 256
"""At once. One more, and the oldest that has not yet said what it wants is cut: whoever means it says so at
once, so that a crowd which waits keeps nobody out."""
REQUEST_SECONDS: Final = 5.0
"""Until the whole request is there."""
REQUEST_BYTES: Final = 32 * 1024
"""Of a request with its headers; a real one has about 3 kB, of which the token is the most. websockets itself
reads at most 128 headers and 8,192 bytes a line."""


class Strangers:
    """The connections that have proved nothing yet.

    Args:
        exceeded: is told of each limit that one is beyond.
        counted: is told how many more of them there are, or fewer with a negative number.
    """

    def __init__(self, exceeded: Callable[[Limit], None], counted: Callable[[int], None]) -> None:
        self.exceeded = exceeded
        self._counted = counted
        self._waiting: dict[MediaConnection, None] = {}
        """In the order in which they came."""

    def connection(self, protocol: ServerProtocol, server: Server, **options: Any) -> MediaConnection:
        """A new connection, as `websockets.serve` has them made."""
        return MediaConnection(self, protocol, server, **options)

    def came(self, connection: MediaConnection) -> None:
        """Another one, for which there may have to be made room."""
        self._waiting[connection] = None
        self._counted(1)
        if len(self._waiting) > MOST:
            silent = (one for one in self._waiting if one.request is None)
            self._cut(next(silent, next(iter(self._waiting))))

    def left(self, connection: MediaConnection) -> None:
        """It has proved who it is, or has ended."""
        if connection in self._waiting:
            del self._waiting[connection]
            self._counted(-1)

    def _cut(self, connection: MediaConnection) -> None:
        self.left(connection)
        self.exceeded(Limit.CONNECTIONS)
        connection.transport.abort()


class MediaConnection(ServerConnection):
    """A connection that is held to the limits of strangers, and carries its admission to the handler."""

    admission: Admission | None = None
    end_code = 1000
    """With which it is closed by us in the end."""

    def __init__(
        self, strangers: Strangers, protocol: ServerProtocol, server: Server, **options: Any
    ) -> None:
        super().__init__(protocol, server, **options)
        self._strangers = strangers
        self._said = 0
        self._in_time: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        too_slow = partial(self._refuse, HTTPStatus.REQUEST_TIMEOUT, Limit.SLOW_REQUEST)
        self._in_time = self.loop.call_later(REQUEST_SECONDS, too_slow)
        self._strangers.came(self)

    def data_received(self, data: bytes) -> None:
        if self.request is None:
            self._said += len(data)
            if self._said > REQUEST_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, Limit.LARGE_REQUEST)
                return
        super().data_received(data)
        if (
            self.request is None
            and self.protocol.handshake_exc is not None
            and not self.transport.is_closing()
        ):
            self.transport.close()  # it has its answer; websockets would wait for it to hang up
            self._strangers.exceeded(Limit.BAD_REQUEST)

    def process_event(self, event: Event) -> None:
        if self.request is None and self._in_time is not None:
            self._in_time.cancel()
        super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._in_time is not None:
            self._in_time.cancel()
        self._strangers.left(self)
        super().connection_lost(exc)

    def proved(self) -> None:
        """It has shown that it is no stranger."""
        self._strangers.left(self)

    def _refuse(self, status: HTTPStatus, limit: Limit) -> None:
        """Answer without a request, and be done."""
        if not self.transport.is_closing():
            self.transport.write(
                f"HTTP/1.1 {status.value} {status.phrase}\r\n"
                "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            self.transport.close()  # not abort: the answer is still to go out
            self._strangers.exceeded(limit)
