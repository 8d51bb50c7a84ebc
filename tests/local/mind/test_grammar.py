"""Hundreds of generated sentences of every kind lead to the right call: a share of each kind, and of all."""

# ruff: noqa: E501 - lists of fillings read better a row a line

from __future__ import annotations

import random
from collections import Counter
from itertools import islice
from typing import Any

import pytest

from bridge.tools import ToolBox
from local.voice_live.mind import CallFunction
from shared.bookings import BookingStore
from tests.bridge.tool_calls import CATALOGUE, NOW
from tests.local.mind.grammar import Case, as_recognised, cases
from tests.local.mind.world import TRANSFER, Talk, assistant

INSTRUCTIONS = f"You answer a restaurant line. Today is {NOW:%A %d %B %Y}. It is {NOW:%H:%M}."
GREETING = "Hello, this is the restaurant line. What would you like to eat?"
MORE = "Is there anything else I can do for you?"
HELD = {
    "code": "OKLMQ", "restaurant": "Golden Lotus", "date": "2026-11-27", "time": "19:00", "party_size": 4, "name": "Kim",
}  # fmt: skip
ALL = "Book a table for four at the Golden Lotus on Friday at half past seven under Johnson."
OPENINGS = {
    "party_size": "I'd like a table at the Golden Lotus on Friday at seven, the name is Kim.",
    "time": "I'd like a table for four at the Golden Lotus on Friday, the name is Kim.",
    "date": "I'd like a table for four at the Golden Lotus at seven, the name is Kim.",
    "name": "I'd like a table for four at the Golden Lotus on Friday at seven.",
    "restaurant": "I'd like a table for four on Friday at seven, the name is Kim.",
}
TOPICS = {"section": "menu"}
ENOUGH = 12
"""Sentences from which the share of a kind says something."""
BY_TOOL = {"person": "transfer_to_person", "bye": "end_call", "find": "find_restaurants"}


@pytest.fixture(scope="module")
def tools() -> list[dict[str, Any]]:
    """The project's own definitions; nothing is run, so that no store is needed."""
    store: Any = BookingStore.__new__(BookingStore)
    return ToolBox(CATALOGUE, store, call_id="c", caller=None, now=lambda: NOW).definitions()


def answer(name: str, arguments: dict[str, Any]) -> object:
    """What the tools would give; there is one booking."""
    if name == "find_bookings":
        return {"bookings": [HELD], "spoken": "You have a table at Golden Lotus."}
    return {"spoken": "Done.", **arguments}


def leads_to(case: Case, sentence: str, tools: list[dict[str, Any]]) -> bool:
    """Whether a sentence leads to the call that its kind and values ask for."""
    more = [TRANSFER] if case.about == "person" else []
    greeting = MORE if case.about == "bye" else GREETING
    talk = Talk(tools=[*tools, *more], run=answer, instructions=INSTRUCTIONS, items=[assistant(greeting)])
    opening = OPENINGS.get(case.about.removeprefix("answer "))
    if opening is not None or case.about == "correct":
        talk.says(opening or ALL)
    talk.says(sentence)
    if case.about == "book_open":
        talk.says("Smith.")
    if case.about in ("book", "book_open", "move", "cancel", "correct") or opening is not None:
        talk.says("Yes.")
    wanted = expected(case)
    last = talk.calls[-1] if talk.calls else CallFunction("")
    if case.about in ("person", "bye", "lookup"):
        return last.name == wanted.name
    return last.name == wanted.name and _lower(last.arguments) == _lower(wanted.arguments)


def expected(case: Case) -> CallFunction:
    """The call that a case must lead to."""
    booked = {
        "restaurant": "Golden Lotus",
        "date": "2026-11-27",
        "time": "19:00",
        "party_size": 4,
        "name": "Kim",
    }
    match case.about:
        case "book" | "book_open":
            return CallFunction("book_table", {"name": "Smith", **case.values})
        case "correct":
            return CallFunction("book_table", {**booked, "time": "19:30", "name": "Johnson", **case.values})
        case "move":
            return CallFunction("move_booking", {"code": HELD["code"], **case.values})
        case "cancel":
            return CallFunction("cancel_booking", {"code": HELD["code"]})
        case "lookup" | "person" | "bye" | "find":
            return CallFunction(BY_TOOL.get(case.about, "find_bookings"), case.values)
    if case.about.startswith("answer "):
        return CallFunction("book_table", {**booked, **case.values})
    topic = {} if case.about == "facts" else {"topic": TOPICS.get(case.about, case.about)}
    return CallFunction("restaurant_details", {**topic, **case.values})


def _lower(values: dict[str, Any]) -> dict[str, Any]:
    """With names in small letters: a recogniser loses where "De Luca" has its capitals."""
    return {key: str(value).lower() if key == "name" else value for key, value in values.items()}


@pytest.mark.parametrize(
    ("seed", "recognised", "of_all", "of_each"), [(1, False, 0.97, 0.85), (2, True, 0.93, 0.75)]
)
def test_generated_sentences(
    tools: list[dict[str, Any]], seed: int, recognised: bool, of_all: float, of_each: float
) -> None:
    """As they are said, and as a recogniser writes them with a word wrong."""
    right, asked, wrong = Counter[str](), Counter[str](), list[str]()
    for case in islice(cases(seed), int(recognised), None, 2):  # every other way of asking, for time's sake
        chance = random.Random(case.sentence)
        sentence = as_recognised(case.sentence, chance) if recognised else case.sentence
        asked[case.about] += 1
        if leads_to(case, sentence, tools):
            right[case.about] += 1
        else:
            wrong.append(f"{case.about}: {sentence}")
    assert right.total() >= of_all * asked.total(), wrong
    assert all(right[about] >= of_each * asked[about] for about in asked if asked[about] >= ENOUGH), wrong
