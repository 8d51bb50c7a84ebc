"""What the caller wants with a sentence: its reading, weighed against what was asked and is under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.voice_live.mind.acts import Act, plainly_agrees
from local.voice_live.mind.asked import Wanted
from local.voice_live.mind.choose import Candidate, best_tool
from local.voice_live.mind.proposals import proposed_value
from local.voice_live.mind.reading import Reading, read
from local.voice_live.mind.refer import by_reference, points_back, subject_value
from local.voice_live.mind.schema import Kind, Role, Tool
from local.voice_live.mind.slots import value_of, values_in
from local.voice_live.mind.spans import has_any
from local.voice_live.mind.talk import Goal, Heard, Talk, Want
from local.voice_live.mind.vocabulary import COMMON, FILLERS
from local.voice_live.mind.wishes import default_subject, prepare, request, values_with_subject

_SURE = 2.0
"""Evidence for another tool from which a caller in the middle of a booking wants that one first."""
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
_NAME_FOLLOWS = ("no its", "no it is", "no the names", "no thats")
"""How a caller begins to correct a name: "no, it's Rob"."""


def interpret(talk: Talk, text: str) -> Heard:
    """What the caller wants with `text`, said in the conversation so far."""
    reading = read(text, talk.schema, talk.now, talk.names)
    words = reading.words
    if not words:
        return Heard(Want.LOST, text)
    if not talk.schema.tools:
        return _without_tools(reading, text)
    courtesy = _courtesy(talk, reading, text)
    if courtesy is not None:
        return courtesy
    subject = _subject_of(talk, reading)
    candidate = best_tool(talk, reading, subject)
    if not subject and reading.guess is not None and not points_back(reading):
        guessed = best_tool(talk, reading, reading.guess.option)
        if _needs_subject(talk, reading, guessed):
            subject, candidate = reading.guess.option, guessed
    if talk.pending is not None and talk.goal is not None:
        return _on_read_back(talk, talk.goal, reading, candidate, subject)
    if talk.goal is not None:
        heard = _towards_goal(talk, talk.goal, reading, candidate, subject)
        if heard is not None:
            return heard
    return _anew(talk, reading, candidate, subject)


def _needs_subject(talk: Talk, reading: Reading, guessed: Candidate | None) -> bool:
    """True when a subject must have been named: the sentence asks about one, or one was asked for and the
    sentence says nothing else.
    """
    name = talk.schema.subject
    if guessed is not None and guessed.tool.parameter(name) is not None:
        return True
    places = reading.guess.places if reading.guess else frozenset[int]()
    others = [word for i, word in enumerate(reading.words) if i not in places]
    asked = talk.expected is not None and talk.expected.name == name
    return asked and Act.QUESTION not in reading.acts and set(others) <= COMMON


def _without_tools(reading: Reading, text: str) -> Heard:
    if Act.GOODBYE in reading.acts:
        return Heard(Want.LEAVE, text)
    return Heard(Want.CHAT, text)


def _courtesy(talk: Talk, reading: Reading, text: str) -> Heard | None:
    """Sentences that only manage the talk: "sorry?", "one moment", "goodbye"."""
    acts = reading.acts
    if Act.REPEAT in acts and len(reading.words) <= 8:
        return Heard(Want.REPEAT, text)
    if Act.WAIT in acts and len(reading.words) <= 6:
        return Heard(Want.WAIT, text)
    if Act.GOODBYE in acts and not (talk.pending and plainly_agrees(reading.tokens, acts)):
        return Heard(Want.LEAVE, text)
    return None


def _subject_of(talk: Talk, reading: Reading) -> str:
    """The subject a sentence names or refers to, as the tools name it; empty when it does neither."""
    match = reading.choice(talk.schema.subject)
    if match is not None and not match.rivals:
        return match.option
    thing = by_reference(reading, talk.things, talk.focus)
    asked = talk.asked
    if thing is None and talk.things and Act.ANYTHING in reading.acts:
        chosen = asked is not None and asked.wanted is Wanted.VALUE and asked.name == talk.schema.subject
        thing = talk.things[0] if chosen else None  # "you choose"
    return subject_value(thing, talk.schema.subject_parameter) if thing is not None else ""


# --- after a read-back ---


def _on_read_back(
    talk: Talk, goal: Goal, reading: Reading, candidate: Candidate | None, subject: str
) -> Heard:
    values = values_with_subject(talk, reading, goal.tool, subject)
    party = goal.tool.of_kind(Kind.PARTY)
    if not values and party is not None and reading.bare_party is not None:
        values[party.name] = reading.bare_party
    if not values and reading.bare_person is not None and has_any(reading.words, _NAME_FOLLOWS):
        values |= {p.name: reading.bare_person for p in goal.tool.parameters if p.kind is Kind.PERSON}
    changed = {name: value for name, value in values.items() if goal.given.get(name) != value}
    asks = candidate is not None and candidate.tool.role is not Role.COMMIT and candidate.score >= _SURE
    if asks and candidate is not None and (Act.QUESTION in reading.acts or not changed):
        return request(talk, candidate, reading)
    if changed:
        return Heard(Want.ANSWER, reading.text, goal.tool, changed)
    if plainly_agrees(reading.tokens, reading.acts):
        return Heard(Want.CONFIRM, reading.text, goal.tool)
    if Act.CANCEL in reading.acts:
        return Heard(Want.CANCEL, reading.text)
    if to_drop := _named_to_change(goal.tool, reading):
        return Heard(Want.ANSWER, reading.text, goal.tool, to_drop)
    if Act.NO in reading.acts:
        return Heard(Want.REFUSE, reading.text, goal.tool)
    return Heard(Want.LOST, reading.text)


def _named_to_change(tool: Tool, reading: Reading) -> dict[str, Any]:
    """Parameters the caller calls wrong without giving the right value; None drops the old one."""
    words = reading.words
    return {
        p.name: None
        for p in tool.required
        if has_any(words, _CHANGE_WORDS.get(p.kind, ()))
        or has_any(words, (f"the {p.label}", f"wrong {p.label}"))
    }


# --- while something is being prepared ---


def _towards_goal(
    talk: Talk, goal: Goal, reading: Reading, candidate: Candidate | None, subject: str
) -> Heard | None:
    """The sentence as an answer, a correction or a side question; None when it is about something else."""
    aside = candidate if candidate is not None and candidate.tool is not goal.tool else None
    if aside is not None and aside.tool.role is Role.COMMIT:
        aside = None
    if not (aside is not None and Act.QUESTION in reading.acts) and (
        named := _name_given(talk, goal, reading)
    ):
        return Heard(Want.ANSWER, reading.text, goal.tool, named)
    values = _values_for_goal(talk, goal, reading, subject)
    if aside is not None and _asks_for(aside, goal, reading, values):
        return request(talk, aside, reading)
    if values and Act.CANCEL not in reading.acts:
        return Heard(Want.ANSWER, reading.text, goal.tool, values)
    return _without_values(talk, goal, reading, candidate, subject)


def _name_given(talk: Talk, goal: Goal, reading: Reading) -> dict[str, Any]:
    """The answer to "What name?", with what else is stated in plain form: "Sarah, for four at eight"."""
    expected = talk.expected
    if expected is None or expected.kind is not Kind.PERSON or Act.CANCEL in reading.acts:
        return {}
    name = value_of(expected, reading, goal.tool, talk.schema, talk.now, asked=True)
    if name is None:
        return {}
    others = values_in(reading, goal.tool, talk.schema, talk.now)
    plain_kinds = (Kind.DATE, Kind.TIME, Kind.PARTY)
    stated = {
        p.name: others[p.name] for p in goal.tool.parameters if p.kind in plain_kinds and p.name in others
    }
    return stated | {expected.name: name}


def _values_for_goal(talk: Talk, goal: Goal, reading: Reading, subject: str) -> dict[str, Any]:
    """What a sentence gives for the goal: stated values, a bare answer, or what is to be changed."""
    expected = talk.expected
    values = values_with_subject(talk, reading, goal.tool, subject, expected)
    party = goal.tool.of_kind(Kind.PARTY)
    asked_time = expected is not None and expected.kind is Kind.TIME and expected.name in values
    if asked_time and reading.clock is None and party is not None and len(reading.words) <= 3:
        values.pop(party.name, None)  # "for eight" answers "What time?"
    if not values and _changing(talk):
        return _bare_change(goal, reading) or _named_to_change(goal.tool, reading)
    return values or proposed_value(talk, goal, reading)


def _changing(talk: Talk) -> bool:
    return talk.asked is not None and talk.asked.wanted is Wanted.CHANGE


def _without_values(
    talk: Talk, goal: Goal, reading: Reading, candidate: Candidate | None, subject: str
) -> Heard | None:
    """A sentence that gives nothing new for the goal."""
    acts, text = reading.acts, reading.text
    match = reading.choice(talk.schema.subject)
    if Act.CANCEL in acts or (_changing(talk) and acts & {Act.NO, Act.DONE}):
        return Heard(Want.CANCEL, text)
    if match is not None and match.rivals and not subject:
        return Heard(Want.ANSWER, text, goal.tool, rivals=(match.option, *match.rivals))
    if candidate is not None and candidate.tool is goal.tool:
        return Heard(Want.PREPARE, text, goal.tool, default_subject(talk, goal.tool, reading))
    if Act.NO in acts and talk.ready:
        return Heard(Want.REFUSE, text, goal.tool)
    if (Act.YES in acts and not goal.missing) or (Act.THANKS in acts and len(reading.words) <= 4):
        return Heard(Want.ANSWER, text, goal.tool)
    if Act.DONE in acts:
        return Heard(Want.LEAVE, text)
    return None if acts & {Act.HELP, Act.COMPARE, Act.SMALL_TALK} else _not_understood(reading)


def _bare_change(goal: Goal, reading: Reading) -> dict[str, Any]:
    """A bare number or name after "What should I change?"."""
    for kind, value in ((Kind.PARTY, reading.bare_party), (Kind.PERSON, reading.bare_person)):
        parameter = goal.tool.of_kind(kind)
        if parameter is not None and value is not None and not _named_to_change(goal.tool, reading):
            return {parameter.name: value}
    return {}


def _asks_for(candidate: Candidate, goal: Goal, reading: Reading, values: Mapping[str, Any]) -> bool:
    """True when a sentence in the middle of a booking is a question of its own rather than an answer."""
    lead = 0.5 if values else 0.0
    if candidate.score < _SURE or candidate.score <= candidate.rival_score(goal.tool) + lead:
        return False
    return Act.QUESTION in reading.acts or candidate.named or not values


# --- with nothing under way ---


def _anew(talk: Talk, reading: Reading, candidate: Candidate | None, subject: str) -> Heard:
    acts = reading.acts
    if Act.CANCEL in acts and candidate is not None and "cancel" not in candidate.tool.weights:
        return Heard(Want.OFF_TOPIC, reading.text)  # "cancel my booking", and there is no tool for it
    offered = talk.schema.tool(talk.asked.name) if talk.asked and talk.asked.wanted is Wanted.OFFER else None
    if candidate is not None and not _mere_answer(candidate, acts):
        if candidate.tool.role is Role.COMMIT:
            return prepare(talk, candidate.tool, reading, subject)
        return request(talk, candidate, reading)
    if offered is not None and Act.YES in acts and not acts & {Act.NO, Act.QUESTION}:
        return prepare(talk, offered, reading, subject)
    if Act.COMPARE in acts and len(talk.things) > 1:
        return Heard(Want.COMPARE, reading.text)
    match = reading.choice(talk.schema.subject)
    if match is not None and match.rivals and not subject:
        return Heard(Want.SELECT, reading.text, None, {}, (match.option, *match.rivals))
    if subject:
        return Heard(Want.SELECT, reading.text, None, {talk.schema.subject: subject})
    answered = _answer_without_goal(talk, reading)
    return answered or _small(talk, reading, offered)


def _mere_answer(candidate: Candidate, acts: frozenset[Act]) -> bool:
    """ "No thanks" with a stray word that a tool happens to share."""
    return candidate.score < _SURE and bool(acts & {Act.NO, Act.DONE, Act.THANKS}) and not candidate.named


def _answer_without_goal(talk: Talk, reading: Reading) -> Heard | None:
    """An answer to a question that the greeting or a seeded reply asked."""
    expected = talk.expected
    if expected is None:
        return None
    for tool in talk.schema.tools:
        if tool.parameter(expected.name) is None:
            continue
        values = values_in(reading, tool, talk.schema, talk.now, expected)
        if expected.name in values or (values and tool.role is Role.SEARCH):
            want = Want.PREPARE if tool.role is Role.COMMIT else Want.REQUEST
            return Heard(want, reading.text, tool, values)
        if tool.role is Role.SEARCH and Act.ANYTHING in reading.acts:
            return Heard(Want.REQUEST, reading.text, tool, anything=True)
    return None


def _small(talk: Talk, reading: Reading, offered: Tool | None) -> Heard:
    """Courtesies, answers to "anything else?", and what was not understood."""
    acts, text = reading.acts, reading.text
    more = talk.asked is not None and talk.asked.wanted is Wanted.MORE
    if Act.DONE in acts or (more and Act.NO in acts):
        return Heard(Want.LEAVE, text)
    if more and Act.THANKS in acts and Act.YES not in acts:
        return Heard(Want.LEAVE, text)
    person = next((p.name for t in talk.schema.tools if (p := t.of_kind(Kind.PERSON))), "")
    if reading.person is not None and person and Act.QUESTION not in acts:
        return Heard(Want.INTRODUCE, text, None, {person: reading.person.value})
    if Act.YES in acts and talk.asked is not None and talk.asked.wanted is Wanted.VALUE:
        return Heard(Want.LOST, text)  # "yes" names none of the things asked for
    for act, want in (
        (Act.HELP, Want.HELP),
        (Act.NO, Want.DECLINE),
        (Act.CANCEL, Want.CANCEL),
        (Act.YES, Want.ASK_MORE),
        (Act.THANKS, Want.THANK),
        (Act.SMALL_TALK, Want.CHAT),
        (Act.HELLO, Want.GREET),
    ):
        if act in acts:
            return Heard(want, text)
    return _not_understood(reading)


def _not_understood(reading: Reading) -> Heard:
    """A question in plain words is off the subject; the rest may be noise."""
    known = [word for word in reading.words if word in COMMON and word not in FILLERS]
    off_topic = Act.QUESTION in reading.acts and len(known) >= 2
    return Heard(Want.OFF_TOPIC if off_topic else Want.LOST, reading.text)
