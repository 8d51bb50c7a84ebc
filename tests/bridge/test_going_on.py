"""What a session is told of an earlier call, as items of its history."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bridge import caller_words
from bridge.caller_words import Standing
from bridge.going_on import MOST_ITEMS, history
from bridge.voicelive import wire
from shared.caller_calls import Past
from shared.caller_memory import Told, begun, with_told
from tests.shared.call_makers import RANG, a_call, booked, ran, replied, said

CALL = a_call()


def test_turns_and_tools_come_in_the_order_they_happened() -> None:
    past = Past(
        CALL, [replied(0, "Hello?"), said(1, "A table"), replied(3, "Booked."), said(4, " ")], [booked(2)]
    )
    items = history([past])
    assert [type(item).__name__ for item in items] == [
        "MessageItem",
        "MessageItem",
        "FunctionCallItem",
        "FunctionOutputItem",
        "MessageItem",
    ]
    raw = msgspec.to_builtins(items)
    assert [(item["role"], item["content"][0]["type"]) for item in raw if item["type"] == "message"] == [
        ("assistant", "text"),
        ("user", "input_text"),
        ("assistant", "text"),
    ]
    assert raw[2]["call_id"] == raw[3]["call_id"] == "earlier-0-2"


def test_a_long_call_is_gone_on_with_from_its_last_part() -> None:
    past = Past(CALL, [said(seq, f"sentence {seq}") for seq in range(100)], [])
    items = history([past])
    assert len(items) == MOST_ITEMS
    last = items[-1]
    assert isinstance(last, wire.MessageItem)
    assert last.content[0].text == "sentence 99"


def test_a_result_that_is_too_long_is_left_out_whole() -> None:
    huge = ran(1, "find_restaurants", {}, {"spoken": "a" * 5000})
    assert len(history([Past(CALL, [said(0, "Pizza")], [huge])])) == 1


def test_an_agent_that_takes_no_instructions_is_told_as_a_system_item() -> None:
    (item,) = history([], "# What you know")
    assert isinstance(item, wire.MessageItem)
    assert (item.role, item.content[0].text) == ("system", "# What you know")


def test_the_section_about_a_cut_is_in_whole_minutes() -> None:
    assert "about 1 minute ago" in caller_words.cut_off(timedelta(seconds=5))
    assert "about 12 minutes ago" in caller_words.cut_off(timedelta(minutes=12, seconds=3))


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=60), max_size=5))
def test_no_text_of_a_caller_makes_a_line_or_a_heading(name: str, notes: list[str]) -> None:
    told = Told(name=name, preferences=tuple(notes), allergies=tuple(notes))
    section = caller_words.about(Standing(memory=with_told(begun(RANG.date()), told)), {})
    lines = section.strip("\n").split("\n")
    assert lines[0] == caller_words.HEADING
    assert len(lines) == 3 + bool(name) + 2 * bool(notes)
    assert all(line.startswith("- ") for line in lines[3:])
