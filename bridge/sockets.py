"""How long a websocket may keep us waiting, towards the caller and towards the model."""

from __future__ import annotations

import asyncio

from websockets.asyncio.connection import Connection

SEND_WITHIN = 3.0
"""Seconds that one frame may take. All that is decided waits its turn behind it, so a peer that takes nothing
any more must not hold it up for longer."""
_CLOSE_WITHIN = 2.0
"""Seconds. The closing handshake has its own limit, but waits behind frames that the peer does not take."""


async def send_in_time(socket: Connection, frame: str) -> None:
    """Send one text frame.

    Raises:
        TimeoutError: the peer takes nothing any more.
        websockets.exceptions.ConnectionClosed: the connection has ended.
    """
    async with asyncio.timeout(SEND_WITHIN):
        await socket.send(frame)


async def close_socket(socket: Connection, code: int = 1000) -> None:
    """Close in order, or cut the connection when its peer takes nothing any more."""
    try:
        async with asyncio.timeout(_CLOSE_WITHIN):
            await socket.close(code)
    except TimeoutError:
        socket.transport.abort()
