"""How one restaurant answers one wish: whether it fits, how well, and the reason in words for the ear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from shared import spoken
from shared.menu import Allergen, Diet, Dish
from shared.places import Place, distance_km
from shared.restaurant import Atmosphere
from shared.search_index import Entry

type Price = Literal["cheap", "moderate", "expensive"]

LEVELS: dict[Price, frozenset[int]] = {
    "cheap": frozenset({1}),
    "moderate": frozenset({2}),
    "expensive": frozenset({3, 4}),
}
PRICE_SAID = {1: "cheap", 2: "moderately priced", 3: "rather expensive", 4: "very expensive"}
"""Price level of a restaurant for the ear."""

NEAR_KM = 1.5
"""A walk of twenty minutes: farther is not near."""

_FAR_KM = 10
"""Farther than any delivery goes."""

_SAFE_ENOUGH = 0.25
"""With fewer dishes without an allergen than this share, a menu offers somebody who avoids it nothing."""

ATMOSPHERE_SAID = {
    Atmosphere.QUIET: "is quiet",
    Atmosphere.LIVELY: "is lively",
    Atmosphere.ROMANTIC: "is romantic",
    Atmosphere.COSY: "is cosy",
    Atmosphere.ELEGANT: "is elegant",
    Atmosphere.CASUAL: "is casual",
    Atmosphere.FAMILY_FRIENDLY: "is good for families",
    Atmosphere.GOOD_FOR_GROUPS: "is good for groups",
    Atmosphere.OUTDOOR_SEATING: "has tables outside",
    Atmosphere.WATERSIDE: "is by the water",
    Atmosphere.LIVE_MUSIC: "has live music",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller asked for; None or empty where nothing was said.

    `cuisine` and `area` are spelled as in the catalogue, `dish` is free text, `open_at` is aware.
    """

    cuisine: str | None = None
    dish: str | None = None
    diet: Diet | None = None
    avoid: frozenset[Allergen] = frozenset()
    area: str | None = None
    near: Place | None = None
    deliver_to: Place | None = None
    price: Price | None = None
    most: Decimal | None = None
    """What a main dish, or the dish, may cost."""
    open_at: datetime | None = None
    party_size: int | None = None
    atmosphere: Atmosphere | None = None
    rating: float | None = None
    """The least, out of five."""
    exclude: frozenset[str] = frozenset()
    """Ids of restaurants that the caller does not want."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish with what it takes to judge restaurants by it."""

    wish: Wish
    zone: ZoneInfo
    currency: str
    dishes: Callable[[Entry], list[tuple[float, Dish]]]
    """The dishes of a restaurant that can be meant, with their score, best first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a wish is met and why.

    `degree` says how well, below 0 how far from it; `order` sorts the reasons that are told.
    """

    fits: bool
    reason: str
    order: int = 5
    degree: float = 0.0


def by_dish(asked: Asked, entry: Entry) -> Verdict:
    """A dish counts only when it suits the diet, lists nothing to avoid and costs no more than it may."""
    wish = asked.wish
    fitting = [
        (score, dish)
        for score, dish in asked.dishes(entry)
        if (wish.diet is None or wish.diet in dish.suitable_for_diet)
        and is_without(dish, wish.avoid)
        and (wish.most is None or dish.price <= wish.most)
    ]
    if not fitting:
        kind = f"{wish.diet.said} " if wish.diet else ""
        return Verdict(False, f"has nothing like {kind}{wish.dish} on its menu")
    score, best = fitting[0]
    equally = sum(1 for other, _ in fitting if other >= score - 0.1)
    reason = f"has {best.name} at {spoken.money(best.price, asked.currency)}"
    return Verdict(True, reason, 1, score + min(equally, 10) / 100)


def by_cuisine(asked: Asked, entry: Entry) -> Verdict:
    cuisine, served = asked.wish.cuisine or "", entry.restaurant.serves_cuisine
    if cuisine in served:
        return Verdict(True, f"serves {food(cuisine)}", 2)
    known = spoken.listing([food(name) for name in served])
    return Verdict(
        False, f"serves {known}, not {food(cuisine)}" if known else f"may not serve {food(cuisine)}"
    )


def by_diet(asked: Asked, entry: Entry) -> Verdict:
    diet = asked.wish.diet
    count = entry.suited.get(diet, 0) if diet is not None else 0
    if diet is not None and diet in entry.restaurant.suitable_for_diet and not count:
        return Verdict(True, f"is known for {diet.said} food", 2)
    if diet is None or not count:
        return Verdict(False, f"has no {diet.said if diet else ''} dishes that I know of")
    said = spoken.count(count, f"{diet.said} dish", f"{diet.said} dishes")
    return Verdict(True, f"has {said}", 2, min(count, 20) / 1000)


def by_allergens(asked: Asked, entry: Entry) -> Verdict:
    """By what the menu records, which is never a promise."""
    dishes, avoid = entry.menu.dishes, asked.wish.avoid
    without = sum(1 for dish in dishes if is_without(dish, avoid))
    said = spoken.listing(sorted(avoid), "or")
    if not dishes or without < _SAFE_ENOUGH * len(dishes):
        return Verdict(False, f"has few dishes that are recorded without {said}")
    counts = f"{spoken.number(without)} of its {spoken.number(len(dishes))} dishes"
    return Verdict(True, f"lists no {said} in {counts}", 1, without / len(dishes) / 10)


def by_time(asked: Asked, entry: Entry) -> Verdict:
    """Of a delivery, when the kitchen cooks."""
    at = asked.wish.open_at
    hours = entry.hours if asked.wish.deliver_to is None else entry.kitchen
    if at is None or not entry.restaurant.hours_known:
        return Verdict(False, "does not tell its opening hours")
    until = hours.open_until(at)
    if until is None:
        what = "is closed" if asked.wish.deliver_to is None else "does not deliver"
        return Verdict(False, f"{what} at that time")
    if until - at >= timedelta(days=1):
        return Verdict(True, "is open day and night", 4)
    return Verdict(True, f"is open until {spoken.clock(until.time())}", 4)


def by_area(asked: Asked, entry: Entry) -> Verdict:
    area, own = asked.wish.area, entry.restaurant.address.area
    if own == area:
        return Verdict(True, f"is in the {area} area")
    where = f"is in the {own} area, not" if own else "may not be"
    return Verdict(False, f"{where} in the {area} area")


def by_distance(asked: Asked, entry: Entry) -> Verdict:
    near, geo = asked.wish.near, entry.restaurant.geo
    if near is None or geo is None:
        return Verdict(False, "may be farther away")
    km = distance_km(near.geo, geo)
    return Verdict(km <= NEAR_KM, f"is {distance_said(km)} {near.said}", 3, (NEAR_KM - km) / 10)


def by_delivery(asked: Asked, entry: Entry) -> Verdict:
    to, geo, terms = asked.wish.deliver_to, entry.restaurant.geo, entry.restaurant.delivery
    if terms is None or geo is None or to is None:
        return Verdict(False, "does not deliver", degree=-_FAR_KM)
    if (km := distance_km(to.geo, geo)) > terms.radius_km:
        return Verdict(False, f"does not deliver as far as {to.said}", degree=-min(km / 10, _FAR_KM))
    return Verdict(True, f"delivers there in about {spoken.number(terms.minutes)} minutes", 3)


def by_party(asked: Asked, entry: Entry) -> Verdict:
    """By the rules of the house; whether a table is free is another question."""
    rules, size = entry.restaurant.reservations, asked.wish.party_size or 1
    if rules is None:
        return Verdict(False, "gives its tables only by itself")
    if size > rules.maximum_party_size:
        return Verdict(False, f"takes at most {spoken.number(rules.maximum_party_size)} people this way")
    return Verdict(True, f"has tables for {spoken.number(size)}", 6)


def by_price(asked: Asked, entry: Entry) -> Verdict:
    level = entry.restaurant.price_level
    if level is None or asked.wish.price is None:
        return Verdict(False, "does not tell what it costs")
    return Verdict(level in LEVELS[asked.wish.price], f"is {PRICE_SAID[level]}")


def by_most(asked: Asked, entry: Entry) -> Verdict:
    """With a dish, that dish has been chosen by its price already."""
    most, usual = asked.wish.most, entry.main_price
    if usual is None or most is None:
        return Verdict(False, "does not tell what it costs")
    if asked.wish.dish is not None and asked.dishes(entry):
        cheapest = min(dish.price for _, dish in asked.dishes(entry))
        return Verdict(cheapest <= most, f"has it from {spoken.money(cheapest, asked.currency)}", 6)
    said = f"has main dishes around {spoken.money(usual, asked.currency)}"
    return Verdict(usual <= most, said, 3, min(0.0, float(most - usual)) / 10)


def by_atmosphere(asked: Asked, entry: Entry) -> Verdict:
    wanted = asked.wish.atmosphere or Atmosphere.QUIET
    said = ATMOSPHERE_SAID[wanted]
    if wanted in entry.restaurant.atmosphere:
        return Verdict(True, said, 3)
    verb, rest = said.split(" ", 1)
    return Verdict(False, f"is not known to be {rest}" if verb == "is" else f"is not known to have {rest}")


def by_rating(asked: Asked, entry: Entry) -> Verdict:
    rating = entry.restaurant.rating
    if rating is None or asked.wish.rating is None:
        return Verdict(False, "has no rating that I know of")
    return Verdict(rating >= asked.wish.rating, rated(rating), 4)


def is_without(dish: Dish, avoid: frozenset[Allergen]) -> bool:
    """Whether a dish is recorded and lists none of these; one that nobody recorded counts as having them."""
    return not avoid or (dish.allergens is not None and not avoid & set(dish.allergens))


def rated(rating: float) -> str:
    """The clause of a rating."""
    return f"is rated {spoken.decimal(rating)} out of five"


def food(cuisine: str) -> str:
    """A cuisine as food: "Thai food", "seafood"."""
    return cuisine.lower() if cuisine.lower().endswith("food") else f"{cuisine} food"


def distance_said(km: float) -> str:
    """A distance for the ear: "about six hundred metres from"."""
    if km < 0.1:
        return "right by"
    if km < 0.95:
        return f"about {spoken.number(round(km * 10) * 100)} metres from"
    tenths = spoken.decimal(km) if km < 10 else spoken.number(round(km))
    return f"about {tenths} kilometre{'' if tenths == 'one' else 's'} from"
