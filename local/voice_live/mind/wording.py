"""What is said: questions, read-backs, courtesies. Short sentences, one question at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.voice_live.mind.roles import IN_SET_PHRASES, split_name
from local.voice_live.mind.schema import Kind, Parameter, Schema, Tool
from local.voice_live.mind.spoken import join_words, value_words
from local.voice_live.mind.words import word_set

ANYTHING_ELSE = "Is there anything else I can do for you?"
WHAT_ELSE = "What else can I do for you?"
STILL_THERE = "I am still here. What can I do for you?"
YOU_ARE_WELCOME = "You are welcome."
ONE_MOMENT = "One moment, please."
TAKE_YOUR_TIME = "Of course, take your time."
FOOD_FROM = "Which restaurant should it come from?"
ADDRESS = "What is the address, street and house number?"
WHAT_FOOD = "What would you like to order?"
MORE_FOOD = "Anything else with that?"
NOTHING_KNOWN = "I know nothing about you yet."
NO_USUAL = "I do not know your usual yet."
NOT_DONE = "All right, I have not done anything."
WHAT_TO_CHANGE = "What should I change?"
CANNOT_LOOK_UP = "I am sorry, I cannot look that up just now."
CANNOT_THINK = "I am sorry, I cannot think just now. Could you say that again in a moment?"
NOTHING_SAID_YET = "I have not said anything yet. What can I do for you?"
LOST = (
    "Sorry, I did not catch that.",
    "I am afraid I still did not understand.",
    "I am sorry, the line may be poor.",
)
"""Said when nothing was understood, differently each time in a row; the question that follows gets
narrower.
"""


def without_apology(text: str) -> str:
    """A reply as it is repeated: without having said that nothing was understood."""
    for lost in LOST:
        text = text.removeprefix(lost).strip()
    return text


_ARTICLE = re.compile(r"^(the|a|an|your|their)\b")
_VERBS = word_set(
    """
    find search list get look check book reserve order cancel make send update create change transfer
    place pay read set show tell recommend suggest play call
    """
)
_LEADS = {
    Kind.DATE: "on",
    Kind.TIME: "at",
    Kind.MOMENT: "on",
    Kind.PARTY: "for",
    Kind.PERSON: "under the name",
}


_QUESTIONS: dict[Kind, tuple[str, str]] = {
    Kind.PARTY: ("For how many people?", "How many people will there be? Just the number, please."),
    Kind.DATE: ("What day would you like?", "What day would you like? You can say tomorrow, or Friday."),
    Kind.TIME: ("What time would you like?", "What time would you like? For example, half past seven."),
    Kind.MOMENT: ("What day and time would you like?", "What day and time would you like?"),
    Kind.PERSON: ("What name shall I put it under?", "What name, please? Just the name will do."),
    Kind.PLACE: ("For which {label}?", "For which {label}?"),
    Kind.FLAG: ("Do you want {label}, yes or no?", "Do you want {label}, yes or no?"),
    Kind.TEXT: ("What is the {label}?", "What is the {label}?"),
    Kind.NUMBER: ("What is the {label}?", "What is the {label}?"),
    Kind.CODE: ("What is the {label}, please?", "What is the {label}? Letter by letter, please."),
    Kind.REQUEST: ("What should they know?", "What should they know, in a few words?"),
}
"""The question for a value of each kind, and the more helpful one for asking again."""


def question(parameter: Parameter, schema: Schema, again: int = 0) -> str:
    """The question for a parameter; worded more helpfully when it is asked `again` (0 is the first time)."""
    label, is_subject = parameter.label, parameter.name == schema.subject
    if parameter.kind in _QUESTIONS and not (is_subject and parameter.kind is Kind.TEXT):
        return _QUESTIONS[parameter.kind][1 if again else 0].format(label=label)
    some = join_words([split_name(option) for option in parameter.options[:3]], "or")
    if "cuisine" in label:
        return (
            f"What kind of food would you like, for example {some}?"
            if again
            else "What kind of food would you like?"
        )
    if is_subject or not some:
        return f"Which {label} would you like?"
    if again or len(parameter.options) <= 3:
        return f"Which {label} would you like, for example {some}?"
    return "What would you like to know?" if label == "topic" else f"Which {label} would you like?"


def read_back(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """The statement of everything a committing call would do, in a fixed form, without its question."""
    return f"So that is {statement(tool, arguments)}."


def statement(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """What a committing call makes: "a table at Casa Verde for two people on Friday ..."."""
    parts: list[str] = []
    rest: list[str] = []
    for parameter in sorted(tool.parameters, key=lambda p: _ORDER.get(p.kind, 9)):
        if parameter.name not in arguments:
            continue
        words = value_words(parameter, arguments[parameter.name])
        if parameter.kind in _LEADS:
            parts.append(f"{_LEADS[parameter.kind]} {words}")
        elif parameter.required and parameter.kind in (Kind.CHOICE, Kind.TEXT, Kind.PLACE):
            parts.insert(0, f"at {words}" if parameter.label in _SITES else f"{parameter.label} {words}")
        elif parameter.kind is Kind.CHOICE and parameter.label in _SITES:
            parts.insert(0, f"at {words}")
        else:
            rest.append(f"{'noting' if parameter.kind is Kind.REQUEST else parameter.label} {words}")
    facts = ", ".join([" ".join(parts), *rest]) if parts else ", ".join(rest)
    return f"{_thing(tool)} {facts}".rstrip()


_ORDER = {
    Kind.CHOICE: 0,
    Kind.TEXT: 0,
    Kind.PLACE: 0,
    Kind.PARTY: 1,
    Kind.DATE: 2,
    Kind.MOMENT: 2,
    Kind.TIME: 3,
    Kind.PERSON: 4,
}
_SITES = word_set("restaurant venue place hotel location branch shop cafe bar salon theatre clinic")

SHALL_I = "Is that right?"


def brief_read_back(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """The same in fewer words, for a caller who asks to hear it again."""
    given = sorted(
        (p for p in tool.parameters if arguments.get(p.name) is not None), key=lambda p: _ORDER.get(p.kind, 9)
    )
    return f"{', '.join(_brief_value(p, arguments[p.name]) for p in given)}."


def _brief_value(parameter: Parameter, value: object) -> str:
    """A day without its month: "Friday the twenty-seventh"."""
    words = value_words(parameter, value)
    return words.partition(" of ")[0] if parameter.kind is Kind.DATE else words


_BRIEF: dict[Kind, str] = {
    Kind.PARTY: "How many people?",
    Kind.DATE: "What day?",
    Kind.TIME: "What time?",
    Kind.MOMENT: "What day and time?",
    Kind.PERSON: "What name?",
}


def brief_question(parameter: Parameter) -> str:
    """The question for a parameter in as few words as it takes."""
    if parameter.kind in _BRIEF:
        return _BRIEF[parameter.kind]
    return "What kind of food?" if "cuisine" in parameter.label else f"Which {parameter.label}?"


def _thing(tool: Tool) -> str:
    """What a committing tool makes: book_table makes "a table"."""
    words = split_name(tool.name).split()
    noun = " ".join(words[1:] if len(words) > 1 and words[0] in _VERBS else words)
    return noun if _ARTICLE.match(noun) or noun.endswith("s") else f"a {noun}"


def action(tool: Tool) -> str:
    """What a tool does, to stand after "I can": "book a table", "give you restaurant details"."""
    words = split_name(tool.name).split()
    if words[0] not in _VERBS:
        return f"give you {' '.join(words)}"
    noun = " ".join(words[1:])
    if not noun:
        return words[0]
    mass = noun.endswith("s") or noun in ("weather", "information", "info", "help")
    return f"{words[0]} {('the ' if noun == 'weather' else '') if mass else 'a '}{noun}"


def abilities(schema: Schema) -> str:
    """What the tools can do, as the end of a sentence that begins "I can"; empty without tools."""
    plain = [tool for tool in schema.tools if tool.role not in IN_SET_PHRASES]
    return join_words([action(tool) for tool in plain[:3]], "and")


def offer(tool: Tool, schema: Schema) -> str:
    """The offer to go on with a committing tool, about what was just talked of."""
    where = " there" if tool.parameter(schema.subject) is not None else ""
    return f"Would you like me to {action(tool)}{where}?"


def farewell(*, unfinished: bool = False) -> str:
    """A short goodbye; a caller who leaves in the middle is told that nothing was done."""
    return (
        "All right, I have not done anything. Goodbye!" if unfinished else "Thank you for calling. Goodbye!"
    )
