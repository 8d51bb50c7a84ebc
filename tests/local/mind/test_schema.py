"""What is understood of tools from their definitions, and of questions from their words."""

# ruff: noqa: E501 - tables of sentences read better a row a line

from __future__ import annotations

from typing import Any

import pytest

from local.voice_live.mind.asked import Asked, Wanted, read_question
from local.voice_live.mind.roles import Role, split_name
from local.voice_live.mind.schema import Kind, Schema, read_schema
from local.voice_live.mind.wording import abilities, offer, question, read_back
from tests.local.mind.world import TOOLS, WEATHER


def one(name: str, shape: dict[str, Any]) -> Kind:
    """The kind of a single parameter."""
    schema = read_schema(
        [{"type": "function", "name": "t", "parameters": {"type": "object", "properties": {name: shape}}}]
    )
    return schema.tools[0].parameters[0].kind


@pytest.mark.parametrize(("name", "shape", "kind"), [
    ("date", {"type": "string"}, Kind.DATE), ("when", {"type": "string", "format": "date"}, Kind.DATE),
    ("arrival", {"type": "string", "description": "Day, YYYY-MM-DD"}, Kind.DATE), ("time", {"type": "string"}, Kind.TIME),
    ("start", {"type": "string", "description": "HH:MM"}, Kind.TIME), ("open_at", {"type": "string"}, Kind.TIME),
    ("at", {"type": "string", "description": "YYYY-MM-DD HH:MM"}, Kind.MOMENT), ("slot", {"type": "string", "format": "date-time"}, Kind.MOMENT),
    ("party_size", {"type": "integer"}, Kind.PARTY), ("guests", {"type": "number"}, Kind.PARTY), ("count", {"type": "integer"}, Kind.NUMBER),
    ("n", {"type": "integer", "description": "How many people come"}, Kind.PARTY), ("outside", {"type": "boolean"}, Kind.FLAG),
    ("name", {"type": "string"}, Kind.PERSON), ("customerName", {"type": "string"}, Kind.PERSON),
    ("topic", {"type": "string", "enum": ["a", "b"]}, Kind.CHOICE), ("city", {"type": "string"}, Kind.PLACE),
    ("dish", {"type": "string"}, Kind.FOOD), ("title", {"type": "string"}, Kind.TEXT), ("x", {}, Kind.TEXT),
    ("size", {"type": ["integer", "null"], "description": "guests"}, Kind.NUMBER),
    ("party", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, Kind.PARTY),
    ("level", {"anyOf": [{"enum": ["low", "high"], "type": "string"}, {"type": "null"}]}, Kind.CHOICE),
])  # fmt: skip
def test_kinds(name: str, shape: dict[str, Any], kind: Kind) -> None:
    """A parameter's kind follows from its type, format, name and description."""
    assert one(name, shape) is kind


@pytest.mark.parametrize(("name", "description", "role"), [
    ("find_restaurants", "", Role.SEARCH), ("search", "", Role.SEARCH), ("catalogue", "Search for books.", Role.SEARCH),
    ("get_weather", "Look up the weather.", Role.LOOKUP), ("restaurant_details", "", Role.LOOKUP), ("book_table", "", Role.COMMIT),
    ("reservation", "The caller must confirm a read-back first.", Role.COMMIT), ("cancelBooking", "", Role.COMMIT),
    ("end_call", "", Role.END), ("finish", "Hang up when all is said.", Role.END), ("hang-up", "", Role.END),
])  # fmt: skip
def test_roles(name: str, description: str, role: Role) -> None:
    """A tool's role follows from its name and description; what changes something is read back first."""
    assert read_schema([{"type": "function", "name": name, "description": description}]).tools[0].role is role


def test_the_subject_is_what_tools_share() -> None:
    """The required parameter that most tools take is what is talked about."""
    assert read_schema(TOOLS).subject == "restaurant"
    assert read_schema(WEATHER).subject == "city"
    assert read_schema([]).subject == ""


@pytest.mark.parametrize("definitions", [
    [{"type": "mcp"}], [{}], [{"type": "function"}], [{"type": "function", "name": ""}], [{"name": 5}], ["text"], [None],
])  # fmt: skip
def test_what_is_no_tool_is_passed_over(definitions: list[Any]) -> None:
    """Odd definitions are no reason to fail."""
    assert read_schema(definitions).tools == ()


def test_the_nested_form_is_read_too() -> None:
    """Chat completions wrap the definition in `function`."""
    nested = [{"type": "function", "function": {"name": "get_weather", "description": ""}}]
    assert [tool.name for tool in read_schema(nested).tools] == ["get_weather"]


@pytest.mark.parametrize("schema", [read_schema(TOOLS), read_schema(WEATHER)], ids=["guide", "weather"])
def test_every_question_of_ours_is_understood(schema: Schema) -> None:
    """What the mind asks for a required parameter, it recognises later as having asked for it."""
    for tool in schema.tools:
        for parameter in tool.required:
            for again in range(3):
                asked = read_question(question(parameter, schema, again), schema)
                assert asked == Asked(Wanted.VALUE, parameter.name)


@pytest.mark.parametrize(("text", "asked"), [
    ("And for how many of you?", None), ("How many people are coming?", "party_size"), ("Which day suits you?", "date"),
    ("Lovely. What time shall I say?", "time"), ("And whose name is it?", "name"), ("What would you like to eat?", "cuisine"),
    ("Which restaurant was it?", "restaurant"), ("Which one do you like?", "restaurant"),
])  # fmt: skip
def test_questions_in_other_words(text: str, asked: str | None) -> None:
    """A reply written by somebody else is understood by its words."""
    found = read_question(text, read_schema(TOOLS))
    assert found is not None
    assert (found.name or None) == (asked or "party_size")


def test_offers_and_the_rest() -> None:
    """Offers, "anything else?" and sentences that ask nothing."""
    schema = read_schema(TOOLS)
    book = schema.with_role(Role.COMMIT)
    assert book is not None
    assert read_question(offer(book, schema), schema) == Asked(Wanted.OFFER, "book_table")
    assert read_question("Is there anything else I can do for you?", schema) == Asked(Wanted.MORE)
    assert read_question("Sorry. What should I change?", schema) == Asked(Wanted.CHANGE)
    assert read_question("They open at noon.", schema) is None
    assert read_question("", schema) is None


def test_a_read_back_tells_every_value() -> None:
    """Two bookings that differ in one value are read back differently."""
    book = read_schema(TOOLS).with_role(Role.COMMIT)
    assert book is not None
    values = {
        "restaurant": "Casa Verde",
        "date": "2026-11-27",
        "time": "19:30",
        "party_size": 4,
        "name": "Lee",
    }
    said = read_back(book, values)
    assert said == (
        "So that is a table at Casa Verde for four people on Friday the twenty-seventh of November "
        "at half past seven under the name Lee."
    )
    others = {
        "restaurant": "Bangkok Garden",
        "date": "2026-11-28",
        "time": "07:30",
        "party_size": 5,
        "name": "Leigh",
    }
    for name, other in others.items():
        assert read_back(book, values | {name: other}) != said


def test_abilities() -> None:
    """What the tools can do, in words for the ear."""
    assert abilities(read_schema(TOOLS)) == "find restaurants, give you restaurant details and book a table"
    assert abilities(read_schema(WEATHER)) == "get the weather"
    assert split_name("cancelBooking") == "cancel booking"
