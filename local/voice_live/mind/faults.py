"""What the failure of a call is about: which of its arguments is to blame."""

from __future__ import annotations

from typing import Any

from local.voice_live.mind.outputs import CallFunction
from local.voice_live.mind.results import Result
from local.voice_live.mind.schema import Kind, Schema, Tool
from local.voice_live.mind.words import plain

_FAULT_WORDS: dict[Kind, tuple[str, ...]] = {
    Kind.TIME: ("time", "hour", "full", "slot", "seating", "closed", "past", "late", "early"),
    Kind.DATE: ("day", "date", "past", "ahead", "closed"),
    Kind.PARTY: ("party", "people", "guests", "large"),
    Kind.PERSON: ("name",),
}


def at_fault(tool: Tool, call: CallFunction, result: Result, schema: Schema) -> set[str]:
    """The parameters a failure is about: those its code names, else those its advice asks for."""
    code = plain(result.code).replace("_", " ").split()
    found = {
        p.name
        for p in tool.parameters
        if p.name in call.arguments and set(code) & {*p.label.split(), *_FAULT_WORDS.get(p.kind, ())}
    }
    if found:
        return found
    advice = plain(result.message).split(" ask ")[-1].split()
    return {
        p.name
        for p in tool.parameters
        if p.name in call.arguments and set(advice) & set(p.label.split()) and p.name != schema.subject
    }


def without_fault(tool: Tool, call: CallFunction, result: Result, schema: Schema) -> dict[str, Any]:
    """What was given for an order, but for what the failure is about: an address, the restaurant."""
    fault = at_fault(tool, call, result, schema)
    if "deliver" in result.message and "address" not in result.code and not fault:
        fault = {schema.subject}
    place = tool.of_kind(Kind.PLACE)
    if place is not None and {"address", "house", "number"} & set(result.code.split("_")):
        fault = {place.name}
    return {name: value for name, value in call.arguments.items() if name not in fault}
