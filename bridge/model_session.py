"""The model's side of a call: one session of Voice Live after the other, seen as one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from bridge.caller_audio import CallerAudio
from bridge.commands import SwitchSession
from bridge.voicelive import wire
from bridge.voicelive.connection import VoiceLive, VoiceLiveError
from bridge.voicelive.pool import Trouble
from bridge.voicelive.pulse import DOUBTED_AFTER, Doubt
from bridge.voicelive.source import Source
from shared.clock import utc_now

_AGAIN_AFTER = (0.2, 0.5, 1.0)
"""Seconds after a session could not be opened before the next try; the last for all further ones."""

_SOON = 60.0
"""Seconds within which a second session stands still that is not left as soon as the first."""
_MOST_PATIENCE = 6.0

log = logging.getLogger(__name__)


class ModelSession:
    """Connects sessions, goes over from one to the next, and gives each the caller's audio.

    What is sent while there is no session, or to one that has just ended, is lost: whoever reads its events
    learns of the end, and the next session is told everything.

    Args:
        over: is told of each session that was in use and is no more: since when (UTC), at which endpoint, and
            whether it made trouble.
    """

    def __init__(self, source: Source, over: Callable[[datetime, int, bool], None]) -> None:
        self._source = source
        self._over = over
        self._since = utc_now()
        self._audio = CallerAudio()
        self._current: VoiceLive | None = None
        self._waiting: dict[int, VoiceLive] = {}
        """Connected, and not in use yet."""
        self._connected = 0
        self._avoid: tuple[int, ...] = ()
        """Endpoints that just made trouble."""
        self._still_at: float | None = None
        self._patience = DOUBTED_AFTER
        """With a session that stands still soon after that."""
        self._hearing = False
        """Whether somebody gives the session its audio right now."""
        self._closing: set[asyncio.Task[None]] = set()

    async def connect(self) -> int:
        """Connect a session, however often that takes; returns its number."""
        pauses = iter(_AGAIN_AFTER)
        while True:
            try:
                session = await self._source.open(self._avoid)
            except VoiceLiveError as error:
                log.warning("no session of Voice Live", extra={"reason": str(error)})
                await asyncio.sleep(next(pauses, _AGAIN_AFTER[-1]))
                continue
            self._connected += 1
            self._waiting[self._connected] = session
            return self._connected

    def events(self, number: int) -> AsyncIterator[wire.ServerEvent | Doubt]:
        """Of a session that is connected and not in use yet. They raise VoiceLiveError at its end."""
        return self._waiting[number].events_and_doubts(lambda: self.patience(time.monotonic()))

    def patience(self, now: float) -> float:
        """Seconds after which a session that gives no sign of life is left."""
        if self._still_at is None or now >= self._still_at + _SOON:
            return DOUBTED_AFTER
        return self._patience

    async def switch(self, command: SwitchSession) -> None:
        """Use another session from now on."""
        self.drop()
        self._current, self._since = self._waiting.pop(command.session_id), utc_now()
        self._audio.rewind(command.hears_since)
        # Its settings go first; the caller's audio follows what was said before it.
        self._hearing = True
        try:
            for event in command.tells:
                await self.send(event)
        finally:
            self._hearing = False
        await self._give_audio()

    def broke(self, number: int, error: VoiceLiveError, now: float, *, in_use: bool) -> None:
        """A session did: the one in use, one that waits to be, or one that nobody wants any more.

        Where the next one stands still soon, too, everything is slow, and others make it slower.
        """
        if error.still_since is not None:
            self._patience, self._still_at = min(2 * self.patience(now), _MOST_PATIENCE), now
        waiting = None if in_use else self._waiting.pop(number, None)
        if in_use or waiting is not None:
            log.warning("a session of Voice Live broke", extra={"reason": str(error)})
        if in_use:
            self.drop(error.trouble)
        elif waiting is not None:
            self._avoid_endpoint(waiting, error.trouble)
            self._close_later(waiting)

    def drop(self, trouble: Trouble | None = None) -> None:
        """Close the session in use, if there is one; for `trouble`, others are asked for the next one."""
        if self._current is not None:
            if trouble is not None:
                self._avoid_endpoint(self._current, trouble)
            self._over(self._since, self._current.endpoint, trouble is not None)
            self._close_later(self._current)
            self._current = None

    def used(self, usage: wire.Usage) -> None:
        """A response of the session in use cost this."""
        if self._current is not None:
            # What was cached may not count: nobody says. Then better too few than a caller sent away.
            details = usage.input_token_details
            cached = 0 if details is None else details.cached_tokens
            tokens = usage.input_tokens - cached + usage.output_tokens
            self._source.endpoints.used(self._current, tokens)

    async def send(self, event: wire.ClientEvent) -> None:
        """Send an event to the session in use."""
        session = self._current
        if session is not None:
            with contextlib.suppress(VoiceLiveError):
                await session.send(event)

    async def hear(self, base64: str, now: float, needed_since: float) -> None:
        """A frame of the caller, arrived at `now`. Frames before `needed_since` are not wanted again."""
        self._audio.add(base64, now, needed_since)
        await self._give_audio()

    async def close(self) -> None:
        """Close all sessions."""
        self.drop()
        for session in self._waiting.values():
            self._close_later(session)
        self._waiting.clear()
        if self._closing:
            await asyncio.wait(self._closing)

    async def _give_audio(self) -> None:
        """Give the session in use what it has not heard. One at a time: the frames stay in order."""
        if self._hearing:
            return
        self._hearing = True
        try:
            while (session := self._current) is not None and (frame := self._audio.next()) is not None:
                with contextlib.suppress(VoiceLiveError):
                    await session.append(frame)
        finally:
            self._hearing = False

    def _avoid_endpoint(self, session: VoiceLive, trouble: Trouble) -> None:
        self._source.endpoints.lost(session, trouble)
        self._avoid = (session.endpoint,)

    def _close_later(self, session: VoiceLive) -> None:
        task = asyncio.create_task(session.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
