"""The catalogue: every restaurant of one city, read from a file, checked, found by name or by wish."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from shared.dish_matching import matching_dishes
from shared.menu import Diet, Dish
from shared.name_matching import Match, Names, key_words, match
from shared.places import Gazetteer, Place, Places
from shared.restaurant import City, Restaurant
from shared.restaurant_search import RESULTS, Found, Search, Wish

PHRASES = 499
"""Most phrases given to the recogniser; the Voice Live FAQ advises fewer than this in `phrase_list`."""


class CatalogueError(ValueError):
    """The file cannot be used; the message names file, item, field and fix."""


class UnknownRestaurantError(LookupError):
    """No restaurant was clearly meant by a name."""

    def __init__(self, said: str, nearest: Sequence[str]) -> None:
        super().__init__(f"no restaurant is clearly meant by {said!r}; nearest are {', '.join(nearest)}")
        self.said = said
        self.nearest = tuple(nearest)


class Catalogue:
    """All restaurants of one city, held in memory. Build it with `load`."""

    def __init__(self, city: City, restaurants: Sequence[Restaurant], places: Places | None = None) -> None:
        """Restaurants are taken as checked; `load` does the checking across them. `places` finds addresses;
        left out, among the streets and landmarks of the city."""
        self.city = city
        self._places = places or Gazetteer(city.streets, city.landmarks)
        self.restaurants = tuple(restaurants)
        self._search = Search(self.restaurants, city.zone, city.currency)
        self._by_id = {restaurant.id: restaurant for restaurant in restaurants}
        self._names = Names({r.id: (r.name, *r.alternate_name) for r in restaurants})

    @classmethod
    def load(cls, path: Path) -> Catalogue:
        """Read a catalogue file (JSON).

        Raises:
            CatalogueError: the file is missing, is no JSON, or an item is wrong; the message names it.
        """
        return cls.read(_read(path), path.name)

    @classmethod
    def read(cls, raw: dict[str, Any], file: str) -> Catalogue:
        """A catalogue from the content of a file; `file` is its name, for messages.

        Raises:
            CatalogueError: an item is wrong; the message names it.
        """
        try:
            json.dumps(raw, ensure_ascii=False).encode()
        except (UnicodeError, RecursionError) as error:
            # Half of a character can be written in JSON, and then neither said nor sent.
            raise CatalogueError(f"{file}: not text: {error}") from error
        city = _convert(raw["city"], City, f"{file}: city")
        items = raw["restaurants"]
        if not isinstance(items, list) or not items:
            raise CatalogueError(f"{file}: restaurants: expected a list with at least one restaurant")
        restaurants = [
            _convert(item, Restaurant, f"{file}: restaurants[{index}]{_label(item)}")
            for index, item in enumerate(items)
        ]
        _check_together(file, city, restaurants)
        return cls(city, [_in_country(restaurant, city.address_country) for restaurant in restaurants])

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of every wall time in the catalogue."""
        return self.city.zone

    @property
    def cuisines(self) -> list[str]:
        """All cuisines, sorted, each once."""
        return sorted({cuisine for restaurant in self.restaurants for cuisine in restaurant.serves_cuisine})

    @property
    def diets(self) -> list[Diet]:
        """The diets for which at least one restaurant has dishes."""
        return [diet for diet in Diet if any(restaurant.suited(diet) for restaurant in self.restaurants)]

    def get(self, id_or_name: str) -> Restaurant:
        """The restaurant with this id, or the one clearly meant by a spoken name.

        Raises:
            UnknownRestaurantError: none or more than one could be meant; carries the nearest names.
        """
        if restaurant := self._by_id.get(id_or_name):
            return restaurant
        found = self._names.match(id_or_name)
        if found.key is None:
            raise UnknownRestaurantError(id_or_name, found.nearest)
        return self._by_id[found.key]

    def place(self, said: str) -> Place:
        """The place meant by a spoken address, street, landmark or part of the city.

        Raises:
            UnknownPlaceError: none or more than one could be meant; carries the nearest names.
        """
        return self._places.place(said)

    def cuisine(self, said: str) -> Match:
        """The cuisine meant by a spoken word."""
        return match(said, {cuisine: (cuisine,) for cuisine in self.cuisines})

    def find(self, wish: Wish, most: int = RESULTS) -> Found:
        """The restaurants that fit every wish, best first, or the nearest one that does not.

        A cuisine that nobody cooks fits nobody.
        """
        return self._search.find(wish, most)

    def main_price(self, restaurant: Restaurant) -> Decimal | None:
        """What a main dish costs there: the middle of them. None when no menu is known."""
        return self._search.main_price(restaurant)

    def dish(self, restaurant: Restaurant, said: str) -> list[Dish]:
        """The dishes of a restaurant that a spoken text can mean, best first, at most three."""
        return [dish for _, dish in matching_dishes(restaurant, said)[:RESULTS]]

    def phrases(self) -> list[str]:
        """Words for the recogniser, the most useful first: restaurants, cuisines, diets, areas, landmarks and
        streets, then dishes, those first whose words stand in most others ("Pad Thai").

        A cuisine also stands beside the word it is said with: "Thai" alone is heard as "tie".
        """
        return list(self._phrases)

    @cached_property
    def _phrases(self) -> list[str]:
        names = [restaurant.name for restaurant in self.restaurants]
        cuisines = [f"{cuisine}{noun}" for noun in ("", " food") for cuisine in self.cuisines]
        diets = [f"{diet.said}{noun}" for noun in ("", " food") for diet in self.diets]
        landmarks = [landmark.name for landmark in self.city.landmarks]
        streets = [street.name for street in self.city.streets]
        dishes = _most_common([dish.name for restaurant in self.restaurants for dish in restaurant.dishes])
        found = dict.fromkeys([*names, *cuisines, *diets, *self.city.areas, *landmarks, *streets, *dishes])
        return list(found)[:PHRASES]


def _most_common(names: Sequence[str]) -> list[str]:
    """Names in order of how many of them hold all their words; the shorter first among equals."""
    holding: dict[str, set[int]] = {}
    said = [key_words(name) for name in names]
    for index, of_name in enumerate(said):
        for word in of_name:
            holding.setdefault(word, set()).add(index)
    common = [len(set.intersection(*(holding[word] for word in of_name))) for of_name in said]
    order = sorted(range(len(names)), key=lambda index: (-common[index], len(said[index])))
    return [names[index] for index in order]


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"{path.name}: not JSON: {error}") from error
    if not isinstance(raw, dict) or not {"city", "restaurants"} <= raw.keys():
        raise CatalogueError(f'{path.name}: expected an object with "city" and "restaurants"')
    return raw


def _convert[T: msgspec.Struct](raw: object, kind: type[T], label: str) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        field = where.strip("`").removeprefix("$").removeprefix(".")
        raise CatalogueError(f"{label}: {field + ': ' if field else ''}{what}") from error


def _in_country(restaurant: Restaurant, country: str) -> Restaurant:
    """With the country of the city unless it says another: public holidays go by it."""
    if restaurant.address.address_country is not None:
        return restaurant
    address = msgspec.structs.replace(restaurant.address, address_country=country)
    return msgspec.structs.replace(restaurant, address=address)


def _label(item: object) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return f" ({name})" if isinstance(name, str) else ""


def _check_city(file: str, city: City) -> None:
    for what, areas in (
        ("streets", [street.area for street in city.streets]),
        ("landmarks", [landmark.area for landmark in city.landmarks]),
    ):
        for index, area in enumerate(areas):
            if area not in city.areas:
                raise CatalogueError(
                    f"{file}: city: {what}[{index}].area: {area!r} is not one of {', '.join(city.areas)}"
                )


def _check_together(file: str, city: City, restaurants: Sequence[Restaurant]) -> None:
    """What one restaurant alone cannot show: names and ids that clash, areas the city does not have."""
    _check_city(file, city)
    owners: dict[str, str] = {}
    for index, restaurant in enumerate(restaurants):
        label = f"{file}: restaurants[{index}] ({restaurant.name})"
        if restaurant.address.area not in (None, *city.areas):
            raise CatalogueError(
                f"{label}: address.area: {restaurant.address.area!r} is not one of {', '.join(city.areas)}"
            )
        for name in {
            restaurant.id,
            restaurant.name.casefold(),
            *map(str.casefold, restaurant.alternate_name),
        }:
            if owner := owners.get(name):
                raise CatalogueError(f"{label}: name: {name!r} already belongs to {owner}")
            owners[name] = restaurant.name


if __name__ == "__main__":
    from shared.exchange.commands import main

    raise SystemExit(main())
