"""The search of the catalogue: what fits a wish, and what is offered when nothing does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import search_verdicts as verdicts
from shared.dish_matching import meanings_of, scored
from shared.menu import Allergen, Diet
from shared.name_matching import Names, match
from shared.restaurant import Atmosphere
from shared.restaurant_search import EXAMINED, Search, Wish
from shared.restaurants import Catalogue
from shared.search_index import Entry, Index
from shared.search_verdicts import Asked
from shared.settings import DEFAULT_RESTAURANTS_FILE

CATALOGUE = Catalogue.load(DEFAULT_RESTAURANTS_FILE)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CATALOGUE.zone)


NOVEMBER = local("2026-11-01")


def names(**wish: Any) -> list[str]:
    found = CATALOGUE.find(Wish(**wish))
    assert found.exact
    return [hit.restaurant.name for hit in found.hits]


@pytest.mark.parametrize(
    ("dish", "found"),
    [
        ("sushi", "Sakura House"),
        ("pizza", "Napoli Pizza"),
        ("curry", "Bombay Palace, Thai Orchid, Siam Terrace"),
        ("thai curry", "Thai Orchid, Siam Terrace"),
        ("burgers", "Maple Diner"),
        ("ramen", "Tokyo Corner"),
        ("some tacos", "El Camino, Taqueria Paloma"),
        ("fish and chips", "Blue Anchor"),
        ("pad thai", "Thai Orchid"),
        ("hummus", "Cedar Grill, Phoenicia"),
        ("something with snails", "Bistro Margot"),
        ("dumplings", "Golden Lotus"),
        ("dosa", "Spice Market"),
        ("lasagna", "Trattoria Lucia"),
    ],
)
def test_a_dish_finds_a_restaurant_that_serves_it(dish: str, found: str) -> None:
    assert names(dish=dish)[0] in found.split(", ")


class TestFind:
    """Wishes together, and what to offer when they cannot all be met."""

    def test_all_wishes_hold_at_once(self) -> None:
        assert names(cuisine="Italian", price="cheap") == ["Nonna Rosa", "Napoli Pizza"]
        assert names(cuisine="Japanese", area="University") == ["Tokyo Corner"]
        assert names(cuisine="Japanese", open_at=local("2026-11-23 21:00")) == ["Tokyo Corner"]

    def test_a_dish_must_suit_the_diet_asked_for_with_it(self) -> None:
        first, second = CATALOGUE.find(Wish(dish="pizza", diet=Diet.VEGAN)).hits
        assert {hit.restaurant.name for hit in (first, second)} == {"Napoli Pizza", "Giovanni's"}
        assert first.reasons == ("has Marinara Pizza at nine twenty", "has five vegan dishes")

    def test_at_most_three_are_given_and_the_rest_is_counted(self) -> None:
        found = CATALOGUE.find(Wish(dish="chicken"))
        assert len(found.hits) == 3
        assert found.total > 3

    def test_without_a_wish_the_best_rated_come_first(self) -> None:
        ratings = [hit.restaurant.rating or 0 for hit in CATALOGUE.find(Wish()).hits]
        assert ratings == sorted((r.rating or 0 for r in CATALOGUE.restaurants), reverse=True)[:3]

    def test_when_nothing_fits_the_nearest_says_what_it_lacks(self) -> None:
        found = CATALOGUE.find(Wish(cuisine="Thai", area="Old Town"))
        (hit,) = found.hits
        assert not found.exact
        assert hit.restaurant.name == "Thai Orchid"
        assert hit.reasons == ("serves Thai food",)
        assert hit.lacks == ("is in the Harbour area, not in the Old Town area",)

    def test_a_diet_is_the_last_thing_given_up(self) -> None:
        (hit,) = CATALOGUE.find(
            Wish(cuisine="French", area="Old Town", diet=Diet.HALAL, price="expensive")
        ).hits
        assert hit.restaurant.suited(Diet.HALAL)

    def test_a_dish_nobody_has_finds_nothing(self) -> None:
        found = CATALOGUE.find(Wish(dish="haggis"))
        assert (found.hits, found.exact) == ((), False)

    def test_open_late_reaches_into_the_next_day(self) -> None:
        assert set(names(open_at=local("2026-11-28 01:30"))) == {"Beirut Nights", "Hanabi", "Napoli Pizza"}


class TestAtScale:
    """What a search costs is counted in restaurants looked at, which no machine changes."""

    def test_many_more_restaurants_are_not_many_more_to_look_at(self) -> None:
        many = [
            msgspec.structs.replace(restaurant, id=f"{restaurant.id[:40]}-{n}", name=f"{restaurant.name} {n}")
            for n in range(20)
            for restaurant in CATALOGUE.restaurants
        ]
        search = Search(many, CATALOGUE.zone, "EUR")
        every = [Wish(dish=name) for name in ("curry", "pizza", "chicken", "sue she")]
        every += [Wish(cuisine="Italian"), Wish(open_at=local("2026-11-27 19:00")), Wish()]
        every += [Wish(cuisine="Thai", near=CATALOGUE.place("Quay Street"), most=Decimal(15))]
        for wish in every:
            found = search.find(wish)
            assert found.exact
            assert found.examined <= EXAMINED
            assert len(found.hits) == 3
        italian = search.find(Wish(cuisine="Italian"))
        assert (italian.total, italian.counted) == (140, False)

    def test_many_names_are_looked_up_as_if_all_were_compared(self) -> None:
        few = {r.id: (r.name, *r.alternate_name) for r in CATALOGUE.restaurants}
        streets = [street.name for street in CATALOGUE.city.streets]
        many = few | {f"{one}-{n}": (f"Place {n} of {one}",) for n in range(12) for one in streets}
        names = Names(many)
        for said in (
            "thigh orkid",
            "tratoria luchia",
            "brasserie devall",
            "wild time",
            "elk amino",
            "nobody",
        ):
            assert names.match(said).key == match(said, many).key == match(said, few).key

    def test_giving_wishes_up_is_bounded_as_well(self) -> None:
        wish = Wish(
            cuisine="Thai", dish="pizza", diet=Diet.HALAL, area="Old Town", price="expensive", rating=4.9
        )
        assert CATALOGUE.find(wish).examined <= 2 * EXAMINED


@given(
    cuisine=st.none() | st.sampled_from(CATALOGUE.cuisines),
    dish=st.none() | st.sampled_from(["pizza", "curry", "soup", "chicken", "haggis"]),
    diet=st.none() | st.sampled_from(CATALOGUE.diets),
    area=st.none() | st.sampled_from(CATALOGUE.city.areas),
    price=st.none() | st.sampled_from(["cheap", "moderate", "expensive"]),
    open_at=st.none() | st.integers(0, 400 * 24 * 4).map(lambda n: NOVEMBER + n * timedelta(minutes=15)),
)
def test_every_hit_truly_fits_and_gives_reasons(**wish: Any) -> None:
    found = CATALOGUE.find(Wish(**wish))
    for hit in found.hits:
        r = hit.restaurant
        broken = {
            "cuisine": wish["cuisine"] not in (None, *r.serves_cuisine),
            "diet": wish["diet"] is not None and not r.suited(wish["diet"]),
            "area": wish["area"] not in (None, r.address.area),
            "open_at": wish["open_at"] is not None and not r.hours(CATALOGUE.zone).is_open(wish["open_at"]),
        }
        assert hit.reasons
        assert bool(hit.lacks) == (not found.exact)
        assert not (found.exact and any(broken.values()))


INDEX = Index(CATALOGUE.restaurants, CATALOGUE.zone)
SEARCH = Search(CATALOGUE.restaurants, CATALOGUE.zone, "EUR")


def fitting_one_by_one(wish: Wish) -> set[str]:
    """Ids of those whom every verdict lets pass. The words of a dish are looked up as the search does."""
    for by_sound in (False, True):
        meant = meanings_of(INDEX.vocabulary, wish.dish or "", by_sound=by_sound)
        if any(scored(entry.menu, meant) for entry in INDEX.entries):
            break
    asked = Asked(wish, CATALOGUE.zone, "EUR", lambda entry: scored(entry.menu, meant))
    judges: list[tuple[object, Callable[[Asked, Entry], verdicts.Verdict]]] = [
        (wish.cuisine, verdicts.by_cuisine),
        (wish.dish, verdicts.by_dish),
        (wish.diet, verdicts.by_diet),
        (wish.avoid or None, verdicts.by_allergens),
        (wish.area, verdicts.by_area),
        (wish.near, verdicts.by_distance),
        (wish.deliver_to, verdicts.by_delivery),
        (wish.price, verdicts.by_price),
        (wish.most, verdicts.by_most),
        (wish.open_at, verdicts.by_time),
        (wish.party_size, verdicts.by_party),
        (wish.atmosphere, verdicts.by_atmosphere),
        (wish.rating, verdicts.by_rating),
    ]
    return {
        entry.restaurant.id
        for entry in INDEX.entries
        if entry.restaurant.id not in wish.exclude
        and all(judge(asked, entry).fits for wished, judge in judges if wished is not None)
    }


PLACES = [CATALOGUE.place(said) for said in ("Central Station", "12 Quay Street", "150 Churchfield Park")]


@settings(max_examples=150, deadline=None)
@given(
    wish=st.builds(
        Wish,
        cuisine=st.none() | st.sampled_from(CATALOGUE.cuisines),
        dish=st.none() | st.sampled_from(["pizza", "curry", "soup", "chicken", "haggis", "sue she"]),
        diet=st.none() | st.sampled_from(CATALOGUE.diets),
        avoid=st.frozensets(st.sampled_from(list(Allergen)), max_size=2),
        area=st.none() | st.sampled_from(CATALOGUE.city.areas),
        near=st.none() | st.sampled_from(PLACES),
        deliver_to=st.none() | st.sampled_from(PLACES),
        price=st.none() | st.sampled_from(["cheap", "moderate", "expensive"]),
        most=st.none() | st.integers(5, 40).map(Decimal),
        open_at=st.none() | st.integers(0, 400 * 24 * 60).map(lambda n: NOVEMBER + n * timedelta(minutes=1)),
        party_size=st.none() | st.integers(1, 20),
        atmosphere=st.none() | st.sampled_from(list(Atmosphere)),
        rating=st.none() | st.sampled_from([4.0, 4.5, 4.8]),
        exclude=st.frozensets(st.sampled_from([r.id for r in CATALOGUE.restaurants]), max_size=3),
    )
)
def test_the_index_leaves_out_nobody_who_fits(wish: Wish) -> None:
    """Against asking every restaurant about every wish."""
    fitting = fitting_one_by_one(wish)
    found = SEARCH.find(wish)
    assert found.exact == bool(fitting)
    if found.exact:
        assert {hit.restaurant.id for hit in found.hits} <= fitting
        assert len(found.hits) == min(3, len(fitting))
        assert found.total == len(fitting) or not found.counted
    assert not {hit.restaurant.id for hit in found.hits} & wish.exclude


class TestDishes:
    """A dish in the caller's words."""

    def test_the_exact_dish_comes_with_its_near_ones(self) -> None:
        orchid = CATALOGUE.get("thai-orchid")
        assert [dish.name for dish in CATALOGUE.dish(orchid, "pad thai")] == ["Pad Thai", "Tofu Pad Thai"]

    def test_a_misspelt_dish_is_found(self) -> None:
        assert CATALOGUE.dish(CATALOGUE.get("napoli-pizza"), "margarita pizza")[0].name == "Margherita Pizza"

    def test_what_is_not_on_the_menu_is_not_found(self) -> None:
        assert CATALOGUE.dish(CATALOGUE.get("napoli-pizza"), "sushi") == []

    def test_words_that_only_sound_alike_are_different_dishes(self) -> None:
        found = CATALOGUE.dish(CATALOGUE.get("cedar-grill"), "rice")
        assert "Rose Milk Pudding" not in [dish.name for dish in found]
