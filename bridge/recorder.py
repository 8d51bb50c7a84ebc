"""Writes what happens in a call to the store, off the audio path."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Self

from azure.core.exceptions import AzureError, HttpResponseError

from bridge.metrics import Metrics
from shared.call_store import CallStore, UpdateConflictError
from shared.calls import CallEvent, ToolRun, Turn, apply
from shared.tracing import NO_TRACES, Traces

_WAITING = 500
"""Writes that may wait: more than a call of an hour makes while the store is slow for a minute."""
_TRIES = 4
"""Of a write that the store refuses."""
_HELD_SECONDS = 120.0
"""How long a write is tried while the store is away; those behind it wait."""
_PAUSE = 0.5
_LONGEST_PAUSE = 2.0
_DRAIN_SECONDS = 45.0
"""How long the end waits for what is still to be written. The store may be away for half a minute."""

log = logging.getLogger(__name__)

Write = Callable[[], Awaitable[object]]


class Recorder:
    """The writer of one call: an async context manager whose end waits for what is still to be written.

    Writes happen one after the other, in order. While the store is away they wait for it; one that it refuses
    is tried again and then given up with an error line. When too many wait, the newest is given up. Nothing
    of this ever holds up the call.

    Args:
        metrics: is told how many writes wait.
        traces: get a span for each turn and tool.
    """

    def __init__(
        self, store: CallStore, call_id: str, *, metrics: Metrics, traces: Traces = NO_TRACES
    ) -> None:
        self._store = store
        self._call_id = call_id
        self._metrics = metrics
        self._traces = traces
        self._waiting: asyncio.Queue[Write] = asyncio.Queue(_WAITING)
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write_all())
        return self

    async def __aexit__(self, *_: object) -> None:
        # The end may be on record already, and the call counted without what was written since.
        self._put(lambda: self._store.recount(self._call_id))
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self._waiting.join()
        except TimeoutError:
            log.error("records given up, the store is too slow", extra={"records": self._waiting.qsize()})  # noqa: TRY400 - no trace is of use
        finally:
            if self._writer is not None:
                self._writer.cancel()
                await asyncio.wait([self._writer])
            self._metrics.records_wait(-self._waiting.qsize())

    def turn(self, turn: Turn, *, over: bool = True) -> None:
        """Write a turn; a later one with the same `seq` replaces it, until it is `over`."""
        self._put(lambda: self._store.add_turn(self._call_id, turn))
        if over:
            self._traces.turn(self._call_id, turn)

    def tool(self, run: ToolRun, *, fault: bool = False) -> None:
        """Write a tool run; `fault` when the tool broke or took too long."""
        self._put(lambda: self._store.add_tool(self._call_id, run))
        self._traces.tool(self._call_id, run, label=self._metrics.tool_label(run.name), fault=fault)

    def tool_begins(self, run: ToolRun) -> None:
        """Write a tool run that has no result yet."""
        self._put(lambda: self._store.add_tool(self._call_id, run))

    async def settle(self, seconds: float) -> None:
        """Wait until all is written, for at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._waiting.join()
        except TimeoutError:
            log.warning("records still to be written", extra={"records": self._waiting.qsize()})

    def session(self, began: datetime, endpoint: int, failed: bool) -> None:
        """A session of Voice Live is over that was in use since `began`; it makes a span and no record."""
        self._traces.session(self._call_id, began, endpoint=endpoint, failed=failed)

    def event(self, event: CallEvent) -> None:
        """Apply an event to the call's record."""
        self._put(lambda: self._store.update(self._call_id, lambda call: apply(call, event)))

    def also(self, write: Write) -> None:
        """Make another write that the call does not wait for; it may be tried several times."""
        self._put(write)

    def _put(self, write: Write) -> None:
        try:
            self._waiting.put_nowait(write)
        except asyncio.QueueFull:
            log.error("record given up, too many wait")  # noqa: TRY400 - no trace is of use
        else:
            self._metrics.records_wait(1)

    async def _write_all(self) -> None:
        while True:
            write = await self._waiting.get()
            self._metrics.records_wait(-1)
            try:
                await self._try(write)
            finally:
                self._waiting.task_done()

    async def _try(self, write: Write) -> None:
        loop = asyncio.get_running_loop()
        held_until = loop.time() + _HELD_SECONDS
        refused = 0
        for tried in itertools.count(1):
            try:
                await write()
            except (AzureError, UpdateConflictError) as error:
                reason = type(error).__name__
                refused += not _is_away(error)
                if refused == _TRIES or loop.time() >= held_until:
                    log.exception("record given up", extra={"reason": reason})
                    return
                log.warning("record not written, trying again", extra={"reason": reason})
                await asyncio.sleep(min(_PAUSE * tried, _LONGEST_PAUSE))
            except Exception:
                log.exception("record given up")
                return
            else:
                return


def _is_away(error: Exception) -> bool:
    """Whether the store could not be asked, or has trouble of its own: no fault of what was to be written."""
    if not isinstance(error, HttpResponseError):
        return True
    status = error.status_code
    return status is None or status in (408, 429) or status >= 500
