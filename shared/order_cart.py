"""How a cart changes, and what has to be asked before it does. No I/O and no clock.

Nothing is added without a yes where a person would ask twice: a quantity that nobody eats, a dish with what
somebody must not have. The question is put once; only after it was put does a yes count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from shared.agent_tables import Orders
from shared.menu import Allergen, Dish
from shared.order_options import chosen, labels
from shared.order_records import Bill, Cart, CartLine, Destination
from shared.restaurant import Restaurant

MOST_LINES: Final = 30
"""Different lines of a cart: more is for a person, and could not be read back."""


class CartError(ValueError):
    """A change that the cart cannot take."""


class NotInCartError(CartError):
    """There is no such line in the cart."""


class WhichLineError(CartError):
    """Several lines could be meant."""

    def __init__(self, lines: Sequence[int]) -> None:
        super().__init__("several lines")
        self.lines = tuple(lines)
        """Their numbers, from 1."""


class TooMuchError(CartError):
    """More than is taken by telephone."""


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be true of a dish in the cart. None leaves it as it is."""

    quantity: int | None = None
    """In all; 0 takes it out."""
    options: Sequence[str] | None = None
    note: str | None = None
    line: int | None = None
    """Number of the line that is meant, from 1."""
    confirmed: bool = False
    """The caller said yes to the questions about it."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A dish and what somebody must not eat."""

    dish: Dish
    listed: tuple[Allergen, ...]
    """What the menu lists of it; empty when it does not say what is in the dish."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the caller has to say yes to first: one of both, or both."""

    quantity: int | None = None
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The cart after a change; with a question nothing has changed but that it was put."""

    cart: Cart
    line: int | None = None
    """Number of the line that was put in or changed, from 1; None when it was taken out."""
    question: Question | None = None


def change(cart: Cart, dish: Dish, wanted: Change, rules: Orders) -> Changed:
    """Put a dish into the cart, change it or take it out.

    Raises:
        CartError: the cart cannot take the change.
        shared.order_options.OptionError: the options are no whole choice.
    """
    index = _meant(cart, dish, wanted)
    before = None if index is None else cart.lines[index]
    if wanted.quantity == 0:
        if index is None:
            raise NotInCartError
        return Changed(_with_lines(cart, [*cart.lines[:index], *cart.lines[index + 1 :]]))
    line = _line(dish, wanted, before)
    lines = list(cart.lines)
    if index is None:
        lines.append(line)
        index = len(lines) - 1
    else:
        lines[index] = line
    lines, index = _merged(lines, index)
    if len(lines) > MOST_LINES or sum(each.quantity for each in lines) > rules.most_portions:
        raise TooMuchError
    held = 0 if before is None else before.quantity
    question, keys = _question(cart, dish, lines[index].quantity, held, rules)
    if question is not None:
        if not (wanted.confirmed and keys <= set(cart.asked)):
            return Changed(msgspec.structs.replace(cart, asked=_joined(cart.asked, keys)), None, question)
        cart = msgspec.structs.replace(cart, granted=_joined(cart.granted, keys))
    return Changed(_with_lines(cart, lines), index + 1)


def amend(
    cart: Cart, restaurant_id: str, to: Destination, wished: datetime | None, allergies: Iterable[Allergen]
) -> Cart:
    """Another address, time or restaurant, and allergies on top of those known. Another restaurant has
    another menu, so the cart is empty then."""
    known = tuple(allergen for allergen in Allergen if allergen in {*cart.allergies, *allergies})
    same = cart.restaurant_id == restaurant_id
    if to.address == cart.to.address and not to.directions:
        to = cart.to  # the way to the door was told before
    new = msgspec.structs.replace(
        cart,
        restaurant_id=restaurant_id,
        to=to,
        wished=wished,
        allergies=known,
        lines=cart.lines if same else (),
        asked=cart.asked if same else (),
        granted=cart.granted if same else (),
    )
    return cart if new == cart else msgspec.structs.replace(new, revision=cart.revision + 1)


def emptied(cart: Cart) -> Cart:
    """The cart without what is in it."""
    return _with_lines(cart, ())


def conflict(dish: Dish, allergies: Iterable[Allergen]) -> Conflict | None:
    """What speaks against a dish; also that its menu does not say what is in it."""
    avoided = set(allergies)
    if not avoided:
        return None
    if dish.allergens is None:
        return Conflict(dish, ())
    listed = tuple(allergen for allergen in dish.allergens if allergen in avoided)
    return Conflict(dish, listed) if listed else None


def conflicts(cart: Cart, restaurant: Restaurant) -> Iterator[Conflict]:
    """The conflicts of a cart that nobody has said yes to: the allergy was named after the dish."""
    for item in dict.fromkeys(line.item for line in cart.lines):
        dish = restaurant.dish(item)
        found = None if dish is None else conflict(dish, cart.allergies)
        if found is not None and _conflict_key(found) not in cart.granted:
            yield found


def read_back(cart: Cart, bill: Bill) -> Cart:
    """The cart once it was read back with this bill."""
    return msgspec.structs.replace(cart, read_back=_mark(cart, bill))


def is_read_back(cart: Cart, bill: Bill) -> bool:
    """Whether the cart was read back as it is, at these prices."""
    return cart.read_back == _mark(cart, bill)


def _mark(cart: Cart, bill: Bill) -> str:
    return f"{cart.revision} {bill.total}"


def _meant(cart: Cart, dish: Dish, wanted: Change) -> int | None:
    """The line that a change is about; None for a new one."""
    if wanted.line is not None:
        if not 1 <= wanted.line <= len(cart.lines):
            raise NotInCartError
        if wanted.quantity == 0 and cart.lines[wanted.line - 1].item != dish.id:
            raise NotInCartError  # the line is out already, and the next one has taken its number
        return wanted.line - 1
    own = [index for index, line in enumerate(cart.lines) if line.item == dish.id]
    if wanted.quantity == 0 and wanted.options is not None:
        said = set(_labels_of(dish, wanted.options))
        own = [index for index in own if said <= set(cart.lines[index].options)]
    elif wanted.options is not None:
        whole = chosen(dish, wanted.options)
        own = [index for index in own if cart.lines[index].options == whole]
    if wanted.note is not None and wanted.quantity:
        own = [index for index in own if cart.lines[index].note == wanted.note]  # else one more, with a note
    if len(own) > 1:
        raise WhichLineError([index + 1 for index in own])
    return own[0] if own else None


def _labels_of(dish: Dish, said: Sequence[str]) -> list[str]:
    """The labels of some options, without asking whether they are a whole choice."""
    loose = msgspec.structs.replace(
        dish,
        options=tuple(
            msgspec.structs.replace(group, minimum=0, maximum=len(group.choices)) for group in dish.options
        ),
    )
    return [label for label in chosen(loose, said) if label in labels(dish)]


def _line(dish: Dish, wanted: Change, before: CartLine | None) -> CartLine:
    """The line as it shall be."""
    kept = before if before is not None and before.item == dish.id else None
    if wanted.options is not None or kept is None:
        options = chosen(dish, wanted.options or ())
    else:
        options = kept.options
    note = wanted.note if wanted.note is not None else "" if kept is None else kept.note
    quantity = wanted.quantity or (1 if before is None else before.quantity)
    return CartLine(dish.id, quantity, options, note)


def _merged(lines: list[CartLine], index: int) -> tuple[list[CartLine], int]:
    """The lines with the one at `index` and its twin, if it has become one, as a single line."""
    line = lines[index]
    for other, twin in enumerate(lines):
        if other != index and msgspec.structs.replace(twin, quantity=line.quantity) == line:
            both = msgspec.structs.replace(line, quantity=line.quantity + twin.quantity)
            first, second = sorted((index, other))
            return [*lines[:first], both, *lines[first + 1 : second], *lines[second + 1 :]], first
    return lines, index


def _question(
    cart: Cart, dish: Dish, quantity: int, held: int, rules: Orders
) -> tuple[Question | None, set[str]]:
    """What is to be asked and was not granted yet, and the keys it is remembered by."""
    keys: set[str] = set()
    many = None
    if quantity > rules.question_above and quantity > held:
        key = f"quantity {dish.id} {quantity}"
        if key not in cart.granted:
            keys.add(key)
            many = quantity
    against = conflict(dish, cart.allergies)
    if against is not None and (key := _conflict_key(against)) not in cart.granted:
        keys.add(key)
    else:
        against = None
    return (Question(many, against) if keys else None), keys


def _conflict_key(found: Conflict) -> str:
    return f"allergens {found.dish.id} {','.join(sorted(found.listed)) or 'unknown'}"


def _joined(known: tuple[str, ...], keys: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*known, *sorted(keys)]))


def _with_lines(cart: Cart, lines: Sequence[CartLine]) -> Cart:
    if tuple(lines) == cart.lines:
        return cart
    return msgspec.structs.replace(cart, lines=tuple(lines), revision=cart.revision + 1)
