"""Tools for what exists, whatever they are called: nothing is changed without a read-back and a yes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind, read_schema
from local.voice_live.mind.words import plain
from tests.local.mind.world import RESTAURANT, TOOLS, TRANSFER, Talk, answer

CODE = {"type": "string", "description": "The six letter code of the reservation."}
NOTE = {"type": "string", "description": "Anything the house should know."}
DAY = {"type": "string", "description": "Day, YYYY-MM-DD."}
TIME = {"type": "string", "description": "Time, HH:MM."}


def tool(name: str, required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    """A definition in wire form."""
    shape = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "name": name, "description": "", "parameters": shape}


OTHERS = [
    *TOOLS,
    tool("get_reservations", [], reservation_id=CODE),
    tool(
        "update_reservation", ["reservation_id"], reservation_id=CODE, date=DAY, time=TIME, note=NOTE,
        restaurant=RESTAURANT, party_size={"type": "integer"},
    ),
    tool("delete_reservation", ["reservation_id"], reservation_id=CODE),
]  # fmt: skip
RESERVATION = {
    "reservation_id": "QRSTUV", "restaurant": "Casa Verde", "date": "2026-11-27", "time": "19:30",
    "party_size": 2, "name": "Kim",
}  # fmt: skip


def run(name: str, arguments: dict[str, Any]) -> object:
    """One reservation is there, and every change of it works; nothing is said in words."""
    if name == "get_reservations":
        return {"reservations": [RESERVATION]}
    if name.endswith("_reservation"):
        return {"done": True, **RESERVATION, **arguments}
    return answer(name, arguments)


def test_roles_are_read_from_the_definitions() -> None:
    """By verb, noun and a code among the parameters; codes of other things do not count."""
    schema = read_schema(OTHERS)
    for role, name in (
        (Role.RECALL, "get_reservations"),
        (Role.CHANGE, "update_reservation"),
        (Role.UNDO, "delete_reservation"),
    ):
        found = schema.with_role(role)
        assert found is not None
        assert found.name == name
        assert found.of_kind(Kind.CODE) is not None
    assert schema.subject == "restaurant"
    postal = read_schema([tool("find_orders", [], postal_code={"type": "string"})])
    assert postal.tools[0].role is Role.SEARCH


@pytest.mark.parametrize(("sentence", "name", "arguments"), [
    ("cancel my reservation", "delete_reservation", {}),
    ("can we move our table to Saturday", "update_reservation", {"date": "2026-11-28"}),
    ("can we move our table to eight", "update_reservation", {"time": "20:00"}),
    ("please add a high chair to my booking", "update_reservation", {"note": "a high chair"}),
])  # fmt: skip
def test_tools_of_other_names(sentence: str, name: str, arguments: dict[str, Any]) -> None:
    """Looked up, read back, done after a yes."""
    talk = Talk(tools=OTHERS, run=run)
    said = talk.says(sentence)
    assert "Casa Verde" in said
    assert said.endswith("Is that right?")
    talk.says("yes")
    assert [call.name for call in talk.calls] == ["get_reservations", name]
    assert talk.calls[1].arguments == {"reservation_id": "QRSTUV"} | arguments


def test_without_a_look_up_the_code_is_asked_for() -> None:
    """A tool that cancels by code alone gets it from the caller, and a yes all the same."""
    talk = Talk(tools=[*TOOLS, OTHERS[-1]], run=run)
    assert talk.says("I want to cancel my booking") == "What is the reservation id, please?"
    said = talk.says("Q R S T U V")
    assert said == "So I delete the reservation with that code. Is that right?"
    assert talk.calls == []
    talk.says("yes")
    assert talk.calls[-1].arguments == {"reservation_id": "QRSTUV"}


def test_without_such_tools_a_person_is_asked() -> None:
    """As long as there is one to be put through to."""
    talk = Talk(tools=[*TOOLS, TRANSFER])
    talk.says("I'd like to cancel my booking")
    assert [call.name for call in talk.calls] == ["transfer_to_person"]


def test_the_person_learns_what_was_wanted() -> None:
    """Who asks for a person while a booking is to be changed need not say it all again."""
    talk = Talk(tools=[*OTHERS, TRANSFER], run=run)
    talk.says("cancel my reservation")
    talk.says("I'd rather talk to a person")
    assert "delete the table at Casa Verde" in talk.calls[-1].arguments["summary"]


@pytest.mark.parametrize(("sentence", "answer", "done"), [
    ("cancel my booking", "yes, cancel it", True), ("cancel my booking", "yes, change it", False),
    ("move my booking to eight", "yes, move it please", True),
    ("move my booking to eight", "yes, cancel it", False),
])  # fmt: skip
def test_a_yes_to_something_else_is_none(sentence: str, answer: str, done: bool) -> None:
    """A yes may name what it agrees to, but nothing else."""
    talk = Talk(tools=OTHERS, run=run)
    talk.says(sentence)
    talk.says(answer)
    assert (len(talk.calls) > 1) is done


def test_who_has_no_code_is_put_through() -> None:
    """No tool can help then; without a person to be put through to, the wish is given up."""

    def nothing_there(name: str, arguments: dict[str, Any]) -> object:
        missing = {"error": "none_found", "message": "There is none. Ask the caller for the code."}
        return missing if name == "get_reservations" else run(name, arguments)

    for tools, last in (([*OTHERS, TRANSFER], "transfer_to_person"), (OTHERS, "get_reservations")):
        talk = Talk(tools=tools, run=nothing_there)
        talk.says("cancel my reservation")
        talk.says("I don't have the code")
        assert talk.calls[-1].name == last


SENTENCES = st.sampled_from([
    "cancel my booking", "move my table to eight", "yes", "no", "yes please", "sorry?", "hello", "ok",
    "make it five", "what time is my booking", "we need a high chair", "Q R S T U V", "never mind",
    "is it open on monday", "book a table at Casa Verde for two tomorrow at eight under Lee", "on saturday",
    "the first one", "cancel it", "yes but at nine", "I'm still here", "flim flam", "my code is Q R S T U V",
])  # fmt: skip
AGREES = ("yes", "yes please", "ok")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(sentences=st.lists(SENTENCES, max_size=8))
def test_nothing_is_changed_without_a_yes_to_a_read_back(sentences: list[str]) -> None:
    """Whatever is said in whatever order."""
    talk = Talk(tools=OTHERS, run=run)
    before = ""
    for sentence in sentences:
        done = len(talk.calls)
        said = talk.says(sentence)
        for call in talk.calls[done:]:
            if call.name in ("update_reservation", "delete_reservation", "book_table"):
                assert sentence in AGREES
                assert before.endswith("Is that right?")
                assert plain("Casa Verde") in plain(before) or "that code" in before
        if talk.calls and talk.calls[-1].name == "end_call":
            return
        before = said
