"""What is kept about a caller, and "the usual"."""

from __future__ import annotations

from collections import Counter
from datetime import date, time
from typing import get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.caller_memory import (
    MOST_DISHES,
    MOST_NOTES,
    MOST_VISITS,
    Dish,
    Kind,
    Memory,
    Told,
    Visit,
    begun,
    last_places,
    usual_order,
    usual_table,
    with_told,
    with_visit,
    without,
    without_visit,
)

TODAY = date(2026, 11, 22)
NONE = begun(TODAY)


def table(ref: str, place: str = "napoli", size: int = 2, at: str = "19:00", name: str = "Anna") -> Visit:
    return Visit(ref=ref, restaurant_id=place, party_size=size, at=time.fromisoformat(at), name=name)


def order(ref: str, place: str, *dishes: tuple[str, int]) -> Visit:
    return Visit(
        ref=ref,
        restaurant_id=place,
        dishes=tuple(Dish(id=dish, name=dish.title(), quantity=quantity) for dish, quantity in dishes),
    )


def after(*visits: Visit) -> Memory:
    memory = NONE
    for visit in visits:
        memory = with_visit(memory, visit)
    return memory


def test_the_usual_table_is_the_most_frequent_not_the_latest() -> None:
    memory = after(
        table("1", size=4, at="19:30"),
        table("2", size=4, at="20:00"),
        table("3", at="20:00"),
        table("4", "lotus"),
    )
    usual = usual_table(memory)
    assert usual is not None
    assert (usual.restaurant_id, usual.party_size, usual.at) == ("napoli", 4, time(20))


def test_of_two_as_frequent_the_latest_is_the_usual_one() -> None:
    usual = usual_table(after(table("1", "napoli"), table("2", "lotus", 6, "18:00", "Ben")))
    assert usual is not None
    assert (usual.restaurant_id, usual.party_size, usual.name) == ("lotus", 6, "Ben")


def test_the_usual_order_is_the_basket_ordered_most_whatever_its_order() -> None:
    memory = after(
        order("1", "napoli", ("margherita", 2), ("cola", 1)),
        order("2", "napoli", ("cola", 1), ("margherita", 2)),
        order("3", "napoli", ("diavola", 1)),
        order("4", "lotus", ("noodles", 1)),
    )
    usual = usual_order(memory)
    assert usual is not None
    assert {(dish.id, dish.quantity) for dish in usual.dishes} == {("margherita", 2), ("cola", 1)}


def test_tables_and_orders_are_told_apart() -> None:
    assert usual_order(after(table("1"))) is None
    assert usual_table(after(order("1", "napoli", ("cola", 1)))) is None
    assert usual_table(NONE) is None
    assert usual_order(NONE) is None


def test_a_party_is_nobodys_usual_order() -> None:
    party = order("1", "napoli", *((f"dish-{n}", 1) for n in range(MOST_DISHES + 1)))
    assert after(party) == NONE


def test_a_changed_booking_replaces_its_visit_and_a_cancelled_one_takes_it_out() -> None:
    memory = after(table("1", at="19:00"), table("2", "lotus"), table("1", at="21:00"))
    assert len(memory.visits) == 2
    assert last_places(memory) == ["napoli", "lotus"]
    assert last_places(without_visit(memory, "1")) == ["lotus"]


def test_notes_are_kept_once_and_the_latest_stay() -> None:
    memory = with_told(NONE, Told(preferences=("Vegan", "quiet")))
    memory = with_told(memory, Told(preferences=("vegan",)))
    assert memory.preferences == ("quiet", "vegan")
    many = with_told(memory, Told(preferences=tuple(f"note {n}" for n in range(30))))
    assert many.preferences == tuple(f"note {n}" for n in range(30 - MOST_NOTES, 30))


def test_an_allergy_that_was_told_allows_further_ones_until_it_is_forgotten() -> None:
    memory = with_told(NONE, Told(allergies=("nuts",)))
    assert memory.allergies_allowed
    assert not without(memory, "allergies").allergies_allowed


FULL = with_visit(
    with_told(
        NONE,
        Told(name="Anna", language="de-DE", usual_party=4, preferences=("quiet",), allergies=("nuts",)),
    ),
    table("1"),
)


def test_each_kind_can_be_forgotten_by_itself() -> None:
    """And all of them together leave what a caller has who only said yes."""
    memory = FULL
    for kind in get_args(Kind.__value__):
        assert without(FULL, kind) != FULL
        memory = without(memory, kind)
    assert memory == NONE


def test_forgetting_a_name_forgets_it_everywhere() -> None:
    assert b"Anna" not in msgspec.json.encode(without(FULL, "name"))


visits = st.lists(
    st.builds(
        table,
        st.integers(0, 20).map(str),
        st.sampled_from(["napoli", "lotus", "cedar"]),
        st.integers(1, 6),
        st.sampled_from(["18:00", "19:30", "21:00"]),
    ),
    min_size=1,
    max_size=30,
)


@given(visits)
def test_the_usual_table_is_one_that_was_booked_at_the_place_booked_most(made: list[Visit]) -> None:
    memory = after(*made)
    assert len(memory.visits) <= MOST_VISITS
    assert len({visit.ref for visit in memory.visits}) == len(memory.visits)
    usual = usual_table(memory)
    assert usual is not None
    counts = Counter(visit.restaurant_id for visit in memory.visits)
    assert counts[usual.restaurant_id] == max(counts.values())
    there = [visit for visit in memory.visits if visit.restaurant_id == usual.restaurant_id]
    assert usual.party_size in {visit.party_size for visit in there}
    assert usual.at in {visit.at for visit in there}


texts = st.text(max_size=60)


@given(st.lists(texts, max_size=20), st.lists(texts, max_size=20), visits)
def test_every_memory_comes_back_from_json_and_fits_into_a_row(
    preferences: list[str], allergies: list[str], made: list[Visit]
) -> None:
    memory = with_told(after(*made), Told(preferences=tuple(preferences), allergies=tuple(allergies)))
    text = msgspec.json.encode(memory)
    assert msgspec.json.decode(text, type=Memory) == memory
    assert len(text.decode().encode("utf-16-le")) < 60_000
