"""Corrections of what is being prepared: which value "make it nine" or "the day is wrong" changes."""

from __future__ import annotations

from datetime import time
from typing import Any

from local.voice_live.mind.reading import Reading
from local.voice_live.mind.schema import Kind, Tool
from local.voice_live.mind.spans import has_any
from local.voice_live.mind.talk import Goal

_CHANGE_WORDS: dict[Kind, tuple[str, ...]] = {
    Kind.DATE: (
        "the day",
        "the date",
        "day is wrong",
        "wrong day",
        "date is wrong",
        "different day",
        "another day",
    ),
    Kind.TIME: ("the time", "time is wrong", "wrong time", "different time", "another time"),
    Kind.PARTY: ("the number", "number of people", "how many", "the party", "people is wrong", "party size"),
    Kind.PERSON: ("the name", "name is wrong", "wrong name", "my name", "different name", "another name"),
}


def named_to_change(tool: Tool, reading: Reading) -> dict[str, Any]:
    """Parameters the caller calls wrong without giving the right value; None drops the old one."""
    words = reading.words
    return {
        p.name: None
        for p in tool.required
        if has_any(words, _CHANGE_WORDS.get(p.kind, ()))
        or has_any(words, (f"the {p.label}", f"wrong {p.label}"))
    }


def bare_change(goal: Goal, reading: Reading) -> dict[str, Any]:
    """A bare number or name after "What should I change?"."""
    for kind, value in ((Kind.PARTY, reading.bare_party), (Kind.PERSON, reading.bare_person)):
        parameter = goal.tool.of_kind(kind)
        if parameter is not None and value is not None and not named_to_change(goal.tool, reading):
            return {parameter.name: value}
    return {}


def nearer_time(goal: Goal, reading: Reading, values: dict[str, Any]) -> dict[str, Any]:
    """ "Make it nine" changes whichever is nearer to nine: eight o'clock, or four people."""
    party, clock = goal.tool.of_kind(Kind.PARTY), goal.tool.of_kind(Kind.TIME)
    if party is None or clock is None or reading.party is None or reading.bare_clock is None:
        return {}
    before, now = goal.given.get(party.name), values.get(party.name)
    at = goal.given.get(clock.name)
    bare = has_any(reading.words, ("make it", "make that")) and reading.words[-1] not in ("people", "us")
    if not bare or reading.clock is not None or not isinstance(before, int) or not isinstance(at, str):
        return {}
    hours_off = abs(reading.bare_clock.hour - time.fromisoformat(at).hour)
    if now is None or abs(now - before) <= hours_off:
        return {}
    del values[party.name]
    return {clock.name: reading.bare_clock.strftime("%H:%M")}
