"""Which tool a sentence calls for, by its words, the values it states and what it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.voice_live.mind.reading import Reading
from local.voice_live.mind.refer import points_back, speaks_of_any
from local.voice_live.mind.roles import IN_SET_PHRASES, Role
from local.voice_live.mind.schema import Kind, Parameter, Tool
from local.voice_live.mind.slots import values_in
from local.voice_live.mind.spans import has_any
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.words import phrases

ENOUGH = 1.2
"""Evidence from which a tool is meant at all."""

_OWN = 0.6
"""Least evidence beside the subject: a name alone asks for nothing yet."""

_VALUE = {
    Kind.CHOICE: 2.5,
    Kind.FOOD: 2.2,
    Kind.PLACE: 1.5,
    Kind.TEXT: 0.5,
    Kind.PRICE: 1.5,
    Kind.RATING: 1.5,
    Kind.NEAR: 1.5,
    Kind.AVOID: 1.5,
    Kind.ADDRESS: 0.5,
    Kind.MOMENT: 0.4,
    Kind.FLAG: 0.0,
    Kind.NUMBER: 0.5,
}
_OPTIONS = 2.0
_ASKS_FOR_OPTIONS = phrases(
    """
    what do you have | what have you got | what is there | what else | which restaurants |
    what restaurants |
    what kind of food | what kinds of food | what sort of food | what sorts of food | what types of food |
    what cuisines | the options | my options | other options | any others
    """
)
"""Ways to ask for a list without saying of what."""
_VISIT = """
    want/like/love/hoping/planning/wish to eat/dine/go/come/lunch |
    want/like/love/hoping/planning/wish to have (a) dinner/lunch/brunch/breakfast/supper/meal |
    get/fit/squeeze me/us in/into
"""
"""A wish to eat somewhere that is named: a table is wanted there, though no word says so."""
_VISITING = 1.2
_NAMED = 1.5
_ANY_OF_THEM = 1.0
"""Who asks for any place at all must be told of some before one can be booked."""
_WITHOUT_SUBJECT = 2.5
_SUBJECT_ASSUMED = 0.5
_SUBJECT_UNUSED = 2.0
_CHOICE_BY_THE_WAY = 2.0
"""A choice in a lookup counts a little less than in a search, whose choices are all there is to it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tool a sentence may call for.

    `named` is true when the sentence states a value that only fits such a tool.
    """

    tool: Tool
    score: float
    values: Mapping[str, Any]
    named: bool
    scores: Mapping[str, float]

    def rival_score(self, tool: Tool) -> float:
        """The score of another tool for the same sentence."""
        return self.scores.get(tool.name, 0.0)


def best_tool(talk: Talk, reading: Reading, subject: str) -> Candidate | None:
    """The tool with most evidence, or None when no tool has enough."""
    found: list[Candidate] = []
    scores: dict[str, float] = {}
    for tool in talk.schema.tools:
        if tool.role in IN_SET_PHRASES:
            continue
        values = values_in(reading, tool, talk.schema, talk.now)
        if subject and tool.parameter(talk.schema.subject) is not None:
            values[talk.schema.subject] = subject
        own = _asks_for_any(talk, reading, values) if tool.role is Role.SEARCH else 0.0
        own += reading.pull.get(tool.name, 0.0) + _evidence(talk, tool, values)
        if tool.role is Role.COMMIT and subject and reading.line.has(_VISIT):
            own += _VISITING
        score = own + _about_the_subject(talk, tool, reading, subject)
        scores[tool.name] = score
        named = any(_tells(p, talk) for p in tool.parameters if p.name in values)
        if own >= _OWN and score >= ENOUGH:
            found.append(Candidate(tool, score, values, named, scores))
    return max(_possible(found, talk), key=lambda candidate: candidate.score, default=None)


def _asks_for_any(talk: Talk, reading: Reading, values: Mapping[str, Any]) -> float:
    """Whether a sentence asks for a list: "what do you have", "anywhere open at nine"."""
    if has_any(reading.words, _ASKS_FOR_OPTIONS):
        return _OPTIONS
    return _ANY_OF_THEM if values and speaks_of_any(reading, talk.schema) else 0.0


def _possible(found: list[Candidate], talk: Talk) -> list[Candidate]:
    """Without lookups that lack their subject, where a search can use what was said: "where can I get a
    curry" asks about no restaurant in particular."""
    if not any(one.tool.role is Role.SEARCH and one.named for one in found):
        return found
    name = talk.schema.subject
    return [
        one
        for one in found
        if one.tool.role is not Role.LOOKUP
        or name in one.values
        or talk.focus
        or one.tool.parameter(name) not in one.tool.required
    ]


def _tells(parameter: Parameter, talk: Talk) -> bool:
    return parameter.kind in (Kind.CHOICE, Kind.FOOD) and parameter.name != talk.schema.subject


def _evidence(talk: Talk, tool: Tool, values: Mapping[str, Any]) -> float:
    """What the stated values say for a tool."""
    total = 0.0
    for parameter in tool.parameters:
        if parameter.name not in values:
            continue
        if parameter.name == talk.schema.subject and parameter.kind is Kind.CHOICE:
            continue  # counted with what the sentence refers to
        if parameter.kind in (Kind.DATE, Kind.TIME, Kind.PARTY, Kind.PERSON):
            total += 0.6 if parameter.required else 0.2
        elif parameter.kind is Kind.CHOICE and tool.role is Role.LOOKUP:
            total += _CHOICE_BY_THE_WAY
        else:
            total += _VALUE.get(parameter.kind, 0.5)
    return total


def _about_the_subject(talk: Talk, tool: Tool, reading: Reading, subject: str) -> float:
    """Whether the tool can speak of what the sentence speaks of."""
    name = talk.schema.subject
    if not name:
        return 0.0
    takes = tool.parameter(name)
    refers = bool(subject) or (bool(talk.focus) and points_back(reading))
    rivals = (match := reading.choice(name)) is not None and bool(match.rivals)
    if refers or rivals:
        return _NAMED if takes is not None else -_SUBJECT_UNUSED
    if takes is None or not takes.required or tool.role is Role.SEARCH:
        return 0.0
    if tool.role is Role.COMMIT:
        return -_ANY_OF_THEM if speaks_of_any(reading, talk.schema) else -0.5
    if takes.kind is not Kind.CHOICE and not talk.things:
        return 0.0  # a town or a title that nobody has named yet is simply asked for
    return -_SUBJECT_ASSUMED if talk.focus and not speaks_of_any(reading, talk.schema) else -_WITHOUT_SUBJECT
