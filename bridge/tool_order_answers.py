"""What the order tools answer: short facts for the model with `spoken`, a sentence or two for the ear.

A cart is told as `items` (each with its `line`, by which it is changed) and `subtotal`; read back it has
`delivery_fee` and `total` as well. Amounts are text with two decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from bridge.tool_answers import ASK_RESTAURANT
from bridge.tool_booking_answers import spoken_day
from shared import spoken
from shared.menu import Allergen
from shared.order_cart import Conflict
from shared.order_delivery import Delivered
from shared.order_records import Bill, Cart, Order, OrderLine, Status
from shared.restaurant import Delivery, Restaurant

type Facts = dict[str, Any]

_LISTED: Final = 3
"""Most orders told in one breath."""

_STATUS_SAID: Final = {
    Status.RECEIVED: "has been sent to the restaurant, which has not answered yet",
    Status.ACCEPTED: "has been accepted by the restaurant",
    Status.PREPARING: "is being prepared",
    Status.ON_ITS_WAY: "is on its way",
    Status.DELIVERED: "has been delivered",
    Status.CANCELLED: "is cancelled",
}


class Words:
    """Amounts and times of one call, for the ear."""

    def __init__(self, currency: str, zone: ZoneInfo, now: datetime) -> None:
        """`now` is aware."""
        self._currency = currency
        self._zone = zone
        self._today = now.astimezone(zone).date()

    def money(self, amount: Decimal) -> str:
        return spoken.money(amount, self._currency)

    def when(self, at: datetime) -> str:
        """A moment within a sentence: "at ten to eight in the evening", "tomorrow at noon"."""
        local = at.astimezone(self._zone)
        clock = f"at {spoken.clock_of_day(local.time())}"
        return clock if local.date() == self._today else f"{spoken_day(local.date(), self._today)} {clock}"

    def written(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"


def started(
    restaurant: Restaurant,
    terms: Delivery,
    cart: Cart,
    delivered: Delivered,
    bill: Bill,
    warned: Sequence[Conflict],
    words: Words,
) -> Facts:
    """An order that was begun, or begun anew with another address, time or allergy. `warned`: dishes in it
    that clash with an allergy named after they were chosen."""
    said = f"{restaurant.name} delivers to {_address(cart)}, {_due(cart, terms, delivered, words)}."
    said += f" Delivery is {words.money(terms.fee)}" if terms.fee else " Delivery is free"
    said += f", the smallest order {words.money(terms.minimum_order)}." if terms.minimum_order else "."
    said = " ".join([said, *map(_warning, warned)])
    facts: Facts = {
        "restaurant": restaurant.name,
        "id": restaurant.id,
        "address": cart.to.address,
        "due": words.written(delivered.due),
        "minutes": terms.minutes,
        "delivery_fee": _amount(terms.fee),
        "minimum_order": _amount(terms.minimum_order),
        **({} if terms.free_from is None else {"free_delivery_from": _amount(terms.free_from)}),
        **_items(bill),
    }
    return facts | {"spoken": said}


def changed(name: str, bill: Bill, line: int | None, words: Words) -> Facts:
    """A cart after a change; `line` is the number of the line that changed, None when it went. `name` is that
    of the restaurant."""
    if line is not None:
        sold = bill.lines[line - 1]
        said = f"{_line(sold)}. That is {words.money(bill.subtotal)} so far."
    elif bill.lines:
        said = f"That is taken out. It is {words.money(bill.subtotal)} now."
    else:
        said = "That is taken out. There is nothing in the order now."
    return {"line": line, "restaurant": name, **_items(bill), "spoken": said}


def reviewed(
    restaurant: Restaurant,
    terms: Delivery,
    cart: Cart,
    delivered: Delivered,
    bill: Bill,
    warned: Sequence[Conflict],
    words: Words,
) -> Facts:
    """The read-back. `warned`: as in `started`."""
    said = [f"{_line(line)}." for line in bill.lines]
    facts: Facts = {
        "restaurant": restaurant.name,
        "address": cart.to.address,
        "due": words.written(delivered.due),
        **_items(bill),
    }
    if bill.missing:
        said.append(
            f"That is {words.money(bill.subtotal)}. {restaurant.name} delivers from "
            f"{words.money(bill.subtotal + bill.missing)}, so {words.money(bill.missing)} are missing."
        )
        return facts | {"missing": _amount(bill.missing), "spoken": " ".join(said)}
    said += [_warning(each) for each in warned]
    if cart.allergies:
        said.append(f"The restaurant is told of the allergy to {_listed(cart.allergies)}. {ASK_RESTAURANT}")
    fee = f"with {words.money(bill.fee)} for delivery" if bill.fee else "with free delivery"
    said.append(
        f"From {restaurant.name} to {_address(cart)}, {_due(cart, terms, delivered, words)}. "
        f"That is {words.money(bill.total)} {fee}, to be paid at the door."
    )
    facts |= {"delivery_fee": _amount(bill.fee), "total": _amount(bill.total)}
    return facts | {"spoken": " ".join(said)}


def placed(order: Order, name: str, words: Words, *, again: bool) -> Facts:
    """An order that stands; `name` is that of the restaurant. `again`: it stood before."""
    said = "Your order is placed already." if again else "Your order is placed."
    said += f" {name} brings it {words.when(order.due)}. Your order code is {spoken.letters(order.code)}."
    return {"ordered": True, **_facts(order, name, words), "spoken": said}


def listed(orders: Sequence[tuple[Order, str]], words: Words) -> Facts:
    """Orders with the names of their restaurants; at least one."""
    said = [_told(order, name, words) for order, name in orders[:_LISTED]]
    if len(orders) > 1:
        said.insert(0, f"There are {spoken.number(len(orders))} orders.")
    return {"orders": [_facts(order, name, words) for order, name in orders], "spoken": " ".join(said)}


def cancelled(order: Order, name: str, words: Words) -> Facts:
    """An order that stands no more; `name` is that of the restaurant."""
    said = f"Your order from {name} is cancelled. There is nothing to pay."
    return {"cancelled": True, **_facts(order, name, words), "spoken": said}


def conflict(found: Conflict) -> str:
    """What speaks against a dish, as a clause."""
    if not found.listed:
        return f"the menu does not say what allergens {found.dish.name} has"
    return f"the menu lists {_listed(found.listed)} for {found.dish.name}"


def _warning(found: Conflict) -> str:
    clause = conflict(found)
    return f"Careful: {clause}."


def _listed(allergens: Sequence[Allergen]) -> str:
    return spoken.listing([allergen.value for allergen in allergens])


def _line(line: OrderLine) -> str:
    said = f"{spoken.number(line.quantity)} {line.name}"
    if line.options:
        said += f", {spoken.listing(line.options)}"
    if line.note:
        said += f", and the kitchen is told: {line.note.rstrip('.')}"
    return said[0].upper() + said[1:]


def _address(cart: Cart) -> str:
    house, _, street = cart.to.address.partition(" ")
    return f"{spoken.number(int(house))} {street}" if house.isdigit() and len(house) < 5 else cart.to.address


def _due(cart: Cart, terms: Delivery, delivered: Delivered, words: Words) -> str:
    if cart.wished is not None:
        return words.when(delivered.due)
    return f"in about {spoken.number(terms.minutes)} minutes"


def _told(order: Order, name: str, words: Words) -> str:
    said = f"The order from {name} for {words.money(order.total)} {_STATUS_SAID[order.status]}."
    return said if order.status.is_over else f"{said} It is due {words.when(order.due)}."


def _items(bill: Bill) -> Facts:
    items = [
        {"line": number, **_dish(line), "amount": _amount(line.amount)}
        for number, line in enumerate(bill.lines, 1)
    ]
    return {"items": items, "subtotal": _amount(bill.subtotal)}


def _dish(line: OrderLine) -> Facts:
    return {
        "item": line.item,
        "name": line.name,
        "quantity": line.quantity,
        **({"options": list(line.options)} if line.options else {}),
        **({"note": line.note} if line.note else {}),
    }


def _facts(order: Order, name: str, words: Words) -> Facts:
    return {
        "code": order.code,
        "restaurant": name,
        "id": order.restaurant_id,
        "status": order.status.value,
        "due": words.written(order.due),
        "address": order.to.address,
        "items": [_dish(line) for line in order.lines],
        "total": _amount(order.total),
        "name": order.name,
    }


def _amount(amount: Decimal) -> str:
    return f"{amount:.2f}"
