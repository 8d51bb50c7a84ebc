"""Sessions of other clients: tools never seen before, no tools, wishes put in system items, tool choice."""

from __future__ import annotations

import json

import pytest

from local.voice_live.mind import CallFunction, Say
from tests.local.mind.world import GREETING, TOOLS, WEATHER, Talk, assistant, system, think, user


def test_a_weather_tool_it_has_never_seen() -> None:
    """Any client's tool works from its schema alone, with a result in plain text."""
    talk = Talk(run=lambda *_: "foggy and 12 degrees", tools=WEATHER, items=[])
    assert talk.says("What is the weather in London?") == "Foggy and 12 degrees."
    assert talk.calls == [CallFunction("get_weather", {"city": "London"})]
    talk.says("And in New York?")
    assert talk.calls[-1].arguments == {"city": "New York"}


def test_a_missing_value_of_a_foreign_tool_is_asked_for() -> None:
    """A required parameter nobody named is asked for in words, and the answer is used."""
    talk = Talk(run=lambda *_: {"temperature": 7, "sky": "clear"}, tools=WEATHER, items=[])
    assert talk.says("What's the weather like?") == "For which city?"
    assert talk.says("London, please.") == "The temperature is 7, the sky is clear."
    assert talk.calls == [CallFunction("get_weather", {"city": "London"})]


def test_without_tools_it_chats() -> None:
    """A session without tools gets small talk, and remembers what the caller said."""
    talk = Talk(tools=[], instructions="You are a helpful assistant.", items=[])
    assert "Hello" in talk.says("Hello!")
    assert "Marcelo" in talk.says("Hi, I'm Marcelo.")
    assert talk.says("What's my name?") == "Your name is Marcelo."
    talk.says("My favourite colour is blue.")
    assert talk.says("What is my favourite colour?") == "Your favourite colour is blue."
    assert talk.says("Who are you?") == "I am a helpful assistant."
    assert talk.says("Please say: all systems go") == "all systems go"


def test_an_empty_conversation_is_greeted() -> None:
    """With nothing said yet, the mind greets and tells what it can do."""
    assert think([]) == [
        Say(
            "Hello! I can find restaurants, give you restaurant details and book a table. "
            "What would you like?"
        )
    ]


@pytest.mark.parametrize(("wish", "said"), [
    ('Say: "We close in five minutes."', "We close in five minutes."),
    ("Tell the caller that their table is ready.", "Your table is ready."),
    ("Say exactly: one moment please", "One moment please."),
])  # fmt: skip
def test_a_system_item_may_ask_for_words(wish: str, said: str) -> None:
    """A system message that wants something said is obeyed."""
    assert think([assistant(GREETING), system(wish)]) == [Say(said)]
    assert think([assistant(GREETING)], instructions=wish) == [Say(said)]
    assert think([assistant(GREETING)], instructions=f"You answer a phone.\n\n{wish}") == [Say(said)]


def test_tool_choice() -> None:
    """`none` never calls, a named function is called, `required` calls something."""
    items = [assistant(GREETING), user("Where is Casa Verde?")]
    assert all(isinstance(output, Say) for output in think(items, tool_choice="none"))
    named = think(items, tool_choice={"type": "function", "name": "find_restaurants"})
    assert [output.name for output in named if isinstance(output, CallFunction)] == ["find_restaurants"]
    required = think([assistant(GREETING), user("hello")], tool_choice="required")
    assert isinstance(required[0], CallFunction)
    assert think([user("hello")], [], tool_choice="required") == think([user("hello")], [])


def test_a_name_that_fits_two_is_asked_back() -> None:
    """A shortened name that two restaurants share is not guessed."""
    tools = json.loads(json.dumps(TOOLS).replace("Sapporo Kitchen", "Golden Dragon"))
    talk = Talk(tools=tools)
    assert talk.says("Where is the golden?") == "Do you mean The Golden Lotus or Golden Dragon?"
    talk.says("the golden dragon")
    assert talk.calls == [
        CallFunction("restaurant_details", {"restaurant": "Golden Dragon", "topic": "address"})
    ]
