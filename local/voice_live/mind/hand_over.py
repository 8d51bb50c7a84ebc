"""The call that puts a caller through to a person, with what that person should know."""

from __future__ import annotations

from typing import Any

from local.voice_live.mind.existing import described, existing_noun
from local.voice_live.mind.heard import Heard
from local.voice_live.mind.outputs import CallFunction
from local.voice_live.mind.roles import split_name
from local.voice_live.mind.schema import Kind, Parameter, Tool
from local.voice_live.mind.talk import Talk, spoken_values
from local.voice_live.mind.wording import action
from local.voice_live.mind.words import word_set

_MOST_WORDS = 60
_WHY = word_set("reason why cause")


def hand_over(talk: Talk, tool: Tool, heard: Heard) -> CallFunction:
    """The call of a hand-over tool: every text it asks for, and the subject where the caller named one."""
    given: dict[str, Any] = dict(heard.values)
    for parameter in tool.parameters:
        if parameter.kind is Kind.TEXT and parameter.required and parameter.name not in given:
            given[parameter.name] = _reason(heard) if _asks_why(parameter) else summary(talk)
    return CallFunction(tool.name, given)


def _asks_why(parameter: Parameter) -> bool:
    return bool(_WHY & set(parameter.label.split()))


def _reason(heard: Heard) -> str:
    return f"The caller said: {heard.text.strip()}"


def summary(talk: Talk) -> str:
    """What was done for the caller and what is still open, for a person who was not there."""
    parts = [f"Done: {_in_words(talk, call)}." for call in talk.committed]
    goal, errand = talk.goal, talk.errand
    if errand is not None:
        verb = split_name(errand.tool.name).split()[0]
        record = errand.record(talk.records)
        what = described(talk.schema, record) if record is not None else existing_noun(errand.tool)
        parts.append(f"The caller wants to {verb} the {what}.")
    if goal is not None:
        parts.append(
            f"The caller wants to {action(goal.tool)}: {_in_words(talk, goal.call) or 'no details yet'}."
        )
        if goal.missing:
            parts.append(f"Still open: {', '.join(p.label for p in goal.missing)}.")
    elif talk.focus:
        parts.append(f"The caller asked about {talk.focus}.")
    elif talk.search:
        looked_for = ", ".join(str(value) for value in talk.search.values())
        parts.append(f"The caller looked for {looked_for}.")
    text = " ".join(parts) or "Nothing was looked up or booked yet."
    return " ".join(text.split()[:_MOST_WORDS])


def _in_words(talk: Talk, call: CallFunction) -> str:
    tool = talk.schema.tool(call.name)
    return ", ".join(spoken_values(tool, call.arguments)) if tool is not None else call.name
