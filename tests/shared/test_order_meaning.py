"""Which dish is meant by what was heard."""

from __future__ import annotations

import pytest

from shared.order_meaning import UnknownItemError, dish_meant
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE
from tests.shared.order_house import NAPOLI


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("margherita-pizza", "margherita-pizza"),
        ("Margherita Pizza", "margherita-pizza"),
        ("margarita pizzas", "margherita-pizza"),
        ("a margarita", "margherita-pizza"),
        ("pepperoni", "pepperoni-pizza"),
        ("peperoni pizza please", "pepperoni-pizza"),
        ("the soup", "soup-of-the-day"),
        ("sparkling waters", "sparkling-water"),
        ("tira misu", "tiramisu"),
    ],
)
def test_a_dish_is_known_as_it_is_heard(said: str, meant: str) -> None:
    assert dish_meant(NAPOLI, said).id == meant


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ("pizza", ["margherita-pizza", "marinara-pizza", "pepperoni-pizza"]),
        ("a margarita salad", []),
        ("a motor car", []),
        ("", []),
    ],
)
def test_what_is_not_clear_is_not_guessed(said: str, nearest: list[str]) -> None:
    with pytest.raises(UnknownItemError) as error:
        dish_meant(NAPOLI, said)
    assert [dish.id for dish in error.value.nearest] == nearest


def test_every_dish_of_the_shipped_city_is_known_by_its_id_and_its_name() -> None:
    for restaurant in Catalogue.load(DEFAULT_RESTAURANTS_FILE).restaurants[::6]:
        for dish in restaurant.dishes:
            assert dish_meant(restaurant, dish.id) is dish
            assert dish_meant(restaurant, dish.name).name == dish.name
