"""Bookings that exist: looked up, moved and cancelled with the project's own tools and store."""

# ruff: noqa: E501 - tables of sentences read better a row a line

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.tools import ToolBox
from local.voice_live.mind import CallFunction
from shared.bookings import BookingStore
from tests.bridge.tool_calls import CATALOGUE, NOW
from tests.local.mind.test_real_tools import store, talk

__all__ = ["store"]

BOOK = "book a table for two at golden lotus next friday at half past seven under Kim"
BOOK_SECOND = "book a table at blue anchor on saturday at eight for three under Lee"
FIND, MOVE, CANCEL = "find_bookings", "move_booking", "cancel_booking"
NAMES = {
    "H": "aitch", "K": "kay", "L": "el", "M": "em", "O": "oh", "Q": "queue", "R": "are", "T": "tee",
    "W": "double-u", "X": "ex", "Y": "why",
}  # fmt: skip


def call_of(bookings: BookingStore, call_id: str, caller: str | None = "+15550100") -> ToolBox:
    """The tools of one call by `caller`."""
    return ToolBox(CATALOGUE, bookings, call_id=call_id, caller=caller, now=lambda: NOW)


async def code_in(bookings: BookingStore) -> str:
    """The code of the one booking there is."""
    result = await call_of(bookings, "asks").run(FIND, "{}")
    (booking,) = json.loads(result.output)["bookings"]
    return str(booking["code"])


async def later(bookings: BookingStore, *sentences: str) -> tuple[list[str], list[CallFunction]]:
    """Another call by somebody who has booked for Kim on Friday."""
    await talk(call_of(bookings, "first"), [BOOK, "yes"])
    return await talk(call_of(bookings, "second"), list(sentences))


@pytest.mark.parametrize("wish", [
    "I'd like to cancel my table", "cancel my booking please", "can I cancel the reservation for friday",
    "I'm afraid we can't make it on Friday", "we need to call off our booking",
])  # fmt: skip
async def test_cancelled_after_a_yes(store: BookingStore, wish: str) -> None:
    """Looked up without a code, read back, cancelled after a yes and not before."""
    said, calls = await later(store, wish, "yes, cancel it please")
    assert "Golden Lotus" in said[0]
    assert "Friday" in said[0]
    assert said[0].endswith("Is that right?")
    assert [call.name for call in calls] == [FIND, CANCEL]
    assert calls[0].arguments == {}
    assert "is cancelled" in said[1]


@pytest.mark.parametrize(
    "answer", ["no", "never mind", "keep it", "sorry?", "hold on", "what desserts do they have"]
)
async def test_not_cancelled_without_a_yes(store: BookingStore, answer: str) -> None:
    """Anything but a yes leaves the booking."""
    _, calls = await later(store, "cancel my booking", answer)
    assert CANCEL not in [call.name for call in calls]


@pytest.mark.parametrize(("wish", "changes"), [
    ("can we move my booking to eight", {"time": "20:00"}),
    ("can we move my booking to Saturday", {"date": "2026-11-28"}),
    ("I need to change my reservation from half past seven to nine", {"time": "21:00"}),
    ("could you move my table on friday to saturday at eight", {"date": "2026-11-28", "time": "20:00"}),
    ("please change my booking to six people", {"party_size": 6}),
    ("I'd like to move my booking to the blue anchor", {"restaurant": "Blue Anchor"}),
    ("reschedule my booking for half past eight", {"time": "20:30"}),
    ("add a high chair to my booking", {"requests": "a high chair"}),
])  # fmt: skip
async def test_moved_after_a_yes(store: BookingStore, wish: str, changes: dict[str, Any]) -> None:
    """Looked up, read back as it will be, and moved with nothing but what changes."""
    said, calls = await later(store, wish, "yes please")
    assert said[0].endswith("Is that right?")
    assert [call.name for call in calls] == [FIND, MOVE]
    arguments = dict(calls[1].arguments)
    assert arguments.pop("code")
    assert arguments == changes


@pytest.mark.parametrize("wish", [
    "what time is my booking?", "when is my table", "do I have a booking with you", "can you check my reservation",
    "I'd like to know about my booking", "which restaurants have I booked", "what have I got booked",
])  # fmt: skip
async def test_looked_up(store: BookingStore, wish: str) -> None:
    """What is booked is told at once, and can be changed right after."""
    said, calls = await later(store, wish, "can you make it half past eight", "yes")
    assert "half past seven" in said[0]
    assert [call.name for call in calls] == [FIND, MOVE]
    assert calls[1].arguments["time"] == "20:30"


async def test_what_to_change_is_asked(store: BookingStore) -> None:
    """One question at a time, a side question in between, and a correction of the read-back."""
    said, calls = await later(
        store, "I'd like to change my booking", "the number of people", "six", "is it open on monday",
        "no, five people", "yes",
    )  # fmt: skip
    assert said[:2] == ["What should I change?", "For how many people?"]
    assert "closed" in said[3]
    assert [call.name for call in calls] == [FIND, "restaurant_details", MOVE]
    assert calls[2].arguments["party_size"] == 5
    assert "date" not in calls[2].arguments


async def test_one_of_several(store: BookingStore) -> None:
    """With two bookings it is asked which; one that is named needs no question."""
    await talk(call_of(store, "zero"), [BOOK_SECOND, "yes"])
    said, calls = await later(store, "cancel my booking", "the one at blue anchor", "yes")
    assert said[0].startswith("There are two bookings: a table at Golden Lotus")
    assert [call.name for call in calls] == [FIND, CANCEL]
    assert "Blue Anchor" in said[2]
    await talk(call_of(store, "third"), [BOOK_SECOND, "yes"])
    _, calls = await talk(
        call_of(store, "fourth"), ["cancel my table at the blue anchor", "yes", "move it to nine", "yes"]
    )
    assert [call.name for call in calls] == [FIND, CANCEL, MOVE]


async def test_from_another_number(store: BookingStore) -> None:
    """The code letter by letter, then the name; both are given again when it is cancelled."""
    await talk(call_of(store, "first"), [BOOK, "yes"])
    code = await code_in(store)
    said, calls = await talk(
        call_of(store, "second", "+15550199"),
        ["I'd like to cancel my booking", " ".join(NAMES[letter] for letter in code), "Kim", "yes"],
    )
    assert [call.arguments for call in calls] == [
        {}, {"code": code}, {"code": code, "name": "Kim"}, {"code": code, "name": "Kim"},
    ]  # fmt: skip
    assert "what" in said[0] or said[0].endswith("?")
    assert "is cancelled" in said[-1]


async def test_with_no_number_shown(store: BookingStore) -> None:
    """Code and name in one sentence."""
    await talk(call_of(store, "first"), [BOOK, "yes"])
    code = await code_in(store)
    sentence = f"my code is {' '.join(code)}, and the name is Kim"
    _, calls = await talk(call_of(store, "second", None), ["can I move my booking to eight", sentence, "yes"])
    assert calls[-1] == CallFunction(MOVE, {"code": code, "name": "Kim", "time": "20:00"})


async def test_a_code_that_is_none_of_theirs(store: BookingStore) -> None:
    """Nothing is told or done, and the caller may give up."""
    said, calls = await talk(
        call_of(store, "one", "+15550199"),
        ["cancel my booking", "oh kay el em queue", "my name is Johnson", "never mind", "no thanks"],
    )
    assert [call.name for call in calls] == [FIND, FIND, FIND, "end_call"]
    assert calls[1].arguments == {"code": "OKLMQ"}
    assert said[2].startswith("There is no booking with that code and name. Could you say the code")
    assert "not done anything" in said[3]


async def test_another_time_is_taken_when_there_is_no_table(store: BookingStore) -> None:
    """What the tool offers instead can be chosen; it is read back before it is asked for."""
    said, calls = await later(
        store, "move my booking to three in the morning", "yes", "one o'clock then", "yes"
    )
    assert said[1].endswith("Would that suit you?")
    assert said[2].endswith("Is that right?")
    assert [call.arguments.get("time") for call in calls if call.name == MOVE] == ["03:00", "13:00"]
    assert "is changed" in said[3]


async def test_what_was_just_booked_is_changed(store: BookingStore) -> None:
    """No look-up is needed; requests add up; the code is told when it is asked for."""
    said, calls = await talk(
        call_of(store, "one"),
        [
            "I need a table at golden lotus for four on friday at seven under Smith, one of us has a nut allergy",
            "yes", "could we also have a high chair", "yes", "actually make it eight", "yes",
            "what is my booking code", "cancel it", "yes",
        ],
    )  # fmt: skip
    assert [call.name for call in calls] == ["book_table", MOVE, MOVE, CANCEL]
    assert calls[0].arguments["party_size"] == 4
    assert calls[0].arguments["requests"] == "a nut allergy"
    assert calls[1].arguments["requests"] == "a nut allergy, a high chair"
    assert calls[2].arguments["time"] == "20:00"
    assert said[6].startswith(f"The code of your booking is {', '.join(calls[1].arguments['code'])}.")


async def test_one_more_table_is_no_change(store: BookingStore) -> None:
    """Who books another table moves none; questions in between change nothing."""
    said, calls = await talk(
        call_of(store, "one"),
        [
            BOOK, "yes", "actually what time does blue anchor close on friday",
            "book another table there for friday at eight for two under Lee", "we need a high chair", "yes",
        ],
    )  # fmt: skip
    assert [call.name for call in calls] == ["book_table", "restaurant_details", "book_table"]
    assert calls[2].arguments["requests"] == "a high chair"
    assert "noting a high chair" in said[4]


async def test_a_read_back_is_said_again(store: BookingStore) -> None:
    """Whoever asks "sorry?" hears all of it again, and a yes to that counts."""
    said, calls = await later(store, "move my booking to eight", "sorry?", "yes")
    assert "eight o'clock" in said[1]
    assert [call.name for call in calls] == [FIND, MOVE]
