"""Sessions of Voice Live that are connected already when a call needs one.

A call gives its session the settings by itself: they hold the date, the caller and their language. What is
saved is the time to connect, which is most of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bridge.voicelive.connection import Target, VoiceLive, VoiceLiveError
from bridge.voicelive.endpoints import Endpoints

_OLDEST = 240.0
"""Seconds after which one that nobody used is replaced: its hour runs from the connection on."""
_TRAFFIC = 600.0
"""Seconds after the last call in which the next is expected; then none is kept."""
_LOOK_EVERY = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Warm:
    session: VoiceLive
    since: float


class WarmSessions:
    """Keeps a few sessions for the target that calls wanted last.

    Args:
        size: how many; 0 keeps none.
    """

    def __init__(self, endpoints: Endpoints, size: int) -> None:
        self._endpoints = endpoints
        self._size = size
        self._target: Target | None = None
        self._wanted_at = 0.0
        self._sessions: list[_Warm] = []
        self._look = asyncio.Event()

    @property
    def ready(self) -> int:
        """Sessions that a call could have at once."""
        return sum(warm.session.is_open for warm in self._sessions)

    def take(self, target: Target) -> VoiceLive | None:
        """A session with this target, the oldest first; None when there is none."""
        if self._target != target:
            self._target = target
            for warm in self._sessions:
                self._endpoints.close_later(warm.session)
            self._sessions.clear()
        self._wanted_at = time.monotonic()
        self._look.set()
        while self._sessions:
            warm = self._sessions.pop(0)
            if warm.session.is_open:
                return warm.session
        return None

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """While this is open they are kept."""
        keeper = asyncio.create_task(self._keep()) if self._size else None
        try:
            yield
        finally:
            if keeper is not None:
                keeper.cancel()
                await asyncio.wait([keeper])
            await asyncio.gather(*(warm.session.close() for warm in self._sessions))
            self._sessions.clear()

    async def _keep(self) -> None:
        while True:
            await self._renew(time.monotonic())
            self._look.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._look.wait()

    async def _renew(self, now: float) -> None:
        expected = self._target is not None and now < self._wanted_at + _TRAFFIC
        good = [warm for warm in self._sessions if warm.session.is_open and now < warm.since + _OLDEST]
        kept = good if expected else []
        for warm in self._sessions:
            if warm not in kept:
                self._endpoints.close_later(warm.session)
        self._sessions = kept
        target = self._target
        if not expected or target is None or len(kept) >= self._size:
            return
        try:
            session = await self._endpoints.open(target, spare=self._endpoints.half)  # calls go first
        except VoiceLiveError as error:
            log.info("no session to keep warm", extra={"reason": str(error)})
            return
        self._look.set()
        if target == self._target:
            self._sessions.append(_Warm(session, time.monotonic()))
        else:
            self._endpoints.close_later(session)
