"""The sweep that deletes what has been kept long enough, and does the rest of what was to be forgotten.

Everything is found by a range that holds what is due and nothing else, but for dead letters, which are few.
Each step may be done twice, and by several at once. A run does a limited amount; the next one goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Final

from shared.booking_removal import BookingRemoval
from shared.call_removal import CallRemoval
from shared.callers import CallerRemoval
from shared.ledger import Place
from shared.order_removal import OrderRemoval
from shared.outbox_dead import DeadLetters
from shared.retention_agenda import Agenda, Entry, Kind
from shared.settings import RetentionSettings
from shared.tables import Tables
from shared.tapes import TapeStore

MOST: Final = 5_000
"""Calls, or entries of the agenda of one kind, that a run deals with; with one run an hour 120,000 a day."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Swept:
    """What one run did."""

    calls: int = 0
    """Deleted."""
    callers: int = 0
    """Days of callers of which nothing is left that is too old."""
    bookings: int = 0
    """Deleted."""
    orders: int = 0
    """Deleted, with carts that never became one."""
    tapes: int = 0
    """Recordings of calls that were deleted."""
    dead_letters: int = 0
    """Deleted."""
    forgotten: int = 0
    """Calls, bookings and orders made nobody's, and sound that was taken back."""
    failed: int = 0
    """Steps that failed, and are tried again by the next run."""

    def __str__(self) -> str:
        return " ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


class Retention:
    """Deletes by the settings. Holds no state of its own."""

    def __init__(self, tables: Tables, settings: RetentionSettings) -> None:
        self._settings = settings
        self._agenda = Agenda(tables)
        self._calls = CallRemoval(tables)
        self._bookings = BookingRemoval(tables)
        self._orders = OrderRemoval(tables)
        self._callers = CallerRemoval(tables)
        self._tapes = TapeStore(tables)
        self._letters = DeadLetters(tables)

    async def forget(self, now: datetime) -> Swept:
        """Go on with what callers wanted forgotten: calls that are over, bookings whose day has passed.

        Raises:
            azure.core.exceptions.AzureError: the store failed before there was anything to do.
        """
        swept, today = Swept(), now.astimezone(UTC).date()

        async def call(entry: Entry) -> bool:
            return await self._calls.make_nobodys(entry.target, now)

        async def booking(entry: Entry) -> bool:
            place = Place.read(entry.target)
            due = None if place is None else await self._bookings.make_nobodys(place, today)
            return await self._later(entry, today, due)

        async def order(entry: Entry) -> bool:
            return await self._later(entry, today, await self._orders.make_nobodys(entry.target, now))

        async def tape(entry: Entry) -> bool:
            await self._tapes.erase(entry.target)
            return True

        tomorrow = today + timedelta(days=1)
        swept.forgotten += await self._each(Kind.FORGET_CALL, tomorrow, call, swept)
        swept.forgotten += await self._each(Kind.FORGET_BOOKING, tomorrow, booking, swept)
        swept.forgotten += await self._each(Kind.FORGET_ORDER, tomorrow, order, swept)
        swept.forgotten += await self._each(Kind.FORGET_TAPE, tomorrow, tape, swept)
        return swept

    async def sweep(self, now: datetime) -> Swept:
        """Delete what is too old.

        Raises:
            azure.core.exceptions.AzureError: the store failed before there was anything to do.
        """
        swept, settings = Swept(), self._settings
        today = now.astimezone(UTC).date()
        swept.calls = await self._calls.delete_before(today - settings.calls, MOST)

        async def calls_of_caller(entry: Entry) -> bool:
            await self._callers.drop_calls(entry.target, today - settings.calls)
            return True

        async def memory(entry: Entry) -> bool:
            await self._callers.drop_memory(entry.target, today - settings.callers)
            return True

        async def bookings(entry: Entry) -> bool:
            swept.bookings += await self._bookings.delete_day(entry.target)
            return True

        async def orders(entry: Entry) -> bool:
            later = await self._orders.delete(entry.target, today - settings.orders)
            if later is not None:  # it was ordered for another day
                await self._agenda.add(entry.kind, later, entry.target)
            swept.orders += later is None
            return True

        async def tapes(entry: Entry) -> bool:
            await self._tapes.delete(entry.target)
            swept.tapes += 1
            return True

        for kind, keep, act in (
            (Kind.CALLER_CALLS, settings.calls, calls_of_caller),
            (Kind.CALLER_MEMORY, settings.callers, memory),
            (Kind.BOOKINGS, settings.bookings, bookings),
            (Kind.ORDERS, settings.orders, orders),
            (Kind.TAPES, settings.recordings, tapes),
        ):
            done = await self._each(kind, today - keep, act, swept)
            swept.callers += done if kind in (Kind.CALLER_CALLS, Kind.CALLER_MEMORY) else 0
        swept.dead_letters = await self._letters.delete_before(now - settings.dead_letters)
        return swept

    async def _later(self, entry: Entry, today: date, due: date | None) -> bool:
        """Whether an entry is done with: what is due on a later day is noted for that one."""
        if due is not None and due > today:
            await self._agenda.add(entry.kind, due, entry.target)
        return due is None or due > today

    async def _each(
        self, kind: Kind, day: date, act: Callable[[Entry], Awaitable[bool]], swept: Swept
    ) -> int:
        """Do one thing for each entry older than `day`; those for which it gives True are done with."""
        done, left = 0, MOST
        async for entry in self._agenda.before(kind, day):
            if not left:
                break
            left -= 1
            try:
                if await act(entry):
                    await self._agenda.done(entry)
                    done += 1
            except Exception as error:
                swept.failed += 1
                log.warning("retention: one of %s failed: %s", kind, type(error).__name__)
        return done
