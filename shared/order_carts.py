"""Carts in Table Storage: one for each call that orders, kept so that a crash or a cut line loses nothing.

Table `orders`:

| partition | row | holds |
|---|---|---|
| "call_{digest of the call}" | "call" | which cart the call has now |
| id of the cart | "cart" | the cart |
| id of the cart | "order-{id}", "outbox-..." | the order it became (`shared.orders`) |

A change replaces the cart as it was read (ETag), so that of two processes that hold the same cart one loses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from azure.core.exceptions import ResourceExistsError, ResourceModifiedError
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared import ledger
from shared.ledger import TRIES, ConflictError, Place, pause, unchanged
from shared.order_records import Cart
from shared.order_rows import CART, CartEntry, CartState, cart_row
from shared.pointers import digest
from shared.retention_agenda import Agenda, Kind
from shared.tables import Tables

TABLE: Final = "orders"


@dataclass(frozen=True, slots=True)
class _Held:
    """Which cart a call has."""

    cart_id: str
    count: int
    """Carts that the call began."""
    row: TableEntity


class CartStore:
    """Reads and writes carts. Holds no state of its own; safe from many tasks and processes.

    All methods raise azure.core.exceptions.AzureError when the store fails; asking again is safe.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._agenda = Agenda(tables)

    async def of_call(self, call_id: str) -> CartEntry | None:
        """The cart that the call has now, open or placed."""
        table = await self._tables.table(TABLE)
        held = await _held(table, call_id)
        return None if held is None else await _entry(table, held.cart_id)

    async def begin(self, call_id: str, make: Callable[[str], Cart], now: datetime) -> CartEntry:
        """A new cart for the call in place of the one it has, which stays as it is if it was placed.

        `make` gets the id of the cart. Repeated after a crash it is the same cart.

        Raises:
            ConflictError: another process changed the carts of this call all the time.
        """
        table = await self._tables.table(TABLE)
        for attempt in range(TRIES):
            await pause(attempt)
            held = await _held(table, call_id)
            count = 0 if held is None else held.count
            cart = make(cart_id(call_id, count))
            await self._agenda.add(Kind.ORDERS, now.astimezone(UTC).date(), cart.id)
            entry = await self._create(table, cart, now)
            if entry is not None and await _hold(table, call_id, held, cart.id, count + 1):
                return entry
        raise ConflictError

    async def save(self, entry: CartEntry, cart: Cart, now: datetime) -> CartEntry | None:
        """Replace a cart, provided it is as it was read; None when it is not, or is placed."""
        if entry.state is not CartState.OPEN:
            return None
        table = await self._tables.table(TABLE)
        row = cart_row(cart, CartState.OPEN, now)
        try:
            written = await table.update_entity(row, mode=UpdateMode.REPLACE, **unchanged(entry.etag))
        except ResourceModifiedError:
            return None
        return CartEntry(cart, written["etag"], CartState.OPEN, now)

    async def _create(self, table: TableClient, cart: Cart, now: datetime) -> CartEntry | None:
        row = cart_row(cart, CartState.OPEN, now)
        try:
            written = await table.create_entity(row)
        except ResourceExistsError:
            entry = await _entry(table, cart.id)  # begun by a process that did not come to the end
            return None if entry is None else await self.save(entry, cart, now)
        return CartEntry(cart, written["etag"], CartState.OPEN, now)


async def _held(table: TableClient, call_id: str) -> _Held | None:
    row = await ledger.row(table, call_place(call_id))
    return None if row is None else _Held(row["cart"], row["count"], row)


async def _hold(table: TableClient, call_id: str, held: _Held | None, cart_id: str, count: int) -> bool:
    """Note which cart a call has, provided the note is as it was read."""
    row = call_place(call_id).key | {"cart": cart_id, "count": count}
    try:
        if held is None:
            await table.create_entity(row)
        else:
            condition = unchanged(held.row.metadata["etag"])
            await table.update_entity(row, mode=UpdateMode.REPLACE, **condition)
    except (ResourceExistsError, ResourceModifiedError):
        return False
    return True


async def _entry(table: TableClient, cart_id: str) -> CartEntry | None:
    row = await ledger.row(table, Place(cart_id, CART))
    return None if row is None else CartEntry.read(row)


def call_place(call_id: str) -> Place:
    """Where it stands which cart a call has."""
    return Place(f"call_{digest(call_id)}", "call")


def cart_id(call_id: str, number: int) -> str:
    """The id of a cart that a call began, counted from 0."""
    return digest(f"{call_id}/{number}")[:24]
