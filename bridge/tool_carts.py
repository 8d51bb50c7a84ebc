"""The tools for ordering of one call: begin, choose, read back, place.

The cart stands in the store: a call that goes on after a crash, or a later one that goes on with it, finds
it there. All amounts come from `shared.order_pricing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bridge import tool_order_answers as answers
from bridge import tool_order_problems as problems
from bridge.tool_order_doors import door, others
from bridge.tool_order_parameters import OrderItem, PlaceOrder, ReviewOrder, StartOrder
from bridge.tool_order_parts import OrderParts
from bridge.tool_results import Tool, ToolFailureError, ToolResult, result
from bridge.tool_schema import ToolArgumentError
from bridge.tool_values import read_moment, read_name
from shared import order_cart, order_delivery
from shared.allergy_words import allergens_named
from shared.handover import paragraph
from shared.ledger import TRIES, ConflictError
from shared.menu import Allergen, Dish
from shared.order_cart import CartError, Change
from shared.order_delivery import Delivered, Undelivered
from shared.order_meaning import UnknownItemError, dish_meant
from shared.order_options import OptionError, all_labels
from shared.order_pricing import MOST_TOTAL, GoneError, bill
from shared.order_records import Bill, Cart, Destination, Status
from shared.order_rows import CartEntry, CartState
from shared.orders import CartChangedError, Placement
from shared.restaurant import Delivery, Restaurant

_MOST_ORDERS: Final = 3
"""Orders placed in one call: more is for a person, or somebody sending food to nobody."""

_MOST_NAME: Final = 60
_MOST_NOTE: Final = 120


class CartTools:
    """Keeps whose menu was told to the model, and nothing beyond the call."""

    def __init__(self, parts: OrderParts) -> None:
        self._parts = parts
        self._catalogue = parts.catalogue
        self._carts = parts.carts
        self._rules = parts.rules
        self.menu: tuple[Dish, ...] = ()
        """What can be ordered where an order was begun."""
        self._one_at_a_time = asyncio.Lock()
        """A model may call several tools at once, and they change one cart."""

    def tools(self) -> dict[str, Tool[Any]]:
        """By name."""
        return {
            "start_order": Tool(StartOrder, self.start),
            "order_item": Tool(OrderItem, self.item),
            "review_order": Tool(ReviewOrder, self.review),
            "place_order": Tool(PlaceOrder, self.place),
        }

    def know_allergies(self, allergies: Iterable[Allergen]) -> None:
        """The caller must not eat these."""
        self._parts.allergies |= set(allergies)

    def enums(self) -> dict[str, Sequence[str]]:
        """Values of parameters, as far as they are known now."""
        return {
            "item": [dish.id for dish in self.menu],
            "options": all_labels(self.menu),
            "allergies": [allergen.value for allergen in Allergen],
        }

    async def know_menu(self) -> None:
        """Of the cart that the call has already, if it has one: it goes on with an earlier call."""
        entry = await self._carts.of_call(self._parts.call_id)
        if entry is None or entry.state is not CartState.OPEN:
            return
        if (restaurant := self._parts.find(entry.cart.restaurant_id)) is not None:
            self._note_menu(restaurant, await self._parts.sold_out.of(restaurant.id, self._parts.now()))

    async def start(self, wanted: StartOrder) -> ToolResult:
        """start_order"""
        restaurant = self._parts.named(wanted.restaurant)
        place, directions = door(self._catalogue, wanted.address)
        now, zone, words = self._parts.now(), self._catalogue.zone, self._parts.words()
        self._parts.allergies |= _allergens(wanted.allergies or ())
        async with self._one_at_a_time:
            entry = await self._carts.of_call(self._parts.call_id)
            before = entry.cart if entry is not None and entry.state is CartState.OPEN else None
            wished = _wished(wanted.time, before, now, zone)
            delivered = order_delivery.plan(restaurant, place.geo, wished, now, zone)
            if isinstance(delivered, Undelivered):
                able = others(self._catalogue, place, wished, now)
                raise problems.undelivered(delivered, restaurant, place.name, able, words)
            to = Destination(place.name, directions)
            entry = await self._begun(restaurant, to, wished, replace=wanted.replace or False)
            self._note_menu(restaurant, await self._parts.sold_out.of(restaurant.id, now))
            charged = self._bill(restaurant, entry.cart)
            warned = tuple(order_cart.conflicts(entry.cart, restaurant))
            return result(
                answers.started(restaurant, _terms(restaurant), entry.cart, delivered, charged, warned, words)
            )

    async def item(self, wanted: OrderItem) -> ToolResult:
        """order_item"""
        note = None if wanted.note is None else paragraph(wanted.note, _MOST_NOTE)
        change = Change(wanted.quantity, wanted.options, note, wanted.line, wanted.confirmed or False)
        async with self._one_at_a_time:
            for _ in range(TRIES):
                entry = await self._open()
                restaurant = self._parts.delivering(entry.cart.restaurant_id)
                dish = await self._dish(restaurant, wanted.item, taken_out=wanted.quantity == 0)
                cart = self._with_allergies(entry.cart)
                outcome = self._changed(cart, dish, change)
                charged = self._bill(restaurant, outcome.cart)
                if charged.total > MOST_TOTAL:
                    raise problems.too_much(self._rules, self._parts.proof.offer_person())
                if outcome.cart != entry.cart and await self._save(entry, outcome.cart) is None:
                    continue  # another process has changed it
                if outcome.question is not None:
                    raise problems.asked(outcome.question, dish)
                return result(answers.changed(restaurant.name, charged, outcome.line, self._parts.words()))
        raise ConflictError

    async def review(self, _asked: ReviewOrder) -> ToolResult:
        """review_order"""
        async with self._one_at_a_time:
            for _ in range(TRIES):
                entry = await self._open()
                cart = self._with_allergies(entry.cart)
                restaurant, delivered, charged = await self._checked(cart)
                warned = tuple(order_cart.conflicts(cart, restaurant))
                if not charged.missing:
                    cart = order_cart.read_back(cart, charged)
                if cart != entry.cart and await self._save(entry, cart) is None:
                    continue  # another process has changed it
                terms = _terms(restaurant)
                return result(
                    answers.reviewed(restaurant, terms, cart, delivered, charged, warned, self._parts.words())
                )
        raise ConflictError

    async def place(self, wanted: PlaceOrder) -> ToolResult:
        """place_order"""
        name = read_name(paragraph(wanted.name, _MOST_NAME))
        async with self._one_at_a_time:
            entry = await self._cart()
            if entry.state is CartState.PLACED:
                return await self._placed_already(entry.cart)
            restaurant, delivered, charged = await self._checked(entry.cart)
            self._refuse_unready(entry.cart, charged)
            now = self._parts.now()
            placement = Placement(
                bill=charged,
                currency=self._catalogue.city.currency,
                due=delivered.due,
                cancel_until=order_delivery.cancel_until(delivered, now, self._rules.cancel_minutes),
                name=name,
            )
            try:
                order = await self._parts.orders.place(entry, placement, now)
            except CartChangedError:
                raise _not_read_back() from None
            self._parts.note_placed(order)
            return result(answers.placed(order, restaurant.name, self._parts.words(), again=False))

    # --- the cart -------------------------------------------------------------------------------------

    async def _cart(self) -> CartEntry:
        """The cart of this call, open or placed."""
        entry = await self._carts.of_call(self._parts.call_id)
        if entry is None:
            raise ToolFailureError(
                "no_order",
                "No order is begun. Ask which restaurant the food should come from and where to, and call "
                "start_order first.",
            )
        return entry

    async def _open(self) -> CartEntry:
        """The cart that can be changed."""
        entry = await self._cart()
        if entry.state is CartState.PLACED:
            raise ToolFailureError(
                "placed",
                "That order is placed already and cannot be changed. Say so. It may be cancelled for a short "
                "time with cancel_order; for more food call start_order, which begins another order.",
            )
        return entry

    async def _begun(
        self, restaurant: Restaurant, to: Destination, wished: datetime | None, *, replace: bool
    ) -> CartEntry:
        """A cart for this restaurant: the one that is open, or a new one. `replace`: what is in it goes."""
        for _ in range(TRIES):
            entry = await self._carts.of_call(self._parts.call_id)
            if entry is None or entry.state is CartState.PLACED:
                return await self._new_cart(entry, restaurant, to, wished)
            cart = entry.cart
            if cart.restaurant_id != restaurant.id and cart.lines and not replace:
                raise problems.other_order(cart, self._parts.name(cart.restaurant_id))
            amended = order_cart.amend(cart, restaurant.id, to, wished, self._parts.allergies)
            amended = order_cart.emptied(amended) if replace else amended
            saved = entry if amended == cart else await self._save(entry, amended)
            if saved is not None:
                return saved
        raise ConflictError

    async def _new_cart(
        self, before: CartEntry | None, restaurant: Restaurant, to: Destination, wished: datetime | None
    ) -> CartEntry:
        if before is not None and (order := await self._parts.orders.of_cart(before.cart)) is not None:
            self._parts.note_placed(order)
        if len(self._parts.placed) >= _MOST_ORDERS:
            raise ToolFailureError(
                "too_many_orders",
                "No more orders are taken in one call. Nothing was changed. "
                + self._parts.proof.offer_person(),
            )
        allergies = tuple(allergen for allergen in Allergen if allergen in self._parts.allergies)

        def make(cart_id: str) -> Cart:
            return Cart(
                id=cart_id,
                call_id=self._parts.call_id,
                caller=self._parts.caller,
                restaurant_id=restaurant.id,
                to=to,
                wished=wished,
                allergies=allergies,
            )

        return await self._carts.begin(self._parts.call_id, make, self._parts.now())

    async def _save(self, entry: CartEntry, cart: Cart) -> CartEntry | None:
        return await self._carts.save(entry, cart, self._parts.now())

    def _with_allergies(self, cart: Cart) -> Cart:
        """Also with those that were named since."""
        return order_cart.amend(cart, cart.restaurant_id, cart.to, cart.wished, self._parts.allergies)

    async def _dish(self, restaurant: Restaurant, said: str, *, taken_out: bool) -> Dish:
        """The dish that is meant, provided that it can be had."""
        try:
            dish = dish_meant(restaurant, said)
        except UnknownItemError as error:
            raise problems.unknown_item(error, restaurant, self._parts.words()) from error
        if not taken_out and dish.id in await self._parts.sold_out.of(restaurant.id, self._parts.now()):
            raise problems.sold_out([dish])
        return dish

    def _changed(self, cart: Cart, dish: Dish, change: Change) -> order_cart.Changed:
        try:
            return order_cart.change(cart, dish, change, self._rules)
        except OptionError as error:
            raise problems.wrong_options(error, self._parts.words()) from error
        except CartError as error:
            person = self._parts.proof.offer_person()
            raise problems.wrong_change(error, dish, self._rules, person) from error

    # --- what it comes to -----------------------------------------------------------------------------

    async def _checked(self, cart: Cart) -> tuple[Restaurant, Delivered, Bill]:
        """A cart that can be cooked and brought as it is."""
        restaurant, now = self._parts.delivering(cart.restaurant_id), self._parts.now()
        if not cart.lines:
            raise ToolFailureError("empty", "There is nothing in the order yet. Ask what they would like.")
        charged = self._bill(restaurant, cart)
        gone = await self._parts.sold_out.of(restaurant.id, now)
        if out := [dish for dish in restaurant.dishes if dish.id in gone and _holds(cart, dish)]:
            raise problems.sold_out(out)
        zone, terms = self._catalogue.zone, _terms(restaurant)
        delivered = order_delivery.when(restaurant, terms, cart.wished, now, zone)
        if isinstance(delivered, Undelivered):
            raise problems.undelivered(delivered, restaurant, cart.to.address, (), self._parts.words())
        return restaurant, delivered, charged

    def _refuse_unready(self, cart: Cart, charged: Bill) -> None:
        """Refuse what the caller has not heard, or what is too little."""
        words = self._parts.words()
        if charged.missing:
            raise ToolFailureError(
                "below_minimum",
                f"{words.money(charged.missing)} are missing to the smallest order. Nothing was ordered. Say "
                "so, and ask what they would like to add.",
            )
        if not order_cart.is_read_back(cart, charged) or self._with_allergies(cart) != cart:
            raise _not_read_back()

    async def _placed_already(self, cart: Cart) -> ToolResult:
        order = await self._parts.orders.of_cart(cart)
        if order is None:
            raise ConflictError  # one transaction writes both: somebody works on the table by hand
        self._parts.note_placed(order)
        if order.status is Status.CANCELLED:
            raise ToolFailureError(
                "cancelled", "That order was cancelled. Say so; for another one call start_order."
            )
        name = self._parts.name(order.restaurant_id)
        return result(answers.placed(order, name, self._parts.words(), again=True))

    def _bill(self, restaurant: Restaurant, cart: Cart) -> Bill:
        try:
            return bill(restaurant, cart.lines)
        except GoneError as error:
            number = cart.lines.index(error.line) + 1
            raise ToolFailureError(
                "gone",
                f"{error.line.item} in line {number} is not on the menu any more. Say so, and begin the "
                "order anew with start_order and replace.",
            ) from error

    def _note_menu(self, restaurant: Restaurant, gone: Iterable[str]) -> None:
        out = set(gone)
        self.menu = tuple(dish for dish in restaurant.dishes if dish.id not in out)


def _terms(restaurant: Restaurant) -> Delivery:
    if restaurant.delivery is None:
        raise ValueError(f"{restaurant.id} does not deliver")  # asked only of those that do
    return restaurant.delivery


def _holds(cart: Cart, dish: Dish) -> bool:
    return any(line.item == dish.id for line in cart.lines)


def _wished(said: str | None, before: Cart | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the food should be there; what was wished before holds until something else is said."""
    if said is None:
        return None if before is None else before.wished
    return None if said.strip().lower() == "now" else read_moment(said, now, zone)


def _allergens(said: Sequence[str]) -> set[Allergen]:
    found: set[Allergen] = set()
    for each in said:
        if not (meant := allergens_named(each)):
            raise ToolArgumentError(
                f"allergies: menus do not mark {each!r}. They mark {', '.join(Allergen)}. Give the one it "
                "belongs to; if there is none, leave it out and tell the caller to ask the restaurant."
            )
        found |= meant
    return found


def _not_read_back() -> ToolFailureError:
    return ToolFailureError(
        "not_read_back",
        "The order was not read back as it is now. Nothing was ordered. Call review_order, read it back, and "
        "place it after the caller has said yes.",
    )
