"""What a search takes with ten thousand restaurants: `python -m bench.search [COUNT]`.

The restaurants are those of the shipped city over and over, each with a place, a rating, hours and dishes of
its own, so that no two menus are alike. Wishes are drawn from all that a caller can say, words misheard
among them. One core, no network.
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from shared.menu import Allergen, Diet, Dish, Menu
from shared.places import GeoCoordinates
from shared.restaurant import Atmosphere, Rating, Restaurant
from shared.restaurant_search import Search, Wish
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE

_COUNT = 10_000
_SEARCHES = 2_000
_NEW_WORDS = 20_000
"""Words that the shipped menus do not have: more than the menus of a real city add."""

_SYLLABLES = ("ba", "chi", "do", "fen", "gar", "ka", "lo", "mar", "ni", "pol", "ra", "sa", "ti", "vo", "ze")
_KITCHENS = ("Abbot", "Birch", "Clover", "Dalton", "Ember", "Fenwick", "Garnet", "Hollis", "Ivory", "Juniper")
_MISHEARD = (
    "sue she",
    "tie curry",
    "moose aka",
    "lasanya",
    "margarita pizza",
    "fell awful",
    "pad tie",
    "hagis",
)


def restaurants(catalogue: Catalogue, count: int, rng: random.Random) -> list[Restaurant]:
    """So many, each unlike the others."""
    words = sorted({word for r in catalogue.restaurants for dish in r.dishes for word in dish.name.split()})
    words += ["".join(rng.choices(_SYLLABLES, k=rng.choice([2, 3, 3, 4]))) for _ in range(_NEW_WORDS)]
    made = []
    for n in range(count):
        base = catalogue.restaurants[n % len(catalogue.restaurants)]
        made.append(
            msgspec.structs.replace(
                base,
                id=f"{base.id[:40]}-{n}",
                name=f"{base.name} {rng.choice(_KITCHENS)} {n}",
                geo=GeoCoordinates(
                    latitude=round(52.9 + rng.gauss(0, 0.2), 5), longitude=round(-6.05 + rng.gauss(0, 0.3), 5)
                ),
                aggregate_rating=Rating(
                    rating_value=round(rng.uniform(2.5, 5), 1), review_count=rng.randint(1, 900)
                ),
                has_menu=menu(base, words, rng),
            )
        )
    return made


def menu(base: Restaurant, words: list[str], rng: random.Random) -> Menu | None:
    """The menu with a word more in each dish, some of them new to the whole city."""

    def dish(of: Dish) -> Dish:
        return msgspec.structs.replace(of, name=f"{of.name} {rng.choice(words)}")

    if base.has_menu is None:
        return None
    sections = tuple(
        msgspec.structs.replace(section, has_menu_item=tuple(dish(of) for of in section.has_menu_item))
        for section in base.sections
    )
    return Menu(has_menu_section=sections)


def wishes(catalogue: Catalogue, rng: random.Random) -> list[Wish]:
    """What callers say: one thing mostly, sometimes much."""
    names = [dish.name for r in catalogue.restaurants for dish in r.dishes]
    places = [street.name for street in catalogue.city.streets]
    begins = datetime(2026, 11, 23, tzinfo=catalogue.zone)
    parts: dict[str, Callable[[], Any]] = {
        "cuisine": lambda: rng.choice(catalogue.cuisines),
        "dish": lambda: (
            rng.choice(_MISHEARD) if rng.random() < 0.3 else " ".join(rng.choice(names).split()[-2:])
        ),
        "diet": lambda: rng.choice([Diet.VEGAN, Diet.VEGETARIAN, Diet.GLUTEN_FREE, Diet.HALAL]),
        "avoid": lambda: frozenset({rng.choice(list(Allergen))}),
        "area": lambda: rng.choice(catalogue.city.areas),
        "near": lambda: catalogue.place(rng.choice(places)),
        "deliver_to": lambda: catalogue.place(f"{rng.randint(1, 10)} {rng.choice(places)}"),
        "price": lambda: rng.choice(["cheap", "moderate", "expensive"]),
        "most": lambda: Decimal(rng.randint(8, 40)),
        "open_at": lambda: begins + timedelta(minutes=rng.randint(0, 20_000)),
        "party_size": lambda: rng.randint(1, 12),
        "atmosphere": lambda: rng.choice(list(Atmosphere)),
        "rating": lambda: rng.choice([4.0, 4.5, 4.9]),
    }
    drawn = []
    for _ in range(_SEARCHES):
        chosen = rng.sample(list(parts), rng.choice([1, 1, 2, 2, 3, 4, 6]))
        drawn.append(Wish(**{name: parts[name]() for name in chosen}))
    return drawn


def main() -> None:
    """Build, search, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else _COUNT
    rng = random.Random(1)  # noqa: S311 - repeatable, guards nothing
    catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    many = restaurants(catalogue, count, rng)
    made = time.perf_counter()
    search = Search(many, catalogue.zone, catalogue.city.currency)
    built = time.perf_counter()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    took: list[float] = []
    examined: list[int] = []
    for wish in wishes(catalogue, rng):
        start = time.process_time()  # of this process alone: the machine may do other things as well
        found = search.find(wish)
        took.append((time.process_time() - start) * 1000)
        examined.append(found.examined)
    took.sort()
    dishes = sum(len(restaurant.dishes) for restaurant in many)
    print(
        f"{count} restaurants, {dishes} dishes; made in {made - begun:.1f} s, indexed in {built - made:.1f} s"
    )
    print(f"memory: {grown / 1024:.0f} MB, {grown / count:.0f} kB a restaurant")
    print(
        f"{len(took)} searches: p50 {statistics.median(took):.2f} ms, p99 {took[int(len(took) * 0.99)]:.2f} "
        f"ms, most {took[-1]:.2f} ms; at most {max(examined)} restaurants looked at (wanted: p99 up to 10 ms)"
    )


if __name__ == "__main__":
    main()
