"""A bridge reports every few seconds what it holds, so that no call is answered that nobody can hold."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import statistics
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from azure.core.exceptions import AzureError

from bridge.loop_lag import watching_loop
from shared.admission import Channel, Report, fresh, serving
from shared.admission_store import AdmissionStore
from shared.clock import utc_now
from shared.waiting_queue import in_line

EVERY: Final = 2.0
"""Seconds; well within `admission.FRESH`."""

_LAGS: Final = 20
"""Looks at the loop's lateness that count, five seconds of them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Load:
    """What a bridge has to do at a moment."""

    live: Collection[str]
    """Ids of the calls that it holds."""
    most: int
    """Calls that it may hold."""
    sessions: int
    """Sessions of Voice Live that it can still have within this minute: those that are warm, and those that
    its share of the quotas lets it open."""
    draining: bool


class Reporter:
    """Tells the store the load of one bridge, and which channels its calls have.

    Args:
        replica: name of the bridge among all.
        others: is told with each report how many bridges share the quotas.
        waiting: likewise, how many callers wait in line for a place.
        release: the deployment that it is of.
    """

    def __init__(
        self,
        store: AdmissionStore,
        replica: str,
        load: Callable[[], Load],
        others: Callable[[int], None] = lambda _: None,
        waiting: Callable[[int], None] = lambda _: None,
        *,
        release: str = "",
    ) -> None:
        self._store = store
        self._release = release
        self._replica = replica
        self._load = load
        self._others = others
        self._waiting = waiting
        self._held: dict[str, Channel] = {}
        self._lags: deque[float] = deque(maxlen=_LAGS)

    def late(self, seconds: float) -> None:
        """The event loop ran something this much later than it was due."""
        self._lags.append(seconds)

    async def report(self, now: datetime) -> None:
        """Once.

        The report goes first: in between, a call that has just come counts twice, never not at all.

        Raises:
            azure.core.exceptions.AzureError: the store has trouble. The next report makes up for it.
        """
        load = self._load()
        late = statistics.median(self._lags) if self._lags else 0.0
        await self._store.report(
            Report(
                replica=self._replica,
                at=now,
                calls=load.most,
                live=len(load.live),
                late_ms=round(late * 1000),
                sessions=load.sessions,
                draining=load.draining,
                release=self._release,
            )
        )
        for call_id in self._held.keys() - load.live:
            await self._store.give_back(self._held[call_id])
            del self._held[call_id]
        seen = await self._store.seen()
        self._others(len(serving(fresh(seen.reports, now))))
        self._waiting(len(in_line(seen.waiting)))
        # Who is thought dead loses its channels to others. A call that another bridge has taken stays there.
        held_by = {channel.call_id: channel.replica for channel in seen.channels.values()}
        came = [one for one in load.live if one not in self._held or not held_by.get(one)]
        if came:
            for channel in await self._store.hold(self._replica, came, now, seen):
                self._held[channel.call_id] = channel


@contextlib.asynccontextmanager
async def reporting(
    store: AdmissionStore,
    replica: str,
    load: Callable[[], Load],
    freed: asyncio.Event,
    others: Callable[[int], None] = lambda _: None,
    waiting: Callable[[int], None] = lambda _: None,
    *,
    release: str = "",
) -> AsyncIterator[None]:
    """Report while this is open, and that it is over in the end. Never hurts a call: trouble is logged.

    Args:
        freed: is set when a call has ended: its channel is given back then, not with the next report in turn.
        others, waiting, release: as for `Reporter`.
    """
    reporter = Reporter(store, replica, load, others, waiting, release=release)
    async with watching_loop(reporter.late):
        task = asyncio.create_task(_keep_reporting(store, reporter, freed))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            with contextlib.suppress(AzureError, TimeoutError):
                async with asyncio.timeout(2):
                    await store.forget(replica)


async def _keep_reporting(store: AdmissionStore, reporter: Reporter, freed: asyncio.Event) -> None:
    tidied = told = False
    while True:
        freed.clear()
        try:
            await reporter.report(utc_now())
            if not tidied:
                await store.tidy(utc_now())
                tidied = True
            told = False
        except AzureError as error:
            if not told:  # once for each trouble, not every two seconds
                log.warning("load not reported", extra={"reason": type(error).__name__})
            told = True
        except Exception:
            log.exception("report broke")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EVERY):
                await freed.wait()
