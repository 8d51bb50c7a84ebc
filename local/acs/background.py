"""Work that goes on beside the calls: callbacks under way, media sockets, files being fetched."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


class _Over(Exception):  # noqa: N818 - ends a task group; it is no error
    """Raised within a task group to cancel what still runs in it."""


class Background:
    """Starts tasks that end with the block they belong to."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._finite: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], *, endless: bool = False) -> None:
        """Run `work`. What is not `endless` is given a moment to finish when the block ends."""
        task = self._group.create_task(work)
        if not endless:
            self._finite.add(task)
            task.add_done_callback(self._finite.discard)

    async def settle(self, within_s: float) -> None:
        """Wait for what is under way, but not for long."""
        if self._finite:
            await asyncio.wait(self._finite, timeout=within_s)


@asynccontextmanager
async def background(settle_s: float = 1.0) -> AsyncIterator[Background]:
    """A block with background work.

    At its end, work gets `settle_s` seconds to finish and is then cancelled.
    """
    try:
        async with asyncio.TaskGroup() as group:
            work = Background(group)
            yield work
            await work.settle(settle_s)
            raise _Over
    except* _Over:
        pass
