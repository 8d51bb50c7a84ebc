"""The model's side of a call: one session of Voice Live after the other, seen as one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from bridge.caller_audio import CallerAudio
from bridge.commands import SwitchSession
from bridge.voicelive import wire
from bridge.voicelive.connection import VoiceLive, VoiceLiveError

_AGAIN_AFTER = 0.5
"""Seconds after a session could not be opened before the next try."""

log = logging.getLogger(__name__)

Open = Callable[[], Awaitable[VoiceLive]]
"""Opens a session. Raises VoiceLiveError."""


class ModelSession:
    """Connects sessions, goes over from one to the next, and gives each the caller's audio.

    What is sent while there is no session, or to one that has just ended, is lost: whoever reads its events
    learns of the end, and the next session is told everything.
    """

    def __init__(self, open_model: Open) -> None:
        self._open_model = open_model
        self._audio = CallerAudio()
        self._current: VoiceLive | None = None
        self._waiting: dict[int, VoiceLive] = {}
        """Connected, and not in use yet."""
        self._connected = 0
        self._hearing = False
        """Whether somebody gives the session its audio right now."""
        self._closing: set[asyncio.Task[None]] = set()

    async def connect(self) -> int:
        """Connect a session, however often that takes; returns its number."""
        while True:
            try:
                session = await self._open_model()
            except VoiceLiveError as error:
                log.warning("no session of Voice Live, trying again", extra={"reason": str(error)})
                await asyncio.sleep(_AGAIN_AFTER)
                continue
            self._connected += 1
            self._waiting[self._connected] = session
            return self._connected

    def events(self, number: int) -> AsyncIterator[wire.ServerEvent]:
        """Of a session that is connected and not in use yet. They raise VoiceLiveError at its end."""
        return self._waiting[number].events()

    async def switch(self, command: SwitchSession) -> None:
        """Use another session from now on."""
        self.drop()
        self._current = self._waiting.pop(command.session_id)
        self._audio.rewind(command.hears_since)
        # Its settings go first; the caller's audio follows what was said before it.
        self._hearing = True
        try:
            for event in command.tells:
                await self.send(event)
        finally:
            self._hearing = False
        await self._give_audio()

    def drop(self) -> None:
        """Close the session in use, if there is one."""
        if self._current is not None:
            self._close_later(self._current)
            self._current = None

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

    def _close_later(self, session: VoiceLive) -> None:
        task = asyncio.create_task(session.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
