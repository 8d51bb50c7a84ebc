"""The catalogue: what is in it, what is refused, and who is meant by a name."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.menu import Allergen, Diet
from shared.restaurants import Catalogue, CatalogueError, UnknownRestaurantError
from shared.settings import DEFAULT_RESTAURANTS_FILE

CATALOGUE = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
RAW: dict[str, Any] = json.loads(DEFAULT_RESTAURANTS_FILE.read_bytes())
type Edit = Callable[[dict[str, Any]], object]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CATALOGUE.zone)


class TestTheShippedFile:
    """What later rooms count on."""

    def test_is_large_enough_to_choose_from(self) -> None:
        assert len(CATALOGUE.restaurants) == 60
        assert len(CATALOGUE.cuisines) == 15
        assert all(20 <= len(restaurant.dishes) <= 60 for restaurant in CATALOGUE.restaurants)

    def test_has_breaks_and_closings_past_midnight(self) -> None:
        spans = [r.hours(CATALOGUE.zone).spans(local("2026-11-27").date()) for r in CATALOGUE.restaurants]
        assert any(len(of_day) > 1 for of_day in spans)
        assert any(span.closes > 24 * 60 for of_day in spans for span in of_day)

    def test_has_a_dish_whose_allergens_nobody_recorded(self) -> None:
        assert any(dish.allergens is None for r in CATALOGUE.restaurants for dish in r.dishes)

    def test_gives_the_recogniser_names_once_and_restaurants_first(self) -> None:
        phrases = CATALOGUE.phrases()
        assert phrases[:60] == [restaurant.name for restaurant in CATALOGUE.restaurants]
        assert {"Thai", "Old Town", "Lantern Street", "Central Station", "Pad Thai", "Moussaka"} <= set(
            phrases
        )
        assert len(phrases) == len(set(phrases)) <= 500

    def test_telephone_numbers_are_of_the_range_kept_for_fiction(self) -> None:
        """ComReg keeps 020 91X XXXX for drama: nobody is rung by mistake."""
        assert all((r.telephone or "").replace(" ", "").startswith("+3532091") for r in CATALOGUE.restaurants)


def set_dish(**fields: Any) -> Edit:
    return lambda raw: raw["restaurants"][2]["hasMenu"]["hasMenuSection"][0]["hasMenuItem"][1].update(fields)


def set_restaurant(index: int = 2, **fields: Any) -> Edit:
    return lambda raw: raw["restaurants"][index].update(fields)


HOURS = {"dayOfWeek": ["Monday"], "opens": "12:00", "closes": "15:00"}
TABLES = {
    "tables": [{"seats": 4, "count": 2}],
    "slotMinutes": 30,
    "sittingMinutes": 90,
    "lastSeatingMinutes": 60,
}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            set_dish(offers={"price": "12.505"}),
            r"\[2\] \(Sakura House\): hasMenu.hasMenuSection\[0\].hasMenuItem\[1\].offers: 12.505 is not",
        ),
        (set_dish(offers={"price": "-1"}), r"offers: -1 is not an amount"),
        (set_dish(offers={"price": "NaN"}), r"offers: NaN is not an amount"),
        (set_dish(offers={"price": "cheap"}), r"hasMenuItem\[1\].offers.price: Invalid decimal"),
        (set_dish(suitableForDiet=["vegan"]), r"suitableForDiet\[0\]: Invalid enum value 'vegan'"),
        (set_dish(suitableForDiet=["VeganDiet"]), r"'Tuna Sushi' claims VeganDiet but lists fish"),
        (set_dish(allergens=["wheat"]), r"allergens\[0\]: Invalid enum value 'wheat'"),
        (set_dish(nmae="x"), r"hasMenuItem\[1\]: Object contains unknown field `nmae`"),
        (set_restaurant(telephone="0209130138"), r"\(Sakura House\): telephone: .*regex"),
        (set_restaurant(priceRange="$$"), r"priceRange: Invalid enum value '\$\$'"),
        (set_restaurant(name=7), r"restaurants\[2\]: name: Expected `str`, got `int`"),
        (
            set_restaurant(openingHoursSpecification=[HOURS, {**HOURS, "opens": "14:00"}]),
            r"\(Sakura House\): .*opening hours overlap: the span from Monday 14:00",
        ),
        (
            set_restaurant(openingHoursSpecification=[{**HOURS, "closes": "24:00"}]),
            r"openingHoursSpecification\[0\].closes",
        ),
        (
            set_restaurant(reservations={**TABLES, "maximumPartySize": 5}),
            r"reservations: maximumPartySize 5 is more than the largest table \(4\)",
        ),
        (
            set_restaurant(address={"streetAddress": "1 Way", "area": "Moon", "postalCode": "M"}),
            r"\(Sakura House\): address.area: 'Moon' is not one of Old Town, ",
        ),
        (set_restaurant(name="Golden Lotus"), r"'golden lotus' already belongs to Golden Lotus"),
        (set_restaurant(2, **{"@id": "golden-lotus"}), r"'golden-lotus' already belongs to Golden Lotus"),
        (
            lambda raw: raw["city"].update(timeZone="Europe/Atlantis"),
            r"city: timeZone 'Europe/Atlantis' is not",
        ),
        (lambda raw: raw["city"].update(addressCountry="Ireland"), r"city: addressCountry: .*regex"),
        (lambda raw: raw["city"].update(currency="XYZ"), r"city: currency 'XYZ' is not one of EUR, "),
        (lambda raw: raw.update(restaurants=[]), r"restaurants: expected a list with at least one"),
        (lambda raw: raw.pop("city"), r'expected an object with "city" and "restaurants"'),
    ],
)
def test_a_wrong_item_is_named_with_its_field(tmp_path: Path, edit: Edit, message: str) -> None:
    raw = copy.deepcopy(RAW)
    edit(raw)
    file = tmp_path / "town.json"
    file.write_text(json.dumps(raw))
    with pytest.raises(CatalogueError, match=rf"^town\.json: .*{message}|^town\.json: {message}"):
        Catalogue.load(file)


@pytest.mark.parametrize(
    ("content", "message"), [(b"{", "not JSON"), (b"[]", "expected an object"), (None, "read")]
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "town.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CatalogueError, match=message):
        Catalogue.load(file)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("golden-lotus", "Golden Lotus"),
        ("the golden lotus, please", "Golden Lotus"),
        ("Lotus", "Golden Lotus"),
        ("tie orchid", "Thai Orchid"),
        ("thigh orkid", "Thai Orchid"),
        ("sukura house", "Sakura House"),
        ("cedar girl", "Cedar Grill"),
        ("elk amino", "El Camino"),
        ("bombay police", "Bombay Palace"),
        ("tratoria luchia", "Trattoria Lucia"),
        ("blue anker", "Blue Anchor"),
        ("the maple dinner", "Maple Diner"),
        ("neapoli pizza", "Napoli Pizza"),
        ("Tokio corner", "Tokyo Corner"),
        ("spies market", "Spice Market"),
        ("bistro margo", "Bistro Margot"),
        ("green tables", "Green Table"),
    ],
)
def test_a_misheard_name_still_finds_its_restaurant(said: str, name: str) -> None:
    assert CATALOGUE.get(said).name == name


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ("golden palace", {"Golden Lotus", "Bombay Palace"}),
        ("green dragon", {"Green Table"}),
        ("tokyo house", {"Tokyo Corner", "Sakura House"}),
        ("blue lagoon", {"Blue Anchor"}),
        ("McDonald's", set()),
        *((said, set()) for said in ("", "x", "yes", "hello", "the", "no thanks", "um", "something")),
    ],
)
def test_a_name_that_could_be_another_is_asked_about(said: str, nearest: set[str]) -> None:
    with pytest.raises(UnknownRestaurantError) as refused:
        CATALOGUE.get(said)
    assert nearest <= set(refused.value.nearest)
    assert len(refused.value.nearest) == 3


@given(st.text(max_size=30))
def test_any_text_is_either_a_restaurant_or_refused(said: str) -> None:
    with contextlib.suppress(UnknownRestaurantError):
        assert CATALOGUE.get(said) in CATALOGUE.restaurants


def test_no_dish_contradicts_its_diet() -> None:
    animal = {Allergen.FISH, Allergen.MILK, Allergen.EGGS, Allergen.CRUSTACEANS, Allergen.MOLLUSCS}
    vegan = [dish for r in CATALOGUE.restaurants for dish in r.suited(Diet.VEGAN)]
    assert vegan
    assert all(Diet.VEGETARIAN in dish.suitable_for_diet for dish in vegan)
    assert not any(animal & set(dish.allergens or ()) for dish in vegan)
