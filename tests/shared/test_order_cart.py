"""How a cart changes, without a store."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.agent_tables import Orders
from shared.allergy_words import allergens_named
from shared.menu import Allergen, Choice, Dish, Offer, OptionGroup
from shared.name_matching import words
from shared.order_cart import (
    CartError,
    Change,
    Changed,
    NotInCartError,
    TooMuchError,
    WhichLineError,
    change,
    conflicts,
    is_read_back,
    read_back,
)
from shared.order_options import (
    OptionError,
    OptionMissingError,
    OptionsTooManyError,
    OptionUnknownError,
    all_labels,
    chosen,
)
from shared.order_pricing import bill
from shared.order_records import Cart, Status
from tests.shared.order_house import NAPOLI, cart, moved_to

RULES = Orders(question_above=12, most_portions=60)
EMPTY = msgspec.structs.replace(cart(), lines=())


def dish(name: str) -> Dish:
    found = NAPOLI.dish(name)
    assert found is not None
    return found


PIZZA, WATER = dish("margherita-pizza"), dish("sparkling-water")


def put(before: Cart, what: Dish, **wanted: object) -> Changed:
    return change(before, what, msgspec.convert(wanted, Change), RULES)


def lines(changed: Changed) -> list[tuple[str, int, tuple[str, ...], str]]:
    assert changed.question is None
    return [(line.item, line.quantity, line.options, line.note) for line in changed.cart.lines]


class TestLines:
    """Which line is meant, and what becomes of it."""

    def test_the_same_again_changes_nothing(self) -> None:
        once = put(EMPTY, PIZZA, options=["large"])
        assert put(once.cart, PIZZA, options=["large"]).cart == once.cart

    def test_a_quantity_alone_means_the_one_that_is_there(self) -> None:
        once = put(EMPTY, PIZZA, options=["large"], note="no basil").cart
        assert lines(put(once, PIZZA, quantity=3)) == [("margherita-pizza", 3, ("large",), "no basil")]

    def test_one_with_a_note_is_another_one(self) -> None:
        once = put(EMPTY, PIZZA, options=["large"]).cart
        both = put(once, PIZZA, options=["large"], note="no basil", quantity=1)
        assert [line[3] for line in lines(both)] == ["", "no basil"]

    def test_a_note_alone_belongs_to_the_one_that_is_there(self) -> None:
        once = put(EMPTY, PIZZA, options=["large"], quantity=2).cart
        assert lines(put(once, PIZZA, note="no basil")) == [("margherita-pizza", 2, ("large",), "no basil")]

    def test_two_that_become_alike_become_one(self) -> None:
        both = put(put(EMPTY, PIZZA, options=["large"]).cart, PIZZA, options=["regular"], quantity=2)
        same = put(both.cart, PIZZA, line=2, options=["large"])
        assert (lines(same), same.line) == ([("margherita-pizza", 3, ("large",), "")], 1)

    def test_a_line_can_become_another_dish(self) -> None:
        once = put(EMPTY, PIZZA, options=["large"], quantity=2, note="no basil").cart
        assert lines(put(once, WATER, line=1)) == [("sparkling-water", 2, (), "")]

    def test_a_line_of_another_dish_is_not_taken_out(self) -> None:
        """A line taken out moves the others up; the same call again must not take the next one."""
        both = put(put(EMPTY, PIZZA, options=["large"]).cart, WATER).cart
        left = put(both, PIZZA, line=1, quantity=0).cart
        with pytest.raises(NotInCartError):
            put(left, PIZZA, line=1, quantity=0)

    def test_which_of_several_has_to_be_said(self) -> None:
        both = put(put(EMPTY, PIZZA, options=["large"]).cart, PIZZA, options=["regular"]).cart
        for wanted in ({"quantity": 3}, {"quantity": 0}, {"note": "no basil"}):
            with pytest.raises(WhichLineError) as error:
                put(both, PIZZA, **wanted)
            assert error.value.lines == (1, 2)

    def test_more_than_a_person_could_carry_is_refused(self) -> None:
        with pytest.raises(TooMuchError):
            put(EMPTY, WATER, quantity=18_000, confirmed=True)
        many = put(put(EMPTY, WATER, quantity=40).cart, WATER, quantity=40, confirmed=True).cart
        with pytest.raises(TooMuchError):
            put(many, PIZZA, options=["large"], quantity=21)


class TestQuestions:
    """What needs a yes first."""

    def test_a_yes_before_the_question_is_none(self) -> None:
        first = put(EMPTY, WATER, quantity=13, confirmed=True)
        assert first.question is not None
        assert (first.question.quantity, first.cart.lines) == (13, ())
        assert put(first.cart, WATER, quantity=13).question is not None, "a question is no yes"
        assert lines(put(first.cart, WATER, quantity=13, confirmed=True))[0][1] == 13

    def test_fewer_are_never_asked_about(self) -> None:
        first = put(EMPTY, WATER, quantity=20).cart
        many = put(first, WATER, quantity=20, confirmed=True).cart
        assert put(many, WATER, quantity=15).question is None

    def test_two_lines_that_become_too_many_are_asked_about(self) -> None:
        both = put(
            put(EMPTY, PIZZA, options=["large"], quantity=8).cart, PIZZA, options=["regular"], quantity=8
        )
        assert put(both.cart, PIZZA, line=2, options=["large"]).question is not None

    def test_an_allergen_is_asked_about_once_for_each_dish(self) -> None:
        allergic = msgspec.structs.replace(EMPTY, allergies=(Allergen.MILK,))
        first = put(allergic, PIZZA, options=["large"])
        assert first.question is not None
        assert first.question.conflict is not None
        assert first.question.conflict.listed == (Allergen.MILK,)
        taken = put(first.cart, PIZZA, options=["large"], confirmed=True).cart
        assert put(taken, PIZZA, quantity=2).question is None
        assert put(taken, dish("pepperoni-pizza"), options=["large"], confirmed=True).question is not None
        assert put(taken, WATER).question is None

    def test_both_questions_are_put_at_once(self) -> None:
        allergic = msgspec.structs.replace(EMPTY, allergies=(Allergen.EGGS,))
        first = put(allergic, dish("tiramisu"), quantity=20)
        assert first.question is not None
        assert (first.question.quantity, first.question.conflict is None) == (20, False)
        assert put(first.cart, dish("tiramisu"), quantity=20, confirmed=True).question is None

    def test_an_allergy_named_later_is_a_conflict_until_somebody_said_yes(self) -> None:
        allergic = msgspec.structs.replace(cart(), allergies=(Allergen.MILK,))
        assert [found.dish.id for found in conflicts(allergic, NAPOLI)] == ["margherita-pizza"]
        asked = put(allergic, PIZZA, quantity=2).cart
        assert list(conflicts(put(asked, PIZZA, quantity=2, confirmed=True).cart, NAPOLI)) == []


def test_a_read_back_counts_for_this_cart_at_these_prices_only() -> None:
    before = cart()
    read = read_back(before, bill(NAPOLI, before.lines))
    assert is_read_back(read, bill(NAPOLI, read.lines))
    dearer = msgspec.structs.replace(bill(NAPOLI, read.lines), total=bill(NAPOLI, read.lines).total + 1)
    assert not is_read_back(read, dearer)
    changes = [moved_to(read, "1 Bell Lane"), put(read, WATER).cart, put(read, PIZZA, quantity=0).cart]
    changes.append(put(changes[1], WATER, quantity=0).cart)  # the same again, but not what was read back
    assert not any(is_read_back(changed, bill(NAPOLI, changed.lines)) for changed in changes)


_what = st.sampled_from([found.id for found in NAPOLI.dishes])
_wanted = st.builds(
    Change,
    quantity=st.none() | st.sampled_from([0, 1, 2, 13, 50]),
    options=st.none() | st.lists(st.sampled_from(["large", "regular", "olives", "ham", "what"]), max_size=3),
    note=st.none() | st.sampled_from(["no basil", "hot"]),
    line=st.none() | st.integers(1, 4),
    confirmed=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_what, _wanted), max_size=8), st.sets(st.sampled_from(list(Allergen)), max_size=2))
def test_after_any_changes_a_cart_is_one_that_can_be_cooked(
    steps: list[tuple[str, Change]], allergies: set[Allergen]
) -> None:
    now = msgspec.structs.replace(EMPTY, allergies=tuple(allergies))
    for item, wanted in steps:
        before = now
        try:
            outcome = change(now, dish(item), wanted, RULES)
        except (CartError, OptionError):
            continue
        now = outcome.cart
        if outcome.question is not None:
            assert now.lines == before.lines
        assert (now.revision > before.revision) == (now.lines != before.lines)
        for line in now.lines:
            assert chosen(dish(line.item), line.options) == line.options
            assert line.quantity >= 1
        assert len({(line.item, line.options, line.note) for line in now.lines}) == len(now.lines)
        assert sum(line.quantity for line in now.lines) <= RULES.most_portions
        assert list(conflicts(now, NAPOLI)) == [], "nothing with an allergen is in it without a yes"
        assert bill(NAPOLI, now.lines).subtotal >= 0
        if (again := _again(now, item, wanted)) is not None and outcome.question is None:
            assert again.lines == now.lines, "the same once more changes nothing"
    assert msgspec.json.decode(msgspec.json.encode(now), type=Cart) == now


def _again(now: Cart, item: str, wanted: Change) -> Cart | None:
    """The cart after the same change once more; None when that is refused, or meant by number."""
    if wanted.line is not None:
        return None
    try:
        return change(now, dish(item), wanted, RULES).cart
    except (CartError, OptionError):
        return None


class TestOptions:
    """Which options are meant."""

    TWICE = Dish(
        id="set-menu",
        name="Set Menu",
        offers=Offer(price=WATER.price),
        options=(
            OptionGroup(name="Starter", minimum=1, choices=(Choice(name="chicken"), Choice(name="soup"))),
            OptionGroup(name="Main", minimum=1, choices=(Choice(name="chicken"), Choice(name="fish"))),
            OptionGroup(name="Cutlery", minimum=1, choices=(Choice(name="chopsticks"),)),
        ),
    )

    def test_a_choice_without_an_alternative_is_taken_by_itself(self) -> None:
        assert "chopsticks" in chosen(self.TWICE, ["soup", "fish"])

    def test_a_name_in_two_groups_needs_its_group(self) -> None:
        with pytest.raises(OptionUnknownError) as error:
            chosen(self.TWICE, ["chicken", "fish"])
        assert error.value.nearest == ("Starter: chicken", "Main: chicken")
        assert chosen(self.TWICE, ["main chicken", "soup"]) == ("soup", "Main: chicken", "chopsticks")

    def test_labels_are_what_the_model_is_given(self) -> None:
        assert all_labels([self.TWICE, PIZZA])[:2] == ["Starter: chicken", "soup"]

    @pytest.mark.parametrize(
        "said", [["LARGE", "Olives"], ["size large", "olive"], ["extras: olives", "large"]]
    )
    def test_they_are_taken_as_they_are_said(self, said: list[str]) -> None:
        assert chosen(PIZZA, said) == ("large", "olives")

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ([], OptionMissingError),
            (["olives"], OptionMissingError),
            (["large", "regular"], OptionsTooManyError),
            (["large", "olives", "ham", "chilli"], OptionsTooManyError),
            (["large", "pineapple"], OptionUnknownError),
        ],
    )
    def test_what_is_no_whole_choice_is_refused(self, said: list[str], error: type[OptionError]) -> None:
        with pytest.raises(error):
            chosen(PIZZA, said)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a nut allergy", {Allergen.NUTS, Allergen.PEANUTS}),
        ("peanuts", {Allergen.PEANUTS}),
        ("Lactose intolerance, shellfish", {Allergen.MILK, Allergen.CRUSTACEANS, Allergen.MOLLUSCS}),
        ("coeliac", {Allergen.GLUTEN}),
        ("kiwi", set()),
        ("", set()),
    ],
)
def test_allergens_by_what_people_call_them(said: str, meant: set[Allergen]) -> None:
    assert allergens_named(said) == meant


@pytest.mark.parametrize("allergen", Allergen)
def test_every_allergen_is_known_by_its_own_name(allergen: Allergen) -> None:
    assert allergen in allergens_named(allergen.value)
    assert words(allergen.value)


def test_a_status_goes_forward_only() -> None:
    steps = list(Status)
    for before in steps:
        for after in steps:
            allowed = before.may_become(after)
            assert allowed == (not before.is_over and steps.index(after) > steps.index(before))
    assert not any(Status.DELIVERED.may_become(after) for after in steps)
