"""Corrections of what is being prepared: which value "make it nine" or "the day is wrong" changes."""

from __future__ import annotations

from datetime import time
from itertools import pairwise
from typing import Any

from local.voice_live.mind.goal import Goal
from local.voice_live.mind.reading import Reading
from local.voice_live.mind.schema import Kind, Tool
from local.voice_live.mind.spans import has_any

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


_PLAIN_NUMBER = (
    "make it",
    "make that",
    "said",
    "should be",
    "lets do",
    "lets say",
    "meant",
    "change it to",
    "do",
)
"""Leads of a number that may be the hour as well as the people."""


def _denies_hour(reading: Reading, at: str, party: object) -> bool:
    """ "It's seven, not eight", where the table is for eight o'clock and for other than eight people."""
    denied = [
        following.cardinal
        for word, following in pairwise(reading.tokens)
        if word.text == "not" and following.cardinal is not None
    ]
    hour = time.fromisoformat(at).hour
    return any(value in (hour, hour - 12) and value != party for value in denied)


def nearer_time(goal: Goal, reading: Reading, values: dict[str, Any]) -> dict[str, Any]:
    """ "Make it nine" changes whichever is nearer to nine: eight o'clock, or four people; "seven, not eight"
    whichever is eight."""
    party, clock = goal.tool.of_kind(Kind.PARTY), goal.tool.of_kind(Kind.TIME)
    said = reading.party.value if reading.party is not None else reading.bare_party
    if party is None or clock is None or said is None or reading.bare_clock is None:
        return {}
    before, at = goal.given.get(party.name), goal.given.get(clock.name)
    if reading.clock is None and isinstance(at, str) and _denies_hour(reading, at, before):
        values.pop(party.name, None)
        return {clock.name: reading.bare_clock.strftime("%H:%M")}
    counted = {"people", "persons", "us", "guests", "for"} & set(reading.words)
    bare = has_any(reading.words, _PLAIN_NUMBER) and not counted
    if not bare or reading.clock is not None or not isinstance(before, int) or not isinstance(at, str):
        return {}
    if abs(said - before) <= abs(reading.bare_clock.hour - time.fromisoformat(at).hour):
        return {}
    values.pop(party.name, None)
    return {clock.name: reading.bare_clock.strftime("%H:%M")}
