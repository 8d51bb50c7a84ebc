"""The rows of carts and orders as values, and the events of their changes. No I/O and no clock.

Amounts are text: Table Storage knows no decimal numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self

import msgspec
from azure.data.tables import TableEntity

from shared import outbox
from shared.ledger import Operation, Place, merge
from shared.menu import Allergen
from shared.order_records import Cart, Destination, Order, OrderLine, Status

CART: Final = "cart"
"""Row key of a cart in its partition."""


class CartState(StrEnum):
    """What became of a cart."""

    OPEN = "open"
    PLACED = "placed"
    """It is an order now, written by the same transaction."""


@dataclass(frozen=True, slots=True)
class CartEntry:
    """A cart as it was read."""

    cart: Cart
    etag: str | None
    state: CartState
    changed_at: datetime

    @classmethod
    def read(cls, entity: TableEntity) -> Self:
        return cls(
            cart=msgspec.json.decode(entity["cart"], type=Cart),
            etag=entity.metadata["etag"],
            state=CartState(entity["state"]),
            changed_at=entity["changed_at"],
        )

    @property
    def place(self) -> Place:
        return Place(self.cart.id, CART)


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """An order row as it was read."""

    order: Order
    etag: str | None
    sequence: int
    """Events of this order so far."""

    @classmethod
    def read(cls, entity: TableEntity) -> Self:
        return cls(_order(entity), entity.metadata["etag"], entity["sequence"])

    @property
    def place(self) -> Place:
        return order_place(self.order.id)


def order_place(order_id: str) -> Place:
    """Where the order that a cart becomes stands: beside the cart, so that one transaction writes both."""
    return Place(order_id, f"order-{order_id}")


def cart_row(cart: Cart, state: CartState, now: datetime) -> dict[str, Any]:
    """The row of a cart. `now` is aware."""
    text = msgspec.json.encode(cart).decode()
    return Place(cart.id, CART).key | {"cart": text, "state": state.value, "changed_at": now}


def placed_row(entry: CartEntry, now: datetime) -> Operation:
    """Close a cart, provided it is as it was read."""
    return merge(entry.place, entry.etag, {"state": CartState.PLACED.value, "changed_at": now})


def new_row(order: Order) -> Operation:
    """Insert an order, provided it is not there yet."""
    entity = {
        "code": order.code,
        "restaurant_id": order.restaurant_id,
        "lines": msgspec.json.encode(order.lines).decode(),
        "subtotal": str(order.subtotal),
        "fee": str(order.fee),
        "total": str(order.total),
        "currency": order.currency,
        "address": order.to.address,
        "directions": order.to.directions,
        "due": order.due,
        "wished": order.wished,
        "cancel_until": order.cancel_until,
        "allergies": ",".join(order.allergies),
        "name": order.name,
        "call_id": order.call_id,
        "caller": order.caller or "",
        "created_at": order.created_at,
        "status": order.status.value,
        "sequence": 1,
    }
    return "create", order_place(order.id).key | entity


def status_row(entry: OrderEntry, status: Status) -> Operation:
    """Change the status of an order, provided its row is as it was read; counts one event."""
    return merge(entry.place, entry.etag, {"status": status.value, "sequence": entry.sequence + 1})


def created(order: Order) -> dict[str, Any]:
    """The outbox row of a new order: all that the restaurant needs to cook and bring it."""
    data = {
        **_told(order),
        "lines": msgspec.to_builtins(order.lines),
        "subtotal": str(order.subtotal),
        "fee": str(order.fee),
        "total": str(order.total),
        "currency": order.currency,
        "address": order.to.address,
        "directions": order.to.directions,
        "due": order.due.isoformat(),
        "wished": order.wished,
        "allergies": list(order.allergies),
        "name": order.name,
        "telephone": (order.caller or "").removeprefix("4:"),
    }
    return _event("order.created", order, data, 1)


def changed(order: Order, by: str, sequence: int) -> dict[str, Any]:
    """The outbox row of a new status; `by` is "caller" or "restaurant"."""
    return _event(f"order.{order.status.value}", order, {**_told(order), "by": by}, sequence)


def _event(kind: str, order: Order, data: dict[str, Any], sequence: int) -> dict[str, Any]:
    subject = f"orders/{order.id}"  # not by the code, which is given out again
    return outbox.row(kind, subject, data, event_id=f"{order.id}-{sequence}", sequence=sequence)


def _told(order: Order) -> dict[str, str]:
    return {"code": order.code, "restaurant": order.restaurant_id, "status": order.status.value}


def _order(entity: TableEntity) -> Order:
    allergies = entity["allergies"]
    return Order(
        id=entity["PartitionKey"],
        code=entity["code"],
        restaurant_id=entity["restaurant_id"],
        lines=msgspec.json.decode(entity["lines"], type=tuple[OrderLine, ...]),
        subtotal=Decimal(entity["subtotal"]),
        fee=Decimal(entity["fee"]),
        total=Decimal(entity["total"]),
        currency=entity["currency"],
        to=Destination(entity["address"], entity["directions"]),
        due=entity["due"],
        wished=entity["wished"],
        cancel_until=entity["cancel_until"],
        allergies=tuple(Allergen(name) for name in allergies.split(",")) if allergies else (),
        name=entity["name"],
        call_id=entity["call_id"],
        caller=entity["caller"] or None,
        created_at=entity["created_at"],
        status=Status(entity["status"]),
    )
