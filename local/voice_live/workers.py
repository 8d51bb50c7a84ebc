"""Threads for recognition and synthesis, shared by all sessions, the most urgent work first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from types import TracebackType
from typing import Any


class Urgency(IntEnum):
    """Lower goes first."""

    SPEECH = 0
    """The first words of a reply: a caller waits in silence for them, and they are quickly made."""
    TURN = 1
    """What a caller has said: the reply waits for it."""
    AHEAD = 2
    """Needed soon: the next sentence of a reply."""
    PARTIAL = 3


class Workers:
    """A bounded thread pool with an order. At most `threads` pieces of work run; the others wait in line.

    The line is as long as there are sessions: each has one piece of work of a kind at a time.
    """

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="voice-live")
        self._threads = self._free = threads
        self._line: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = 0

    async def __aenter__(self) -> Workers:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def idle(self) -> bool:
        """Whether nothing runs. Threads share the processor, so even a free one slows the others down."""
        return self._free == self._threads

    async def run[T](self, urgency: Urgency, work: Callable[[], T]) -> T:
        """Run blocking `work` in a thread. Its result or its exception is the caller's."""
        await self._take_turn(urgency)
        # The thread keeps its place until the work is done, even when nobody waits for it any more.
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        running.add_done_callback(self._pass_on)
        return await asyncio.shield(running)

    async def _take_turn(self, urgency: Urgency) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._line, (urgency, self._arrivals, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()  # the turn had come, and nobody is there to use it
            raise

    def _pass_on(self, running: asyncio.Future[Any]) -> None:
        if not running.cancelled():
            running.exception()  # seen by whoever waits; an abandoned failure must not be logged as lost
        self._next()

    def _next(self) -> None:
        while self._line:
            _, _, turn = heapq.heappop(self._line)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
