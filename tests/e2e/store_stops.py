"""For tests that take the store away under a call: a phone one can wait for, and the process of the store."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from local.driver import System
from local.line import Progress
from local.phone import Line, Move, Phone
from shared.call_store import CallStore
from shared.calls import Call
from shared.settings import StoreSettings
from shared.tables import Tables


class WatchedPhone(Phone):
    """A phone that one can wait for."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__(lines)
        self._ticked = asyncio.Event()

    def tick(self, frame: bytes) -> Move:
        self._ticked.set()
        return super().tick(frame)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something to be said or heard."""
        while not happened():
            self._ticked.clear()
            await self._ticked.wait()


@asynccontextmanager
async def standing_still(system: System) -> AsyncIterator[None]:
    """The system's store, stopped for a while."""
    process = _store_process(system)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def _store_process(system: System) -> int:
    """The process id of the system's Azurite."""
    found = re.search(r"TableEndpoint=http://127\.0\.0\.1:(\d+)", system.addresses.tables)
    assert found is not None
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        arguments = path.read_bytes().split(b"\0")
        if arguments[0].endswith(b"node") and found[1].encode() in arguments:
            return int(path.parent.name)
    raise AssertionError("the system has no store")


@asynccontextmanager
async def tables_of(system: System) -> AsyncIterator[Tables]:
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        yield tables


async def call_of(store: CallStore, progress: Progress) -> Call:
    """The record of a call that has ended, as soon as it says so."""
    async with asyncio.timeout(20):
        while True:
            for call in await store.day(datetime.now(UTC).date()):
                if call.correlation_id == progress.correlation_id and call.outcome is not None:
                    return call
            await asyncio.sleep(0.2)  # the callback that tells the end comes after it
