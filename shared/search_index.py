"""An index over restaurants: for each thing a caller can wish for, the restaurants that may fit, as bits.

A restaurant is one bit of a Python integer, the best rated first, so that the wishes of a caller are met by
a few ANDs however many restaurants there are. Bits may promise too much (a quarter of an hour in which
somebody closes), never too little: who is named to the caller has been looked at one by one.
"""

from __future__ import annotations

import math
import re
import statistics
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared.dish_matching import MenuWords, menu_words
from shared.menu import Allergen, Diet
from shared.opening_hours import DAY, OpeningHours, Span
from shared.places import GeoCoordinates
from shared.public_holidays import is_public_holiday
from shared.restaurant import OpeningHoursSpecification, Restaurant
from shared.search_words import Vocabulary

type Bits = int
type _Cell = tuple[int, int]

_SLOT = 15
"""Minutes of a slot of the week."""

_SLOTS_OF_DAY = DAY // _SLOT
_CELL = 0.01
"""Degrees of a cell of the map: about a kilometre."""

_KM_OF_DEGREE = 111.2

_ODD_HOURS, _TABLES = "odd hours", "tables"

_NO_MAIN = re.compile(
    r"starter|side|sweet|dessert|drink|bread|snack|small|soup|baking|bakery|breakfast|morning|dip|sauce|cold"
    r"|mezze|begin|first|last|after|share|antipast|quick|children|alongside|pots and cups"
)
"""Sections whose prices say little about what a meal costs."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One restaurant with what is computed about it once."""

    restaurant: Restaurant
    hours: OpeningHours
    kitchen: OpeningHours
    main_price: Decimal | None
    """What a main dish costs: the middle of them."""
    menu: MenuWords
    suited: dict[Diet, int]
    """How many dishes suit each diet."""


class Index:
    """Built once from all restaurants; afterwards only read."""

    def __init__(self, restaurants: Iterable[Restaurant], zone: ZoneInfo) -> None:
        best_first = sorted(
            restaurants,
            key=lambda r: (-(r.rating or 0), -(r.aggregate_rating.review_count if r.aggregate_rating else 0)),
        )
        self.entries = tuple(_entry(restaurant, zone) for restaurant in best_first)
        self.everyone: Bits = (1 << len(self.entries)) - 1
        self._ratings = [-(entry.restaurant.rating or 0) for entry in self.entries]
        self._positions = {entry.restaurant.id: n for n, entry in enumerate(self.entries)}
        size = len(self.entries)
        self._cuisines, self._atmospheres, self._words = _Sets[str](size), _Sets[str](size), _Sets[str](size)
        self._areas, self._levels = _Sets[str | None](size), _Sets[int | None](size)
        self._diets, self._without = _Sets[Diet](size), _Sets[Allergen](size)
        self._main_prices, self._cells, self._delivered = (
            _Sets[int](size),
            _Sets[_Cell](size),
            _Sets[_Cell](size),
        )
        self._slots, self._special = _Sets[tuple[int, int]](size), _Sets[date](size)
        self._own_holidays, self._facts = _Sets[str | None](size), _Sets[str](size)
        for position, entry in enumerate(self.entries):
            self._add(position, entry)
        self.vocabulary = Vocabulary(self._words)

    def position(self, restaurant_id: str) -> int | None:
        """Where a restaurant stands among the entries."""
        return self._positions.get(restaurant_id)

    def cuisine(self, cuisine: str) -> Bits:
        return self._cuisines[cuisine]

    def area(self, area: str) -> Bits:
        return self._areas[area]

    def levels(self, levels: Iterable[int]) -> Bits:
        return _any(self._levels[level] for level in levels)

    def atmosphere(self, atmosphere: str) -> Bits:
        return self._atmospheres[atmosphere]

    def diet(self, diet: Diet) -> Bits:
        return self._diets[diet]

    def without(self, allergens: Iterable[Allergen]) -> Bits:
        """With a dish that is recorded not to hold an allergen, for each of them."""
        found = self.everyone
        for allergen in allergens:
            found &= self._without[allergen]
        return found

    def rated(self, least: float) -> Bits:
        """Rated this much or more: they stand first."""
        return (1 << bisect_left(self._ratings, -least + 1e-9)) - 1

    def main_price(self, most: Decimal) -> Bits:
        return _any(self._main_prices[euros] for euros in range(min(math.floor(most), 999) + 1))

    def any_price(self) -> Bits:
        """Whose menu with its prices is known."""
        return _any(self._main_prices[euros] for euros in self._main_prices)

    def tables(self) -> Bits:
        """That give tables through this line."""
        return self._facts[_TABLES]

    def words(self, meant: Iterable[str]) -> Bits:
        """With a dish that has one of the words, in its name, section or description, or as its cuisine."""
        return _any(self._words[word] for word in meant)

    def open_at(self, at: datetime, zone: ZoneInfo) -> Bits:
        """That may be open at a moment."""
        local = at.astimezone(zone)
        today, slot = local.date(), (local.hour * 60 + local.minute) // _SLOT
        yesterday = today - timedelta(days=1)
        found = self._facts[_ODD_HOURS] | self._special[today] | self._special[yesterday]
        for day, of_day in ((today, slot), (yesterday, slot + _SLOTS_OF_DAY)):
            for near in (of_day - 4, of_day, of_day + 4):  # a clock change moves the wall by an hour
                found |= self._slots[day.weekday(), near]
            if any(is_public_holiday(country, day) for country in self._own_holidays):
                found |= _any(self._own_holidays[country] for country in self._own_holidays)
        return found

    def near(self, geo: GeoCoordinates, km: float) -> Bits:
        """Within so many kilometres, or a little more."""
        return _any(self._cells[cell] for cell in _cells(geo, km))

    def nearest_first(self, geo: GeoCoordinates, among: Bits, most_km: float) -> Iterator[int]:
        """Positions of `among`, near ones roughly before far ones."""
        km, seen = 0.5, 0
        while km < most_km * 2:
            ring = self.near(geo, min(km, most_km)) & among & ~seen
            seen |= ring
            yield from positions(ring)
            km *= 2
        yield from positions(among & ~seen)

    def delivered(self, geo: GeoCoordinates) -> Bits:
        """That may deliver to a place."""
        return self._delivered[_cell(geo)]

    def _add(self, position: int, entry: Entry) -> None:
        r = entry.restaurant
        for cuisine in r.serves_cuisine:
            self._cuisines.add(cuisine, position)
        self._areas.add(r.address.area, position)
        self._levels.add(r.price_level, position)
        for atmosphere in r.atmosphere:
            self._atmospheres.add(atmosphere, position)
        for diet in (*entry.suited, *r.suitable_for_diet):
            self._diets.add(diet, position)
        if entry.main_price is not None:
            self._main_prices.add(math.floor(entry.main_price), position)
        if r.reservations is not None:
            self._facts.add(_TABLES, position)
        for word in entry.menu.by_word:
            self._words.add(word, position)
        recorded = [dish.allergens for dish in entry.menu.dishes if dish.allergens is not None]
        for allergen in Allergen:
            if any(allergen not in allergens for allergens in recorded):
                self._without.add(allergen, position)
        self._add_hours(position, r, r.opening_hours_specification)
        if r.geo is not None:
            self._cells.add(_cell(r.geo), position)
        if r.geo is not None and r.delivery is not None:
            self._add_hours(position, r, r.delivery.kitchen_hours or ())
            for cell in _cells(r.geo, r.delivery.radius_km):
                self._delivered.add(cell, position)

    def _add_hours(self, position: int, r: Restaurant, entries: Sequence[OpeningHoursSpecification]) -> None:
        if r.opening_hours is not None:
            self._facts.add(_ODD_HOURS, position)
        for special in r.special_opening_hours_specification:
            for day in special.days:
                self._special.add(day, position)
        for entry in entries:
            for name in entry.day_of_week:
                if name == "PublicHolidays":
                    self._own_holidays.add(r.address.address_country, position)
                elif entry.span is not None:
                    for slot in _slots(entry.span):
                        self._slots.add((_WEEKDAYS[name], slot), position)


class _Sets[K: Hashable]:
    """A bit set for each key. Bits are gathered in bytes first: setting one in a long integer copies it."""

    def __init__(self, size: int) -> None:
        self._bytes = (size + 7) // 8
        self._building: dict[K, bytearray] = {}
        self._bits: dict[K, Bits] = {}

    def add(self, key: K, position: int) -> None:
        of_key = self._building.get(key)
        if of_key is None:
            of_key = self._building[key] = bytearray(self._bytes)
        of_key[position >> 3] |= 1 << (position & 7)

    def __iter__(self) -> Iterator[K]:
        return iter(self._building)

    def __getitem__(self, key: K) -> Bits:
        if (bits := self._bits.get(key)) is None:
            if (of_key := self._building.get(key)) is None:
                return 0
            bits = self._bits[key] = int.from_bytes(of_key, "little")
        return bits


def positions(bits: Bits) -> Iterator[int]:
    """The positions of the bits that are set, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


_WEEKDAYS = {
    name: weekday
    for weekday, name in enumerate(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    )
}


def _entry(restaurant: Restaurant, zone: ZoneInfo) -> Entry:
    suited = {diet: len(restaurant.suited(diet)) for diet in Diet}
    return Entry(
        restaurant,
        restaurant.hours(zone),
        restaurant.kitchen_hours(zone),
        _main_price(restaurant),
        menu_words(restaurant),
        {diet: count for diet, count in suited.items() if count},
    )


def _main_price(restaurant: Restaurant) -> Decimal | None:
    mains = [
        dish.price
        for section in restaurant.sections
        if not _NO_MAIN.search(section.name.casefold())
        for dish in section.has_menu_item
    ]
    prices = mains or [dish.price for dish in restaurant.dishes]
    return statistics.median_low(prices) if prices else None


def _any(sets: Iterable[Bits]) -> Bits:
    found: Bits = 0
    for bits in sets:
        found |= bits
    return found


def _slots(span: Span) -> range:
    return range(span.opens // _SLOT, math.ceil(span.closes / _SLOT))


def _cell(geo: GeoCoordinates) -> _Cell:
    return math.floor(geo.latitude / _CELL), math.floor(geo.longitude / _CELL)


def _cells(geo: GeoCoordinates, km: float) -> Iterator[_Cell]:
    """The cells that a circle may touch."""
    north = km / _KM_OF_DEGREE
    east = north / max(math.cos(math.radians(geo.latitude)), 0.01)
    rows = range(math.floor((geo.latitude - north) / _CELL), math.floor((geo.latitude + north) / _CELL) + 1)
    columns = range(
        math.floor((geo.longitude - east) / _CELL), math.floor((geo.longitude + east) / _CELL) + 1
    )
    return ((row, column) for row in rows for column in columns)
