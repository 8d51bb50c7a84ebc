"""Records the sound of one call, beside the pumps: they hand over and go on, whatever the store does."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Self

from azure.core.exceptions import AzureError

from bridge.metrics import Metrics
from bridge.records import is_away
from bridge.tape_cutter import Cut, TapeCutter
from bridge.tape_sound import mu_law
from shared.clock import utc_now
from shared.g711 import RATE, SILENT
from shared.tapes import Piece, Tape, TapeState, TapeStore

_WAITING = 24
"""Pieces that may wait for the store: two minutes, 2 MB. After that the newest are given up."""
_PAUSE = 0.5
_LONGEST_PAUSE = 4.0
_DRAIN_SECONDS = 10.0
"""How long the end of a call waits for what is still to be written."""

_SILENT = bytes([SILENT])

log = logging.getLogger(__name__)


class TapeWriter:
    """The tape of one call: an async context manager whose end waits for what is still to be written.

    It holds nothing and writes nothing until `start`. What the store does not take in time is given up: then
    there is a gap, the metrics count it, and whoever looks at the call is told that not all of it is there.

    Args:
        resumed: another bridge has begun the call, and may have recorded it.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        store: TapeStore,
        call_id: str,
        metrics: Metrics,
        *,
        resumed: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._call_id = call_id
        self._metrics = metrics
        self._resumed = resumed
        self._clock = clock
        self._cutter: TapeCutter | None = None
        self.refused = False
        """Whether the caller does not want it. That stands for the whole call."""
        self._pieces: asyncio.Queue[Piece] = asyncio.Queue(_WAITING)
        self._work: list[asyncio.Task[None]] = []
        self._cutting = asyncio.Lock()
        """Held while pieces are made: they stay in order."""
        self._writing = asyncio.Lock()
        """Held while one is on its way to the store."""
        self.call_goes_on = False
        """Whether another bridge has the call: then this end is not that of the tape."""

    async def __aenter__(self) -> Self:
        if self._resumed:
            self._begin(self._go_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self._work:
                async with asyncio.timeout(_DRAIN_SECONDS):
                    await self._finish()
        except TimeoutError:
            self._lost(sum(self._pieces.get_nowait().samples for _ in range(self._pieces.qsize())))
        finally:
            for task in self._work:
                task.cancel()
            if self._work:
                await asyncio.wait(self._work)

    # --- the call ---------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether the call is being recorded."""
        return self._cutter is not None

    def start(self) -> None:
        """Record from now on; not when the caller has refused."""
        if self._cutter is None and not self.refused:
            self._start(utc_now(), 0.0)

    def caller(self, base64: str, now: float) -> None:
        """A frame of the caller: base64 of PCM16LE, 24 kHz, mono."""
        if self._cutter is not None:
            self._cutter.caller(base64, now)

    def agent(self, pcm: bytes, starts_at: float) -> None:
        """Sound of the agent, and when it is heard."""
        if self._cutter is not None:
            self._cutter.agent(pcm, starts_at)

    def stopped(self, now: float) -> None:
        """What the carrier had queued is not heard."""
        if self._cutter is not None:
            self._cutter.stopped(now)

    async def refuse(self) -> None:
        """The caller does not want to be recorded: stop at once, and delete what there is.

        Raises:
            azure.core.exceptions.AzureError: the store failed. Do it again; nothing is recorded meanwhile.
        """
        self.refused = True
        self._cutter = None
        while not self._pieces.empty():
            self._pieces.get_nowait()
            self._pieces.task_done()
        async with self._writing:  # a piece on its way must not arrive after what is deleted
            await self._store.refuse(self._call_id, utc_now())

    # --- inside -----------------------------------------------------------------------------------------

    def _start(self, began_at: datetime, ago: float) -> None:
        """The tape began so many seconds ago, of which others have the sound."""
        now = self._clock()
        cutter = self._cutter = TapeCutter(now - ago, now)
        for work in (self._cut_all(cutter), self._write_all(began_at)):
            self._begin(work)
        self._metrics.recording_began()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._work.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Without somebody who takes the sound away, none is gathered."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("recording failed", exc_info=error)
            self._cutter = None

    async def _go_on(self) -> None:
        """Go on with what another bridge has begun, once the store tells of it."""

        async def look() -> None:
            tape = await self._store.find(self._call_id)
            if tape is None or self._obeys(tape) or self._cutter is not None:
                return
            self._start(tape.began_at, (utc_now() - tape.began_at).total_seconds())

        await self._insist(look)

    def _obeys(self, tape: Tape) -> bool:
        """Whether the caller has refused, here or at another bridge: then nothing is recorded any more."""
        if tape.state is TapeState.REFUSED:
            self.refused = True
            self._cutter = None
        return self.refused

    async def _cut_all(self, cutter: TapeCutter) -> None:
        while self._cutter is cutter:
            await asyncio.sleep(max(0.0, cutter.due_at - self._clock()))
            async with self._cutting:
                if self._cutter is cutter:
                    await self._put(cutter.due(self._clock()))

    async def _finish(self) -> None:
        """Cut what is left, and wait until all is written."""
        async with self._cutting:  # what is being made small comes first
            cutter, self._cutter = self._cutter, None
            if cutter is not None:
                await self._put(cutter.end(self._clock()), over=not self.call_goes_on)
        await self._pieces.join()

    async def _put(self, cuts: list[Cut], *, over: bool = False) -> None:
        """Make pieces of cuts, off the loop, and have them written."""
        for number, cut in enumerate(cuts, 1):
            piece = await asyncio.to_thread(_piece, cut, last=over and number == len(cuts))
            if self.refused:
                return
            try:
                self._pieces.put_nowait(piece)
            except asyncio.QueueFull:
                self._lost(piece.samples)

    async def _write_all(self, began_at: datetime) -> None:
        """Write one piece after the other, once the head stands."""
        # Samples from the beginning of the tape to `began_at`: another bridge may have begun it earlier.
        ahead = 0

        async def begin() -> None:
            nonlocal ahead
            tape = await self._store.begin(self._call_id, began_at)
            if not self._obeys(tape):
                ahead = max(0, round((began_at - tape.began_at).total_seconds() * RATE))

        begun = await self._insist(begin)
        while True:
            piece = await self._pieces.get()
            piece = replace(piece, start=piece.start + ahead)
            try:
                if not (begun and await self._insist(partial(self._store.add, self._call_id, piece))):
                    self._lost(piece.samples)
            finally:
                self._pieces.task_done()

    async def _insist(self, write: Callable[[], Awaitable[None]]) -> bool:
        """Do it until the store answers, or the caller refuses; False for what it does not take at all."""
        for tried in itertools.count(1):
            try:
                async with self._writing:
                    if not self.refused:
                        await write()
            except AzureError as error:
                if not is_away(error):
                    log.exception("sound not taken by the store")
                    return False
                log.warning(
                    "store of recordings is away, trying again", extra={"reason": type(error).__name__}
                )
            except Exception:
                log.exception("sound not taken by the store")
                return False
            else:
                break
            await asyncio.sleep(min(_PAUSE * tried, _LONGEST_PAUSE))
        return True

    def _lost(self, samples: int) -> None:
        log.error("part of a recording given up, the store is too slow", extra={"seconds": samples / RATE})
        self._metrics.recording_lost(samples / RATE)


def _piece(cut: Cut, *, last: bool) -> Piece:
    caller, agent = (b"" if sound is None else _audible(mu_law(sound)) for sound in (cut.caller, cut.agent))
    return Piece(cut.start, cut.samples, caller, agent, last)


def _audible(sound: bytes) -> bytes:
    """The sound; nothing when all of it is silent."""
    return sound if sound.strip(_SILENT) else b""
