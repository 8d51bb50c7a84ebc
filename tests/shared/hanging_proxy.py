"""A way to a store that can be made to hang: connections are accepted, and nothing ever comes back."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")


class HangingProxy:
    """Passes bytes on while `passes` is set; else swallows what comes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.passes = asyncio.Event()
        self.passes.set()
        self.swallowed = 0
        """Requests, or pieces of them, that got no answer."""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, back))
                group.create_task(self._pump(there, writer))
        except* (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            back.close()
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.passes.is_set():
                self.swallowed += 1
                continue
            writer.write(data)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def hanging_proxy(connection_string: str) -> AsyncIterator[tuple[HangingProxy, str]]:
    """A proxy before the store of a connection string, and the connection string of the way through it."""
    found = _PORT.search(connection_string)
    assert found is not None
    proxy = HangingProxy(int(found[0]))
    server = await asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield proxy, _PORT.sub(str(port), connection_string)
    finally:
        server.close()
        server.close_clients()
