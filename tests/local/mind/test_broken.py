"""The mind goes on with a reply that broke off, and is back after a break."""

from __future__ import annotations

from typing import Any

from bridge.model_rules import _BACK
from bridge.session_rules import _GO_ON
from local.voice_live.mind.outputs import Say
from local.voice_live.mind.policy import PolicyMind


def message(role: str, text: str) -> dict[str, Any]:
    kind = "text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def said(*items: dict[str, Any]) -> str:
    outputs = PolicyMind().reply("You answer the phone of a restaurant line.", [], items)
    return " ".join(output.text for output in outputs if isinstance(output, Say))


def test_a_reply_that_broke_off_is_gone_on_with() -> None:
    asked = message("user", "What can you do?")
    whole = said(asked)
    begun, _, rest = whole.partition(" ")
    assert rest
    assert said(asked, message("assistant", begun), message("system", _GO_ON)) == rest


def test_after_a_break_the_last_question_is_asked_again() -> None:
    items = (message("user", "Hello."), message("assistant", "What would you like to eat?"))
    assert "?" in said(*items, message("system", _BACK))


def test_after_a_break_what_is_unanswered_is_answered() -> None:
    hello = message("assistant", "What would you like to eat?")
    asked = message("user", "What can you do?")
    assert said(hello, asked, message("system", _BACK)) == said(hello, asked)
