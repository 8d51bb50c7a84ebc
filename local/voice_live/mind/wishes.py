"""What a sentence asks of a tool: the values it states, with what the conversation adds to them."""

from __future__ import annotations

from typing import Any

from local.voice_live.mind.acts import Act
from local.voice_live.mind.asked import Wanted
from local.voice_live.mind.choose import Candidate
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.known import known_wishes
from local.voice_live.mind.lexicon import WORDED
from local.voice_live.mind.reading import Reading
from local.voice_live.mind.refer import points_back
from local.voice_live.mind.refining import goes_on_flag, gone_on
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind, Parameter, Tool
from local.voice_live.mind.slots import missing, values_in
from local.voice_live.mind.spans import has_any
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.words import phrases

_FRAGMENT_WORDS = 7
"""A sentence of at most so many words may be the rest of an earlier one."""


def values_with_subject(
    talk: Talk, reading: Reading, tool: Tool, subject: str, expected: Parameter | None = None
) -> dict[str, Any]:
    """The values a sentence states for a tool, with the subject it refers to."""
    values = values_in(reading, tool, talk.schema, talk.now, expected)
    if subject and tool.parameter(talk.schema.subject) is not None:
        values[talk.schema.subject] = subject
        if _only_an_ordinal_day(talk, reading):
            for parameter in tool.parameters:
                if parameter.kind in (Kind.DATE, Kind.MOMENT):
                    values.pop(parameter.name, None)
    return values


def _only_an_ordinal_day(talk: Talk, reading: Reading) -> bool:
    """ "the first" picked from a list is no day of the month."""
    if reading.day is None or not talk.things:
        return False
    spoken = reading.tokens[reading.day.start : reading.day.end]
    return any(token.ordinal for token in spoken) and len(spoken) <= 2


def prepare(talk: Talk, tool: Tool, reading: Reading, subject: str) -> Heard:
    values = values_with_subject(talk, reading, tool, subject, talk.expected)
    match = reading.choice(talk.schema.subject)
    rivals = (match.option, *match.rivals) if match is not None and match.rivals and not subject else ()
    if not rivals and talk.schema.subject not in values:
        values |= default_subject(talk, tool, reading)
    beside: dict[str, Any] = {}
    search = talk.schema.with_role(Role.SEARCH)
    if search is not None and talk.schema.subject not in values:
        beside = values_in(reading, search, talk.schema, talk.now)
        if not any(
            p.kind in (Kind.CHOICE, Kind.FOOD, Kind.PLACE) for p in search.parameters if p.name in beside
        ):
            beside = {}  # a day and a time alone do not say what to look for
    return Heard(Want.PREPARE, reading.text, tool, values, rivals, beside=beside)


def default_subject(talk: Talk, tool: Tool, reading: Reading) -> dict[str, Any]:
    """The subject talked about last, unless the sentence asks for some other one."""
    if (
        tool.parameter(talk.schema.subject) is None
        or not talk.focus
        or (has_any(reading.words, ("another", "different")) and "there" not in reading.words)
    ):
        return {}
    return {talk.schema.subject: talk.focus}


def request(talk: Talk, candidate: Candidate, reading: Reading) -> Heard:
    tool, values = candidate.tool, dict(candidate.values)
    beside: dict[str, Any] = {}
    if tool.role is Role.SEARCH:
        values = _refined(talk, tool, reading, values)
        if values:
            values = {**known_wishes(talk.known, tool), **values}
        commit = talk.schema.with_role(Role.COMMIT)
        beside = values_in(reading, commit, talk.schema, talk.now) if commit else {}
        beside.pop(talk.schema.subject, None)
    elif tool.parameter(talk.schema.subject) is not None and talk.schema.subject not in values and talk.focus:
        values[talk.schema.subject] = talk.focus
    if tool.role is Role.LOOKUP and "hours" in values.values():
        values = {**_day_planned(talk, tool), **values}
    if tool.role is not Role.SEARCH or talk.goal is None:
        match = reading.choice(talk.schema.subject)
        if match is not None and match.rivals and talk.schema.subject not in candidate.values:
            return Heard(Want.REQUEST, reading.text, tool, values, (match.option, *match.rivals))
    return Heard(Want.REQUEST, reading.text, tool, values, beside=beside)


def _day_planned(talk: Talk, tool: Tool) -> dict[str, Any]:
    """The day for which a table is being booked: "how late are they open?" asks about that one."""
    day, goal = tool.of_kind(Kind.DATE), talk.goal
    planned = goal.tool.of_kind(Kind.DATE) if goal is not None else None
    if day is None or goal is None or planned is None or not goal.given.get(planned.name):
        return {}
    return {day.name: goal.given[planned.name]}


_MORE_OF_THE_SAME = "and | what about | how about"
_MOST_WORDS_OF_MORE = 6


def same_again(talk: Talk, reading: Reading, subject: str) -> Heard | None:
    """ "And the Fern?" or "And on Friday?" after a lookup: the same once more, of another one or day."""
    tool = talk.schema.tool(talk.lookup.name) if talk.lookup is not None else None
    words = reading.words
    if tool is None or talk.lookup is None or len(words) > _MOST_WORDS_OF_MORE:
        return None
    if not any(" ".join(words).startswith(f"{lead} ") for lead in phrases(_MORE_OF_THE_SAME)):
        return None
    values = values_with_subject(talk, reading, tool, subject)
    new = {p.name for p in tool.parameters if p.name in values}
    if not new or not new <= {p.name for p in tool.parameters if p.kind is Kind.DATE} | {talk.schema.subject}:
        return None
    return Heard(Want.REQUEST, reading.text, tool, {**talk.lookup.arguments, **values})


def _refined(talk: Talk, tool: Tool, reading: Reading, values: dict[str, Any]) -> dict[str, Any]:
    """A fragment such as "what about Thai?" narrows the last search; a whole request starts anew."""
    fragment = len(reading.words) <= _FRAGMENT_WORDS or has_any(
        reading.words[:3], ("what about", "how about")
    )
    if not talk.search or not fragment or not values or points_back(reading):
        return values
    if goes_on_flag(tool) is not None:
        return gone_on(talk, tool, values, [])
    kept = dict(talk.search)
    kinds = [p.name for p in tool.parameters if p.kind is Kind.FOOD or "cuisine" in p.label]
    if any(name in values for name in kinds):
        kept = {name: value for name, value in kept.items() if name not in kinds}
    return kept | values


_WISH_TO_KNOW = "like/want/need to know | give/tell me"
_IN_GENERAL = ("about", "overview", "general", "summary", "description")


def all_about(talk: Talk, reading: Reading, subject: str) -> Heard | None:
    """A question about something in words that fit no topic: the most general one answers it."""
    tool, chosen = talk.schema.with_role(Role.LOOKUP), talk.asked
    picks = chosen is not None and chosen.wanted is Wanted.VALUE and chosen.name == talk.schema.subject
    if (
        tool is None
        or tool.parameter(talk.schema.subject) is None
        or picks
        or Act.QUESTION not in reading.acts
    ):
        return None
    for parameter in tool.required:
        option = next((one for one in parameter.options if one in _IN_GENERAL), None)
        if option is not None and not missing(tool, {parameter.name, talk.schema.subject}):
            values = {talk.schema.subject: subject, parameter.name: option}
            return Heard(Want.REQUEST, reading.text, tool, values)
    return None


def lookup_without_subject(talk: Talk, reading: Reading) -> Heard | None:
    """ "What's on the menu?" before any restaurant was named: which one is asked, not turned away."""
    tool = talk.schema.with_role(Role.LOOKUP)
    asks = Act.QUESTION in reading.acts or reading.line.has(_WISH_TO_KNOW)
    if tool is None or talk.focus or not asks or Act.HELP in reading.acts:
        return None
    values = values_in(reading, tool, talk.schema, talk.now)
    stated = [reading.choice(p.name) for p in tool.parameters if p.kind is Kind.CHOICE and p.name in values]
    plainly = any(match is not None and match.score >= WORDED for match in stated)
    return Heard(Want.REQUEST, reading.text, tool, values) if plainly else None
