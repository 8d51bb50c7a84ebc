"""Requests that no well-behaved client can be made to send."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from typing import Final

PATIENCE: Final = 8.0
"""Seconds that a server may take to answer or hang up; the longest of ours waits five for a request."""
SOURCE: Final = "127.0.0.2" if sys.platform == "linux" else None
"""The address that attacks come from, so that the callers' own is not the one that is refused too often."""
SILENT: Final = "no answer"
CLOSED: Final = "closed"
REFUSED: Final = "not connected"


async def send(port: int, *pieces: bytes, pause: float = 0.0, patience: float = PATIENCE) -> str:
    """Write these pieces with pauses between, and say what came of it: a status or a word of the above."""
    try:
        async with asyncio.timeout(patience):
            reader, writer = await connected(port)
    except (OSError, TimeoutError):
        return REFUSED
    try:
        async with asyncio.timeout(patience):
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause)
            return _status(await reader.readline())
    except TimeoutError:
        return SILENT
    except (OSError, ValueError, RuntimeError):  # the last is uvloop's, for what has closed meanwhile
        return CLOSED
    finally:
        writer.transport.abort()


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection from the address of the attacks.

    Raises OSError.
    """
    source = None if SOURCE is None else (SOURCE, 0)
    return await asyncio.open_connection("127.0.0.1", port, local_addr=source)


def request(
    method: str, path: str, headers: Sequence[tuple[str, str]] = (), body: bytes | None = None
) -> bytes:
    """A request as text, its length told when it has a body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def upgrade(path: str, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """The handshake of a websocket."""
    wanted = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("Sec-WebSocket-Version", "13"),
    ]
    return request("GET", path, [*wanted, *headers])


def _status(line: bytes) -> str:
    parts = line.split()
    return parts[1].decode("ascii", "replace") if len(parts) > 1 and line.startswith(b"HTTP/") else CLOSED
