"""Opens sessions of Voice Live at whichever endpoint has one to give."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bridge.metrics import Metrics
from bridge.voicelive.connection import Headers, Target, VoiceLive, VoiceLiveError
from bridge.voicelive.pool import Pool, Trouble

_HEDGE_AFTER = 1.2
"""Seconds after which another endpoint is asked as well: a caller waits, and a slow one may be a dead one."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One resource of Voice Live."""

    url: str
    headers: Headers


class Endpoints:
    """All resources of Voice Live, in failover order. Belongs to one event loop.

    Args:
        connections_per_minute, tokens_per_minute: what each may be asked for by all bridges together.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        metrics: Metrics,
        *,
        connections_per_minute: int,
        tokens_per_minute: int,
    ) -> None:
        self._endpoints = endpoints
        self._metrics = metrics
        self._closing: set[asyncio.Task[None]] = set()
        self.pool = Pool(
            len(endpoints),
            connections_per_minute=connections_per_minute,
            tokens_per_minute=tokens_per_minute,
        )

    @property
    def half(self) -> int:
        """Connections a minute that are left to calls alone, whatever else there is to connect for."""
        return self.pool.connections_per_minute // 2

    async def open(self, target: Target, avoid: Collection[int] = (), *, spare: int = 0) -> VoiceLive:
        """A session with `target`, from the first endpoint that gives one.

        Each that may be asked is asked once, the next as soon as one fails or takes long.

        Args:
            avoid: endpoints to ask only when no other may be asked.
            spare: connections of the quota to leave to others.

        Raises:
            VoiceLiveError: none gave one; the text has the last reason.
        """
        trying: dict[asyncio.Task[VoiceLive], int] = {}
        tried = set(avoid)
        reason = "all endpoints rest or have no quota left"
        try:
            while True:
                number = self.pool.choose(time.monotonic(), tried, spare=spare)
                if number is None and not trying and tried & set(avoid):
                    tried -= set(avoid)
                    avoid = ()
                    continue
                if number is not None:
                    tried.add(number)
                    trying[asyncio.create_task(self._try(number, target))] = number
                elif not trying:
                    raise VoiceLiveError(f"cannot open a Voice Live session: {reason}")
                wait = _HEDGE_AFTER if number is not None else None
                done, _ = await asyncio.wait(trying, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    number = trying.pop(task)
                    try:
                        session = task.result()
                    except VoiceLiveError as error:
                        reason = str(error)
                        continue
                    for slow in trying.values():
                        self.pool.failed(slow, Trouble.FAILED, time.monotonic())
                    self._let_go(trying)
                    return session
        except asyncio.CancelledError:
            self._let_go(trying)
            raise

    def lost(self, session: VoiceLive, trouble: Trouble) -> None:
        """A session that was open came to nothing."""
        self.pool.failed(session.endpoint, trouble, time.monotonic())
        self._metrics.session(str(session.endpoint + 1), trouble)

    def used(self, session: VoiceLive, tokens: int) -> None:
        """A response of a session cost so many tokens."""
        self.pool.used(session.endpoint, tokens, time.monotonic())

    async def _try(self, number: int, target: Target) -> VoiceLive:
        endpoint = self._endpoints[number]
        label = str(number + 1)
        try:
            session = await VoiceLive.open(endpoint.url, target, endpoint.headers)
        except VoiceLiveError as error:
            self.pool.failed(number, error.trouble, time.monotonic(), error.retry_after)
            self._metrics.session(label, error.trouble)
            log.warning(
                "Voice Live did not connect, trying again", extra={"endpoint": label, "reason": str(error)}
            )
            raise
        session.endpoint = number
        self.pool.opened(number)
        self._metrics.session(label, "opened")
        return session

    def _let_go(self, trying: Collection[asyncio.Task[VoiceLive]]) -> None:
        """Nobody needs these any more: one that comes all the same is closed."""
        for task in trying:
            task.add_done_callback(self._close)
            task.cancel()

    def _close(self, task: asyncio.Task[VoiceLive]) -> None:
        if not task.cancelled() and task.exception() is None:
            self.close_later(task.result())

    def close_later(self, session: VoiceLive) -> None:
        """Close a session without waiting for it."""
        closing = asyncio.create_task(session.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
