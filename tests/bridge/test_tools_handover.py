"""Handing the caller over to a person, as the model and the rules ask for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import cast

from bridge.tools import TOOL_NAMES, ToolBox, ToolResult, not_reached
from shared.bookings import BookingStore
from shared.handover import Targets, Week
from tests.bridge.tool_calls import CATALOGUE, run

EVERYBODY, AT_LOTUS = "+15550111", "+15550112"
TARGETS = Targets(
    to=EVERYBODY,
    hours=Week(monday=("09:00-17:00",), tuesday=("09:00-17:00",)),
    restaurants={"golden-lotus": AT_LOTUS},
)
NEVER_USED = cast(BookingStore, None)

MONDAY_MORNING = datetime(2026, 11, 23, 10, tzinfo=UTC)
TUESDAY_EVENING = datetime(2026, 11, 24, 19, tzinfo=UTC)
"""The office is closed and the Golden Lotus is open."""
MONDAY_EVENING = datetime(2026, 11, 23, 19, tzinfo=UTC)
"""Both are closed. The city is on UTC in November."""


def toolbox(now: datetime, targets: Targets = TARGETS, *, by_phone: bool = True) -> ToolBox:
    return ToolBox(
        CATALOGUE,
        NEVER_USED,
        call_id="call",
        caller=None,
        now=lambda: now,
        transfer=targets,
        by_phone=by_phone,
    )


async def wish(tools: ToolBox, restaurant: str | None = None) -> ToolResult:
    arguments = {"reason": "A party of 40", "summary": "Anna asks\nfor 40 seats.", "restaurant": restaurant}
    return await tools.run("transfer_to_person", json.dumps(arguments))


def message(result: ToolResult) -> str:
    assert result.transfer is None
    said = json.loads(result.output)
    assert said["error"]
    return str(said["message"])


class TestOffer:
    def test_it_is_offered_when_there_is_somebody_to_call(self) -> None:
        definitions = {tool["name"]: tool for tool in toolbox(MONDAY_MORNING).definitions()}
        assert set(definitions) <= set(TOOL_NAMES)
        schema = definitions["transfer_to_person"]["parameters"]
        assert all(parameter["description"] for parameter in schema["properties"].values())
        assert schema["required"] == ["reason", "summary"]
        assert "Golden Lotus" in schema["properties"]["restaurant"]["enum"]

    async def test_it_is_not_when_there_is_nobody(self) -> None:
        tools = toolbox(MONDAY_MORNING, Targets())
        assert "transfer_to_person" not in [tool["name"] for tool in tools.definitions()]
        assert json.loads((await wish(tools)).output)["error"] == "unknown_tool"
        assert "no person" in message(tools.hand_over("wants a person"))


class TestWhom:
    async def test_who_answers_for_all(self) -> None:
        result = await wish(toolbox(MONDAY_MORNING))
        assert result.transfer is not None
        assert result.transfer.target == EVERYBODY
        assert result.transfer.summary == "A party of 40. Anna asks for 40 seats."
        assert json.loads(result.output)["transferring"] is True
        assert not result.ends_call

    async def test_the_restaurant_that_is_meant(self) -> None:
        result = await wish(toolbox(TUESDAY_EVENING), "the lotus")
        assert result.transfer is not None
        assert result.transfer.target == AT_LOTUS

    async def test_a_restaurant_that_nobody_knows_is_asked_about(self) -> None:
        result = await wish(toolbox(TUESDAY_EVENING), "Zum Goldenen Hirsch")
        assert json.loads(result.output)["error"] == "unknown_restaurant"

    async def test_by_key_or_rule_it_is_who_answers_for_all(self) -> None:
        result = toolbox(MONDAY_MORNING).hand_over("pressed 0")
        assert result.transfer is not None
        assert (result.transfer.target, result.transfer.summary) == (EVERYBODY, "pressed 0")

    async def test_the_number_is_not_shown_to_the_model(self) -> None:
        assert EVERYBODY not in (await wish(toolbox(MONDAY_MORNING))).output


class TestNobodyThere:
    def test_is_known_by_the_hour(self) -> None:
        assert toolbox(MONDAY_MORNING).person_there()
        assert not toolbox(MONDAY_EVENING).person_there()
        assert not toolbox(MONDAY_MORNING, Targets()).person_there()
        assert not toolbox(MONDAY_MORNING, by_phone=False).person_there()

    async def test_the_people_of_the_restaurant_spoken_of_count(self) -> None:
        tools = toolbox(TUESDAY_EVENING)
        assert not tools.person_there()
        await run(tools, "restaurant_details", restaurant="Golden Lotus", topic="address")
        assert tools.person_there()

    async def test_the_model_learns_when_somebody_is_and_what_to_do(self) -> None:
        said = message(await wish(toolbox(MONDAY_EVENING)))
        assert "somebody is there again tomorrow at nine o'clock in the morning" in said
        assert "offer to help yourself" in said

    async def test_a_restaurant_and_its_hours_are_named(self) -> None:
        """It opens at noon on Tuesday; those who answer for all are back earlier."""
        said = message(await wish(toolbox(MONDAY_EVENING), "Golden Lotus"))
        assert "for Golden Lotus now; somebody is there again tomorrow at nine o'clock" in said

    async def test_a_restaurant_without_people_says_so(self) -> None:
        tools = toolbox(MONDAY_MORNING, Targets(restaurants={"golden-lotus": AT_LOTUS}))
        other = next(r.name for r in CATALOGUE.restaurants if r.id != "golden-lotus")
        assert f"no person to be reached for {other}" in message(await wish(tools, other))

    def test_a_web_page_cannot_be_put_through(self) -> None:
        tools = toolbox(MONDAY_MORNING, by_phone=False)
        assert "transfer_to_person" not in [tool["name"] for tool in tools.definitions()]
        assert "web page" in message(tools.hand_over("x"))

    async def test_a_key_reaches_the_people_of_the_restaurant_spoken_of(self) -> None:
        tools = toolbox(MONDAY_EVENING, Targets(restaurants={"golden-lotus": AT_LOTUS}))
        assert tools.hand_over("x").transfer is None
        await run(tools, "restaurant_details", restaurant="Golden Lotus", topic="address")
        assert "Golden Lotus" in message(tools.hand_over("x"))

    def test_a_call_that_nobody_took_tells_what_to_do_instead(self) -> None:
        assert "offer to help yourself" in message(not_reached())


async def test_arguments_that_are_missing_are_asked_for() -> None:
    result = await run(toolbox(MONDAY_MORNING), "transfer_to_person", reason="a person")
    assert (result["error"], result["message"]) == (
        "bad_arguments",
        "Missing: summary. Ask the caller what the person should help with.",
    )


def test_only_looking_up_may_be_given_up_half_done() -> None:
    tools = toolbox(MONDAY_MORNING)
    read_only = [tool["name"] for tool in tools.definitions() if tools.is_read_only(tool["name"])]
    assert read_only == ["find_restaurants", "restaurant_details", "find_bookings"]
    assert not tools.is_read_only("no such tool")
