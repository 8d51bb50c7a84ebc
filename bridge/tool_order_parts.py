"""What the order tools of one call share: the stores, whose call it is, and what was said of allergies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from bridge.tool_order_answers import Words
from bridge.tool_proof import Proof
from bridge.tool_results import ToolFailureError
from shared.agent_tables import Orders
from shared.menu import Allergen
from shared.order_carts import CartStore
from shared.order_records import Order
from shared.order_sold_out import SoldOut
from shared.orders import OrderStore
from shared.restaurant import Restaurant
from shared.restaurants import Catalogue
from shared.tables import Tables


@dataclass(frozen=True, slots=True)
class Ordering:
    """What the order tools of every call work with."""

    carts: CartStore
    orders: OrderStore
    sold_out: SoldOut
    rules: Orders = field(default_factory=Orders)

    @classmethod
    def of(cls, tables: Tables, rules: Orders | None = None) -> Self:
        return cls(CartStore(tables), OrderStore(tables), SoldOut(tables), rules or Orders())


class OrderParts:
    """Of one call; keeps nothing beyond it.

    Args:
        caller: the number as the phone network gave it.
        now: returns an aware time.
        allergies: known from before.
        named: gives the restaurant meant by a name.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        ordering: Ordering,
        *,
        call_id: str,
        caller: str | None,
        now: Callable[[], datetime],
        proof: Proof,
        allergies: Iterable[Allergen],
        named: Callable[[str], Restaurant],
    ) -> None:
        self.catalogue = catalogue
        self.carts = ordering.carts
        self.orders = ordering.orders
        self.sold_out = ordering.sold_out
        self.rules = ordering.rules
        self.call_id = call_id
        self.caller = caller
        self.now = now
        self.proof = proof
        self.named = named
        self.allergies = set(allergies)
        """Of this caller, as far as is known; more may be added at any time."""
        self.placed: dict[str, str] = {}
        """Ids of the orders placed in this call, to their codes."""

    def note_placed(self, order: Order) -> None:
        """An order of this call stands."""
        self.placed[order.id] = order.code

    def words(self) -> Words:
        """Amounts and times for the ear, now."""
        return Words(self.catalogue.city.currency, self.catalogue.zone, self.now())

    def find(self, restaurant_id: str) -> Restaurant | None:
        """By its id alone: a name only nearly like it is another restaurant."""
        return next((r for r in self.catalogue.restaurants if r.id == restaurant_id), None)

    def name(self, restaurant_id: str) -> str:
        """The name of a restaurant for the ear."""
        found = self.find(restaurant_id)
        return "a restaurant that is no longer with us" if found is None else found.name

    def delivering(self, restaurant_id: str) -> Restaurant:
        """A restaurant that delivers.

        Raises:
            ToolFailureError: it does not any more.
        """
        found = self.find(restaurant_id)
        if found is None or found.delivery is None:
            raise ToolFailureError(
                "not_listed",
                "That restaurant does not deliver any more. Say so, and offer another one, with start_order "
                "and replace.",
            )
        return found
