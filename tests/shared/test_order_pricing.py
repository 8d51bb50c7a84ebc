"""Totals: whatever is ordered, they are what a second way of counting says, to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.menu import Choice, Dish, Menu, MenuSection, Offer, OptionGroup
from shared.order_options import labels
from shared.order_pricing import GoneError, bill, delivery_fee, price
from shared.order_records import CartLine
from shared.restaurant import Delivery, Restaurant
from tests.shared.order_house import LARGE, NAPOLI

cents = st.integers(0, 99_999)


def amount(n: int) -> Decimal:
    return Decimal(n) / 100


@st.composite
def dishes(draw: st.DrawFn, number: int) -> Dish:
    groups = [
        OptionGroup(
            name=f"Group {g}",
            choices=tuple(
                Choice(name=f"choice {g} {c}", price=amount(draw(cents)))
                for c in range(draw(st.integers(1, 3)))
            ),
        )
        for g in range(draw(st.integers(0, 2)))
    ]
    offer = Offer(price=amount(draw(st.integers(1, 99_999))))
    return Dish(id=f"dish-{number}", name=f"Dish {number}", offers=offer, options=tuple(groups))


@st.composite
def tables_laid(draw: st.DrawFn) -> tuple[Restaurant, list[CartLine]]:
    """A restaurant with any menu and any terms, and any lines of it."""
    menu = tuple(draw(dishes(number)) for number in range(draw(st.integers(1, 4))))
    terms = Delivery(
        radius_km=1,
        minutes=30,
        minimum_order=amount(draw(cents)),
        fee=amount(draw(cents)),
        free_from=draw(st.none() | cents.map(amount)),
    )
    restaurant = msgspec.structs.replace(
        NAPOLI,
        delivery=terms,
        has_menu=Menu(has_menu_section=(MenuSection(name="All", has_menu_item=menu),)),
    )
    lines = []
    for _ in range(draw(st.integers(0, 6))):
        dish = draw(st.sampled_from(menu))
        taken = draw(st.lists(st.sampled_from(sorted(labels(dish))), unique=True)) if dish.options else []
        lines.append(CartLine(dish.id, draw(st.integers(1, 60)), tuple(taken)))
    return restaurant, lines


def counted(restaurant: Restaurant, lines: list[CartLine]) -> tuple[int, int]:
    """Subtotal and fee in whole cents, counted by another way: portion by portion, with whole numbers."""
    subtotal = 0
    for line in lines:
        dish = next(dish for dish in restaurant.dishes if dish.id == line.item)
        for _ in range(line.quantity):
            subtotal += int(dish.offers.price * 100)
            for group in dish.options:
                subtotal += sum(int(c.price * 100) for c in group.choices if c.name in line.options)
    terms = restaurant.delivery
    assert terms is not None
    free = terms.free_from is not None and subtotal >= int(terms.free_from * 100)
    return subtotal, 0 if free else int(terms.fee * 100)


@settings(max_examples=150, deadline=None)
@given(tables_laid())
def test_totals_are_exact(laid: tuple[Restaurant, list[CartLine]]) -> None:
    restaurant, lines = laid
    found, (subtotal, fee) = bill(restaurant, lines), counted(restaurant, lines)
    assert (found.subtotal, found.fee, found.total) == tuple(map(amount, (subtotal, fee, subtotal + fee)))
    assert sum((line.amount for line in found.lines), Decimal(0)) == found.subtotal
    assert all(line.amount == line.price * line.quantity for line in found.lines)
    assert restaurant.delivery is not None
    assert found.missing == max(Decimal(0), restaurant.delivery.minimum_order - found.subtotal)
    for each in (found.subtotal, found.fee, found.total, found.missing):
        assert each.as_tuple().exponent == -2
        assert each >= 0


@settings(max_examples=50, deadline=None)
@given(tables_laid(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(laid: tuple[Restaurant, list[CartLine]], random: Any) -> None:
    restaurant, lines = laid
    before = bill(restaurant, lines)
    random.shuffle(lines)
    after = bill(restaurant, lines)
    assert (before.subtotal, before.fee, before.total) == (after.subtotal, after.fee, after.total)


@settings(max_examples=50, deadline=None)
@given(tables_laid())
def test_more_of_anything_is_never_a_smaller_subtotal(laid: tuple[Restaurant, list[CartLine]]) -> None:
    restaurant, lines = laid
    before = bill(restaurant, lines)
    for index, line in enumerate(lines):
        more = [
            *lines[:index],
            msgspec.structs.replace(line, quantity=line.quantity + 1),
            *lines[index + 1 :],
        ]
        after = bill(restaurant, more)
        assert after.subtotal - before.subtotal == before.lines[index].price
        assert after.missing <= before.missing
        assert after.fee <= before.fee


@pytest.mark.parametrize(("subtotal", "fee"), [("0.00", "2.00"), ("29.99", "2.00"), ("30.00", "0.00")])
def test_delivery_is_free_from_just_that_amount(subtotal: str, fee: str) -> None:
    assert NAPOLI.delivery is not None
    assert delivery_fee(NAPOLI.delivery, Decimal(subtotal)) == Decimal(fee)


def test_what_is_no_longer_on_the_menu_is_not_priced() -> None:
    for line in (CartLine("gone", 1), msgspec.structs.replace(LARGE, options=("huge",))):
        with pytest.raises(GoneError) as error:
            bill(NAPOLI, [line])
        assert error.value.line == line


def test_the_price_of_a_dish_with_its_options() -> None:
    pizza = NAPOLI.dish("margherita-pizza")
    assert pizza is not None
    assert price(pizza, ["large", "olives"]) == Decimal("15.50")
