"""What the model is told about a booking, and what when the store or the arguments fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from bridge.tools import ToolBox
from shared.bookings import BookingStore
from shared.ledger import ConflictError
from shared.tables import Tables
from tests.bridge.tool_calls import run, said, told, toolbox

TABLE = {"restaurant": "Golden Lotus", "date": "2026-11-27", "time": "19:30", "party_size": 4, "name": "Kim"}


@pytest.fixture
def store(tables: Tables) -> BookingStore:
    return BookingStore(tables)


@pytest.fixture
def tools(store: BookingStore) -> ToolBox:
    return toolbox(store)


class TestBook:
    """book_table"""

    async def test_a_booking_is_confirmed_for_the_ear_and_stored(
        self, tools: ToolBox, store: BookingStore
    ) -> None:
        result = await run(tools, "book_table", **TABLE)
        letters = ", ".join(result["code"])
        assert result["spoken"] == (
            "Your table for four at Golden Lotus is booked for Friday at half past seven in the evening, "
            f"under the name Kim. Your booking code is {letters}."
        )
        booking = await store.get(result["code"])
        assert booking is not None
        assert (booking.call_id, booking.caller, booking.party_size) == ("call", "+15550100", 4)

    async def test_the_same_call_of_the_tool_gives_the_same_code(self, store: BookingStore) -> None:
        first, again = [await run(toolbox(store), "book_table", **TABLE) for _ in range(2)]
        assert first == again

    async def test_another_booking_in_the_call_is_not_hidden(self, tools: ToolBox) -> None:
        first = await run(tools, "book_table", **TABLE)
        second = await said(tools, "book_table", **{**TABLE, "party_size": 2})
        assert f"Your earlier booking, {', '.join(first['code'])}, stands as well." in second

    @pytest.mark.parametrize("at", ["19:30", "7:30 pm", "7:30pm", "19:30:00", "7:30 p.m."])
    async def test_a_time_as_models_write_it(self, tools: ToolBox, at: str) -> None:
        assert (await run(tools, "book_table", **{**TABLE, "time": at}))["time"] == "19:30"

    @pytest.mark.parametrize(
        ("change", "code", "words"),
        [
            ({"time": "half past seven"}, "bad_arguments", "not HH:MM in 24 hours"),
            ({"time": "25:00"}, "bad_arguments", "not HH:MM"),
            ({"time": "7"}, "bad_arguments", "not HH:MM"),
            ({"time": "13:00 pm"}, "bad_arguments", "not HH:MM"),
            ({"date": "27.11."}, "bad_arguments", "not YYYY-MM-DD"),
            ({"party_size": 0}, "bad_arguments", "Ask the caller how many people will come"),
            ({"party_size": "some"}, "bad_arguments", "Ask the caller how many people will come"),
            (
                {"party_size": None},
                "bad_arguments",
                "Missing: party_size. Ask the caller how many people will come.",
            ),
            ({"name": "..."}, "bad_arguments", "Ask the caller what name the booking is for"),
            ({"name": "x" * 61}, "bad_arguments", "Ask the caller what name the booking is for"),
            (
                {"restaurant": "green dragon"},
                "unknown_restaurant",
                "Ask whether the caller means Green Table",
            ),
            (
                {"party_size": 9},
                "party_too_large",
                "Offer the caller the restaurant's number: plus three five three,",
            ),
            (
                {"date": "2026-11-23"},
                "closed",
                "is closed tomorrow at half past seven in the evening. Nothing was",
            ),
            (
                {"date": "2026-11-20"},
                "past",
                "has already passed. Nothing was booked. Ask the caller for another",
            ),
            ({"date": "2027-03-01"}, "too_far_ahead", "up to ninety days ahead"),
            (
                {"time": "19:40"},
                "not_a_slot",
                "on the half hours, counted from opening. Nothing was booked. Offer",
            ),
            ({"time": "23:00"}, "last_seating", "Offer the caller a table on Friday at "),
            ({"vip": True}, "bad_arguments", "There is no parameter vip"),
        ],
    )
    async def test_what_cannot_be_booked_says_what_to_ask(
        self, tools: ToolBox, change: dict[str, Any], code: str, words: str
    ) -> None:
        got, message = await told(tools, "book_table", **{**TABLE, **change})
        assert got == code
        assert words in message

    async def test_a_time_that_the_clocks_skip_is_said_to_be_none(self, store: BookingStore) -> None:
        """On 29 March 2026 clocks go forward from one to two; the restaurant is open until four."""
        tools = toolbox(store, now=datetime(2026, 3, 27, 12, tzinfo=UTC))
        table = {**TABLE, "restaurant": "Beirut Nights", "date": "2026-03-29", "time": "01:30"}
        assert await told(tools, "book_table", **table) == (
            "no_such_time",
            "The clocks go forward on Sunday, and there is no half past one in the morning. "
            "Nothing was booked. Offer the caller a table on Sunday at quarter to one at night, "
            "two o'clock in the morning or quarter past two in the morning.",
        )

    async def test_a_full_house_offers_times_to_say_and_times_to_book(self, store: BookingStore) -> None:
        table = {**TABLE, "party_size": 8}
        await run(toolbox(store, "one"), "book_table", **table)
        result = await run(toolbox(store, "two"), "book_table", **table)
        assert result["error"] == "full"
        assert result["message"] == (
            "Golden Lotus has no table for eight left on Friday at half past seven in the evening. "
            "Nothing was booked. Offer the caller a table on Friday at half past five, "
            "six o'clock or nine o'clock in the evening."
        )
        assert result["alternatives"] == ["2026-11-27 17:30", "2026-11-27 18:00", "2026-11-27 21:00"]


class _Failing(BookingStore):
    """A store that answers every booking with the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def book(self, *_: object) -> Any:
        raise self._error


class TestTrouble:
    """Nothing the model or the store does ends the call."""

    @pytest.mark.parametrize(
        ("error", "code"), [(ServiceRequestError("down"), "unavailable"), (ConflictError(), "busy")]
    )
    async def test_a_store_in_trouble_is_told_to_the_model(
        self, error: Exception, code: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        got, message = await told(toolbox(_Failing(error)), "book_table", **TABLE)
        assert got == code
        assert "try" in message
        assert "Kim" not in caplog.text

    @pytest.mark.parametrize(
        "arguments", ["", "null", "[]", "3", "{", '"x"', '{"restaurant": {}}', "\x00", "[" * 100_000]
    )
    async def test_arguments_that_are_none_are_told_to_the_model(
        self, tools: ToolBox, arguments: str
    ) -> None:
        result = await tools.run("book_table", arguments)
        assert json.loads(result.output)["error"] == "bad_arguments"
