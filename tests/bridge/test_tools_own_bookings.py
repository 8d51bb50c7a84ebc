"""What the model is told when a caller finds, changes or cancels a booking."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.tools import ToolBox
from shared.bookings import BookingStore
from shared.handover import Targets
from shared.tables import Tables
from tests.bridge.tool_calls import CATALOGUE, NOW, run, said, told, toolbox
from tests.shared.faulty_tables import Fault, FaultyTables

LOTUS = {"restaurant": "Golden Lotus", "date": "2026-11-27", "time": "19:30", "party_size": 4, "name": "Kim"}


@pytest.fixture
def store(tables: Tables) -> BookingStore:
    return BookingStore(tables)


@pytest.fixture
def tools(store: BookingStore) -> ToolBox:
    return toolbox(store)


def again(store: BookingStore, caller: str | None = "+15550100", now: datetime = NOW, **more: Any) -> ToolBox:
    """The tools of a later call."""
    return ToolBox(CATALOGUE, store, call_id="later", caller=caller, now=lambda: now, **more)


async def code_of(tools: ToolBox, **change: Any) -> str:
    result = await run(tools, "book_table", **{**LOTUS, **change})
    assert "error" not in result, result
    return str(result["code"])


class TestRequests:
    """book_table with requests"""

    async def test_are_confirmed_and_stored(self, tools: ToolBox, store: BookingStore) -> None:
        result = await run(tools, "book_table", **LOTUS, requests="a high chair.")
        assert "under the name Kim. The restaurant is asked: a high chair. Your booking" in result["spoken"]
        assert result["requests"] == "a high chair."
        booking = await store.get(result["code"])
        assert booking is not None
        assert booking.requests == "a high chair."

    async def test_hold_no_more_than_a_few_words(self, tools: ToolBox) -> None:
        code, message = await told(tools, "book_table", **LOTUS, requests="x" * 201)
        assert code == "bad_arguments"
        assert "what the restaurant should know" in message

    async def test_are_one_plain_line(self, tools: ToolBox) -> None:
        result = await run(
            tools, "book_table", **{**LOTUS, "name": "K\u202eim"}, requests="by\n the\x00 window"
        )
        assert (result["name"], result["requests"]) == ("K im", "by the window")


class TestFind:
    """find_bookings"""

    async def test_tells_the_one_booking_of_this_number(self, tools: ToolBox, store: BookingStore) -> None:
        code = await code_of(tools)
        result = await run(again(store), "find_bookings")
        assert result["spoken"] == (
            "A table for four at Golden Lotus on Friday at half past seven in the evening, "
            "under the name Kim."
        )
        (found,) = result["bookings"]
        assert (found["code"], found["status"], found["date"]) == (code, "booked", "2026-11-27")

    async def test_tells_several_in_order(self, tools: ToolBox, store: BookingStore) -> None:
        await code_of(tools)
        await code_of(tools, restaurant="Thai Orchid", date="2026-11-26", party_size=2)
        spoken = await said(again(store), "find_bookings")
        assert spoken.startswith("There are two bookings. A table for two at Thai Orchid on Thursday")

    async def test_knows_those_of_the_call_when_the_number_is_withheld(self, store: BookingStore) -> None:
        tools = ToolBox(CATALOGUE, store, call_id="call", caller=None, now=lambda: NOW)
        code = await code_of(tools)
        assert code in str(await run(tools, "find_bookings"))

    async def test_by_code_tells_of_one_that_was_cancelled(self, tools: ToolBox) -> None:
        code = await code_of(tools)
        await run(tools, "cancel_booking", code=code)
        assert "is cancelled" in await said(tools, "find_bookings", code=code)

    @pytest.mark.parametrize(
        ("caller", "code"),
        [("+15550199", "none_found"), (None, "number_withheld"), ("anonymous", "number_withheld")],
    )
    async def test_when_there_is_none_asks_for_code_and_name(
        self, tools: ToolBox, store: BookingStore, caller: str | None, code: str
    ) -> None:
        await code_of(tools)
        got, message = await told(again(store, caller), "find_bookings")
        assert got == code
        assert "booking code" in message
        assert "name" in message

    @pytest.mark.parametrize("caller", ["+15550199", None])
    async def test_code_and_name_are_enough_from_elsewhere(
        self, tools: ToolBox, store: BookingStore, caller: str | None
    ) -> None:
        code = await code_of(tools)
        elsewhere = again(store, caller)
        assert (await told(elsewhere, "find_bookings", code=code))[0] == "name_needed"
        assert "Golden Lotus" in await said(elsewhere, "find_bookings", code=" ".join(code), name="kim")

    async def test_letters_that_are_no_code_are_asked_for_again(self, tools: ToolBox) -> None:
        code, message = await told(tools, "find_bookings", code="one two three")
        assert code == "bad_code"
        assert "letter by letter" in message


class TestMove:
    """move_booking"""

    async def test_says_what_stands_now(self, tools: ToolBox, store: BookingStore) -> None:
        code = await code_of(tools)
        result = await run(again(store), "move_booking", code=code, time="20:30")
        assert result["spoken"] == (
            "Your booking is changed. It is now a table for four at Golden Lotus for Friday at half past "
            f"eight in the evening, under the name Kim. The code is still {', '.join(code)}."
        )
        assert (result["changed"], result["time"], result["code"]) == (True, "20:30", code)

    @pytest.mark.parametrize(
        "change",
        [
            {"date": "2026-11-28"},
            {"restaurant": "Thai Orchid"},
            {"party_size": 2},
            {"requests": "by the window"},
        ],
    )
    async def test_changes_what_is_given_and_keeps_the_rest(
        self, tools: ToolBox, change: dict[str, Any]
    ) -> None:
        code = await code_of(tools)
        result = await run(tools, "move_booking", code=code, **change)
        wanted = {**LOTUS, **change}
        assert {key: result[key] for key in wanted} == wanted
        assert await run(tools, "move_booking", code=code, **change) == result

    async def test_a_full_house_leaves_it_and_offers_times(self, store: BookingStore) -> None:
        code = await code_of(toolbox(store, "one"), party_size=8, date="2026-11-28")
        await code_of(toolbox(store, "two"), party_size=8)
        result = await run(toolbox(store, "one"), "move_booking", code=code, date="2026-11-27")
        assert result["error"] == "full"
        assert (
            "Nothing was changed: the booking stands as it was. Offer the caller a table" in result["message"]
        )
        assert result["alternatives"] == ["2026-11-27 17:30", "2026-11-27 18:00", "2026-11-27 21:00"]
        assert "Saturday" in await said(toolbox(store, "one"), "find_bookings", code=code)

    async def test_with_nothing_to_change_asks_what(self, tools: ToolBox) -> None:
        code, message = await told(tools, "move_booking", code=await code_of(tools))
        assert code == "bad_arguments"
        assert "Ask the caller what should be different" in message

    @pytest.mark.parametrize("tool", ["move_booking", "cancel_booking"])
    async def test_a_meal_that_has_begun_is_for_a_person(
        self, tools: ToolBox, store: BookingStore, tool: str
    ) -> None:
        code = await code_of(tools)
        late = again(store, now=datetime(2026, 11, 27, 19, 31, tzinfo=UTC))
        more = {"time": "21:00"} if tool == "move_booking" else {}
        assert (await told(late, tool, code=code, **more))[0] == "begun"

    async def test_a_cancelled_one_is_booked_anew(self, tools: ToolBox) -> None:
        code = await code_of(tools)
        await run(tools, "cancel_booking", code=code)
        error, message = await told(tools, "move_booking", code=code, time="20:30")
        assert error == "cancelled"
        assert "book_table" in message


class TestCancel:
    """cancel_booking"""

    async def test_says_what_is_no_more(self, tools: ToolBox, store: BookingStore) -> None:
        code = await code_of(tools)
        result = await run(again(store), "cancel_booking", code=code)
        assert result["spoken"] == (
            "Your table at Golden Lotus for Friday at half past seven in the evening is cancelled."
        )
        assert await run(again(store), "cancel_booking", code=code) == result

    async def test_it_is_not_said_to_stand_any_more(self, tools: ToolBox) -> None:
        code = await code_of(tools)
        await run(tools, "cancel_booking", code=code)
        spoken = await said(tools, "book_table", **{**LOTUS, "party_size": 2})
        assert "stands as well" not in spoken


class TestLargeParty:
    """More people than the restaurant books by telephone."""

    @pytest.mark.parametrize("tool", ["book_table", "move_booking"])
    async def test_goes_to_a_person_who_can_be_reached(self, store: BookingStore, tool: str) -> None:
        tools = again(store, transfer=Targets(to="+15550111"))
        arguments = {**LOTUS, "party_size": 9}
        if tool == "move_booking":
            arguments = {"code": await code_of(tools), "party_size": 9}
        code, message = await told(tools, tool, **arguments)
        assert code == "party_too_large"
        assert "put the caller through with transfer_to_person, naming the restaurant" in message

    async def test_or_gets_the_number_of_the_restaurant(self, store: BookingStore) -> None:
        tools = again(store, transfer=Targets(to="+15550111"), by_phone=False)
        _, message = await told(tools, "book_table", **{**LOTUS, "party_size": 9})
        assert "Offer the caller the restaurant's number: plus three five three" in message
        assert "transfer_to_person" not in message


async def test_a_booking_whose_answer_was_lost_is_not_forgotten_for_another(
    store: BookingStore, tables: Tables
) -> None:
    """The caller was told that nobody knows, and asks for another time; then both stand, and they hear it."""
    counting = FaultyTables(tables)
    await code_of(toolbox(BookingStore(counting), "before"))
    open_days = [f"2026-12-{day:02}" for day in range(1, 32) if day not in (7, 14, 21, 25, 28)]  # no Mondays
    for at, day in enumerate(open_days[: counting.requests], start=1):
        tools = toolbox(BookingStore(FaultyTables(tables, Fault.ANSWER_LOST, at)), f"call-{at}")
        assert (await told(tools, "book_table", **{**LOTUS, "date": day}))[0] == "unavailable"
        spoken = await said(tools, "book_table", **{**LOTUS, "date": day, "time": "18:00", "party_size": 2})
        standing = {
            row["code"] for row in (await run(tools, "find_bookings"))["bookings"] if row["date"] == day
        }
        assert ("stands as well" in spoken) == (len(standing) == 2)
    assert len(standing) == 2, "the transaction is the last request"


async def test_more_bookings_than_anybody_eats_in_one_call_are_for_a_person(tools: ToolBox) -> None:
    days = [f"2026-11-{day}" for day in (24, 25, 26, 27, 28)]
    for day in days:
        await code_of(tools, date=day)
    code, message = await told(tools, "book_table", **{**LOTUS, "date": "2026-11-29"})
    assert code == "too_many_bookings"
    assert "Nothing was booked" in message
    assert "error" not in await run(tools, "book_table", **{**LOTUS, "date": days[0]})


async def test_all_at_once_they_are_no_more(tools: ToolBox) -> None:
    days = [f"2026-12-{day:02}" for day in range(1, 10) if day != 7]  # closed on Mondays
    calls = [run(tools, "book_table", **{**LOTUS, "date": day}) for day in days]
    results = await asyncio.gather(*calls, run(tools, "book_table", **{**LOTUS, "date": days[0]}))
    codes = {result["code"] for result in results if "error" not in result}
    assert len(codes) == 5
    assert results[0]["code"] == results[-1]["code"]
