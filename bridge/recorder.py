"""Writes what happens in a call to the store, off the audio path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from azure.core.exceptions import AzureError
from msgspec import MsgspecError

from bridge.backlog import Backlog
from bridge.metrics import Metrics
from bridge.records import (
    CallNoted,
    EventRecord,
    Record,
    RecordWriter,
    Recount,
    ToolRecord,
    TurnRecord,
    Unrecorded,
    decode,
    encode,
    is_away,
)
from bridge.spill import SpillFile
from bridge.spill_frames import MOST
from bridge.spill_keeper import SpillKeeper
from shared.call_store import CallStore, UpdateConflictError
from shared.calls import CallEvent, ToolRun, Turn
from shared.tapes import TapeStore
from shared.tracing import NO_TRACES, Traces

_WAITING = 500
"""Records in memory: more than a call of an hour makes while the store is slow for a minute."""
_TRIES = 4
"""Of a write that the store refuses."""
_HELD_SECONDS = 120.0
"""How long a write is tried while the store is away and there is no disk; those behind it wait."""
_PAUSE = 0.5
_LONGEST_PAUSE = 2.0
_SLOW_SECONDS = 1.0
"""A write that takes so long may take for ever: what waits goes to disk, should the process end."""
_DRAIN_SECONDS = 45.0
"""How long the end waits for what is still to be written. The store may be away for half a minute."""
_SHORT_DRAIN_SECONDS = 5.0
"""The same when the rest can be left on disk: the call keeps a place here meanwhile."""

log = logging.getLogger(__name__)

Write = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Item:
    """One write."""

    write: Write
    record: Record | None = None
    """What it writes, if that can wait on disk."""


class Recorder:
    """The writer of one call: an async context manager whose end waits for what is still to be written.

    Writes happen one after the other, in order. While the store is away they wait for it, on disk if there is
    one: what is left there at the end is written by the keeper. A write that the store refuses is tried again
    and then given up with an error line. When too many wait, the newest is given up. Nothing of this ever
    holds up the call.

    Args:
        metrics: is told how many writes wait.
        traces: get a span for each turn and tool.
        keeper: of the disk; left out, everything waits in memory.
        tapes: of calls that are recorded.
    """

    def __init__(
        self,
        store: CallStore,
        call_id: str,
        *,
        metrics: Metrics,
        traces: Traces = NO_TRACES,
        keeper: SpillKeeper | None = None,
        tapes: TapeStore | None = None,
    ) -> None:
        self._writer = RecordWriter(store, tapes=tapes)
        self._call_id = call_id
        self._metrics = metrics
        self._traces = traces
        self._keeper = keeper
        self._backlog: Backlog[_Item] = Backlog(
            _WAITING, can_save=keeper is not None, is_saved=lambda item: item.record is not None
        )
        self._note: Write | None = None
        """Notes whose call it is."""
        self._file: SpillFile | None = None
        self._on_disk = asyncio.Lock()
        """Held by who reads or writes the file."""
        self._came = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._to_save = asyncio.Event()
        self._over = False
        self._writing: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writing = asyncio.create_task(self._write_all())
        self._saving = asyncio.create_task(self._save_all())
        return self

    async def __aexit__(self, *_: object) -> None:
        # The end may be on record already, and the call counted without what was written since.
        self._put_record(Recount())
        try:
            await self.settle(_DRAIN_SECONDS if self._keeper is None else _SHORT_DRAIN_SECONDS)
        finally:
            if self._writing is not None and self._saving is not None:
                self._writing.cancel()
                # Not cancelled: a thread that writes to the file goes on all the same.
                self._over = True
                self._to_save.set()
                await asyncio.wait([self._writing, self._saving])
            await self._leave()

    def turn(self, turn: Turn, *, over: bool = True) -> None:
        """Write a turn; a later one with the same `seq` replaces it, until it is `over`."""
        self._put_record(TurnRecord(turn))
        if over:
            self._traces.turn(self._call_id, turn)

    def tool(self, run: ToolRun, *, fault: bool = False) -> None:
        """Write a tool run; `fault` when the tool broke or took too long."""
        self._put_record(ToolRecord(run))
        self._traces.tool(self._call_id, run, label=self._metrics.tool_label(run.name), fault=fault)

    def tool_begins(self, run: ToolRun) -> None:
        """Write a tool run that has no result yet."""
        self._put_record(ToolRecord(run))

    async def settle(self, seconds: float) -> None:
        """Wait until all is written, for at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            log.warning("records still to be written", extra={"records": len(self._backlog)})

    def session(self, began: datetime, endpoint: int, failed: bool) -> None:
        """A session of Voice Live is over that was in use since `began`; it makes a span and no record."""
        self._traces.session(self._call_id, began, endpoint=endpoint, failed=failed)

    def event(self, event: CallEvent) -> None:
        """Apply an event to the call's record."""
        self._put_record(EventRecord(event))

    def noted(self, write: Write, at: datetime) -> None:
        """Note by `write` whose call it is; another process that has to do it does it by itself."""
        self._note = write
        self._put_record(CallNoted(at))

    def unrecorded(self, write: Write, at: datetime) -> None:
        """Delete by `write` the sound of a caller who does not want to be recorded."""
        self._put(_Item(write, Unrecorded(at)))

    def also(self, write: Write) -> None:
        """Make another write that the call does not wait for; it may be tried several times, and is given up
        with the process."""
        self._put(_Item(write))

    # --- inside ---------------------------------------------------------------------------------------

    def _put_record(self, record: Record) -> None:
        self._put(self._item(record))

    def _item(self, record: Record) -> _Item:
        if isinstance(record, CallNoted) and self._note is not None:
            return _Item(self._note, record)  # also back from disk: it knows of a caller forgotten meanwhile
        return _Item(lambda: self._writer.write(self._call_id, record), record)

    def _put(self, item: _Item) -> None:
        if not self._backlog.add(item):
            self._lose("record given up, too many wait", "full")
            return
        self._metrics.records_wait(1)
        self._empty.clear()
        self._came.set()
        if self._backlog.saving:
            self._to_save.set()

    def _lose(self, event: str, why: str, count: int = 1) -> None:
        log.error(event, extra={"records": count})
        self._metrics.record_lost(why, count)

    async def _write_all(self) -> None:
        while True:
            if self._backlog.to_read:
                await self._read()
            elif (item := self._backlog.next) is not None:
                await self._try(item)
                self._backlog.done()
                self._metrics.records_wait(-1)
            else:
                await self._settle()
                if self._backlog.next is None:
                    self._came.clear()
                    await self._came.wait()

    async def _try(self, item: _Item) -> None:
        loop = asyncio.get_running_loop()
        held_until = loop.time() + _HELD_SECONDS
        tried = refused = 0
        while True:
            slow = loop.call_later(_SLOW_SECONDS, self._hold)
            try:
                await item.write()
            except (AzureError, UpdateConflictError) as error:
                reason, away = type(error).__name__, is_away(error)
                tried, refused = tried + 1, refused + (not away)
                if refused == _TRIES or (self._keeper is None and loop.time() >= held_until):
                    log.exception("record given up", extra={"reason": reason})
                    self._metrics.record_lost("refused" if refused == _TRIES else "away")
                    return
                log.warning("record not written, trying again", extra={"reason": reason})
                if away:
                    self._hold()
            except Exception:
                log.exception("record given up")
                self._metrics.record_lost("refused")
                return
            else:
                return
            finally:
                slow.cancel()
            await asyncio.sleep(min(_PAUSE * tried, _LONGEST_PAUSE))

    # --- on disk --------------------------------------------------------------------------------------

    def _hold(self) -> None:
        """The store is away: what waits and what comes goes to disk."""
        self._backlog.save()
        if self._backlog.saving:
            self._to_save.set()

    async def _save_all(self) -> None:
        while not self._over:
            await self._to_save.wait()
            self._to_save.clear()
            await self._save()

    async def _save(self) -> None:
        """Bring to disk what is to be there. What cannot be saved stays where it is, for the next time."""
        keeper = self._keeper
        async with self._on_disk:
            records = [item.record for item in self._backlog.begin_to_save() if item.record is not None]
            if keeper is None or not records:
                self._backlog.not_saved()
                return
            try:
                if self._file is None:
                    self._file = await asyncio.to_thread(keeper.spill.new_file, self._call_id)
                await asyncio.to_thread(self._file.append, [_payload(record) for record in records])
            except OSError as error:
                log.warning("records not saved on disk", extra={"reason": type(error).__name__})
                self._backlog.not_saved()
            else:
                self._backlog.saved()
                self._came.set()  # they may be next

    async def _read(self) -> None:
        """Take into memory what is next, and on disk only."""
        async with self._on_disk:
            count, file = self._backlog.to_read, self._file
            try:
                if file is None:
                    raise OSError("there is no file")
                found = await asyncio.to_thread(file.last, count, _WAITING)
                self._backlog.read([self._item(decode(payload)) for payload in found])
            except (OSError, MsgspecError) as error:
                reason = type(error).__name__
                # Without the error: it may name what was said.
                log.error("records cannot be read from disk", extra={"reason": reason})  # noqa: TRY400
                lost = self._backlog.lost()
                self._lose("records given up, the disk does not give them back", "unreadable", lost)
                self._metrics.records_wait(-lost)

    async def _settle(self) -> None:
        """If everything is written, nothing need be on disk any more."""
        async with self._on_disk:
            file = self._file
            if self._backlog.settle() and file is not None:
                self._file = None
                await asyncio.to_thread(file.remove)
        if not len(self._backlog):
            self._empty.set()

    async def _leave(self) -> None:
        """The call is over: leave what still waits to the keeper."""
        self._backlog.save()
        await self._save()
        lost = self._backlog.unsaved()
        if lost:
            self._lose("records given up, the store is too slow", "away", lost)
        self._metrics.records_wait(-len(self._backlog))
        if self._file is not None and self._keeper is not None:
            await asyncio.to_thread(self._file.close)
            self._file = None
            self._keeper.left()


def _payload(record: Record) -> bytes:
    """A record for the disk. One that has no place there, with half a character or of a megabyte, waits in
    memory only, and one that does no harm stands for it: the others do not wait for it."""
    try:
        payload = encode(record)
    except ValueError:
        payload = b""
    if 0 < len(payload) <= MOST:
        return payload
    log.warning("a record cannot wait on disk")
    return encode(Recount())
