"""The caller's side of a call over its media sockets: when one breaks, the next goes on in its place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from bridge.carriers import Carrier, Inbound
from bridge.line import CallOverError, Line
from bridge.media_owner import MediaOwner
from shared.calls import EventKind

_BACK_WITHIN = 4.0
"""Seconds that a carrier has to open another media socket: ACS is not documented, callers wait no longer."""
_LOOK_EVERY = 0.5
"""Seconds between two looks at who has the call, while it may have come to another bridge."""

log = logging.getLogger(__name__)


class CallLine:
    """One caller, through as many media sockets as it takes.

    Args:
        line: the first of them.
        owner: tells whether another bridge has taken the call.
        on_lost, on_back: are told when there is no media socket, and when there is one again.
    """

    def __init__(
        self,
        line: Line,
        owner: MediaOwner,
        *,
        on_lost: Callable[[], Awaitable[None]],
        on_back: Callable[[], Awaitable[None]],
    ) -> None:
        self._line = line
        self._owner = owner
        self._on_lost = on_lost
        self._on_back = on_back
        self._lost = False
        self._given_away = False
        self._back = asyncio.Event()

    @property
    def carrier(self) -> Carrier:
        """How frames are spelt."""
        return self._line.carrier

    @property
    def waits(self) -> bool:
        """Whether the media socket broke and another one of the same call may take its place here."""
        return self._lost and not self._given_away

    def take(self, line: Line) -> None:
        """Go on over another media socket."""
        self._line, self._lost = line, False
        self._back.set()

    async def frames(self) -> AsyncIterator[Inbound]:
        """What comes from the caller.

        Raises:
            CallOverError: the caller has left, or no socket came in time, or the call is elsewhere.
        """
        line: Line | None = None
        while True:
            before, line = line, self._line
            try:
                if line is not before:
                    await line.check_format()
                    if before is not None:
                        log.info("media socket is back")
                        await self._on_back()
                frame = await line.receive()
            except CallOverError as error:
                await self._wait(line, error)
                continue
            if frame is not None:
                yield frame

    async def watch(self) -> None:
        """Wait for the end of the socket, also while nobody reads it. Raises as `frames` does."""
        while True:
            line = self._line
            try:
                await line.watch()
            except CallOverError as error:
                await self._wait(line, error)

    async def write(self, frame: str) -> None:
        """Write to the carrier. A broken socket is waited for elsewhere; what it does not take is lost."""
        line = self._line
        try:
            await line.send(frame)
        except CallOverError as error:
            if not (error.may_come_back and line.carrier.reconnects):
                raise

    def give_away(self) -> None:
        """Break the media socket, so that the carrier opens one to another bridge."""
        self._given_away = True
        self._line.abort()

    async def hang_up(self) -> bool:
        """End the phone call, and True; False when another bridge has it or shall have it."""
        if self._given_away or (self._lost and await self._owner.is_elsewhere()):
            return False
        await self._line.hang_up()
        return True

    def pausing(self) -> contextlib.AbstractContextManager[None]:
        """While the telephone network moves the caller, no frames are no sign of anything."""
        return self._line.pausing()

    async def _wait(self, lost: Line, error: CallOverError) -> None:
        """The media socket is gone: wait for another if there may be one, else the call is over."""
        if self._given_away:
            raise CallOverError(EventKind.MOVED, "given away") from None
        if not (error.may_come_back and lost.carrier.reconnects):
            raise error
        if lost is self._line and not self._lost:
            log.warning("media socket broke", extra={"reason": error.reason})
            self._lost = True
            self._back.clear()
            await self._on_lost()
        try:
            async with asyncio.timeout(_BACK_WITHIN):
                while not await self._is_back():
                    if await self._owner.is_elsewhere():
                        raise CallOverError(EventKind.MOVED, "taken by another bridge")
        except TimeoutError:
            raise error from None

    async def _is_back(self) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY):
                await self._back.wait()
        return self._back.is_set()
