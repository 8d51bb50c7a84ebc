"""The dialogue policy: what to say or call next, from the state of the talk.

Deterministic and without I/O.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from local.voice_live.mind.broken import broken_off, rest
from local.voice_live.mind.dates import stated_now
from local.voice_live.mind.interpret import interpret
from local.voice_live.mind.known import known_values, read_known
from local.voice_live.mind.outputs import CallFunction, Output, Say, ToolChoice
from local.voice_live.mind.replies import Replies
from local.voice_live.mind.schema import read_schema
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.wording import CANNOT_LOOK_UP


class PolicyMind:
    """A mind without a model: reads the conversation as a person would and answers by rules.

    A pure function of instructions, tools and items, provided that the instructions state the time;
    otherwise the `clock` does, as local wall time.
    """

    def __init__(self, clock: Callable[[], datetime] = datetime.now) -> None:
        self._clock = clock

    async def think(
        self,
        instructions: str,
        tools: Sequence[Mapping[str, Any]],
        items: Sequence[Mapping[str, Any]],
        tool_choice: ToolChoice = "auto",
    ) -> list[Output]:
        """See `Mind.think`."""
        return self.reply(instructions, tools, items, tool_choice)

    def reply(
        self,
        instructions: str,
        tools: Sequence[Mapping[str, Any]],
        items: Sequence[Mapping[str, Any]],
        tool_choice: ToolChoice = "auto",
    ) -> list[Output]:
        """`think` without the wait, for tests and tools."""
        schema = read_schema(tools)
        now = stated_now(instructions) or self._clock().replace(tzinfo=None, second=0, microsecond=0)
        talk = Talk(schema, now, read_known(instructions))
        talk.memory = known_values(talk.known, schema)
        items, begun = broken_off(items, message_text)
        for item in items:
            take_item(talk, item)
        talk.directive = _announcement(instructions) or talk.directive
        replies = Replies(talk, instructions)
        return _as_chosen(rest(replies.outputs(), begun), replies, tool_choice)


def take_item(talk: Talk, item: Mapping[str, Any]) -> None:
    """Take one conversation item into the state. What is no known item is passed over."""
    kind = item.get("type")
    if kind == "message":
        text = message_text(item)
        match item.get("role"):
            case "user":
                talk.caller_said(interpret(talk, text))
            case "assistant":
                talk.agent_said(text)
            case "system":
                talk.directive = _directive(text) or talk.directive
                talk.hint = _hint(text) or talk.hint
    elif kind == "function_call":
        talk.called(
            str(item.get("call_id")),
            CallFunction(str(item.get("name")), parse_arguments(item.get("arguments"))),
        )
    elif kind == "function_call_output":
        talk.returned(str(item.get("call_id")), item.get("output"))


def message_text(item: Mapping[str, Any]) -> str:
    """The words of a message: text parts and transcripts; audio not yet transcribed gives none."""
    content = item.get("content")
    parts: list[str] = []
    for part in content if isinstance(content, (list, tuple)) else ():
        if isinstance(part, Mapping):
            said = part.get("text") or part.get("transcript")
            if isinstance(said, str):
                parts.append(said)
    return " ".join(parts).strip()


def parse_arguments(raw: object) -> dict[str, Any]:
    if isinstance(raw, Mapping):
        return dict(raw)
    try:
        value = json.loads(raw) if isinstance(raw, str) else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


# --- what the client asks for outright ---

_QUOTED = re.compile(r"[\"\u201c]([^\"\u201d]+)[\"\u201d]")
_SAY = re.compile(
    r"^\s*(?:please )?(?:say|announce|speak)(?: exactly)?(?: to (?:the )?\w+)?\s*:?\s*", re.IGNORECASE
)
_TELL = re.compile(
    r"^\s*(?:please )?(?:tell|inform|remind|let) (?:the )?(?:caller|customer|user|guest)"
    r"(?: know)?(?: that|:)?\s+",
    re.IGNORECASE,
)
_GREET = re.compile(r"^\s*(?:please )?(?:greet|welcome)\b", re.IGNORECASE)


def _directive(text: str) -> str:
    """What a system message or an instruction wants said now; empty when it wants nothing said."""
    quoted = _QUOTED.search(text)
    if (_SAY.match(text) or _GREET.match(text)) and quoted:
        return quoted[1].strip()
    if _GREET.match(text) or re.match(
        r"^\s*(?:please )?say (?:a |your )?(?:\w+ )?(?:greeting|hello|hi)\b", text, re.IGNORECASE
    ):
        return "greet"
    for pattern in (_TELL, _SAY):
        if found := pattern.match(text):
            return "tell:" + text[found.end() :].strip()
    return ""


_REPHRASE = re.compile(r"\bsay (?:(?:it|that|this) again|again what matters)\b", re.IGNORECASE)
_NARROW = re.compile(r"\bask (?:one|a) question\b.*\b(?:one word|yes or no)\b", re.IGNORECASE)


def _hint(text: str) -> str:
    """How a system message wants the next reply, after a misunderstanding."""
    if _NARROW.search(text):
        return "narrow"
    return "rephrase" if _REPHRASE.search(text) else ""


def _announcement(instructions: str) -> str:
    """A directive that is all of the instructions, or the last line where a client added one."""
    last = instructions.strip().rpartition("\n\n")[2].strip()
    if "\n" in last or re.search(r"\b(when|if|never|always|only|once)\b", last, re.IGNORECASE):
        return ""
    return _directive(last)


def _as_chosen(outputs: list[Output], replies: Replies, tool_choice: ToolChoice) -> list[Output]:
    """The outputs as `tool_choice` allows them."""
    if tool_choice == "none":
        said: list[Output] = [output for output in outputs if isinstance(output, Say)]
        return said or [Say(CANNOT_LOOK_UP)]
    named = _named(tool_choice)
    if named or tool_choice == "required":
        calls = [output for output in outputs if isinstance(output, CallFunction)]
        if calls and (not named or calls[0].name == named):
            return outputs
        forced = replies.forced_call(named)
        return [forced] if forced is not None else outputs
    return outputs


def _named(tool_choice: ToolChoice) -> str:
    if not isinstance(tool_choice, Mapping):
        return ""
    inner = tool_choice.get("function")
    name = inner.get("name") if isinstance(inner, Mapping) else tool_choice.get("name")
    return name if isinstance(name, str) else ""
