"""What is kept about a caller who said yes to it, and what follows from it. No I/O and no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import date, time
from typing import Final, Literal

import msgspec

MOST_NOTES: Final = 10
"""Preferences, and allergies, of one caller; the latest stay."""
MOST_VISITS: Final = 10
"""Bookings and orders that "the usual" is worked out from; the latest stay."""
MOST_DISHES: Final = 20
"""A larger order is a party's and nobody's usual one."""
MOST_PLACES: Final = 3
"""Last places that are spoken of."""

type Kind = Literal["name", "language", "usual_party", "preferences", "allergies", "places"]
"""What can be forgotten by itself. "places" are the bookings and orders that made "the usual"."""


class Dish(msgspec.Struct, frozen=True, kw_only=True):
    """A dish of an order, as it was ordered."""

    id: str
    name: str
    quantity: int = 1
    options: tuple[str, ...] = ()


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A table that was booked, or an order that was placed."""

    ref: str
    """Names the booking or order: a change of it replaces the visit."""
    restaurant_id: str
    name: str = ""
    """Whom it was for."""
    party_size: int | None = None
    """Bookings: how many people."""
    at: time | None = None
    """Bookings: the wall time of the meal."""
    dishes: tuple[Dish, ...] = ()
    """Orders: what was ordered."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept about one caller."""

    since: date
    """When they said yes."""
    used_on: date
    """When they last called."""
    allergies_allowed: bool = False
    """Whether they said yes to keeping allergies: these are about health, so it is asked by itself."""
    name: str = ""
    language: str = ""
    """BCP-47; empty when it is not known."""
    usual_party: int | None = None
    """As the caller said it."""
    preferences: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    visits: tuple[Visit, ...] = ()
    """The latest last."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants kept."""

    name: str = ""
    language: str = ""
    usual_party: int | None = None
    preferences: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()


class UsualTable(msgspec.Struct, frozen=True, kw_only=True):
    """The table a caller mostly books."""

    restaurant_id: str
    party_size: int
    at: time
    name: str


class UsualOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller mostly orders."""

    restaurant_id: str
    dishes: tuple[Dish, ...]


def begun(today: date) -> Memory:
    """The memory of a caller who has just said yes."""
    return Memory(since=today, used_on=today)


def with_told(memory: Memory, told: Told) -> Memory:
    """The memory with what the caller wants kept: lists grow, everything else is replaced."""
    return msgspec.structs.replace(
        memory,
        name=told.name or memory.name,
        language=told.language or memory.language,
        usual_party=memory.usual_party if told.usual_party is None else told.usual_party,
        preferences=_grown(memory.preferences, told.preferences),
        allergies=_grown(memory.allergies, told.allergies),
        allergies_allowed=memory.allergies_allowed or bool(told.allergies),
    )


def with_visit(memory: Memory, visit: Visit) -> Memory:
    """The memory with a visit, in place of an earlier state of it."""
    if len(visit.dishes) > MOST_DISHES:
        return memory
    others = [other for other in memory.visits if other.ref != visit.ref]
    return msgspec.structs.replace(
        memory, visits=tuple([*others, visit][-MOST_VISITS:]), name=visit.name or memory.name
    )


def without_visit(memory: Memory, ref: str) -> Memory:
    """The memory without a booking or order that came to nothing."""
    visits = tuple(visit for visit in memory.visits if visit.ref != ref)
    return msgspec.structs.replace(memory, visits=visits)


def without(memory: Memory, kind: Kind) -> Memory:
    """The memory with nothing of one kind."""
    match kind:
        case "places":
            return msgspec.structs.replace(memory, visits=())
        case "usual_party":
            return msgspec.structs.replace(memory, usual_party=None)
        case "preferences":
            return msgspec.structs.replace(memory, preferences=())
        case "allergies":
            return msgspec.structs.replace(memory, allergies=(), allergies_allowed=False)
        case "language":
            return msgspec.structs.replace(memory, language="")
        case "name":
            visits = tuple(msgspec.structs.replace(visit, name="") for visit in memory.visits)
            return msgspec.structs.replace(memory, name="", visits=visits)


def last_places(memory: Memory) -> list[str]:
    """Ids of the restaurants of the latest visits, the latest first, each once."""
    latest = dict.fromkeys(visit.restaurant_id for visit in reversed(memory.visits))
    return list(latest)[:MOST_PLACES]


def usual_table(memory: Memory) -> UsualTable | None:
    """The restaurant booked most often, and there the most frequent party size and time; of several as
    frequent ones the latest."""
    tables = [visit for visit in memory.visits if visit.party_size is not None and visit.at is not None]
    if not tables:
        return None
    restaurant = _most_frequent([visit.restaurant_id for visit in tables])
    there = [visit for visit in tables if visit.restaurant_id == restaurant]
    size = _most_frequent([visit.party_size for visit in there])
    at = _most_frequent([visit.at for visit in there])
    if size is None or at is None:
        return None
    return UsualTable(restaurant_id=restaurant, party_size=size, at=at, name=there[-1].name or memory.name)


def usual_order(memory: Memory) -> UsualOrder | None:
    """The restaurant ordered from most often, and the basket most often ordered there; of several as frequent
    ones the latest."""
    orders = [visit for visit in memory.visits if visit.dishes]
    if not orders:
        return None
    restaurant = _most_frequent([visit.restaurant_id for visit in orders])
    there = [visit for visit in orders if visit.restaurant_id == restaurant]
    # The same dishes in another order are the same basket.
    basket = _most_frequent([_basket(visit) for visit in there])
    latest = next(visit for visit in reversed(there) if _basket(visit) == basket)
    return UsualOrder(restaurant_id=restaurant, dishes=latest.dishes)


def _basket(visit: Visit) -> frozenset[tuple[str, int, tuple[str, ...]]]:
    return frozenset((dish.id, dish.quantity, dish.options) for dish in visit.dishes)


def _most_frequent[T: Hashable](values: Sequence[T]) -> T:
    """The most frequent of some values, which are in order of time; of several the latest."""
    counts = Counter(values)
    most = max(counts.values())
    return next(value for value in reversed(values) if counts[value] == most)


def _grown(known: Sequence[str], told: Sequence[str]) -> tuple[str, ...]:
    """Each note once, however it is spelled, as it was told last."""
    by_words = {note.casefold(): note for note in known}
    for note in told:
        by_words.pop(note.casefold(), None)
        by_words[note.casefold()] = note
    return tuple(by_words.values())[-MOST_NOTES:]
