"""How late the event loop is: the one measure of a bridge that has too many calls."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

_EVERY: Final = 0.25
"""Seconds between two looks."""


@contextlib.asynccontextmanager
async def watching_loop(late: Callable[[float], None], every: float = _EVERY) -> AsyncIterator[None]:
    """Tell `late`, several times a second, by how many seconds the running loop is behind."""
    watcher = asyncio.create_task(_watch(late, every))
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.wait([watcher])


async def _watch(late: Callable[[float], None], every: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        late(max(0.0, loop.time() - due))
