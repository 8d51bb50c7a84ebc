"""What a sentence says of a thing that exists: which one is meant, what is to change, its code and name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.voice_live.mind.acts import Act
from local.voice_live.mind.changes import nearer_time
from local.voice_live.mind.codes import code_length, read_code
from local.voice_live.mind.errand_words import CODE_SAID
from local.voice_live.mind.existing import Errand
from local.voice_live.mind.goal import Goal
from local.voice_live.mind.proposals import proposed_value
from local.voice_live.mind.reading import Reading, read
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind, Tool
from local.voice_live.mind.slots import values_in
from local.voice_live.mind.special import joined
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.words import tokenise


def model_of(talk: Talk, tool: Tool) -> Tool:
    """The tool whose parameters say what is known of a thing that exists."""
    return talk.schema.with_role(Role.CHANGE) or talk.schema.with_role(Role.COMMIT) or tool


def facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that can tell one booking from another: what is asked of the house does not."""
    return {name: value for name, value in values.items() if "request" not in name}


def stated(talk: Talk, reading: Reading, tool: Tool, subject: str) -> dict[str, Any]:
    """What a sentence states, without code and name, which only say whose booking it is."""
    values = values_in(reading, tool, talk.schema, talk.now)
    if subject and tool.parameter(talk.schema.subject) is not None:
        values[talk.schema.subject] = subject
    apart = {p.name for p in tool.parameters if p.kind in (Kind.CODE, Kind.PERSON)}
    return {name: value for name, value in values.items() if name not in apart}


def new_values(talk: Talk, errand: Errand, reading: Reading, subject: str) -> dict[str, Any]:
    """The new values in a sentence; "make it nine" is the time or the people, whichever is nearer."""
    values = stated(talk, reading, errand.tool, subject)
    record = errand.record(talk.records) or {}
    for parameter in errand.tool.parameters:
        if parameter.kind is Kind.REQUEST and parameter.name in values:  # the tool replaces what was asked
            before = errand.changes.get(parameter.name) or record.get(parameter.name)
            values[parameter.name] = joined(before, values[parameter.name])
    return values | nearer_time(Goal(errand.tool, {**record, **errand.changes}), reading, values)


_TO = re.compile(
    r"\b(?:to|into)\b(?! (?:move|change|shift|make|push|bring|it|that|this|my|our|"
    r"the (?:booking|table|reservation)))"
)
_SHORT = 4
"""Words at most in a bare answer."""
_FROM_VERB = re.compile(
    r"\b(?:moved?|changed?|shift(?:ed)?|rescheduled?|push(?:ed)?|bring|postponed?|amend(?:ed)?|alter(?:ed)?|"
    r"updated?|rebook(?:ed)?|switch(?:ed)?|edit(?:ed)?|put|make|swap|modify|adjust|extend)\b"
)


def before_and_after(talk: Talk, text: str) -> tuple[Reading | None, Reading]:
    """The parts before and after "to" in "move my table on Friday to Saturday"; else the whole only."""
    verb = _FROM_VERB.search(text.lower())
    to = _TO.search(text.lower(), verb.end()) if verb is not None else None
    if to is None:
        return None, read(text, talk.schema, talk.now, talk.names)
    head = read(text[: to.start()], talk.schema, talk.now, talk.names)
    tail = read(f"make it {text[to.end() :].strip()}", talk.schema, talk.now, talk.names)
    if tail.clock is None and tail.bare_clock is not None and tail.day is None and _no_people(tail):
        tail = read(f"at {text[to.end() :].strip()}", talk.schema, talk.now, talk.names)
    return head, tail


def _no_people(reading: Reading) -> bool:
    return not {"people", "persons", "guests", "us", "of"} & set(reading.words)


def bare_answer(talk: Talk, errand: Errand, reading: Reading) -> dict[str, Any]:
    """A bare answer: a number after "What should I change?" or a yes to another time that was offered."""
    record = errand.record(talk.records) or {}
    goal = Goal(errand.tool, {**record, **errand.changes}, errand.tool.parameters)
    if proposed := proposed_value(talk, goal, reading):
        return {name: value for name, value in proposed.items() if errand.tool.parameter(name)}
    asked = errand.tool.parameter(errand.asking)
    if asked is not None and asked.kind is Kind.PARTY and reading.bare_party is not None:
        return {asked.name: reading.bare_party}
    clock = errand.tool.of_kind(Kind.TIME)
    counted = any(token.cardinal is not None for token in reading.tokens) and "the" not in reading.words
    short = len(reading.words) <= _SHORT and not reading.acts & {Act.YES, Act.NO, Act.QUESTION}
    if clock is not None and short and counted and reading.bare_clock is not None and _no_people(reading):
        return {clock.name: reading.bare_clock.strftime("%H:%M")}
    return {}


def is_new_request(talk: Talk, changes: Mapping[str, Any]) -> bool:
    """Something to ask the restaurant for, said after the booking was made."""
    change = talk.schema.with_role(Role.CHANGE)
    asked = change.of_kind(Kind.REQUEST) if change is not None else None
    return bool(talk.records) and asked is not None and set(changes) == {asked.name}


def code_said(reading: Reading, tool: Tool | None) -> str:
    """A code said of one's own accord."""
    parameter = tool.of_kind(Kind.CODE) if tool is not None else None
    if parameter is None:
        return ""
    asked = reading.line.has(CODE_SAID)
    return read_code(reading.text, code_length(parameter), asked=asked)


def code_in(talk: Talk, errand: Errand, reading: Reading) -> str:
    """The code in a sentence, once one may be asked for."""
    parameter = errand.tool.of_kind(Kind.CODE)
    if parameter is None or errand.record(talk.records) is not None:
        return ""
    return read_code(reading.text, code_length(parameter), asked=True)


def name_in(talk: Talk, reading: Reading, code: str, *, asked: bool = False) -> str:
    """The name on the booking: bare where it was asked for, else after "the name is" and the like."""
    if reading.acts & {Act.YES, Act.NO}:
        asked = False
    rest = read(_without_letters(reading.text), talk.schema, talk.now, talk.names) if code else reading
    led = rest.person.value if rest.person is not None and {"name", "under"} & set(rest.words) else ""
    bare = rest.bare_person if asked and not code and not reading.acts & {Act.QUESTION} else None
    return led or bare or ""


def _without_letters(text: str) -> str:
    """The sentence without single letters, which spell a code and no name."""
    return " ".join(token.raw + token.mark for token in tokenise(text) if len(token.text) > 1)
