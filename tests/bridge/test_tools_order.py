"""What the model is told when a caller chooses food to be brought to the door."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from bridge.tools import ToolBox
from shared.menu import Allergen, Menu, MenuSection, Offer
from shared.order_sold_out import SoldOut
from shared.orders import OrderStore
from shared.restaurants import Catalogue
from shared.tables import Tables
from tests.bridge.order_calls import HOME, PIZZA, placed, ready
from tests.bridge.tool_calls import order_tools, run, said, told
from tests.shared.order_house import KITCHENS, NOW


@pytest.fixture
def tools(tables: Tables) -> ToolBox:
    return order_tools(tables)


class TestStart:
    """start_order"""

    async def test_says_where_when_and_for_how_much(self, tools: ToolBox) -> None:
        assert await said(tools, "start_order", **HOME) == (
            "Napoli Pizza delivers to fourteen Lantern Street, in about thirty minutes. Delivery is two "
            "euros, the smallest order twelve euros."
        )

    async def test_gives_the_model_the_menu_as_enums(self, tools: ToolBox) -> None:
        result = await tools.run("start_order", json.dumps(HOME))
        assert result.tools is not None
        item = next(tool for tool in result.tools if tool["name"] == "order_item")["parameters"]["properties"]
        assert item["item"]["enum"] == [dish.id for dish in KITCHENS.get("napoli-pizza").dishes]
        assert item["options"]["items"]["enum"] == ["regular", "large", "olives", "ham", "chilli"]
        assert (await tools.run("start_order", json.dumps(HOME))).tools is None, "they know it already"

    async def test_keeps_what_helps_to_find_the_door(self, tools: ToolBox, tables: Tables) -> None:
        code = (await placed(tools, address="14 Lantern Street, second floor, ring at Meyer"))["code"]
        order = await OrderStore(tables).get(code)
        assert order is not None
        assert (order.to.address, order.to.directions) == (
            "14 Lantern Street",
            "second floor, ring at Meyer",
        )

    @pytest.mark.parametrize(
        ("change", "code", "words"),
        [
            ({"address": "Lantern Street"}, "house_number_needed", "which number in Lantern Street"),
            ({"address": "14 Nowhere Road"}, "unknown_address", "Ask the caller for the street"),
            ({"address": "99 Bell Lane"}, "unknown_address", "number up to 34"),
            ({"restaurant": "Sakura House"}, "no_delivery", "offer El Camino, Napoli Pizza or Tokyo Corner"),
            ({"time": "17:00"}, "past", "which is 2026-11-22 18:35"),
            ({"time": "18:20"}, "too_soon", "which is 2026-11-22 18:35"),
            ({"time": "2026-12-24 19:00"}, "too_far_ahead", "seven days ahead"),
            ({"time": "2026-11-23 04:00"}, "kitchen_closed", "call start_order again with that time"),
            ({"allergies": ["kiwi"]}, "bad_arguments", "menus do not mark 'kiwi'"),
        ],
    )
    async def test_what_is_not_possible_is_told_with_what_is(
        self, tools: ToolBox, change: dict[str, Any], code: str, words: str
    ) -> None:
        got, message = await told(tools, "start_order", **HOME | change)
        assert got == code
        assert words in message

    async def test_the_restaurant_may_be_one_that_was_just_found(self, tools: ToolBox) -> None:
        listed = (await run(tools, "find_restaurants", deliver_to="14 Lantern Street"))["restaurants"]
        result = await run(tools, "start_order", **HOME | {"restaurant": "the second one"})
        assert result["id"] == listed[1]["id"]

    async def test_an_address_out_of_the_area_is_refused(self, tools: ToolBox) -> None:
        code, message = await told(tools, "start_order", restaurant="El Camino", address="2 Quay Road")
        assert code == "out_of_area"
        assert "does not deliver as far as 2 Quay Road. Say so, and offer Napoli Pizza or Tokyo" in message

    async def test_again_keeps_the_items_the_time_and_the_way_to_the_door(self, tools: ToolBox) -> None:
        await ready(tools, address="14 Lantern Street, second floor", time="20:00")
        result = await run(tools, "start_order", **HOME, allergies=["nuts"])
        assert (result["due"], result["subtotal"]) == ("2026-11-22 20:00", "14.50")
        assert (await run(tools, "start_order", **HOME, time="now"))["due"] == "2026-11-22 18:35"

    async def test_another_restaurant_needs_a_yes_and_begins_anew(self, tools: ToolBox) -> None:
        await ready(tools)
        tokyo = HOME | {"restaurant": "Tokyo Corner"}
        code, message = await told(tools, "start_order", **tokyo)
        assert code == "other_order"
        assert "An order at Napoli Pizza is begun, with one portion" in message
        result = await run(tools, "start_order", **tokyo, replace=True)
        assert (result["restaurant"], result["items"]) == ("Tokyo Corner", [])


class TestItems:
    """order_item"""

    @pytest.fixture(autouse=True)
    async def begun(self, tools: ToolBox) -> None:
        await said(tools, "start_order", **HOME)

    async def test_a_dish_is_priced_with_its_options(self, tools: ToolBox) -> None:
        result = await run(
            tools, "order_item", item="margherita-pizza", options=["large", "olives"], quantity=2
        )
        assert result["spoken"] == "Two Margherita Pizza, large and olives. That is thirty-one euros so far."
        (line,) = result["items"]
        assert (line["line"], line["quantity"], line["amount"]) == (1, 2, "31.00")

    async def test_a_name_as_it_was_heard_will_do(self, tools: ToolBox) -> None:
        result = await run(tools, "order_item", item="margherita", options="large")
        assert result["items"][0]["item"] == "margherita-pizza"

    async def test_said_twice_it_is_there_once(self, tools: ToolBox) -> None:
        """A model that got no answer asks again; a quantity is how many there shall be in all."""
        await run(tools, "order_item", **PIZZA, quantity=2)
        assert (await run(tools, "order_item", **PIZZA, quantity=2))["subtotal"] == "29.00"
        assert (await run(tools, "order_item", **PIZZA, quantity=3))["subtotal"] == "43.50"

    async def test_a_line_is_changed_by_its_number(self, tools: ToolBox) -> None:
        await run(tools, "order_item", **PIZZA)
        await run(tools, "order_item", item="margherita-pizza", options=["regular"], note="no basil")
        result = await run(
            tools, "order_item", item="margherita-pizza", line=2, options=["large"], quantity=2
        )
        assert result["spoken"].startswith("Two Margherita Pizza, large, and the kitchen is told: no basil.")
        assert result["subtotal"] == "43.50"
        assert (await run(tools, "order_item", item="margherita-pizza", line=1, quantity=0))[
            "subtotal"
        ] == "29.00"

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (
                {"item": "margherita-pizza"},
                "option_missing",
                "regular or large for four euros more. Ask which",
            ),
            ({**PIZZA, "options": ["huge"]}, "unknown_option", "no option that is clearly 'huge'"),
            ({**PIZZA, "options": ["large", "regular"]}, "options_too_many", "at most one can be chosen"),
            ({"item": "tiramisu", "options": ["cream"]}, "unknown_option", "pass it on as the note"),
            (
                {"item": "pizza", "options": ["large"]},
                "unknown_item",
                "Ask whether it is Margherita Pizza at",
            ),
            ({"item": "a motor car"}, "unknown_item", "nothing like 'a motor car'"),
            ({"item": "tiramisu", "quantity": 0}, "not_in_order", "not in the order: Tiramisu"),
            ({**PIZZA, "line": 7}, "not_in_order", "not in the order"),
            ({**PIZZA, "quantity": -1}, "bad_arguments", "how many they would like"),
        ],
    )
    async def test_what_cannot_be_added_says_what_to_ask(
        self, tools: ToolBox, arguments: dict[str, Any], code: str, words: str
    ) -> None:
        got, message = await told(tools, "order_item", **arguments)
        assert got == code
        assert words in message

    async def test_which_of_two_is_asked(self, tools: ToolBox) -> None:
        for size in ("large", "regular"):
            await run(tools, "order_item", item="margherita-pizza", options=[size])
        result = await run(tools, "order_item", item="margherita-pizza", quantity=0)
        assert (result["error"], result["lines"]) == ("which_line", [1, 2])
        only = await run(tools, "order_item", item="margherita-pizza", quantity=0, options=["regular"])
        assert [line["options"] for line in only["items"]] == [["large"]]

    async def test_nobody_gets_18000_waters(self, tools: ToolBox) -> None:
        for confirmed in (None, True):
            code, message = await told(
                tools, "order_item", item="sparkling-water", quantity=18_000, confirmed=confirmed
            )
            assert code == "too_much"
            assert "at most sixty portions" in message

    async def test_nobody_pays_thousands_at_the_door(self, tables: Tables) -> None:
        dear = KITCHENS.get("tokyo-corner").dishes[0]
        section = MenuSection(
            name="All", has_menu_item=(msgspec.structs.replace(dear, offers=Offer(price=Decimal(999))),)
        )
        menu = Menu(has_menu_section=(section,))
        restaurant = msgspec.structs.replace(KITCHENS.get("tokyo-corner"), has_menu=menu)
        tools = order_tools(tables, "dear", catalogue=Catalogue(KITCHENS.city, [restaurant]))
        await said(tools, "start_order", restaurant="Tokyo Corner", address="14 Lantern Street")
        assert (await told(tools, "order_item", item="pork-ramen", quantity=6))[0] == "too_much"
        assert (await run(tools, "order_item", item="pork-ramen", quantity=5))["subtotal"] == "4995.00"

    async def test_begun_anew_nothing_is_in_it(self, tools: ToolBox) -> None:
        await run(tools, "order_item", **PIZZA)
        result = await run(tools, "start_order", **HOME, replace=True)
        assert (result["restaurant"], result["items"]) == ("Napoli Pizza", [])

    async def test_what_left_the_menu_can_be_given_up(self, tools: ToolBox, tables: Tables) -> None:
        """The catalogue is another one since the order was begun."""
        await run(tools, "order_item", **PIZZA)
        sections = (MenuSection(name="All", has_menu_item=KITCHENS.get("napoli-pizza").dishes[3:]),)
        changed = msgspec.structs.replace(
            KITCHENS.get("napoli-pizza"), has_menu=Menu(has_menu_section=sections)
        )
        later = order_tools(tables, catalogue=Catalogue(KITCHENS.city, [changed]))
        assert (await told(later, "review_order"))[0] == "gone"
        assert (await run(later, "start_order", **HOME, replace=True))["items"] == []

    async def test_a_great_many_are_asked_about_once(self, tools: ToolBox) -> None:
        code, message = await told(tools, "order_item", **PIZZA, quantity=20, confirmed=True)
        assert (code, "Twenty Margherita Pizza is a great many" in message) == ("ask_first", True)
        assert (await told(tools, "order_item", **PIZZA, quantity=20))[0] == "ask_first"
        assert (await run(tools, "order_item", **PIZZA, quantity=20, confirmed=True))["subtotal"] == "290.00"
        assert (await told(tools, "order_item", **PIZZA, quantity=30, confirmed=True))[0] == "ask_first"
        assert (await run(tools, "order_item", **PIZZA, quantity=13))["subtotal"] == "188.50"

    async def test_what_is_sold_out_cannot_be_added(self, tools: ToolBox, tables: Tables) -> None:
        await SoldOut(tables).mark("napoli-pizza", "tiramisu", NOW + timedelta(hours=1))
        code, message = await told(tools, "order_item", item="tiramisu")
        assert (code, "Tiramisu cannot be ordered now" in message) == ("sold_out", True)
        result = await tools.run("start_order", json.dumps(HOME))
        assert result.tools is not None, "the menu is told anew, without it"
        assert "tiramisu" not in json.dumps(result.tools)

    async def test_items_of_one_breath_are_all_there(self, tools: ToolBox) -> None:
        """A model may call a tool several times at once."""
        await asyncio.gather(
            run(tools, "order_item", **PIZZA),
            run(tools, "order_item", item="tiramisu"),
            run(tools, "order_item", item="tiramisu", quantity=2),
        )
        items = (await run(tools, "review_order"))["items"]
        assert sorted(line["item"] for line in items) == ["margherita-pizza", "tiramisu"]


class TestAllergies:
    """A dish with what somebody must not eat."""

    async def test_is_warned_of_once_and_taken_after_a_yes(self, tools: ToolBox) -> None:
        await said(tools, "start_order", **HOME, allergies=["milk"])
        code, message = await told(tools, "order_item", **PIZZA, confirmed=True)
        assert (code, "the menu lists milk for Margherita Pizza" in message) == ("ask_first", True)
        assert "error" not in await run(tools, "order_item", **PIZZA, confirmed=True)
        assert "error" not in await run(tools, "order_item", **PIZZA, quantity=2), "once is enough"
        assert "Careful" not in (await run(tools, "review_order"))["spoken"]

    async def test_named_later_is_said_at_once_and_at_the_read_back(
        self, tools: ToolBox, tables: Tables
    ) -> None:
        await ready(tools)
        warning = "Careful: the menu lists milk for Margherita Pizza."
        assert warning in await said(tools, "start_order", **HOME, allergies=["dairy"])
        assert (await told(tools, "place_order", name="Kim"))[0] == "not_read_back"
        spoken = await said(tools, "review_order")
        assert warning in spoken
        assert "The restaurant is told of the allergy to milk. With an allergy, please ask" in spoken
        code = (await run(tools, "place_order", name="Kim"))["code"]
        order = await OrderStore(tables).get(code)
        assert order is not None
        assert order.allergies == (Allergen.MILK,)

    async def test_known_from_before_counts(self, tables: Tables) -> None:
        tools = order_tools(tables, allergies={Allergen.MILK})
        await said(tools, "start_order", **HOME)
        assert (await told(tools, "order_item", **PIZZA))[0] == "ask_first"

    async def test_learned_in_another_way_counts(self, tools: ToolBox) -> None:
        await said(tools, "start_order", **HOME)
        tools.know_allergies({Allergen.MILK})
        assert (await told(tools, "order_item", **PIZZA))[0] == "ask_first"

    async def test_avoided_in_a_search_counts(self, tools: ToolBox) -> None:
        await run(tools, "find_restaurants", dish="tiramisu", avoid="peanuts, dairy")
        await said(tools, "start_order", **HOME)
        assert (await told(tools, "order_item", **PIZZA))[0] == "ask_first"

    async def test_of_a_dish_that_tells_nothing_is_warned_too(self, tools: ToolBox) -> None:
        await said(tools, "start_order", **HOME, allergies=["celery"])
        code, message = await told(tools, "order_item", item="soup-of-the-day")
        assert code == "ask_first"
        assert "the menu does not say what allergens Soup of the Day has" in message
