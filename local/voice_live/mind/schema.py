"""What the session's tools are, read from their definitions alone: their roles and their parameters'
kinds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from local.voice_live.mind.roles import (
    EXISTING,
    IN_SET_PHRASES,
    Role,
    family,
    role_of,
    split_name,
)
from local.voice_live.mind.vocabulary import STOPWORDS
from local.voice_live.mind.words import plain, stem, word_set


class Kind(Enum):
    """What a parameter holds, which says how a caller would speak of it."""

    DATE = auto()
    TIME = auto()
    MOMENT = auto()
    """A date and a time in one value."""
    PARTY = auto()
    NUMBER = auto()
    FLAG = auto()
    PERSON = auto()
    CODE = auto()
    """Letters or digits that name one thing that exists, such as a booking."""
    REQUEST = auto()
    """What somebody should know or is asked for, in a few words."""
    CHOICE = auto()
    PLACE = auto()
    FOOD = auto()
    PRICE = auto()
    """The most something may cost, as decimal text."""
    RATING = auto()
    """The least rating, as decimal text."""
    NEAR = auto()
    """A place to be near to."""
    AVOID = auto()
    """What must not be eaten."""
    ADDRESS = auto()
    """Where to deliver, in a search."""
    LIST = auto()
    """Several texts, perhaps of fixed options."""
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool."""

    name: str
    kind: Kind
    description: str
    required: bool
    options: tuple[str, ...] = ()
    separator: str = "T"
    """Between date and time in a MOMENT."""
    takes_now: bool = False
    """True when a MOMENT may also be the word "now"."""

    @property
    def label(self) -> str:
        """The name as words: "party_size" is "party size"."""
        return split_name(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """One function tool."""

    name: str
    description: str
    role: Role
    parameters: tuple[Parameter, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    """How strongly each stem, said by a caller, points to this tool."""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name."""
        return next((p for p in self.parameters if p.name == name), None)

    def of_kind(self, *kinds: Kind) -> Parameter | None:
        """The first parameter of one of the kinds."""
        return next((p for p in self.parameters if p.kind in kinds), None)

    @property
    def required(self) -> tuple[Parameter, ...]:
        """The parameters without which it cannot be called."""
        return tuple(p for p in self.parameters if p.required)


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """All tools of a session. `subject` names the parameter most tools are about ("restaurant", "city").

    Equal only to itself, and cached by its definitions, so that it can stand in the key of a cache.
    """

    tools: tuple[Tool, ...] = ()
    subject: str = ""

    def tool(self, name: str) -> Tool | None:
        """The tool of that name."""
        return next((t for t in self.tools if t.name == name), None)

    def with_role(self, role: Role, of: str = "") -> Tool | None:
        """The first tool in that role; with `of`, one for that family of things before any other."""
        found = [t for t in self.tools if t.role is role]
        return next((t for t in found if not of or family(t.name) == of), next(iter(found), None))

    @property
    def subject_parameter(self) -> Parameter | None:
        """The subject as some tool defines it, the definition with options before one without."""
        found = [p for t in self.tools for p in t.parameters if p.name == self.subject]
        return max(found, key=lambda p: len(p.options), default=None)


_CODE_WORDS = word_set("code reference ref confirmation")
_OTHER_CODES = word_set("postal post zip country area promo discount coupon dial dialling voucher")
_REQUEST_WORDS = word_set("request requests note notes remark remarks comment comments wishes")
_PARTY_WORDS = word_set("party people guests guest persons person diners covers pax seats adults")
_PLACE_WORDS = word_set(
    """
    city town area location place district neighbourhood neighborhood address where country
    """
)
_PERSON_HINTS = word_set("caller booking customer person guest under full first last your their")


_ALONE = {Role.BEGIN: Role.COMMIT, Role.PLACE: Role.COMMIT, Role.REVIEW: Role.LOOKUP}
"""What the tools of an order are where nothing can be added to one."""


def is_code(words: Iterable[str]) -> bool:
    """True for the words of a name that stands for the code of something: "booking code", "order id"."""
    said = set(words)
    coded = bool(said & _CODE_WORDS) or ("id" in said and bool(said & EXISTING))
    return coded and not said & _OTHER_CODES


def read_schema(definitions: Sequence[Mapping[str, Any]]) -> Schema:
    """The tools in a session's definitions. What is no function tool, or has no name, is passed over."""
    try:
        return _read(json.dumps(list(definitions), default=str))
    except (TypeError, ValueError):
        return Schema()


@lru_cache(maxsize=32)
def _read(definitions: str) -> Schema:
    tools: list[Tool] = []
    for definition in json.loads(definitions):
        if not isinstance(definition, dict) or definition.get("type", "function") != "function":
            continue
        inner = definition.get("function")
        body = inner if isinstance(inner, dict) else definition
        if isinstance(body.get("name"), str) and body["name"]:
            tools.append(_tool(body))
    if not any(tool.role is Role.ADD for tool in tools):  # an order in one call is one commitment
        tools = [replace(t, role=_ALONE.get(t.role, t.role)) for t in tools]
    return Schema(tuple(_weighted(tools)), _subject(tools))


def _tool(body: Mapping[str, Any]) -> Tool:
    name = str(body["name"])
    description = str(body.get("description") or "")
    shape = body.get("parameters")
    properties = shape.get("properties") if isinstance(shape, dict) else None
    required = shape.get("required") if isinstance(shape, dict) else None
    needed = {str(one) for one in required} if isinstance(required, list) else set()
    parameters = tuple(
        _parameter(str(key), value if isinstance(value, dict) else {}, str(key) in needed)
        for key, value in (properties.items() if isinstance(properties, dict) else ())
    )
    kinds = {p.kind for p in parameters}
    role = role_of(name, description, has_code=Kind.CODE in kinds, has_number=Kind.NUMBER in kinds)
    return Tool(name, description, role, parameters)


def _parameter(name: str, shape: Mapping[str, Any], required: bool) -> Parameter:
    description = str(shape.get("description") or "")
    flat = _without_null(shape)
    within = flat.get("items")
    listed = within.get("enum") if isinstance(within, dict) else flat.get("enum")
    options = tuple(str(one) for one in listed or () if one is not None)
    kind = _kind(split_name(name).split(), flat, plain(description), bool(options))
    moment_space = re.search(r"yyyy-mm-dd hh:mm", plain(description)) is not None
    takes_now = re.search(r"\bthe word now\b|\bor now\b|'now'|\"now\"", plain(description)) is not None
    return Parameter(name, kind, description, required, options, " " if moment_space else "T", takes_now)


def _without_null(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape itself where it may also be null, which generators write with `anyOf`."""
    for key in ("anyOf", "oneOf"):
        branches = shape.get(key)
        if isinstance(branches, list):
            for branch in branches:
                if isinstance(branch, dict) and branch.get("type") != "null":
                    return {**shape, **branch}
    return shape


def _kind(name: list[str], shape: Mapping[str, Any], about: str, has_options: bool) -> Kind:
    declared = shape.get("type", "string")
    types = declared if isinstance(declared, list) else [declared]
    words = set(name)
    if "integer" in types or "number" in types:
        return Kind.PARTY if words & _PARTY_WORDS or "how many people" in about else Kind.NUMBER
    if "array" in types:
        return Kind.LIST
    if "boolean" in types:
        return Kind.FLAG
    if has_options:
        return Kind.CHOICE
    if (narrowing := _narrowing(words, shape)) is not None:
        return narrowing
    day = shape.get("format") == "date" or "yyyy-mm-dd" in about or bool(words & {"date", "day"})
    clock = shape.get("format") == "time" or "hh:mm" in about or "time" in words or name[-1:] == ["at"]
    if shape.get("format") == "date-time" or ("yyyy-mm-dd" in about and "hh:mm" in about):
        return Kind.MOMENT
    if day or clock:
        return Kind.DATE if day else Kind.TIME
    if "name" in words and (len(words) == 1 or words & _PERSON_HINTS):
        return Kind.PERSON
    if is_code(words):
        return Kind.CODE
    if words & _REQUEST_WORDS:
        return Kind.REQUEST
    if words & {"dish", "food", "meal"}:
        return Kind.FOOD
    return Kind.PLACE if words & _PLACE_WORDS else Kind.TEXT


def _narrowing(words: set[str], shape: Mapping[str, Any]) -> Kind | None:
    """The kind of what a search may be narrowed by."""
    if shape.get("format") == "decimal" or {"max", "min", "least", "most"} & words:
        if {"price", "cost", "budget"} & words:
            return Kind.PRICE
        if {"rating", "stars", "score"} & words:
            return Kind.RATING
    if words & {"near", "nearby", "landmark"}:
        return Kind.NEAR
    if words & {"avoid", "allergens", "allergies"} and "array" not in str(shape.get("type")):
        return Kind.AVOID if "avoid" in words else None
    return Kind.ADDRESS if {"deliver", "delivery"} & words and "to" in words else None


def _subject(tools: Sequence[Tool]) -> str:
    """The required choice, place or text that most tools share; the first of equals; empty without one."""
    counts: dict[str, int] = {}
    for tool in tools:
        for parameter in tool.parameters:
            if parameter.required and parameter.kind in (Kind.CHOICE, Kind.PLACE, Kind.TEXT):
                counts[parameter.name] = counts.get(parameter.name, 0) + 1
    return max(counts, key=lambda name: counts[name], default="")


def _weighted(tools: Sequence[Tool]) -> list[Tool]:
    """The tools with their word weights: a word of the name counts most, and less the more tools share it."""
    # These are asked for in set phrases, so they take no words from the others.
    raw = [{} if tool.role in IN_SET_PHRASES - {Role.END} else _word_weights(tool) for tool in tools]
    weighted: list[Tool] = []
    for tool, weights in zip(tools, raw, strict=True):
        shared = {word: sum(word in other for other in raw) for word in weights}
        scaled = {word: weight / shared[word] for word, weight in weights.items()}
        weighted.append(Tool(tool.name, tool.description, tool.role, tool.parameters, scaled))
    return weighted


def _word_weights(tool: Tool) -> dict[str, float]:
    weights: dict[str, float] = {}
    sources = [(3.0, split_name(tool.name)), (1.0, tool.description)]
    sources += [(0.8, p.label) for p in tool.parameters] + [(0.3, p.description) for p in tool.parameters]
    for weight, text in sources:
        for word in re.findall(r"[a-z]+", plain(text)):
            if word not in STOPWORDS and len(word) > 2:
                key = stem(word)
                weights[key] = max(weights.get(key, 0.0), weight)
    return weights
