"""Carts and orders that are over: deleted by day, or made nobody's for a caller who wants to be forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from shared import ledger, pointers
from shared.booking_access import own_number
from shared.ledger import Place, unchanged
from shared.order_carts import TABLE, call_place, cart_id
from shared.order_records import Order
from shared.order_rows import CART, CartEntry, OrderEntry, order_place
from shared.outbox_removal import drop_events
from shared.table_rows import delete_rows
from shared.tables import Tables

_NOBODY: Final = {"name": "", "caller": "", "address": "", "directions": "", "allergies": ""}
"""The properties that say whose order it is and where they live."""

_IN_USE: Final = timedelta(hours=2)
"""A cart that was changed since then may belong to a call that goes on."""


class OrderRemoval:
    """Removes carts and orders, and who made them. Each step may be done twice, and by several at once.

    Every method raises azure.core.exceptions.AzureError when the store fails; do the same again later.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def of_caller(self, number: str) -> list[Order]:
        """All orders placed from a number, whatever became of them."""
        table = await self._tables.table(TABLE)
        places = await pointers.all_places_of(table, number)
        found = [await _entry(table, place.partition) for place in places]
        return [entry.order for entry in found if entry is not None]

    async def of_call(self, call_id: str) -> list[str]:
        """Ids of all carts that a call began."""
        row = await ledger.row(await self._tables.table(TABLE), call_place(call_id))
        return [] if row is None else [cart_id(call_id, number) for number in range(row["count"])]

    async def make_nobodys(self, order_id: str, now: datetime) -> date | None:
        """Take everything of a person out of an order that is over, and out of events that tell of it; delete
        a cart that never became one.

        Returns the day (UTC) from which to try again when the order is still on its way, or the cart in use;
        else None.
        """
        table, today = await self._tables.table(TABLE), now.astimezone(UTC).date()
        entry = await _entry(table, order_id)
        if entry is None:
            row = await ledger.row(table, Place(order_id, CART))
            if row is not None and CartEntry.read(row).changed_at > now - _IN_USE:
                return today
            await table.delete_entity(order_id, CART)
            return None
        if (due := over_on(entry.order)) > today:
            return due
        await drop_events(self._tables, TABLE, order_id, f"orders/{order_id}")
        await _drop_caller(table, entry.order)
        lines = [msgspec.structs.replace(line, note="") for line in entry.order.lines]
        change = entry.place.key | _NOBODY | {"lines": msgspec.json.encode(lines).decode()}
        await table.update_entity(change, mode=UpdateMode.MERGE, **unchanged(entry.etag))
        await table.delete_entity(order_id, CART)
        return None

    async def delete(self, order_id: str, before: date) -> date | None:
        """Delete a cart with the order it became and all that leads to it, provided that is older.

        Returns the day of the order when it is not; else None.
        """
        table = await self._tables.table(TABLE)
        entry = await _entry(table, order_id)
        if entry is not None:
            if (day := entry.order.due.astimezone(UTC).date()) >= before:
                return day
            await pointers.drop_code(table, entry.order.code, entry.place.row)
            await _drop_caller(table, entry.order)
        cart = await ledger.row(table, Place(order_id, CART))
        if cart is not None:
            place = call_place(CartEntry.read(cart).cart.call_id)
            await table.delete_entity(place.partition, place.row)
        rows = table.query_entities(
            "PartitionKey eq @partition", parameters={"partition": order_id}, select=["RowKey"]
        )
        await delete_rows(table, order_id, [row["RowKey"] async for row in rows])
        return None


def over_on(order: Order) -> date:
    """The first day (UTC) on which nobody needs to know any more whose order it was."""
    if order.status.is_over:
        return date.min
    return (order.due.astimezone(UTC) + timedelta(days=2)).date()


async def _drop_caller(table: TableClient, order: Order) -> None:
    if (number := own_number(order.caller)) is not None:
        await pointers.drop_from_caller(table, number, order_place(order.id).row)


async def _entry(table: TableClient, order_id: str) -> OrderEntry | None:
    row = await ledger.row(table, order_place(order_id))
    return None if row is None else OrderEntry.read(row)
