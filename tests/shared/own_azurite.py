"""An Azurite of a test's own, which is really stopped, and started again with its data."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from local.azurite import connection_string, tables_command
from local.processes import free_ports


class OwnAzurite:
    """Tables on a port that stays the same."""

    def __init__(self, directory: Path) -> None:
        (self._port,) = free_ports(1)
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None
        self.connection_string = connection_string(self._port)

    async def start(self) -> None:
        """Returns when it answers."""
        command = [part for part in tables_command(self._port, self._directory) if part != "--silent"]
        self._process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            while b"successfully" not in (line := await self._process.stdout.readline()):
                assert line, "Azurite ended at once"

    async def stop(self) -> None:
        """As by hand: it saves what it has, and its connections break."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            async with asyncio.timeout(20):
                await self._process.wait()
            self._process = None


@contextlib.asynccontextmanager
async def own_azurite(directory: Path) -> AsyncIterator[OwnAzurite]:
    azurite = OwnAzurite(directory)
    await azurite.start()
    try:
        yield azurite
    finally:
        await azurite.stop()
