"""Finding restaurants by what a caller wishes for, with the reason each fits in words for the ear.

Pure functions over restaurants in memory. Every reason is read off the data that made the restaurant fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from shared import spoken
from shared.menu import Diet, Dish
from shared.name_matching import GOOD, key_words, word_likeness, words
from shared.restaurant import Restaurant

type Price = Literal["cheap", "moderate", "expensive"]

_LEVELS: dict[Price, frozenset[int]] = {
    "cheap": frozenset({1}),
    "moderate": frozenset({2}),
    "expensive": frozenset({3, 4}),
}
PRICE_SAID = {1: "cheap", 2: "moderately priced", 3: "rather expensive", 4: "very expensive"}
"""Price level of a restaurant for the ear."""

RESULTS = 3
"""More than three cannot be kept in mind by ear."""

_WORTH = {"diet": 32, "dish": 8, "cuisine": 8, "open_at": 4, "area": 2, "price": 1}
"""What each wish is worth when not all can be met. A diet outweighs all others together: it can be a matter
of health or belief, the rest is taste."""

_IN_SECTION = 0.95
_IN_DESCRIPTION = 0.82
"""A word found in the section or the description counts less than one in the name of a dish."""

_NEAR = 0.7
"""A wanted word found nowhere near this well makes the dish another one."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller asked for; None where nothing was said."""

    cuisine: str | None = None
    dish: str | None = None
    diet: Diet | None = None
    area: str | None = None
    price: Price | None = None
    open_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A restaurant, why it fits and, for a nearest one, what it lacks: clauses such as "serves Thai food"."""

    restaurant: Restaurant
    reasons: tuple[str, ...]
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """`hits` fit every wish when `exact`; otherwise there is at most one, the nearest."""

    hits: tuple[Hit, ...]
    exact: bool
    total: int
    """How many fit in all."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """How one restaurant answers one wish; `degree` orders those that fit."""

    fits: bool
    reason: str
    weight: int
    degree: float = 0.0


def find(restaurants: Sequence[Restaurant], wish: Wish, zone: ZoneInfo, currency: str) -> Found:
    """At most three restaurants that fit the whole wish, or else the nearest that fits a part of it."""
    judged = [(restaurant, _judge(restaurant, wish, zone, currency)) for restaurant in restaurants]
    fitting = [(restaurant, verdicts) for restaurant, verdicts in judged if all(v.fits for v in verdicts)]
    if fitting:
        fitting.sort(key=lambda pair: (-sum(v.degree for v in pair[1]), -(pair[0].rating or 0)))
        best = fitting[:RESULTS]
        hits = (Hit(place, _told_apart(place, _reasons(place, verdicts))) for place, verdicts in best)
        return Found(tuple(hits), exact=True, total=len(fitting))
    restaurant, verdicts = max(judged, key=lambda pair: _met(*pair))
    if not any(v.fits for v in verdicts):
        return Found((), exact=False, total=0)
    lacks = tuple(v.reason for v in verdicts if not v.fits)
    return Found((Hit(restaurant, _reasons(restaurant, verdicts), lacks),), exact=False, total=0)


def matching_dishes(restaurant: Restaurant, said: str) -> list[tuple[float, Dish]]:
    """The dishes that a spoken text can mean with their score, best first; none when nothing is near."""
    wanted = key_words(said)
    served = words(" ".join(restaurant.serves_cuisine))
    scored = [
        (_dish_score(wanted, dish, section.name, served), dish)
        for section in restaurant.sections
        for dish in section.has_menu_item
    ]
    return [pair for pair in sorted(scored, key=lambda pair: -pair[0]) if pair[0] >= GOOD]


def _dish_score(wanted: Sequence[str], dish: Dish, section: str, served: Sequence[str]) -> float:
    """Mean over the wanted words of how well each is found in name, section, description or cuisine."""
    places = [
        *((word, 1.0) for word in words(dish.name)),
        *((word, _IN_SECTION) for word in words(section)),
        *((word, _IN_DESCRIPTION) for word in words(dish.description or "")),
        *((word, _IN_DESCRIPTION) for word in served),
    ]
    best = [max(word_likeness(word, found) * worth for found, worth in places) for word in wanted]
    return sum(best) / len(best) if best and min(best) >= _NEAR else 0.0


def _judge(restaurant: Restaurant, wish: Wish, zone: ZoneInfo, currency: str) -> list[_Verdict]:
    verdicts = []
    if wish.dish is not None:
        verdicts.append(_by_dish(restaurant, wish.dish, wish.diet, currency))
    if wish.cuisine is not None:
        verdicts.append(_by_cuisine(restaurant, wish.cuisine))
    if wish.diet is not None:
        verdicts.append(_by_diet(restaurant, wish.diet))
    if wish.open_at is not None:
        verdicts.append(_by_time(restaurant, wish.open_at, zone))
    if wish.area is not None:
        verdicts.append(_by_area(restaurant, wish.area))
    if wish.price is not None:
        verdicts.append(_by_price(restaurant, wish.price))
    return verdicts


def _met(restaurant: Restaurant, verdicts: Sequence[_Verdict]) -> tuple[int, float]:
    return sum(v.weight for v in verdicts if v.fits), restaurant.rating or 0


def _reasons(restaurant: Restaurant, verdicts: Sequence[_Verdict]) -> tuple[str, ...]:
    rated = (
        () if restaurant.rating is None else (f"is rated {spoken.decimal(restaurant.rating)} out of five",)
    )
    return tuple(v.reason for v in verdicts if v.fits) or rated


def _told_apart(restaurant: Restaurant, reasons: tuple[str, ...]) -> tuple[str, ...]:
    """With a single reason, which others may share, also where the restaurant is."""
    if len(reasons) > 1 or restaurant.address.area is None:
        return reasons
    return (*reasons, f"is in the {restaurant.address.area} area")


def _by_dish(restaurant: Restaurant, said: str, diet: Diet | None, currency: str) -> _Verdict:
    """A dish counts only when it suits the diet asked for with it."""
    found = matching_dishes(restaurant, said)
    suited = [(score, dish) for score, dish in found if diet is None or diet in dish.suitable_for_diet]
    if not suited:
        kind = f"{diet.said} " if diet else ""
        return _Verdict(False, f"has nothing like {kind}{said} on its menu", _WORTH["dish"])
    score, best = suited[0]
    reason = f"has {best.name} at {spoken.money(best.price, currency)}"
    return _Verdict(True, reason, _WORTH["dish"], score + min(len(suited), 10) / 100)


def _by_cuisine(restaurant: Restaurant, cuisine: str) -> _Verdict:
    served = spoken.listing([food(name) for name in restaurant.serves_cuisine]) or "I do not know which food"
    if cuisine in restaurant.serves_cuisine:
        return _Verdict(True, f"serves {food(cuisine)}", _WORTH["cuisine"])
    return _Verdict(False, f"serves {served}, not {food(cuisine)}", _WORTH["cuisine"])


def _by_diet(restaurant: Restaurant, diet: Diet) -> _Verdict:
    dishes = restaurant.suited(diet)
    if not dishes:
        return _Verdict(False, f"has no {diet.said} dishes that I know of", _WORTH["diet"])
    said = spoken.count(len(dishes), f"{diet.said} dish", f"{diet.said} dishes")
    return _Verdict(True, f"has {said}", _WORTH["diet"], min(len(dishes), 20) / 1000)


def _by_time(restaurant: Restaurant, at: datetime, zone: ZoneInfo) -> _Verdict:
    until = restaurant.hours(zone).open_until(at)
    if until is None:
        return _Verdict(False, "is closed at that time", _WORTH["open_at"])
    return _Verdict(True, f"is open until {spoken.clock(until.time())}", _WORTH["open_at"])


def _by_area(restaurant: Restaurant, area: str) -> _Verdict:
    if restaurant.address.area == area:
        return _Verdict(True, f"is in the {area} area", _WORTH["area"])
    where = f"is in the {restaurant.address.area} area, not" if restaurant.address.area else "may not be"
    return _Verdict(False, f"{where} in the {area} area", _WORTH["area"])


def _by_price(restaurant: Restaurant, price: Price) -> _Verdict:
    if restaurant.price_level is None:
        return _Verdict(False, "does not say what it costs", _WORTH["price"])
    said = PRICE_SAID[restaurant.price_level]
    if restaurant.price_level in _LEVELS[price]:
        return _Verdict(True, f"is {said}", _WORTH["price"])
    return _Verdict(False, f"is {said}", _WORTH["price"])


def food(cuisine: str) -> str:
    """A cuisine as food: "Thai food", "seafood"."""
    return cuisine.lower() if cuisine.lower().endswith("food") else f"{cuisine} food"
