"""Forgetting a caller for good, even if the process dies half way.

What is to be forgotten is written on the agenda of `shared.retention_agenda` first, call by call, booking by
booking and order by order, and only then are the rows deleted by which it was found. So once `forget` has
returned nothing is missed, and the sweep repeats the rest until it is done. The agenda names no caller.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from shared import booking_removal, order_removal
from shared.booking_records import Status
from shared.booking_removal import BookingRemoval
from shared.callers import CallerStore
from shared.order_removal import OrderRemoval
from shared.retention_agenda import Agenda, Entry, Kind
from shared.tables import Tables

_AT_ONCE: Final = 16
"""Calls looked at together: the caller waits."""


@dataclass(frozen=True, slots=True)
class Stays:
    """A booking or an order that is still to come, which the restaurant has to know of."""

    restaurant_id: str
    on: date
    is_order: bool = False


class Erasure:
    """Forgets callers. Safe from many tasks and processes."""

    def __init__(self, tables: Tables, callers: CallerStore) -> None:
        self._callers = callers
        self._bookings = BookingRemoval(tables)
        self._orders = OrderRemoval(tables)
        self._agenda = Agenda(tables)

    async def forget(self, number: str | None, call_id: str | None, now: datetime) -> list[Stays]:
        """Forget a caller (None when their number is withheld) and the call they say so in, if they do.

        Memory and index are gone when this returns; names, numbers and words in calls and past bookings go
        with the next sweeps, in a call that is under way once it is over. Returns the bookings and
        orders to come, which are made nobody's once they are over.

        Raises:
            azure.core.exceptions.AzureError: the store failed, and not all may be noted. The same again
                makes it whole.
        """
        today = now.astimezone(UTC).date()
        calls = set() if call_id is None else {call_id}
        notes: list[Entry] = []
        stays: list[Stays] = []
        if number is not None:
            calls.update(await self._callers.calls(number))
            for owned in await self._bookings.of_caller(number):
                day = max(today, booking_removal.over_on(owned.booking))
                notes.append(Entry(Kind.FORGET_BOOKING, day, owned.place.text))
                if day > today and owned.booking.status is Status.BOOKED and owned.booking.on >= today:
                    stays.append(Stays(owned.booking.restaurant_id, owned.booking.on))
            for order in await self._orders.of_caller(number):
                day = max(today, order_removal.over_on(order))
                notes.append(Entry(Kind.FORGET_ORDER, day, order.id))
                if day > today and order.due >= now:
                    stays.append(Stays(order.restaurant_id, order.due.date(), is_order=True))
        notes += [Entry(Kind.FORGET_CALL, today, call) for call in sorted(calls)]
        for some in itertools.batched(sorted(calls), _AT_ONCE, strict=False):
            for carts in await asyncio.gather(*map(self._orders.of_call, some)):
                notes += [Entry(Kind.FORGET_ORDER, today, cart) for cart in carts]
        await self._agenda.add_all(dict.fromkeys(notes))
        if number is not None:
            await self._callers.forget(number)
        return sorted(stays, key=lambda stay: stay.on)
