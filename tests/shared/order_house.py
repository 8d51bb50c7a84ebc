"""Restaurants that deliver, for tests of orders: a small city of their own, so that no other test's data
changes a total."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from shared.order_cart import amend
from shared.order_pricing import bill
from shared.order_records import Cart, CartLine, Destination, Order
from shared.order_rows import CartEntry
from shared.orders import Placement
from shared.restaurant import City, Restaurant
from shared.restaurants import Catalogue
from shared.tables import Tables

NOW: Final = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
"""A Sunday evening; the wall in the city shows the same."""
CALLER: Final = "4:+15550100"
DOOR: Final = Destination("14 Lantern Street", "second floor")
LARGE: Final = CartLine("margherita-pizza", 1, ("large",))

_SIZE: Final = {
    "name": "Size",
    "minimum": 1,
    "choices": [{"name": "regular"}, {"name": "large", "price": 4.00}],
}
_EXTRAS: Final = {
    "name": "Extras",
    "maximum": 2,
    "choices": [{"name": "olives", "price": 1.00}, {"name": "ham", "price": 2.00}, {"name": "chilli"}],
}
_ALL_WEEK: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _dish(name: str, price: float, allergens: list[str] | None, *options: Any) -> dict[str, Any]:
    return {
        "@id": name.lower().replace(" ", "-"),
        "name": name,
        "offers": {"price": price},
        "allergens": allergens,
        "options": list(options),
    }


def _restaurant(name: str, delivery: dict[str, Any] | None, dishes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@id": name.lower().replace(" ", "-"),
        "name": name,
        "telephone": "+353 1 555 0100",
        "geo": {"latitude": 52.900, "longitude": -6.050},
        "openingHoursSpecification": [{"dayOfWeek": _ALL_WEEK, "opens": "12:00", "closes": "23:00"}],
        "delivery": delivery,
        "hasMenu": {"hasMenuSection": [{"name": "Menu", "hasMenuItem": dishes}]},
    }


_TERMS: Final = {"radiusKm": 4.0, "minimumOrder": 12.00, "fee": 2.00, "freeFrom": 30.00, "minutes": 30}
_PIZZERIA: Final = [
    _dish("Margherita Pizza", 10.50, ["gluten", "milk"], _SIZE, _EXTRAS),
    _dish("Marinara Pizza", 9.20, ["gluten"], _SIZE, _EXTRAS),
    _dish("Pepperoni Pizza", 12.50, ["gluten", "milk"], _SIZE, _EXTRAS),
    _dish("Soup of the Day", 5.00, None),
    _dish("Tiramisu", 6.20, ["eggs", "gluten", "milk"]),
    _dish("Sparkling Water", 3.00, []),
]
_RESTAURANTS: Final = [
    _restaurant("Napoli Pizza", _TERMS, _PIZZERIA),
    _restaurant("Tokyo Corner", {**_TERMS, "minutes": 35}, [_dish("Pork Ramen", 13.00, ["gluten", "soya"])]),
    _restaurant("Sakura House", None, [_dish("Salmon Sushi", 14.00, ["fish"])]),
    _restaurant("El Camino", {**_TERMS, "radiusKm": 0.5}, [_dish("Fish Tacos", 11.00, ["fish"])]),
]
_CITY: Final = {
    "name": "Testhaven",
    "addressCountry": "IE",
    "timeZone": "Europe/Dublin",
    "currency": "EUR",
    "areas": ["Old Town"],
    "streets": [
        {
            "name": name,
            "area": "Old Town",
            "begins": {"latitude": 52.900, "longitude": begins},
            "ends": {"latitude": 52.901, "longitude": begins + 0.002},
            "lastNumber": last,
        }
        for name, begins, last in (
            ("Lantern Street", -6.051, 60),
            ("Bell Lane", -6.047, 34),
            ("Quay Road", -6.030, 90),
        )
    ],
}


def _read[T: msgspec.Struct](raw: Any, kind: type[T]) -> T:
    """As from a file, where amounts are decimal from the beginning."""
    return msgspec.json.decode(json.dumps(raw), type=kind)


KITCHENS: Final = Catalogue(
    _read(_CITY, City), [_read(restaurant, Restaurant) for restaurant in _RESTAURANTS]
)
NAPOLI: Final = KITCHENS.get("napoli-pizza")


def cart(cart_id: str = "cart", *lines: CartLine, call: str = "call", caller: str | None = CALLER) -> Cart:
    """A cart at Napoli Pizza; without lines, one large pizza."""
    return Cart(
        id=cart_id,
        call_id=call,
        caller=caller,
        restaurant_id=NAPOLI.id,
        to=DOOR,
        lines=lines or (LARGE,),
    )


def moved_to(changed: Cart, address: str) -> Cart:
    """The same for another door."""
    return amend(changed, changed.restaurant_id, Destination(address), changed.wished, ())


def placement(entry: CartEntry, name: str = "Kim Taylor") -> Placement:
    return Placement(
        bill=bill(NAPOLI, entry.cart.lines),
        currency="EUR",
        due=NOW + timedelta(minutes=30),
        cancel_until=NOW + timedelta(minutes=5),
        name=name,
    )


async def rows(tables: Tables, kind: str) -> list[Any]:
    """All carts, orders or events of table `orders`, by the beginning of their key."""
    table = await tables.table("orders")
    found = table.query_entities(
        "RowKey ge @first and RowKey lt @end", parameters={"first": kind, "end": f"{kind}~"}
    )
    return [row async for row in found if not row["PartitionKey"].startswith("caller_")]


async def events(tables: Tables, order: Order) -> list[str]:
    """Types of the events of an order that wait, in order; numbered from 1 without a gap."""
    table = await tables.table("orders")
    query = "PartitionKey eq @order and RowKey ge 'outbox-' and RowKey lt 'outbox.'"
    found = [row async for row in table.query_entities(query, parameters={"order": order.id})]
    assert [row["event_id"] for row in found] == [f"{order.id}-{n}" for n in range(1, len(found) + 1)]
    return [row["event_type"] for row in found]


async def audit(tables: Tables) -> list[Any]:
    """All orders, as rows: one for each cart that is placed and none besides, each with a code of its own,
    amounts that add up, and an event for each step."""
    placed = {row["PartitionKey"] for row in await rows(tables, "cart") if row["state"] == "placed"}
    orders = await rows(tables, "order-")
    assert {row["PartitionKey"] for row in orders} == placed
    assert len({row["code"] for row in orders}) == len(orders)
    told: dict[str, int] = {}
    for row in await rows(tables, "outbox-"):
        told[row["PartitionKey"]] = told.get(row["PartitionKey"], 0) + 1
    for row in orders:
        amounts = [Decimal(line["amount"]) for line in msgspec.json.decode(row["lines"])]
        assert sum(amounts) == Decimal(row["subtotal"])
        assert Decimal(row["subtotal"]) + Decimal(row["fee"]) == Decimal(row["total"])
        assert told[row["PartitionKey"]] == row["sequence"]
    assert set(told) == placed
    return orders
