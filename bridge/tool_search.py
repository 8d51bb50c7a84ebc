"""find_restaurants for one call: reads the wish, keeps the last search so that it can be refined, and asks
the booking store for a free table where the caller named a time and a number of people.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec
from azure.core.exceptions import AzureError

from bridge.tool_answers import found
from bridge.tool_parameters import FindRestaurants
from bridge.tool_results import ToolFailureError, ToolResult, result
from bridge.tool_schema import ToolArgumentError
from bridge.tool_values import read_moment
from shared import spoken
from shared.allergy_words import allergens_named
from shared.booking_records import Wish as TableWish
from shared.bookings import BookingStore
from shared.menu import Allergen, Diet
from shared.name_matching import match, words
from shared.places import Place, UnknownPlaceError
from shared.restaurant import Atmosphere, Restaurant
from shared.restaurant_search import RESULTS, Found, Hit, Wish
from shared.restaurants import Catalogue
from shared.seating import Reason

_CHECKED: Final = 6
"""Most restaurants whose tables are looked at for one search: each is a query of the store."""

_CHECK_S: Final = 4.0
"""A caller waits no longer for whether there is a table."""

_LEAST: Final = Decimal("0.01")

_ORDINALS: Final = {"first": 0, "1": 0, "second": 1, "2": 1, "third": 2, "3": 2, "last": -1}
_ALL_OF_THEM: Final = frozenset({"all", "any", "none", "those", "these", "them"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Last:
    """The search before: what was asked for and who was named."""

    asked: FindRestaurants
    named: tuple[Restaurant, ...] = ()
    main_prices: tuple[Decimal, ...] = ()


class SearchTools:
    """Keeps the last search of this call, and nothing beyond it."""

    def __init__(self, catalogue: Catalogue, bookings: BookingStore, now: Callable[[], datetime]) -> None:
        """`now` returns an aware time."""
        self._catalogue = catalogue
        self._bookings = bookings
        self._now = now
        self._last: _Last | None = None

    async def find(self, given: FindRestaurants) -> ToolResult:
        """find_restaurants"""
        asked = self._refined(given)
        wish = self._wish(asked)
        checks_tables = wish.party_size is not None and wish.open_at is not None and wish.deliver_to is None
        answer = self._catalogue.find(wish, _CHECKED if checks_tables else RESULTS)
        if checks_tables and answer.exact:
            answer = await self._with_tables(answer, wish)
        if not answer.hits:
            raise self._nothing(asked)
        if given.price == "cheaper" and not answer.exact and self._last is not None:
            raise self._nothing_cheaper(self._last)
        named = tuple(hit.restaurant for hit in answer.hits)
        prices = (self._catalogue.main_price(restaurant) for restaurant in named)
        self._last = _Last(asked, named, tuple(price for price in prices if price is not None))
        return result(found(answer, cautious=bool(wish.avoid)))

    def named(self, said: str) -> Restaurant:
        """The restaurant meant by a name, or by "the second one" of the last search.

        Raises:
            UnknownRestaurantError: none or more than one could be meant.
        """
        return self._by_order(said) or self._catalogue.get(said)

    def _by_order(self, said: str) -> Restaurant | None:
        listed = self._last.named if self._last is not None else ()
        heard = [word for word in words(said) if word not in ("the", "one", "number", "option", "restaurant")]
        if len(heard) != 1 or heard[0] not in _ORDINALS or not listed:
            return None
        place = _ORDINALS[heard[0]]
        return listed[place] if place < len(listed) else None

    def _refined(self, given: FindRestaurants) -> FindRestaurants:
        """What is asked for together with what was asked before, if it goes on from there."""
        goes_on = given.refine or given.exclude is not None or given.price == "cheaper"
        if self._last is None or not goes_on:
            return given
        before = msgspec.structs.asdict(self._last.asked)
        new = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
        for group in _REPLACE_EACH_OTHER:
            if group & new.keys():
                before = {name: value for name, value in before.items() if name not in group}
        if "exclude" in new and before.get("exclude"):
            names = [restaurant.name for restaurant in self._excluded(given.exclude)]
            new["exclude"] = "; ".join([before["exclude"], *names])
        elif "exclude" in new:
            new["exclude"] = "; ".join(restaurant.name for restaurant in self._excluded(given.exclude))
        if given.price == "cheaper" and self._last.main_prices:
            new |= {"price": None, "max_price": max(min(self._last.main_prices) - _LEAST, _LEAST)}
        return FindRestaurants(**(before | new))

    def _wish(self, asked: FindRestaurants) -> Wish:
        cuisine, dish = asked.cuisine, asked.dish
        if cuisine is not None and (known := self._catalogue.cuisine(cuisine).key) is not None:
            cuisine = known
        elif cuisine is not None and dish is None:
            cuisine, dish = None, cuisine  # models write "pizza" for a cuisine; a dish is what was meant
        zone = self._catalogue.zone
        return Wish(
            cuisine=cuisine,
            dish=dish,
            diet=self._diet(asked.diet) if asked.diet else None,
            avoid=_allergens(asked.avoid) if asked.avoid else frozenset(),
            area=self._area(asked.area) if asked.area else None,
            near=self._place(asked.near) if asked.near else None,
            deliver_to=self._place(asked.deliver_to) if asked.deliver_to else None,
            price="cheap" if asked.price == "cheaper" else asked.price,
            most=_number(asked.max_price, "max_price"),
            open_at=read_moment(asked.open_at, self._now(), zone) if asked.open_at else None,
            party_size=asked.party_size,
            atmosphere=Atmosphere(asked.atmosphere) if asked.atmosphere else None,
            rating=None if asked.rating is None else float(_number(asked.rating, "rating") or 0),
            exclude=frozenset(restaurant.id for restaurant in self._excluded(asked.exclude)),
        )

    def _excluded(self, said: str | None) -> list[Restaurant]:
        """Those named, or meant by "the first one" or "all of them"."""
        known = {restaurant.name for restaurant in self._catalogue.restaurants}
        whole = [part.strip() for part in (said or "").split(";")]
        split = [[part] if part in known else re.split(r",", part) for part in whole]  # names may have commas
        parts = [part.strip() for some in split for part in some if part.strip()]
        listed = self._last.named if self._last is not None else ()
        excluded: list[Restaurant] = []
        for part in parts:
            if listed and (_ALL_OF_THEM & set(words(part)) or words(part) in (("that", "one"), ("it",))):
                excluded += listed if _ALL_OF_THEM & set(words(part)) else listed[:1]
            else:
                excluded.append(self.named(part))
        return list(dict.fromkeys(excluded))

    async def _with_tables(self, answer: Found, wish: Wish) -> Found:
        """Only those with a table for the party at the time; when nobody has, the best as the nearest.

        When the store does not answer, the search does: a table is looked for again when one is booked.
        """
        at, size = (wish.open_at or self._now()).astimezone(self._catalogue.zone), wish.party_size or 1
        now = self._now().astimezone(self._catalogue.zone)
        tables = [TableWish(hit.restaurant, at.date(), at.time(), size) for hit in answer.hits]
        try:
            async with asyncio.timeout(_CHECK_S):
                refusals = await asyncio.gather(
                    *(self._bookings.refusal(table, self._catalogue.zone, now) for table in tables)
                )
        except (AzureError, TimeoutError) as error:
            logger.warning("free tables could not be looked up: error=%s", type(error).__name__)
            return replace(answer, hits=answer.hits[:RESULTS])
        when = f"at {spoken.clock(at.time())}"
        told = [
            _with_table(hit, refusal, size, when) for hit, refusal in zip(answer.hits, refusals, strict=True)
        ]
        free = tuple(hit for hit in told if not hit.lacks)
        if not free:
            return replace(answer, hits=(told[0],), exact=False, total=0)
        all_checked = answer.total <= len(told)
        return replace(answer, hits=free[:RESULTS], total=len(free) if all_checked else answer.total)

    def _nothing_cheaper(self, last: _Last) -> ToolFailureError:
        """What was found last stays what "that one" and "cheaper" are about."""
        cheapest = min(last.named, key=lambda r: self._catalogue.main_price(r) or Decimal(1000))
        return ToolFailureError(
            "nothing_cheaper",
            f"Nothing else that fits is cheaper than {cheapest.name}. Say so, and ask whether it will do, or "
            "whether another kind of food or part of the city will.",
        )

    def _nothing(self, asked: FindRestaurants) -> ToolFailureError:
        cuisines = spoken.listing(self._catalogue.cuisines)
        what = asked.dish or asked.cuisine or "that"
        return ToolFailureError(
            "nothing_found",
            f"No restaurant has {what}. Say so, and ask which kind of food they would like "
            f"instead; there is {cuisines}.",
        )

    def _diet(self, said: str) -> Diet:
        """By its exact words: a diet that is only nearly the right one can make somebody ill."""
        for diet in self._catalogue.diets:
            if words(said) == words(diet.said):
                return diet
        known = spoken.listing([diet.said for diet in self._catalogue.diets])
        raise ToolArgumentError(
            f"No menu marks dishes as {said}. Menus mark {known}. Say so, and ask if one of these helps; "
            "for anything else the restaurant must be asked."
        )

    def _area(self, said: str) -> str:
        areas = self._catalogue.city.areas
        area = match(said, {area: (area,) for area in areas}).key
        if area is None:
            raise ToolArgumentError(
                f"There is no part of the city called {said}. There are {spoken.listing(areas)}. Ask the "
                "caller which they prefer."
            )
        return area

    def _place(self, said: str) -> Place:
        try:
            return self._catalogue.place(said)
        except UnknownPlaceError as error:
            nearest = spoken.listing(error.nearest, "or") or "another street or landmark nearby"
            raise ToolFailureError(
                "unknown_place",
                f"No place in {self._catalogue.city.name} is clearly meant by {said!r}. Ask whether the "
                f"caller means {nearest}.",
            ) from error


_REPLACE_EACH_OTHER: Final = (
    frozenset({"cuisine", "dish"}),
    frozenset({"area", "near"}),
    frozenset({"price", "max_price"}),
)
"""Of these the new one takes the place of the old: "rather Thai" after pizza is not Thai pizza."""


def _with_table(hit: Hit, refusal: Reason | None, size: int, when: str) -> Hit:
    people = spoken.number(size)
    if refusal is None:
        return replace(hit, reasons=(f"has a table for {people} {when}", *hit.reasons))
    lacks = {
        Reason.FULL: f"has no table for {people} left {when}",
        Reason.LAST_SEATING: f"seats nobody as late as {when.removeprefix('at ')}",
        Reason.NOT_A_SLOT: f"begins its tables at other times than {when.removeprefix('at ')}",
    }.get(refusal, f"cannot give a table for {people} {when}")
    return replace(hit, lacks=(*hit.lacks, lacks))


def _number(value: Decimal | None, name: str) -> Decimal | None:
    if value is not None and not (value.is_finite() and value >= 0):
        raise ToolArgumentError(f"{name} {str(value)!r} is not a number. Give it in digits, or leave it out.")
    return value


def _allergens(said: str) -> frozenset[Allergen]:
    """Allergens in the words of a caller.

    Raises:
        ToolArgumentError: one is none of those that menus record.
    """
    found: set[Allergen] = set()
    for part in re.split(r",|;|\band\b|\bor\b", said):
        name = " ".join(words(part))
        if name:
            known = allergens_named(name)
            if not known:
                raise ToolArgumentError(
                    f"Menus do not record {name}. They record {spoken.listing(list(Allergen))}. Say so; for "
                    "anything else the restaurant must be asked."
                )
            found |= known
    return frozenset(found)
