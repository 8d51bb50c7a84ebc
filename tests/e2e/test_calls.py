"""Real calls through the whole system: spoken, recognised, answered, booked, heard.

What a call said and did is asserted from the store and from the audio at the phone. Speed is printed; it is
asserted only against bounds far above the promised numbers: the machine that runs the tests is shared.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from statistics import median
from typing import Any

import pytest

from local.driver import System
from local.measure import (
    GREETING_MS,
    REPLY_MEDIAN_MS,
    REPLY_WORST_MS,
    bookings_of,
    grants,
    latencies,
)
from local.report import CallReport
from local.scripts import LONG_TALK, LONG_TALK_REPLIES, WISHES
from shared.settings import StoreSettings
from shared.tables import Tables

type PlaceCall = Callable[..., Coroutine[None, None, CallReport]]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SLACK = 3
"""A shared machine may take this many times as long before a test calls it broken."""


def tool_calls(report: CallReport, name: str) -> list[dict[str, Any]]:
    """The arguments of each successful run of a tool."""
    return [tool.arguments for tool in report.tools if tool.name == name and "error" not in tool.result]


@pytest.fixture
async def tables(system: System) -> AsyncIterator[Tables]:
    """The store of the system."""
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        yield tables


@pytest.fixture(scope="module")
async def long_call(place_call: PlaceCall) -> CallReport:
    """Advice, questions, a booking and a goodbye: eleven things said."""
    return await place_call(*LONG_TALK, voice="bright")


async def test_a_caller_is_advised_and_books_a_table(tables: Tables, long_call: CallReport) -> None:
    assert long_call.outcome == "completed"
    assert long_call.turns[0].role == "agent", "the agent greets"
    assert tool_calls(long_call, "find_restaurants")[0]["cuisine"] == "Italian"
    topics = [arguments["topic"] for arguments in tool_calls(long_call, "restaurant_details")]
    assert topics == ["hours", "menu", "address", "address"]
    (booking,) = await bookings_of(tables, long_call.call_id)
    assert (booking["restaurant_id"], booking["party_size"], booking["name"]) == ("bombay-palace", 2, "Anna")
    assert tool_calls(long_call, "end_call"), "the agent ends the call after the goodbye"


async def test_a_call_of_more_than_ten_turns_is_answered_in_time(long_call: CallReport) -> None:
    replies = latencies(long_call)
    print(f"greeting {long_call.greeting_ms} ms; replies {replies}")
    print(f"median {median(replies)} ms, worst {max(replies)} ms")
    assert len(replies) >= LONG_TALK_REPLIES
    assert long_call.greeting_ms is not None
    assert long_call.greeting_ms < GREETING_MS * SLACK
    assert median(replies) < REPLY_MEDIAN_MS * SLACK
    assert max(replies) < REPLY_WORST_MS * SLACK


async def test_five_calls_at_once_each_get_their_own_booking(tables: Tables, place_call: PlaceCall) -> None:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(place_call(*wish.talk, voice=wish.voice)) for wish in WISHES]
    for call, wish in zip(calls, WISHES, strict=True):
        report = call.result()
        assert report.outcome == "completed"
        assert grants(await bookings_of(tables, report.call_id), wish)


async def test_keys_pressed_on_the_phone_reach_the_agent_which_answers(place_call: PlaceCall) -> None:
    report = await place_call(digits="12#")
    assert report.outcome == "completed"
    assert [turn.role for turn in report.turns] == ["agent", "agent"], (
        "the greeting, and an answer to the keys"
    )
