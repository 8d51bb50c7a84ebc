"""Food ordered to the door with the project's own tools and store, over several turns."""

# ruff: noqa: E501 - tables of sentences read better a row a line

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bridge.tool_order_parts import Ordering
from bridge.tools import ToolBox
from local.voice_live.mind import CallFunction
from local.voice_live.mind.addresses import find_address
from local.voice_live.mind.cart import Cart
from local.voice_live.mind.portions import read_portions
from local.voice_live.mind.schema import read_schema
from local.voice_live.mind.words import tokenise
from shared.bookings import BookingStore
from shared.tables import Tables
from tests.bridge.tool_calls import CATALOGUE, NOW
from tests.local.mind.test_real_tools import talk

BEGIN, ITEM, REVIEW, PLACE = "start_order", "order_item", "review_order", "place_order"
PIZZAS = "I'd like to order a large margherita and two regular pepperoni pizzas from Napoli Pizza to 14 Lantern Street"


@pytest.fixture
def tools(tables: Tables) -> ToolBox:
    return ToolBox(
        CATALOGUE, BookingStore(tables), call_id="c", caller="+15550100", now=lambda: NOW,
        ordering=Ordering.of(tables),
    )  # fmt: skip


def items(calls: Sequence[CallFunction]) -> list[dict[str, Any]]:
    """What was put in, changed and taken out."""
    return [dict(call.arguments) for call in calls if call.name == ITEM]


async def test_from_the_first_word_to_the_door(tools: ToolBox) -> None:
    """Begun, filled, corrected, read back, placed after a yes, followed and cancelled."""
    said, calls = await talk(
        tools,
        ["Hi, can I get some food delivered from Napoli Pizza?", "to 14 Lantern Street", "a large margherita and two regular pepperoni pizzas please",
         "make that three", "take off the margherita", "and a garlic bread without butter", "that's all", "Kim", "yes",
         "where is my order", "cancel my order", "yes", "bye"],
    )  # fmt: skip
    assert calls[0] == CallFunction(BEGIN, {"restaurant": "Napoli Pizza", "address": "14 Lantern Street"})
    assert items(calls) == [
        {"item": "margherita-pizza", "options": ["large"]},
        {"item": "pepperoni-pizza", "quantity": 2, "options": ["regular"]},
        {"item": "pepperoni-pizza", "quantity": 3, "line": 2},
        {"item": "margherita-pizza", "quantity": 0, "line": 1},
        {"item": "garlic-bread", "note": "without butter"},
    ]
    others = [call.name for call in calls if call.name != ITEM]
    assert others == [BEGIN, REVIEW, PLACE, "order_status", "cancel_order", "end_call"]
    (placed,) = [call for call in calls if call.name == PLACE]
    assert placed.arguments == {"name": "Kim"}
    assert any("order is placed" in text for text in said)
    assert any("is cancelled" in text for text in said)


async def test_all_in_one_breath(tools: ToolBox) -> None:
    """What was said before the menu was known is ordered once it is."""
    said, calls = await talk(tools, [PIZZAS, "no that's everything", "it's Sarah Miller", "yes"])
    assert [call.name for call in calls] == [BEGIN, ITEM, ITEM, REVIEW, PLACE]
    assert "Is that right?" in said[2]


async def test_nothing_is_placed_without_a_yes_to_the_read_back(tools: ToolBox) -> None:
    """A change after it is read back again; a question or a doubt places nothing."""
    _, calls = await talk(
        tools, [PIZZAS, "that's it", "Lee", "no, make it four pepperoni pizzas", "that's all", "yes"]
    )
    assert [call.name for call in calls][-4:] == [REVIEW, ITEM, REVIEW, PLACE]
    _, calls = await talk(tools, [PIZZAS, "that's it", "Lee", "hm", "is it open tomorrow", "never mind"])
    assert PLACE not in [call.name for call in calls[-3:]]


async def test_what_the_tool_asks_is_asked(tools: ToolBox) -> None:
    """A choice, an allergy and a large number: each is asked, and done as the answer says."""
    said, calls = await talk(
        tools,
        ["order a margherita from napoli pizza to 14 lantern street", "large please", "I'm allergic to milk", "a tomato and rocket salad", "no", "40 garlic breads", "yes"],
    )  # fmt: skip
    assert "regular or large" in said[0]
    assert items(calls)[1] == {"item": "margherita-pizza", "options": ["large"]}
    assert [call.arguments.get("allergies") for call in calls if call.name == BEGIN] == [None, ["milk"]]
    assert not any("restaurant_details" in text or "order_item" in text for text in said)


async def test_changed_for_something_else(tools: ToolBox) -> None:
    """One dish for another, one more, and a question in between that orders nothing."""
    _, calls = await talk(
        tools,
        ["I want to order spring rolls and a cucumber salad from golden lotus to 14 lantern street", "change the spring rolls to crispy duck",
         "how much are the sesame balls", "another cucumber salad", "no duck"],
    )  # fmt: skip
    assert items(calls)[2:] == [
        {"item": "spring-rolls", "quantity": 0, "line": 1},
        {"item": "crispy-duck"},
        {"item": "cucumber-salad", "quantity": 2, "line": 1},
        {"item": "crispy-duck", "quantity": 0, "line": 2},
    ]


async def test_who_delivers_is_looked_up_first(tools: ToolBox) -> None:
    """ "I'd like to order a pizza" names no restaurant yet; what does not go is given up without a trace."""
    said, calls = await talk(
        tools,
        [
            "I'd like to order a pizza",
            "the first one",
            "14 Lantern Street",
            "the margherita",
            "regular",
            "forget it",
        ],
    )
    assert [call.name for call in calls][:2] == ["find_restaurants", BEGIN]
    assert items(calls)[-1] == {"item": "margherita-pizza", "options": ["regular"]}
    assert "Anything else" not in said[-1]


MENU = {
    "type": "function", "name": "add_item", "description": "",
    "parameters": {
        "type": "object",
        "properties": {
            "item": {"type": "string", "enum": ["fish-and-chips", "pork-ramen", "chicken-ramen", "cola", "mac-and-cheese"]},
            "quantity": {"type": "integer"},
            "options": {"type": "array", "items": {"type": "string", "enum": ["large", "small", "Side: rice"]}},
            "note": {"type": "string"},
        },
        "required": ["item"],
    },
}  # fmt: skip


@pytest.mark.parametrize(("sentence", "portions"), [
    ("fish and chips and two large colas", [("fish-and-chips", None, (), ""), ("cola", 2, ("large",), "")]),
    ("a pork ramen without egg", [("pork-ramen", None, (), "without egg")]),
    ("I'll have the mac and cheese with rice please", [("mac-and-cheese", None, ("Side: rice",), "")]),
    ("a couple of colas", [("cola", 2, (), "")]),
    ("some ramen", [("ramen", None, (), "")]),
    ("three chicken raymen", [("chicken-ramen", 3, (), "")]),
    ("yes please", []),
])  # fmt: skip
def test_portions(sentence: str, portions: list[tuple[Any, ...]]) -> None:
    """Dishes by their names, numbers, choices and notes; what two could be is left as it was said."""
    definitions = [{**MENU, "name": "order_item"}]
    found = read_portions(read_schema(definitions), Cart(), tokenise(sentence))
    assert [(p.item, p.quantity, p.options, p.note) for p in found] == portions


@pytest.mark.parametrize(("sentence", "address"), [
    ("to 14 Lantern Street please", "14 Lantern Street"),
    ("fourteen lantern street, flat two", "14 Lantern Street"),
    ("it's 7b... no, 12 Dock Road", "12 Dock Road"),
    ("two cokes to 3 Saint Mary's Lane", "3 Saint Mary's Lane"),
    ("Lantern Street number 14", "14 Lantern Street"),
    ("a table for two on market square", None),
])  # fmt: skip
def test_addresses(sentence: str, address: str | None) -> None:
    """A number and a street, in either order; a street alone is none."""
    found = find_address(tokenise(sentence))
    assert (found.value.partition(",")[0] if found is not None else None) == address
