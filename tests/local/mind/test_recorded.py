"""Callers are recorded after a yes to the question, and never after a no."""

from __future__ import annotations

from typing import Any

import pytest

from local.voice_live.mind.outputs import CallFunction
from tests.local.mind.world import INSTRUCTIONS, TOOLS, Talk, answer, assistant, think, user

RECORDING = [
    *TOOLS,
    {
        "type": "function",
        "name": "record_call",
        "description": "",
        "parameters": {
            "type": "object",
            "properties": {"agreed": {"type": "boolean"}},
            "required": ["agreed"],
        },
    },
]
QUESTION = "Hello, this is an AI. To help us get better, may we record this call?"
NOTICE = "This call is recorded; just say so if you do not want that."


def _run(name: str, arguments: dict[str, Any]) -> object:
    if name != "record_call":
        return answer(name, arguments)
    return {"spoken": "Thank you. What can I do for you?" if arguments["agreed"] else "It is off."}


def a_talk(*items: dict[str, Any], tools: list[dict[str, Any]] | None = None) -> Talk:
    return Talk(_run, RECORDING if tools is None else tools, INSTRUCTIONS, list(items))


def decided(talk: Talk) -> list[bool]:
    return [call.arguments["agreed"] for call in talk.calls if call.name == "record_call"]


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        ("yes", [True]),
        ("sure, go ahead", [True]),
        ("no", [False]),
        ("no thank you", [False]),
        ("i would rather not be recorded", [False]),
        ("i feel like pizza", []),
    ],
)
def test_what_answers_the_question(said: str, agreed: list[bool]) -> None:
    talk = a_talk(assistant(QUESTION))
    reply = talk.says(said)
    assert decided(talk) == agreed
    if agreed:
        assert reply.endswith("?")


@pytest.mark.parametrize(
    "said", ["please don't record this", "can you stop recording", "I do not want to be recorded"]
)
def test_a_no_counts_whenever_it_comes(said: str) -> None:
    """Also in the middle of something, which then goes on."""
    talk = a_talk(assistant("Hello, this is an AI. What would you like to eat?"))
    talk.says("book a table for two at Casa Verde on friday")
    reply = talk.says(said)
    assert decided(talk) == [False]
    assert "time" in reply


def test_the_notice_answers_nobody() -> None:
    """What the caller said before it still waits for its answer."""
    before = [assistant("Hello, this is an"), user("where is Casa Verde")]
    said = [
        think([*before, *more], RECORDING, instructions=INSTRUCTIONS) for more in ([], [assistant(NOTICE)])
    ]
    assert said[0] == said[1]
    assert isinstance(said[0][0], CallFunction)


def test_without_the_tool_it_is_not_called() -> None:
    talk = a_talk(assistant(QUESTION), tools=list(TOOLS))
    talk.says("please don't record this")
    assert decided(talk) == []
