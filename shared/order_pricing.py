"""What an order costs. All amounts are Decimal with two places, exact; no I/O and no clock."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from shared.menu import Dish
from shared.order_options import surcharge
from shared.order_records import Bill, CartLine, OrderLine
from shared.restaurant import Delivery, Restaurant

NOTHING = Decimal("0.00")


MOST_TOTAL = Decimal(5000)
"""More than this is for a person: nobody has it at the door."""


class GoneError(LookupError):
    """The menu has no such dish or option any more."""

    def __init__(self, line: CartLine) -> None:
        super().__init__(line.item)
        self.line = line


def price(dish: Dish, options: Sequence[str]) -> Decimal:
    """Of one dish with its options.

    Raises:
        KeyError: the dish has no such option.
    """
    return _cents(dish.price + surcharge(dish, options))


def bill(restaurant: Restaurant, lines: Sequence[CartLine]) -> Bill:
    """The bill of these lines, for delivery by this restaurant.

    Raises:
        GoneError: a line is not on the menu any more.
    """
    sold = tuple(_sold(restaurant, line) for line in lines)
    subtotal = sum((line.amount for line in sold), NOTHING)
    terms = restaurant.delivery
    fee = NOTHING if terms is None else delivery_fee(terms, subtotal)
    return Bill(
        lines=sold,
        subtotal=subtotal,
        fee=fee,
        total=subtotal + fee,
        missing=NOTHING if terms is None else max(NOTHING, _cents(terms.minimum_order) - subtotal),
    )


def delivery_fee(terms: Delivery, subtotal: Decimal) -> Decimal:
    """What bringing an order of this much costs."""
    free = terms.free_from is not None and subtotal >= terms.free_from
    return NOTHING if free else _cents(terms.fee)


def _cents(amount: Decimal) -> Decimal:
    """With two places. Nothing is rounded: the catalogue takes no finer amounts."""
    return amount.quantize(NOTHING)


def _sold(restaurant: Restaurant, line: CartLine) -> OrderLine:
    dish = restaurant.dish(line.item)
    if dish is None:
        raise GoneError(line)
    try:
        each = price(dish, line.options)
    except KeyError:
        raise GoneError(line) from None
    return OrderLine(
        item=dish.id,
        name=dish.name,
        quantity=line.quantity,
        options=line.options,
        note=line.note,
        price=each,
        amount=each * line.quantity,
    )
