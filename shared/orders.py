"""Orders in Table Storage: never doubled, never lost, and told to the restaurant.

Table `orders`. An order stands in the partition of the cart it was (`shared.order_carts`), so that one
transaction closes the cart (guarded by its ETag), inserts the order and its event: either all of it stands
or none. A cart becomes one order and no other, however often it is placed. `shared.pointers` tells how an
order is found. `python -m shared.orders` is for whoever runs a restaurant.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from azure.data.tables.aio import TableClient

from shared import ledger, order_rows, pointers
from shared.booking_access import own_number
from shared.booking_code import read_code
from shared.ledger import TRIES, ConflictError, Operation, pause
from shared.order_carts import TABLE
from shared.order_records import Bill, Cart, Order, Status
from shared.order_rows import CartEntry, OrderEntry, order_place
from shared.outbox import Outbox
from shared.tables import Tables

LATE: Final = timedelta(hours=12)
"""How long after it was due an order is still spoken of without its code."""


class CartChangedError(Exception):
    """The cart is not as it was read: it was changed, or another call took it over."""


class StatusError(ValueError):
    """An order cannot become what a restaurant says; the message says why."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What makes an order of a cart, beside the cart."""

    bill: Bill
    currency: str
    due: datetime
    cancel_until: datetime
    name: str


class OrderStore:
    """Reads and writes orders. Holds no state of its own; safe from many tasks and processes.

    All methods raise azure.core.exceptions.AzureError when the store fails. A change may stand or not then;
    the same request again finds out and cannot double it. Changes raise ConflictError when they lost against
    too many others in a row.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._outbox = Outbox(tables)

    async def place(self, entry: CartEntry, wanted: Placement, now: datetime) -> Order:
        """Make an order of a cart as it was read; the order that it is already, if it is one. `now` is aware.

        Raises:
            CartChangedError: somebody changed the cart since; nothing was ordered.
        """
        table = await self._tables.table(TABLE)
        if (standing := await _entry(table, entry.cart.id)) is not None:
            return standing.order
        order = await _new(table, entry.cart, wanted, now)
        operations = [order_rows.placed_row(entry, now), order_rows.new_row(order)]
        if await ledger.commit(
            table, self._outbox, TABLE, entry.cart.id, operations, order_rows.created(order)
        ):
            return order
        # Perhaps it is our own earlier try that was saved although its answer was lost.
        if (standing := await _entry(table, entry.cart.id)) is not None:
            return standing.order
        raise CartChangedError

    async def of_cart(self, cart: Cart) -> Order | None:
        """The order that a cart became."""
        found = await _entry(await self._tables.table(TABLE), cart.id)
        return None if found is None else found.order

    async def get(self, code: str) -> Order | None:
        """The order with this code, however it is spelled out; None when there is none."""
        found = await _by_code(await self._tables.table(TABLE), code)
        return None if found is None else found.order

    async def of_caller(self, caller: str | None, now: datetime) -> list[Order]:
        """The orders of late from this number, the newest first; empty for a number that is withheld."""
        number = own_number(caller)
        if number is None:
            return []
        table = await self._tables.table(TABLE)
        found: list[Order] = []
        for place in await pointers.places_of(table, number, (now - LATE).astimezone(UTC).date()):
            entry = await _entry(table, place.partition)
            if entry is not None and entry.order.due + LATE > now:
                found.append(entry.order)
        return sorted(found, key=lambda order: order.created_at, reverse=True)

    async def cancel(self, code: str, now: datetime) -> Order | None:
        """Cancel an order for its caller; None when there is none. The order comes back as it was if it may
        not be cancelled any more."""
        table = await self._tables.table(TABLE)
        for attempt in range(TRIES):
            await pause(attempt)
            entry = await _by_code(table, code)
            if entry is None or not entry.order.may_be_cancelled(now):
                return None if entry is None else entry.order
            if await self._become(table, entry, Status.CANCELLED, "caller"):
                return replace(entry.order, status=Status.CANCELLED)
        raise ConflictError

    async def set_status(self, code: str, status: Status) -> Order | None:
        """What a restaurant says of an order; None when there is none. Said twice it is said once.

        Raises:
            StatusError: the order is further already, or over.
        """
        table = await self._tables.table(TABLE)
        for attempt in range(TRIES):
            await pause(attempt)
            entry = await _by_code(table, code)
            if entry is None or entry.order.status is status:
                return None if entry is None else entry.order
            if not entry.order.status.may_become(status):
                raise StatusError(f"the order is {entry.order.status}; it cannot become {status}")
            if await self._become(table, entry, status, "restaurant"):
                return replace(entry.order, status=status)
        raise ConflictError

    async def _become(self, table: TableClient, entry: OrderEntry, status: Status, by: str) -> bool:
        """Status and event in one transaction; False when somebody else was quicker."""
        operations: list[Operation] = [order_rows.status_row(entry, status)]
        event = order_rows.changed(replace(entry.order, status=status), by, entry.sequence + 1)
        return await ledger.commit(table, self._outbox, TABLE, entry.order.id, operations, event)


async def _new(table: TableClient, cart: Cart, wanted: Placement, now: datetime) -> Order:
    """The order as it is to be written, with a code of its own and a place among those of its caller."""
    place, day = order_place(cart.id), wanted.due.astimezone(UTC).date()
    code = await pointers.claim_code(table, place, day, now)
    if (number := own_number(cart.caller)) is not None:
        await pointers.add_to_caller(table, number, place, day)
    return Order(
        id=cart.id,
        code=code,
        restaurant_id=cart.restaurant_id,
        lines=wanted.bill.lines,
        subtotal=wanted.bill.subtotal,
        fee=wanted.bill.fee,
        total=wanted.bill.total,
        currency=wanted.currency,
        to=cart.to,
        due=wanted.due.astimezone(UTC),
        wished=cart.wished is not None,
        cancel_until=wanted.cancel_until.astimezone(UTC),
        allergies=cart.allergies,
        name=wanted.name,
        call_id=cart.call_id,
        caller=cart.caller,
        created_at=now.astimezone(UTC),
    )


async def _entry(table: TableClient, order_id: str) -> OrderEntry | None:
    row = await ledger.row(table, order_place(order_id))
    return None if row is None else OrderEntry.read(row)


async def _by_code(table: TableClient, code: str) -> OrderEntry | None:
    known = read_code(code)
    place = await pointers.place_of(table, known) if known is not None else None
    return await _entry(table, place.partition) if place is not None else None


if __name__ == "__main__":
    from shared.order_commands import main

    sys.exit(main(sys.argv[1:]))
