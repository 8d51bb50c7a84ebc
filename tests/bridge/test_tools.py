"""What the model is told about restaurants, and what when it asks wrongly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.tools import TOOL_NAMES, ToolBox, failure
from shared.bookings import BookingStore
from shared.restaurants import Catalogue
from shared.tables import Tables
from tests.bridge.tool_calls import CATALOGUE, NOW, order_tools, run, said, told, toolbox


@pytest.fixture
def store(tables: Tables) -> BookingStore:
    return BookingStore(tables)


@pytest.fixture
def tools(store: BookingStore) -> ToolBox:
    return toolbox(store)


_NOT_HERE = ("transfer_to_person", "remember", "forget_me", "record_call")
"""Tools that need somebody to transfer to, a memory, or recording."""


class TestDefinitions:
    """What `session.update` carries."""

    def test_every_tool_and_parameter_is_described(self, tables: Tables) -> None:
        tools = order_tools(tables)
        definitions = {tool["name"]: tool for tool in tools.definitions()}
        assert list(definitions) == [name for name in TOOL_NAMES if name not in _NOT_HERE]
        for tool in definitions.values():
            assert tool["type"] == "function"
            assert len(tool["description"]) > 40
            schema = tool["parameters"]
            assert (schema["type"], schema["additionalProperties"]) == ("object", False)
            for parameter in schema["properties"].values():
                assert parameter["type"] in ("string", "integer", "boolean", "array")
                assert parameter.get("items", {"type": "string"})["type"] == "string"
                assert parameter["description"]
                assert None not in parameter.get("enum", [])

    def test_names_are_read_off_the_catalogue(self, tools: ToolBox) -> None:
        known = {tool["name"]: tool["parameters"]["properties"] for tool in tools.definitions()}
        find = known["find_restaurants"]
        names = [restaurant.name for restaurant in CATALOGUE.restaurants]
        for tool in ("restaurant_details", "book_table", "move_booking"):
            assert known[tool]["restaurant"]["enum"] == names
        assert find["cuisine"]["enum"] == CATALOGUE.cuisines
        assert find["area"]["enum"] == list(CATALOGUE.city.areas)
        assert find["diet"]["enum"] == ["vegetarian", "vegan", "gluten-free", "halal"]

    def test_a_catalogue_too_large_for_the_schema_takes_any_name(self, store: BookingStore) -> None:
        many = Catalogue(CATALOGUE.city, CATALOGUE.restaurants * 5)
        tools = ToolBox(many, store, call_id="call", caller=None, now=lambda: NOW)
        assert "enum" not in tools.definitions()[1]["parameters"]["properties"]["restaurant"]

    @pytest.mark.parametrize(
        ("tool", "required"),
        [
            ("book_table", ["restaurant", "date", "time", "party_size", "name"]),
            ("move_booking", ["code"]),
            ("cancel_booking", ["code"]),
        ],
    )
    def test_what_commits_asks_for_a_read_back_first(
        self, tools: ToolBox, tool: str, required: list[str]
    ) -> None:
        defined = next(known for known in tools.definitions() if known["name"] == tool)
        assert defined["parameters"]["required"] == required
        assert "This commits" in defined["description"]
        assert "First read back" in defined["description"]
        assert "only after the caller has said yes" in defined["description"]

    def test_fits_into_few_tokens(self, tools: ToolBox) -> None:
        assert len(json.dumps(tools.definitions())) < 11_000


class TestFind:
    """find_restaurants"""

    async def test_names_what_fits_with_the_reason(self, tools: ToolBox) -> None:
        found = await run(tools, "find_restaurants", dish="sushi")
        assert (
            found["spoken"]
            == "Sakura House has Salmon Sushi at thirteen fifty and is in the Station Quarter area."
        )
        (hit,) = found["restaurants"]
        assert (hit["id"], hit["name"]) == ("sakura-house", "Sakura House")

    async def test_says_how_many_there_are_beyond_three(self, tools: ToolBox) -> None:
        assert (await said(tools, "find_restaurants", dish="curry")).startswith(
            "I have eighteen. The best three are"
        )

    async def test_a_nearest_one_is_not_passed_off_as_what_was_asked_for(self, tools: ToolBox) -> None:
        found = await run(tools, "find_restaurants", cuisine="Thai", area="Old Town")
        assert found["exact"] is False
        assert found["spoken"] == (
            "Nothing fits all of that. The nearest is Thai Orchid. It serves Thai food, "
            "but it is in the Harbour area, not in the Old Town area."
        )

    async def test_nothing_at_all_is_an_error_that_says_what_there_is(self, tools: ToolBox) -> None:
        code, message = await told(tools, "find_restaurants", dish="haggis")
        assert code == "nothing_found"
        assert "No restaurant has haggis" in message
        assert "Thai" in message

    @pytest.mark.parametrize(
        ("at", "names"),
        [
            ("now", {"Bombay Palace", "Saffron Lounge", "Little Madras"}),
            ("2026-11-23 12:30", {"Spice Market"}),
            ("2026-11-27T22:00", {"Bombay Palace", "Saffron Lounge", "Royal Tandoor"}),
            ("12:30", {"Bombay Palace", "Little Madras"}),
        ],
    )
    async def test_a_time_is_read_in_the_city(self, tools: ToolBox, at: str, names: set[str]) -> None:
        found = await run(tools, "find_restaurants", cuisine="Indian", open_at=at)
        assert found["exact"]
        assert {hit["name"] for hit in found["restaurants"]} == names

    async def test_a_dish_given_as_a_cuisine_is_understood(self, tools: ToolBox) -> None:
        assert "Napoli Pizza" in await said(tools, "find_restaurants", cuisine="pizza")

    async def test_a_cuisine_nobody_cooks_is_not_passed_over(self, tools: ToolBox) -> None:
        found = await run(tools, "find_restaurants", cuisine="Korean", dish="soup")
        assert found["exact"] is False
        assert "not Korean food" in found["spoken"]

    async def test_empty_and_null_parameters_count_as_left_out(self, tools: ToolBox) -> None:
        found = await run(tools, "find_restaurants", cuisine="Thai", dish="", area=None, price=None)
        assert found["exact"]

    async def test_a_diet_no_menu_marks_is_not_guessed(self, tools: ToolBox) -> None:
        code, message = await told(tools, "find_restaurants", diet="kosher")
        assert code == "bad_arguments"
        assert "No menu marks dishes as kosher" in message


class TestDetails:
    """restaurant_details"""

    @pytest.mark.parametrize(
        ("topic", "spoken"),
        [
            (
                "address",
                "Thai Orchid is at six Quay Street, in the Harbour area. On the quay, five minutes on foot "
                "from the Ferry Terminal.",
            ),
            (
                "delivery",
                "Thai Orchid delivers up to three point five kilometres away, for two eighty, usually in "
                "about forty-five minutes. The smallest order is eighteen euros. From forty-five euros on it "
                "is free.",
            ),
            ("atmosphere", "Thai Orchid is by the water, has tables outside and is romantic."),
            (
                "rating",
                "Thai Orchid is rated four point five out of five by three hundred and fifty-six guests.",
            ),
            (
                "phone",
                "The number of Thai Orchid is "
                "plus three five three, two zero, nine one three, zero one seven one.",
            ),
            ("price", "Thai Orchid is moderately priced. Dishes cost from three fifty to sixteen twenty."),
            ("payment", "Thai Orchid takes cash and card."),
            ("access", "Thai Orchid has step-free access."),
            (
                "hours",
                "Thai Orchid is open today from noon to half past ten. It is open now, until half past ten.",
            ),
            (
                "diet",
                "On its menu Thai Orchid marks eight vegetarian, seven vegan and seventeen gluten-free "
                "dishes.",
            ),
        ],
    )
    async def test_a_topic_is_answered_from_the_data(self, tools: ToolBox, topic: str, spoken: str) -> None:
        assert await said(tools, "restaurant_details", restaurant="Thai Orchid", topic=topic) == spoken

    async def test_a_menu_is_its_sections_and_a_few_examples(self, tools: ToolBox) -> None:
        menu = await run(tools, "restaurant_details", restaurant="Thai Orchid", topic="menu")
        assert menu["spoken"] == (
            "Thai Orchid has starters, curries, noodles and stir-fries and desserts. For example "
            "Chicken Satay at eight twenty, Green Curry at fourteen fifty and Pad Thai at fourteen twenty."
        )
        assert "Tofu Pad Thai" in menu["sections"]["Noodles and stir-fries"]

    async def test_a_section_of_the_menu(self, tools: ToolBox) -> None:
        text = await said(
            tools, "restaurant_details", restaurant="Thai Orchid", topic="menu", dish="desserts"
        )
        assert (
            text
            == "For desserts there is Mango Sticky Rice at six ninety and Coconut Ice Cream at five sixty."
        )

    async def test_a_dish_with_its_allergens_and_whom_to_ask(self, tools: ToolBox) -> None:
        text = await said(tools, "restaurant_details", restaurant="tie orchid", topic="dish", dish="pad thai")
        assert text == (
            "Pad Thai costs fourteen twenty. Rice noodles, prawns, egg and tamarind. It is marked "
            "gluten-free. The menu lists crustaceans, fish, eggs, peanuts and soya. With an allergy, please "
            "ask the restaurant."
        )

    async def test_allergens_nobody_recorded_are_not_called_none(self, tools: ToolBox) -> None:
        text = await said(tools, "restaurant_details", restaurant="Sakura House", topic="dish", dish="mochi")
        assert "I do not know its allergens. With an allergy, please ask the restaurant." in text

    async def test_several_dishes_are_a_question(self, tools: ToolBox) -> None:
        text = await said(tools, "restaurant_details", restaurant="Thai Orchid", topic="dish", dish="curry")
        assert text.endswith("Which one do you mean?")

    async def test_what_is_not_recorded_is_not_known(self, tools: ToolBox) -> None:
        text = await said(tools, "restaurant_details", restaurant="Bistro Margot", topic="access")
        assert text == (
            "I do not know whether Bistro Margot has step-free access. The restaurant can tell you, at plus "
            "three five three, two zero, nine one three, zero two one three."
        )

    async def test_a_closed_day_says_when_it_opens_again(self, tools: ToolBox) -> None:
        text = await said(
            tools, "restaurant_details", restaurant="Golden Lotus", topic="hours", date="2026-11-23"
        )
        assert text == "Golden Lotus is closed tomorrow. It opens again on Tuesday at noon."

    async def test_closed_for_the_moment_is_said(self, tools: ToolBox) -> None:
        text = await said(tools, "restaurant_details", restaurant="Green Table", topic="hours")
        assert text.endswith("It is closed right now.")

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (
                {"restaurant": "golden palace", "topic": "menu"},
                "unknown_restaurant",
                "Golden Lotus, Bombay Palace or",
            ),
            (
                {"restaurant": "Thai Orchid", "topic": "dish", "dish": "pizza"},
                "unknown_dish",
                "nothing like pizza",
            ),
            (
                {"restaurant": "Thai Orchid", "topic": "dish"},
                "bad_arguments",
                "Ask the caller which dish they mean",
            ),
            (
                {"restaurant": "Thai Orchid", "topic": "owner"},
                "bad_arguments",
                "must be one of about, access,",
            ),
            (
                {"restaurant": "Thai Orchid", "topic": "hours", "date": "Friday"},
                "bad_arguments",
                "not YYYY-MM-DD",
            ),
            (
                {"topic": "hours"},
                "bad_arguments",
                "Missing: restaurant. Ask the caller which restaurant they mean.",
            ),
        ],
    )
    async def test_what_cannot_be_answered_says_what_to_ask(
        self, tools: ToolBox, arguments: dict[str, Any], code: str, words: str
    ) -> None:
        got, message = await told(tools, "restaurant_details", **arguments)
        assert got == code
        assert words in message

    @pytest.mark.parametrize("restaurant", CATALOGUE.restaurants, ids=lambda restaurant: restaurant.id)
    async def test_every_dish_of_every_restaurant_can_be_asked_for(
        self, tools: ToolBox, restaurant: Any
    ) -> None:
        for dish in restaurant.dishes:
            asked = {"restaurant": restaurant.name, "topic": "dish", "dish": dish.name}
            facts = await run(tools, "restaurant_details", **asked)
            assert (facts["dish"], facts["price"]) == (dish.name, str(dish.price))


class TestAnyArguments:
    """Nothing the model does ends the call."""

    async def test_an_unknown_tool_is_told_to_the_model(self, tools: ToolBox) -> None:
        code, message = await told(tools, "transfer_money")
        assert code == "unknown_tool"
        assert "book_table" in message

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        name=st.sampled_from(["find_restaurants", "restaurant_details", "end_call"]),
        arguments=st.dictionaries(
            st.sampled_from(
                ["restaurant", "topic", "dish", "date", "open_at", "cuisine", "diet", "area", "price"]
            ),
            st.one_of(
                st.text(max_size=20),
                st.integers(),
                st.sampled_from(
                    ["Thai Orchid", "menu", "hours", "dish", "2026-11-27", "0001-01-01", "9999-12-31", "now"]
                ),
            ),
        ),
    )
    async def test_any_arguments_give_words(
        self, tools: ToolBox, name: str, arguments: dict[str, Any]
    ) -> None:
        result = await run(tools, name, **arguments)
        assert {"spoken", "message"} & result.keys()

    def test_a_failure_is_an_error_code_and_a_message(self) -> None:
        assert json.loads(failure("timeout", "Too slow.").output) == {
            "error": "timeout",
            "message": "Too slow.",
        }


async def test_end_call_ends_the_call_and_asks_for_a_goodbye(tools: ToolBox) -> None:
    result = await tools.run("end_call", '{"reason": "booked"}')
    assert result.ends_call
    assert "say one short goodbye" in json.loads(result.output)["message"]
