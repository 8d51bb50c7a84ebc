"""find_restaurants over a whole call: refined, by place, by allergen, with a free table."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from bridge.tools import ToolBox
from shared.bookings import BookingStore
from shared.restaurant import Restaurant
from shared.restaurants import Catalogue
from shared.tables import Tables
from tests.bridge.tool_calls import CATALOGUE, NOW, run, said, told, toolbox
from tests.shared.booking_house import ask, booked
from tests.shared.faulty_tables import Fault, FaultyTables

FIND = "find_restaurants"


@pytest.fixture
def tools(tables: Tables) -> ToolBox:
    return toolbox(BookingStore(tables))


async def named(tools: ToolBox, **wish: Any) -> list[str]:
    return [hit["name"] for hit in (await run(tools, FIND, **wish))["restaurants"]]


class TestRefining:
    """The last search of the call is kept."""

    async def test_a_new_wish_joins_the_old_ones(self, tools: ToolBox) -> None:
        await named(tools, cuisine="Italian")
        assert await named(tools, area="Old Town", refine=True) == ["Trattoria Lucia"]

    async def test_without_refine_a_search_starts_anew(self, tools: ToolBox) -> None:
        await named(tools, cuisine="Italian")
        assert "Trattoria Lucia" not in await named(
            tools, area="Old Town", price="expensive", cuisine="French"
        )

    async def test_something_cheaper_costs_less_than_what_was_named(self, tools: ToolBox) -> None:
        before = await named(tools, cuisine="Italian", price="expensive")
        after = await named(tools, price="cheaper")
        dearest = max(CATALOGUE.main_price(CATALOGUE.get(name)) or 0 for name in after)
        assert dearest < min(CATALOGUE.main_price(CATALOGUE.get(name)) or 0 for name in before)
        assert all("Italian" in CATALOGUE.get(name).serves_cuisine for name in after)

    async def test_when_nothing_is_cheaper_the_last_search_stays(self, tools: ToolBox) -> None:
        first, second = await named(tools, cuisine="Italian", price="cheap")
        code, message = await told(tools, FIND, price="cheaper")
        assert code == "nothing_cheaper"
        assert f"Nothing else that fits is cheaper than {first}" in message
        assert await named(tools, exclude=first) == [second]

    async def test_cheaper_at_first_is_cheap(self, tools: ToolBox) -> None:
        assert all(
            CATALOGUE.get(name).price_level == 1 for name in await named(tools, dish="pizza", price="cheaper")
        )

    @pytest.mark.parametrize("which", ["Nonna Rosa", "nona roza", "the first one", "that one", "1"])
    async def test_not_that_one(self, tools: ToolBox, which: str) -> None:
        first, second, third = await named(tools, cuisine="Italian", price="cheap") + ["x"]
        assert first == "Nonna Rosa"
        assert await named(tools, exclude=which) == [second]
        del third

    async def test_what_was_refused_stays_refused(self, tools: ToolBox) -> None:
        first = await named(tools, cuisine="Italian")
        second = await named(tools, exclude="all of them")
        third = await named(tools, exclude="all of them")
        assert len({*first, *second, *third}) == len(first) + len(second) + len(third) == 7

    async def test_a_dish_gives_way_to_another_cuisine(self, tools: ToolBox) -> None:
        await named(tools, dish="pizza", area="Harbour")
        assert await named(tools, cuisine="Thai", refine=True) == ["Thai Orchid"]

    async def test_the_second_one_can_be_asked_about(self, tools: ToolBox) -> None:
        names = await named(tools, cuisine="Italian")
        about = await run(tools, "restaurant_details", restaurant="the second one", topic="about")
        assert about["restaurant"] == names[1]

    async def test_each_call_has_its_own_last_search(self, tools: ToolBox, tables: Tables) -> None:
        await named(tools, cuisine="Thai")
        other = toolbox(BookingStore(tables), "other")
        assert "Thai Orchid" not in await named(other, area="Old Town", refine=True)


class TestPlaces:
    """Near something, or to somebody's door."""

    async def test_near_a_landmark_the_nearest_come_first(self, tools: ToolBox) -> None:
        found = await run(tools, FIND, near="the station", cuisine="Japanese")
        assert found["restaurants"][0]["name"] == "Sakura House"
        assert "metres from Central Station" in found["spoken"]

    async def test_a_delivery_reaches_the_door(self, tools: ToolBox) -> None:
        found = await run(tools, FIND, dish="pizza", deliver_to="twelve Quay Street")
        assert found["restaurants"][0]["name"] == "Napoli Pizza"
        assert "delivers there in about thirty minutes" in found["restaurants"][0]["reasons"]

    async def test_where_nobody_delivers_to_is_said(self, tools: ToolBox) -> None:
        found = await run(tools, FIND, cuisine="Seafood", deliver_to="150 Churchfield Park")
        assert found["exact"] is False
        assert "does not deliver as far as one hundred and fifty Churchfield Park" in found["spoken"]

    async def test_a_place_nobody_knows_is_asked_about(self, tools: ToolBox) -> None:
        code, message = await told(tools, FIND, near="12 Nowhere Lane")
        assert code == "unknown_place"
        assert "Ask whether the caller means" in message


class TestHealth:
    """Allergens are avoided by what is recorded, and the caller is told whom to ask."""

    async def test_a_dish_without_what_must_be_avoided(self, tools: ToolBox) -> None:
        found = await run(tools, FIND, dish="pad thai", avoid="peanuts")
        assert "Pad Thai" not in found["spoken"]
        assert found["spoken"].endswith("With an allergy, please ask the restaurant.")

    async def test_the_reason_is_a_count_and_no_promise(self, tools: ToolBox) -> None:
        spoken = await said(tools, FIND, cuisine="Greek", avoid="nuts and sesame")
        assert "lists no nuts, peanuts or sesame in" in spoken

    async def test_an_allergen_no_menu_records_is_not_passed_over(self, tools: ToolBox) -> None:
        code, message = await told(tools, FIND, avoid="strawberries")
        assert code == "bad_arguments"
        assert "Menus do not record strawberries" in message


class TestMoney:
    """Under twenty."""

    async def test_a_main_dish_costs_no_more(self, tools: ToolBox) -> None:
        found = await run(tools, FIND, cuisine="French", max_price=20)
        assert [hit["name"] for hit in found["restaurants"]] == ["Chez Colette"]
        assert "has main dishes around" in found["spoken"]

    async def test_the_named_dish_costs_no_more(self, tools: ToolBox) -> None:
        found = await run(tools, FIND, dish="margherita pizza", max_price="11")
        assert found["spoken"].startswith("Napoli Pizza has Margherita Pizza at ten fifty")

    @pytest.mark.parametrize("amount", ["NaN", "-1", "Infinity", "cheap"])
    async def test_what_is_no_amount_is_refused(self, tools: ToolBox, amount: str) -> None:
        assert (await told(tools, FIND, max_price=amount))[0] == "bad_arguments"


class TestTables:
    """A time and a number of people: only restaurants with a table."""

    async def test_a_full_house_is_not_named(self, tools: ToolBox, tables: Tables) -> None:
        wish = {"cuisine": "French", "area": "Old Town", "open_at": "2026-11-27 19:30", "party_size": 2}
        before = await run(tools, FIND, **wish)
        assert before["exact"]
        assert "has a table for two at half past seven" in before["spoken"]
        margot = CATALOGUE.get("bistro-margot")
        assert margot.reservations is not None
        store = BookingStore(tables)
        for n in range(sum(group.count for group in margot.reservations.tables)):
            await booked(store, ask(margot, call=f"call-{n}"))
        after = await run(tools, FIND, **wish)
        assert after["exact"] is False
        assert "has no table for two left at half past seven" in after["spoken"]

    async def test_a_party_too_large_for_any_table_is_said(self, tools: ToolBox) -> None:
        found = await run(tools, FIND, cuisine="French", party_size=30, open_at="2026-11-27 19:30")
        assert found["exact"] is False
        assert "people this way" in found["spoken"]

    async def test_a_store_that_does_not_answer_leaves_the_search(self, tables: Tables) -> None:
        tools = toolbox(BookingStore(FaultyTables(tables, Fault.NEVER_SENT, 1)))
        found = json.loads(
            (
                await tools.run(
                    FIND, json.dumps({"cuisine": "French", "open_at": "2026-11-27 19:30", "party_size": 2})
                )
            ).output
        )
        assert found["exact"]
        assert "has a table" not in found["spoken"]


class TestWhatIsNotKnown:
    """A restaurant from a map: no menu, no tables, no price."""

    @pytest.fixture
    def tools(self, tables: Tables) -> ToolBox:
        map_only = msgspec.convert(
            {
                "@id": "osm-node-1",
                "name": "Corner Place",
                "servesCuisine": ["Georgian"],
                "telephone": "+353 20 913 0999",
                "geo": {"latitude": 52.9006, "longitude": -6.0330},
            },
            Restaurant,
        )
        catalogue = Catalogue(CATALOGUE.city, [*CATALOGUE.restaurants, map_only])
        return ToolBox(catalogue, BookingStore(tables), call_id="c", caller="+15550100", now=lambda: NOW)

    async def test_it_is_found(self, tools: ToolBox) -> None:
        found = await run(tools, FIND, cuisine="Georgian")
        assert found["spoken"] == "Corner Place serves Georgian food."
        assert found["restaurants"][0]["tables"] == "only by phone with the restaurant"

    @pytest.mark.parametrize(
        "topic",
        ["menu", "allergens", "hours", "price", "diet", "payment", "access", "delivery", "atmosphere"],
    )
    async def test_what_is_missing_is_not_made_up(self, tools: ToolBox, topic: str) -> None:
        spoken = await said(tools, "restaurant_details", restaurant="Corner Place", topic=topic)
        assert spoken.startswith("I do not know ")
        assert spoken.endswith("plus three five three, two zero, nine one three, zero nine nine nine.")

    async def test_a_dish_there_is_not_known(self, tools: ToolBox) -> None:
        spoken = await said(
            tools, "restaurant_details", restaurant="Corner Place", topic="dish", dish="khachapuri"
        )
        assert spoken.startswith("I do not know the menu of Corner Place.")

    async def test_where_it_is_follows_from_the_map(self, tools: ToolBox) -> None:
        spoken = await said(tools, "restaurant_details", restaurant="Corner Place", topic="address")
        assert spoken == "It is about eight hundred metres from Ferry Terminal."

    async def test_a_table_is_for_the_restaurant_to_give(self, tools: ToolBox) -> None:
        wish = {"date": "2026-11-27", "time": "19:30", "party_size": 2, "name": "Kim"}
        code, message = await told(tools, "book_table", restaurant="Corner Place", **wish)
        assert code == "not_booked_here"
        assert "zero nine nine nine" in message
