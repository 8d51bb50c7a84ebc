"""What the last thing said to the caller asked for, read from its words, whoever wrote them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from local.voice_live.mind.roles import IN_SET_PHRASES, OF_AN_ORDER, Role
from local.voice_live.mind.schema import Kind, Parameter, Schema
from local.voice_live.mind.spans import has_any
from local.voice_live.mind.vocabulary import STOPWORDS
from local.voice_live.mind.words import phrases, plain, stem


class Wanted(Enum):
    """The kind of answer a question wants."""

    VALUE = auto()
    """A value for the parameter `name`."""
    OFFER = auto()
    """Yes or no to going on with the tool `name`."""
    MORE = auto()
    """Whether there is anything else."""
    KEEP = auto()
    """Whether something about the caller may be kept."""
    FORGET = auto()
    """Whether what is kept shall be deleted."""
    RECORD = auto()
    """Whether the call may be recorded."""
    GO_ON = auto()
    """Whether to go on where an earlier call stopped."""
    CHANGE = auto()
    """What to change in a read-back."""
    OTHER = auto()
    """Something that no parameter or tool explains."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked; `name` is a parameter or a tool."""

    wanted: Wanted
    name: str = ""


_ADDRESS = ("the address", "what address", "which address", "house number", "which street", "which number in")
_MORE = ("anything else", "something else", "what else", "any other questions", "else i can", "anything more")
_CHANGE = ("should i change", "like to change", "shall i change", "what is wrong", "what would you change")
_ABOUT_THE_CALLER = (
    (
        ("shall i remember", "should i remember", "may i remember", "can i remember", "want me to remember"),
        Wanted.KEEP,
    ),
    (
        ("shall i delete", "should i delete", "shall i forget", "should i forget", "want me to delete"),
        Wanted.FORGET,
    ),
    (("record this call", "recorded", "recording this call"), Wanted.RECORD),
    (("where we stopped", "where we left off", "where we were"), Wanted.GO_ON),
)
_OFFERS = phrases(
    """
    shall i | would you like me to | should i | do you want me to | would you like to | do you want to |
    can i
    """
)
_KIND_WORDS: dict[Kind, tuple[str, ...]] = {
    Kind.PARTY: ("how many", "number of people", "how large", "how big", "party size"),
    Kind.TIME: (
        "what time",
        "which time",
        "when would",
        "what hour",
        "another time",
        "different time",
        "other time",
    ),
    Kind.DATE: (
        "what day",
        "which day",
        "what date",
        "which date",
        "for when",
        "another day",
        "different day",
        "other day",
    ),
    Kind.PERSON: (
        "what name",
        "which name",
        "whose name",
        "your name",
        "name shall",
        "name should",
        "under the name",
        "the name",
    ),
}


_NOT_ASKED = IN_SET_PHRASES - OF_AN_ORDER


def last_question(text: str) -> str:
    """The last sentence that ends in a question mark, else nothing."""
    found = re.findall(r"[^.!?]*\?", text)
    return found[-1].strip() if found else ""


@lru_cache(maxsize=1024)
def read_question(text: str, schema: Schema) -> Asked | None:
    """What `text` asks at its end; None when it asks nothing."""
    asked = last_question(text)
    words = re.findall(r"[a-z]+", plain(asked))
    if not words:
        return None
    if has_any(words, _CHANGE):
        return Asked(Wanted.CHANGE)
    for phrases_of, wanted in _ABOUT_THE_CALLER:
        if has_any(words, phrases_of):
            return Asked(wanted)
    if has_any(words, _MORE):
        return Asked(Wanted.MORE)
    begin = schema.with_role(Role.BEGIN)
    address = begin.of_kind(Kind.PLACE) if begin is not None else None
    if address is not None and has_any(words, _ADDRESS):
        return Asked(Wanted.VALUE, address.name)
    if begin is not None and has_any(words, ("should it come from", "food come from")):
        return Asked(Wanted.VALUE, schema.subject)
    for parameter in _parameters(schema):
        if has_any(words, _KIND_WORDS.get(parameter.kind, ())):
            return Asked(Wanted.VALUE, parameter.name)
    if has_any(words, _OFFERS):
        for tool in schema.tools:
            stems = {stem(word) for word in words} - {stem(word) for word in STOPWORDS}
            if tool.role is Role.COMMIT and sum(tool.weights.get(word, 0.0) for word in stems) >= 2:
                return Asked(Wanted.OFFER, tool.name)
    if schema.subject and has_any(
        words, ("which one", f"which {schema.subject}", "which of them", "which of these")
    ):
        return Asked(Wanted.VALUE, schema.subject)
    for parameter in _parameters(schema):
        if "cuisine" in parameter.label and has_any(
            words, ("kind of food", "type of food", "sort of food", "like to eat")
        ):
            return Asked(Wanted.VALUE, parameter.name)
        if parameter.label == "topic" and has_any(words, ("like to know", "want to know")):
            return Asked(Wanted.VALUE, parameter.name)
    if set(words) & {"which", "what", "whose", "where"} or has_any(words, ("for which", "do you want")):
        for parameter in _parameters(schema):
            if set(parameter.label.split()) <= set(words):
                return Asked(Wanted.VALUE, parameter.name)
    return Asked(Wanted.OTHER)


def _parameters(schema: Schema) -> list[Parameter]:
    """All parameters that are asked for one by one, the required ones first: a question is for those."""
    found = [p for tool in schema.tools if tool.role not in _NOT_ASKED for p in tool.parameters]
    return sorted(found, key=lambda p: not p.required)
