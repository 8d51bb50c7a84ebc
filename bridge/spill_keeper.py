"""Writes what is on disk to the store once that answers: what calls left, here or in a process before."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from azure.core.exceptions import AzureError

from bridge.metrics import Metrics
from bridge.records import Record, RecordWriter, decode, is_away
from bridge.spill import Spill, SpillFile
from shared.call_store import CallStore, UpdateConflictError
from shared.clock import utc_now
from shared.retention_agenda import Agenda, Kind

_LOOK_EVERY: Final = 20.0
"""Seconds: another process that used the folder may have died."""
_TRY_EVERY: Final = 3.0
"""Seconds, while there is something that the store did not take."""
_TRIES: Final = 4
"""Of a record that the store refuses."""
_PAUSE: Final = 0.5
_LONGEST: Final = 24 * 3600.0
"""Seconds for which records are kept on disk: as long as the shortest retention that can be set."""

log = logging.getLogger(__name__)


class StoreAwayError(Exception):
    """The store does not take records now."""


class SpillKeeper:
    """Takes up files of calls, one after the other, each from its beginning to its end.

    Args:
        agenda: is told of calls that were forgotten while they were written.
    """

    def __init__(
        self, spill: Spill, calls: CallStore, writer: RecordWriter, agenda: Agenda, metrics: Metrics
    ) -> None:
        self.spill = spill
        self._calls = calls
        self._writer = writer
        self._agenda = agenda
        self._metrics = metrics
        self._one_at_a_time = asyncio.Lock()
        self._look = asyncio.Event()

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Look after the folder meanwhile."""
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    def left(self) -> None:
        """A call has left a file."""
        self._look.set()

    async def write_out(self, call_id: str = "", *, within: float) -> bool:
        """Write what there is of a call, or of all, if the store takes it in that many seconds; whether
        nothing is left."""
        if not await asyncio.to_thread(self.spill.left, call_id):
            return True
        try:
            async with asyncio.timeout(within):
                while not await self._take_all(call_id):  # noqa: ASYNC110 - the store tells nobody that it is back
                    await asyncio.sleep(_PAUSE)
        except TimeoutError:
            log.warning("records on disk are not all written")
            return False
        return True

    async def _keep(self) -> None:
        while True:
            self._look.clear()
            try:
                rest = _LOOK_EVERY if await self._take_all() else _TRY_EVERY
            except Exception:
                log.exception("records on disk cannot be taken up")
                rest = _LOOK_EVERY
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._look.wait()

    async def _take_all(self, call_id: str = "") -> bool:
        """Take up the files that nobody holds; whether the store took all of them."""
        async with self._one_at_a_time:
            for path in await asyncio.to_thread(self.spill.left, call_id):
                # Not in a thread: who is cancelled meanwhile would leave the file held by nobody.
                file = self.spill.take(path)
                if file is not None and not await self._take(file):
                    return False
        return True

    async def _take(self, file: SpillFile) -> bool:
        """Write a file and remove it; False when the store is away, and the file stays."""
        done, away = False, False
        try:
            await self._write(file)
            done = True
        except StoreAwayError:
            away = True
        except Exception:
            log.exception("records on disk cannot be written")
        finally:
            if not done and file.age > _LONGEST:
                log.error("records given up, they are on disk for too long")
                self._metrics.record_lost("too old")
                done = True
            # Not in a thread either: who gives up waiting now must find it free when the next one looks.
            (file.remove if done else file.close)()
        return not away

    async def _write(self, file: SpillFile) -> None:
        payloads = await _read(file)
        call_id = file.call_id
        if await self._is_gone(call_id):
            log.warning("records of a call that is forgotten are dropped", extra={"records": len(payloads)})
            return
        for payload in payloads:
            try:
                record = decode(payload)
            except msgspec.MsgspecError:
                log.error("record given up, it is of another version")  # noqa: TRY400 - it may name what was said
                self._metrics.record_lost("unreadable")
                continue
            await self._write_one(call_id, record)
        if await self._is_gone(call_id):
            # Between the two looks, and so perhaps before the last words came.
            await self._forget_again(call_id)
        log.info("records on disk are written", extra={"records": len(payloads)})

    async def _is_gone(self, call_id: str) -> bool:
        """Whether a call is forgotten, or deleted: no word of it may come back."""
        try:
            call = await self._calls.get(call_id)
        except AzureError as error:
            raise StoreAwayError from error
        return call is None or call.forgotten

    async def _forget_again(self, call_id: str) -> None:
        try:
            await self._agenda.add(Kind.FORGET_CALL, utc_now().date(), call_id)
        except AzureError as error:
            raise StoreAwayError from error

    async def _write_one(self, call_id: str, record: Record) -> None:
        for tried in range(1, _TRIES + 1):
            try:
                await self._writer.write(call_id, record)
            except (AzureError, UpdateConflictError) as error:
                reason = type(error).__name__
                if is_away(error):
                    raise StoreAwayError from error
                log.warning("record not written, trying again", extra={"reason": reason})
                await asyncio.sleep(_PAUSE * tried)
            except Exception:
                log.exception("record given up")
                break
            else:
                return
        else:
            log.error("record given up, the store refuses it")
        self._metrics.record_lost("refused")


async def _read(file: SpillFile) -> list[bytes]:
    reading = asyncio.create_task(asyncio.to_thread(lambda: list(file.payloads())))
    try:
        return await asyncio.shield(reading)
    finally:
        # Who is cancelled closes the file next, and not under the hands of the thread.
        await asyncio.wait([reading])
