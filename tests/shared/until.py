"""Waiting for something that another task, thread or process brings about, and tells nobody of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until[T](condition: Callable[[], T], within: float = 20.0) -> T:
    """What `condition` gives once it is true. TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not (found := condition()):  # noqa: ASYNC110 - there is nothing else to wait for
            await asyncio.sleep(0.01)
    return found
