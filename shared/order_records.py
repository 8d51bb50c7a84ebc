"""What a cart is, what an order is, and how far an order can be. No I/O and no clock.

A cart is what a caller has chosen so far; an order is what the restaurant was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from shared.menu import Allergen


class Destination(msgspec.Struct, frozen=True):
    """Where an order goes."""

    address: str
    """Street with house number, as the city spells it."""
    directions: str = ""
    """What helps to find the door, as the caller said it."""


class CartLine(msgspec.Struct, frozen=True):
    """One dish of a cart, prepared one way."""

    item: str
    """Id of the dish."""
    quantity: int
    options: tuple[str, ...] = ()
    """As `shared.order_options` labels them, in the order of the menu."""
    note: str = ""


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """What one caller has chosen at one restaurant. Changes give another cart; see `shared.order_cart`."""

    id: str
    """Names the order it becomes as well, so that placing it twice is placing it once."""
    call_id: str
    """The call it belongs to now."""
    caller: str | None
    """The caller's number as the phone network gave it."""
    restaurant_id: str
    to: Destination
    wished: datetime | None = None
    """When the food should be there (UTC); None for as soon as possible."""
    lines: tuple[CartLine, ...] = ()
    allergies: tuple[Allergen, ...] = ()
    """Of anybody who will eat, as far as the caller said."""
    asked: tuple[str, ...] = ()
    """Questions that were put to the caller; see `shared.order_cart`."""
    granted: tuple[str, ...] = ()
    """Those the caller said yes to."""
    revision: int = 1
    """Counts the changes."""
    read_back: str = ""
    """Revision and total that were read back last, as one text; empty for never."""


class OrderLine(msgspec.Struct, frozen=True):
    """One dish of an order as it was sold: names and prices of that moment."""

    item: str
    name: str
    quantity: int
    options: tuple[str, ...]
    note: str
    price: Decimal
    """Of one, options included."""
    amount: Decimal
    """Of all of them."""


class Bill(msgspec.Struct, frozen=True):
    """What an order costs, computed here and nowhere else."""

    lines: tuple[OrderLine, ...]
    subtotal: Decimal
    fee: Decimal
    """For delivery."""
    total: Decimal
    missing: Decimal
    """What the subtotal is short of the minimum order; 0 when it is not."""


class Status(StrEnum):
    """How far an order is. Goes forward only."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    PREPARING = "preparing"
    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing can come after it."""
        return self in (Status.DELIVERED, Status.CANCELLED)

    def may_become(self, other: Status) -> bool:
        """Whether a restaurant may say `other` next. Steps may be left out, never taken back."""
        steps = list(Status)
        return not self.is_over and steps.index(other) > steps.index(self)


@dataclass(frozen=True, slots=True)
class Order:
    """An order that was placed."""

    id: str
    code: str
    restaurant_id: str
    lines: tuple[OrderLine, ...]
    subtotal: Decimal
    fee: Decimal
    total: Decimal
    currency: str
    to: Destination
    due: datetime
    """When it should be there (UTC)."""
    wished: bool
    """Whether the caller named that time; else it is as soon as possible."""
    cancel_until: datetime
    """Until when the caller may cancel it (UTC), unless the kitchen has begun."""
    allergies: tuple[Allergen, ...]
    name: str
    call_id: str
    caller: str | None
    """The caller's number as the phone network gave it, so that the courier can ring."""
    created_at: datetime
    status: Status = Status.RECEIVED

    def may_be_cancelled(self, now: datetime) -> bool:
        """Whether the caller may still cancel it at `now` (aware)."""
        return self.status in (Status.RECEIVED, Status.ACCEPTED) and now < self.cancel_until
