"""Publishes what the outbox holds: at least once, in order per subject, a bounded piece of it each run.

Order: within a run a subject's events are sent one after the other, each only when the one before it was
accepted (or moved aside) and its row is gone. Rows of a partition come by rising sequence, and a later event
of a subject commits after an earlier one, so whoever sees the later sees the earlier too or it is done with.
Two relays at once may send an event twice, with one id, but none sends a later event before an earlier one
was accepted from somebody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from azure.core.exceptions import AzureError

from shared.clock import utc_now
from shared.outbox import SETTLE
from shared.outbox_rows import OutboxRows, Pending, Pointer, UnreadableError
from shared.outbox_topic import OutgoingEvent, Sent, Verdict

_log = logging.getLogger(__name__)

_PARTITIONS_AT_ONCE: Final = 8
_RUN_SECONDS: Final = 20.0
"""After this a run begins nothing new; what is under way takes `outbox_topic._SEND_SECONDS` more at most. The
next run waits for it, and with that the callers in line whom the same timer moves up."""
_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(minutes=15)
"""Between the tries of an event: 5 s, 10 s, 20 s ... 15 min. A hundred of them take a day."""


class Sender(Protocol):
    """The topic, as `shared.outbox_topic.Topic` is one."""

    async def send(self, event: OutgoingEvent) -> Sent: ...


@dataclass(slots=True)
class Round:
    """What one run did, and what it left."""

    published: int = 0
    failed: int = 0
    dead: int = 0
    pending: int = 0
    """Events seen that are still not published."""
    unread: int = 0
    """Partitions that were not looked into: out of time, or the store failed there."""
    oldest: datetime | None = None
    """Creation of the oldest event that is still not published."""
    down: str = ""
    """Why the topic takes nothing; empty when it does or nothing was sent."""

    def keep(self, event: Pending) -> None:
        """Count an event that stays."""
        self.pending += 1
        if self.oldest is None or event.created_at < self.oldest:
            self.oldest = event.created_at


class Relay:
    """Runs again and again, in one process or several; each run picks up where the store says."""

    def __init__(
        self,
        rows: OutboxRows,
        topic: Sender,
        *,
        max_attempts: int,
        settle: timedelta = SETTLE,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._rows = rows
        self._topic = topic
        self._max_attempts = max_attempts
        self._settle = settle
        self._clock = clock

    async def run(self) -> Round:
        """Publish what is pending, for about 20 s at most.

        Raises:
            azure.core.exceptions.AzureError: the pointers could not be read. A failure at one partition is
                logged, and the partition waits for the next run.
        """
        work = _Work(Round(), iter(await self._rows.pointers()), time.monotonic() + _RUN_SECONDS)
        async with asyncio.TaskGroup() as group:
            for _ in range(_PARTITIONS_AT_ONCE):
                group.create_task(self._work(work))
        return work.round

    async def _work(self, work: _Work) -> None:
        for pointer in work.pointers:
            if work.is_over():
                work.round.unread += 1
                continue
            try:
                await self._drain(pointer, work)
            except AzureError as error:
                work.round.unread += 1
                _log.warning("events of table %s: the store failed: %s", pointer.table, type(error).__name__)

    async def _drain(self, pointer: Pointer, work: _Work) -> None:
        """Publish the events of one partition, or retire its pointer when it has none.

        The clock is read before the rows are: a transaction announced no later than the pointer says has
        committed by then, and is seen, or never will. A later announcement changes the pointer's ETag.
        """
        settled = pointer.announced_at + self._settle <= self._clock()
        events = await self._rows.pending(pointer)
        if not events and settled:
            await self._rows.retire(pointer)
        held: set[str] = set()
        for event in events:
            if event.subject in held or not await self._publish(event, work):
                held.add(event.subject)
                work.round.keep(event)

    async def _publish(self, event: Pending, work: _Work) -> bool:
        """Whether the event is done with: accepted or moved aside. If not, the subject's later ones wait."""
        if work.round.down or work.is_over():
            return False
        if event.not_before is not None and event.not_before > self._clock():
            return False
        if await self._rows.waits_elsewhere(event):
            return False
        try:
            outgoing = event.event()
        except UnreadableError as error:
            return await self._move_aside(event, f"unreadable: {error}", work.round)
        sent = await self._topic.send(outgoing)
        if sent.verdict is Verdict.ACCEPTED:
            await self._rows.remove(event)
            work.round.published += 1
            return True
        if sent.verdict is Verdict.DOWN:
            work.round.down = sent.reason
            return False
        work.round.failed += 1
        if sent.verdict is Verdict.REFUSED:
            return await self._move_aside(event, f"refused: {sent.reason}", work.round)
        tries = event.attempts + 1
        if tries >= self._max_attempts:
            return await self._move_aside(event, f"gave up after {tries} tries: {sent.reason}", work.round)
        await self._rows.failed(event, sent.reason, self._clock() + _pause(tries))
        return False

    async def _move_aside(self, event: Pending, reason: str, round_: Round) -> bool:
        await self._rows.move_aside(event, reason, self._clock())
        round_.dead += 1
        _log.error("events: one of table %s is a dead letter: %s", event.table, reason)
        return True


@dataclass(slots=True)
class _Work:
    """One run under way, shared by those who work on it."""

    round: Round
    pointers: Iterator[Pointer]
    until: float

    def is_over(self) -> bool:
        return time.monotonic() > self.until


def _pause(tries: int) -> timedelta:
    """Before the next try, after `tries` failed ones."""
    doublings = min(tries - 1, 10)
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << doublings))
