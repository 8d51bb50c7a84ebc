"""Values for the parameters of a tool, from what a sentence says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from local.voice_live.mind.acts import Act
from local.voice_live.mind.codes import code_length, read_code
from local.voice_live.mind.food import MENU_SECTIONS
from local.voice_live.mind.lexicon import is_cuisine, lexicon
from local.voice_live.mind.matching import Match, option_words
from local.voice_live.mind.measures import find_near, least_rating, most_price, to_avoid, where_to
from local.voice_live.mind.reading import Reading
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind, Parameter, Schema, Tool
from local.voice_live.mind.spans import at, has_any
from local.voice_live.mind.special import special_request
from local.voice_live.mind.vocabulary import COMMON, FILLERS
from local.voice_live.mind.words import plain, stem

_LEAD_IN = re.compile(
    r"^(?:(?:um|uh|er|oh|well|yes|yeah|ok|okay|it's|it is|that's|that is|the|please|say|in|at|for)[, ]+)+",
    re.IGNORECASE,
)
_LEAD_OUT = re.compile(r"[, ]*\b(?:please|thanks|thank you)\b.*$", re.IGNORECASE)


def values_in(
    reading: Reading, tool: Tool, schema: Schema, now: datetime, expected: Parameter | None = None
) -> dict[str, Any]:
    """The values a sentence states for a tool, by parameter name.

    `expected` is the parameter just asked for.
    """
    found: dict[str, Any] = {}
    for parameter in tool.parameters:
        asked = expected is not None and expected.name == parameter.name
        value = value_of(parameter, reading, tool, schema, now, asked=asked)
        if value is not None:
            found[parameter.name] = value
    _once(reading, tool, found)
    _not_avoided_too(tool, found)
    if tool.role is Role.LOOKUP and reading.food is not None:
        _food_topic(reading, tool, schema, found)
    return found


def _once(reading: Reading, tool: Tool, found: dict[str, Any]) -> None:
    """The same words state one value only: "vegetarian" as a diet rather than as a cuisine as well."""
    for parameter in tool.parameters:
        mine = reading.choice(parameter.name)
        if parameter.name not in found or mine is None or not is_cuisine(parameter):
            continue
        others = [reading.choice(p.name) for p in tool.parameters if p.name in found and p is not parameter]
        taken = {other.places for other in others if other is not None}
        free = [match for match in reading.choices[parameter.name] if match.places not in taken]
        if free and free[0].option in parameter.options:
            found[parameter.name] = free[0].option
        else:
            del found[parameter.name]


def _not_avoided_too(tool: Tool, found: dict[str, Any]) -> None:
    """What a chosen diet leaves out need not be avoided besides: "gluten" and "gluten-free"."""
    chosen = {
        w for p in tool.parameters if p.kind is Kind.CHOICE for w in option_words(str(found.get(p.name, "")))
    }
    for parameter in tool.parameters:
        if parameter.kind is Kind.AVOID and set(str(found.get(parameter.name, "-")).split(", ")) <= chosen:
            found.pop(parameter.name, None)


def value_of(
    parameter: Parameter, reading: Reading, tool: Tool, schema: Schema, now: datetime, *, asked: bool
) -> str | int | bool | None:
    """The value a sentence states for one parameter, or None. With `asked` a bare answer counts."""
    match parameter.kind:
        case Kind.DATE:
            return reading.day.value.isoformat() if reading.day else None
        case Kind.TIME:
            clock = reading.clock.value if reading.clock else reading.bare_clock if asked else None
            return clock.strftime("%H:%M") if clock else None
        case Kind.MOMENT:
            return _moment(parameter, reading, now)
        case Kind.PARTY:
            return reading.party.value if reading.party else reading.bare_party if asked else None
        case Kind.PERSON:
            return reading.person.value if reading.person else reading.bare_person if asked else None
        case Kind.NUMBER:
            return next((t.cardinal for t in reading.tokens if t.cardinal is not None), None)
        case Kind.FLAG:
            return _flag(reading, asked=asked)
        case Kind.FOOD:
            return reading.food.option if reading.food else _words_of(reading) if asked else None
        case Kind.CODE:
            return read_code(reading.text, code_length(parameter), asked=asked) or (
                _words_of(reading) if asked else None
            )
        case Kind.REQUEST:
            return special_request(reading.line) or (_words_of(reading) if asked else None)
        case Kind.PRICE:
            return most_price(reading.text)
        case Kind.RATING:
            return least_rating(reading.text)
        case Kind.AVOID:
            return to_avoid(reading.text)
        case Kind.ADDRESS:
            return where_to(reading.tokens)
        case Kind.NEAR:
            known = [match for matches in reading.choices.values() for match in matches]
            return find_near(reading.tokens, known)
        case Kind.CHOICE:
            return _choice(parameter, reading, tool, schema)
        case _:
            return _text(parameter, reading, tool, schema, asked=asked)


_NOW = ("now", "at the moment", "currently")


def _moment(parameter: Parameter, reading: Reading, now: datetime) -> str | None:
    """A date and time; the day alone is no moment, the time alone is today's."""
    if reading.clock is None:
        return None
    if parameter.takes_now and reading.day is None and has_any(reading.words, _NOW):
        return "now"
    day = reading.day.value if reading.day else now.date()
    if reading.clock.value == time(0) and "midnight" in reading.words:
        day += timedelta(days=1)  # the midnight at which the evening of that day ends
    return f"{day.isoformat()}{parameter.separator}{reading.clock.value:%H:%M}"


def _flag(reading: Reading, *, asked: bool) -> bool | None:
    if not asked or not reading.acts & {Act.YES, Act.NO}:
        return None
    return Act.NO not in reading.acts


def _choice(parameter: Parameter, reading: Reading, tool: Tool, schema: Schema) -> str | None:
    match = reading.choice(parameter.name)
    if match is not None:
        fits = match.option in parameter.options and not match.rivals
        return match.option if fits else None
    if reading.food is not None and is_cuisine(parameter) and tool.of_kind(Kind.FOOD) is None:
        return lexicon(schema).cuisine_of(parameter, reading.food.option)
    return None


_OF_A_DISH = ("allergens", "allergen", "allergies")
_MEALS = frozenset({"breakfast", "brunch"})
"""Foods that are also times of the day: "open for breakfast" asks for no dish."""


def _food_topic(reading: Reading, tool: Tool, schema: Schema, found: dict[str, Any]) -> None:
    """A question about a food takes the option of that name: topic "dish" beside a parameter "dish"."""
    food = tool.of_kind(Kind.FOOD)
    if food is None or reading.food is None:
        return
    topics = [p.name for p in tool.parameters if p.options and p.name != schema.subject]
    if reading.food.option in _MEALS and any(name in found for name in topics):
        found.pop(food.name, None)
        return
    about = "menu" if _asks_for_a_list(reading, reading.food) else food.name
    if about == food.name and any(found.get(name) in _OF_A_DISH for name in topics):
        return  # "are there nuts in the pad thai" is about what is in it
    for parameter in tool.parameters:
        for option in parameter.options:
            if about in option_words(option):
                found[parameter.name] = option


def _asks_for_a_list(reading: Reading, food: Match) -> bool:
    """True for a part of the menu ("desserts") and for a kind of dish ("which pizzas have you got")."""
    words = reading.words
    before = words[max(0, food.start - 4) : food.start]
    which = before[-1:] in (["what"], ["which"]) or (
        before[-1:] == ["of"] and {"what", "which"} & set(before)
    )
    several = words[food.end - 1].endswith("s") or at(words, food.end) in ("things", "dishes", "options")
    return food.option in MENU_SECTIONS or bool(which and several)


def _text(parameter: Parameter, reading: Reading, tool: Tool, schema: Schema, *, asked: bool) -> str | None:
    if parameter.name == schema.subject and (match := reading.choice(parameter.name)) and not match.rivals:
        return match.option
    if parameter.kind is Kind.PLACE and reading.place:
        return reading.place
    if parameter.name == schema.subject and reading.venue and parameter.kind is Kind.TEXT:
        return reading.venue
    if asked:
        return _words_of(reading)
    if parameter.kind is Kind.PLACE and parameter.required:
        return _unusual_words(reading, tool)
    return None


def _words_of(reading: Reading) -> str | None:
    """A whole answer without its courtesies, unless there is nothing in it."""
    text = _LEAD_OUT.sub("", _LEAD_IN.sub("", reading.text.strip())).strip(" .,!?")
    words = set(plain(text).split())
    if (
        not words
        or words <= FILLERS
        or reading.acts & {Act.QUESTION, Act.REPEAT, Act.CANCEL, Act.GOODBYE, Act.WAIT}
    ):
        return None
    return text[:1].upper() + text[1:]


def _unusual_words(reading: Reading, tool: Tool) -> str | None:
    """ "London weather please": the words that are neither everyday words nor the tool's own."""
    parts = [
        token.raw
        for token in reading.tokens
        if token.number is None and token.text not in COMMON and stem(token.text) not in tool.weights
    ]
    return " ".join(parts) if 0 < len(parts) <= 3 and len(reading.tokens) <= 8 else None


def missing(tool: Tool, given: Iterable[str]) -> list[Parameter]:
    """The required parameters that have no value yet, in the tool's order."""
    have = set(given)
    return [parameter for parameter in tool.required if parameter.name not in have]
