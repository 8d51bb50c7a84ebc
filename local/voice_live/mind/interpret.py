"""What the caller wants with a sentence: its reading, weighed against what was asked and is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.voice_live.mind.acts import Act, plainly_agrees
from local.voice_live.mind.asked import Wanted
from local.voice_live.mind.changes import bare_change, named_to_change, nearer_time
from local.voice_live.mind.choose import Candidate, best_tool
from local.voice_live.mind.errands import begins, goes_on
from local.voice_live.mind.given_names import name_given, unlikely_name
from local.voice_live.mind.goal import Goal
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.keeping import about_memory, worth_keeping
from local.voice_live.mind.keys import in_words
from local.voice_live.mind.ordering import about_order
from local.voice_live.mind.proposals import proposed_value
from local.voice_live.mind.reading import Reading, read
from local.voice_live.mind.recorded import about_recording
from local.voice_live.mind.refer import by_reference, points_back, subject_value
from local.voice_live.mind.refining import refines
from local.voice_live.mind.roles import IN_SET_PHRASES, Role
from local.voice_live.mind.schema import Kind
from local.voice_live.mind.shifts import read_shifts, shifted
from local.voice_live.mind.slots import values_in
from local.voice_live.mind.spans import has_any
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.vocabulary import COMMON, FILLERS
from local.voice_live.mind.wishes import (
    all_about,
    default_subject,
    lookup_without_subject,
    prepare,
    request,
    same_again,
    values_with_subject,
)
from local.voice_live.mind.words import word_set

_SURE = 2.0
"""Evidence for another tool from which a caller in the middle of a booking wants that one first."""
_EARLIEST_DINNER = 5
_FOR_A_PERSON = """
    cancel/change/move/amend/alter/rebook my/our/the/a/an (existing/earlier) booking/reservation/table |
    make/have/file/register a complaint | complain
"""
"""What is done to bookings that exist, and what machines do not settle."""
_NAME_FOLLOWS = ("no its", "no it is", "no the names", "no thats")
"""How a caller begins to correct a name: "no, it's Rob"."""
_HERE = word_set(
    "yes yeah yep yup ya sure ok okay hello hi hey sorry i im am still here there please with you"
)
"""How a caller answers "Are you still there?"."""


def interpret(talk: Talk, text: str) -> Heard:
    """What the caller wants with `text`, said in the conversation so far."""
    text = in_words(talk, text)
    reading = read(text, talk.schema, talk.now, talk.names)
    words = reading.words
    if not words:
        return Heard(Want.LOST, text)
    if not talk.schema.tools:
        return _without_tools(reading, text)
    heard = _interpret(talk, reading, text)
    keep = talk.schema.with_role(Role.KEEP)
    noted = worth_keeping(keep, reading) if keep is not None else {}
    return replace(heard, noted=noted) if noted else heard


def _interpret(talk: Talk, reading: Reading, text: str) -> Heard:
    courtesy = _courtesy(talk, reading, text)
    if courtesy is not None:
        return courtesy
    if (recorded := about_recording(talk, reading)) is not None:
        return recorded
    if (memory := about_memory(talk, reading)) is not None:
        return memory
    if (goes_on_again := _on_going_on(talk, reading)) is not None:
        return goes_on_again
    subject = _subject_of(talk, reading)
    if talk.cart is not None and Act.PERSON not in reading.acts:
        ordered = about_order(talk, reading, subject)
        if ordered is not None:
            return ordered
    if Act.PERSON not in reading.acts and (errand := _errand(talk, reading, subject)) is not None:
        return errand
    if (
        talk.cart is None
        and talk.goal is None
        and (ordered := about_order(talk, reading, subject)) is not None
    ):
        return ordered
    if (person := _asks_for_person(talk, reading)) is not None:
        return person
    if Act.PERSON in reading.acts and talk.schema.with_role(Role.HAND_OVER) is None:
        return Heard(Want.OFF_TOPIC, text)
    candidate = best_tool(talk, reading, subject)
    if (
        not subject
        and reading.guess is not None
        and not points_back(reading)
        and not _is_settled(talk, reading)
    ):
        guessed = best_tool(talk, reading, reading.guess.option)
        if _needs_subject(talk, reading, guessed):
            subject, candidate = reading.guess.option, guessed
    if talk.pending is not None and talk.goal is not None:
        return _on_read_back(talk, talk.goal, reading, candidate, subject)
    if talk.goal is not None:
        heard = _towards_goal(talk, talk.goal, reading, candidate, subject)
        if heard is not None and heard.want in (Want.LOST, Want.PREPARE):
            heard = unlikely_name(talk, talk.goal, reading) or heard
        if heard is not None:
            return heard
    return _anew(talk, reading, candidate, subject)


def _on_going_on(talk: Talk, reading: Reading) -> Heard | None:
    """The answer to whether to go on where an earlier call stopped."""
    if talk.asked is None or talk.asked.wanted is not Wanted.GO_ON:
        return None
    if Act.NO in reading.acts:
        return Heard(Want.CANCEL, reading.text)
    return Heard(Want.GO_ON, reading.text) if plainly_agrees(reading.tokens, reading.acts) else None


def _asks_for_person(talk: Talk, reading: Reading) -> Heard | None:
    """A person is wanted, or something that only a person can do, and there is a tool for that."""
    tool = talk.schema.with_role(Role.HAND_OVER)
    if tool is None or not (
        Act.PERSON in reading.acts or (talk.goal is None and reading.line.has(_FOR_A_PERSON))
    ):
        return None
    match, name = reading.choice(talk.schema.subject), talk.schema.subject
    named = match is not None and not match.rivals and tool.parameter(name) is not None
    return Heard(Want.PERSON, reading.text, tool, {name: match.option} if match and named else {})


def _errand(talk: Talk, reading: Reading, subject: str) -> Heard | None:
    """Something wanted with a booking that exists; one that is being prepared comes first."""
    if talk.goal is not None and talk.goal.tool.role is Role.COMMIT:
        return None
    return goes_on(talk, reading, subject) or begins(talk, reading, subject)


def _is_settled(talk: Talk, reading: Reading) -> bool:
    """True for an answer while something is prepared whose subject is known: it names no other by chance."""
    goal = talk.goal
    return goal is not None and bool(goal.given.get(talk.schema.subject)) and Act.QUESTION not in reading.acts


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
    if talk.checked and set(reading.words) <= _HERE:
        return Heard(Want.HERE, text)
    if Act.REPEAT in acts and len(reading.words) <= 10:
        return Heard(Want.REPEAT, text)
    tells = reading.day or reading.clock or reading.party or reading.person
    if Act.WAIT in acts and len(reading.words) <= 6 and not tells:
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
    values |= nearer_time(goal, reading, values)
    shifts, _ = read_shifts(reading.text)
    values |= shifted(goal.given, goal.tool, shifts)
    party = goal.tool.of_kind(Kind.PARTY)
    if not values and party is not None and reading.bare_party is not None:
        values[party.name] = reading.bare_party
    if not values and reading.bare_person is not None and has_any(reading.words, _NAME_FOLLOWS):
        values |= {p.name: reading.bare_person for p in goal.tool.parameters if p.kind is Kind.PERSON}
    changed = {name: value for name, value in values.items() if goal.given.get(name) != value}
    asks = candidate is not None and candidate.tool.role is not Role.COMMIT and candidate.score >= _SURE
    if not changed and Act.QUESTION not in reading.acts and plainly_agrees(reading.tokens, reading.acts):
        return Heard(Want.CONFIRM, reading.text, goal.tool)
    if asks and candidate is not None and (Act.QUESTION in reading.acts or not changed):
        return request(talk, candidate, reading)
    if changed:
        return Heard(Want.ANSWER, reading.text, goal.tool, changed)
    if plainly_agrees(reading.tokens, reading.acts):
        return Heard(Want.CONFIRM, reading.text, goal.tool)
    if Act.CANCEL in reading.acts:
        return Heard(Want.CANCEL, reading.text)
    if to_drop := named_to_change(goal.tool, reading):
        return Heard(Want.ANSWER, reading.text, goal.tool, to_drop)
    if Act.NO in reading.acts:
        return Heard(Want.REFUSE, reading.text, goal.tool)
    return Heard(Want.LOST, reading.text)


# --- while something is being prepared ---


def _towards_goal(
    talk: Talk, goal: Goal, reading: Reading, candidate: Candidate | None, subject: str
) -> Heard | None:
    """The sentence as an answer, a correction or a side question; None when it is about something else."""
    aside = candidate if candidate is not None and candidate.tool is not goal.tool else None
    if aside is not None and (aside.tool.role is Role.COMMIT or _is_a_request(talk, goal, aside, reading)):
        aside = None
    if not (aside is not None and Act.QUESTION in reading.acts) and (
        named := name_given(talk, goal, reading)
    ):
        return Heard(Want.ANSWER, reading.text, goal.tool, named)
    values = _values_for_goal(talk, goal, reading, subject)
    if aside is not None and _asks_for(aside, goal, reading, values):
        return request(talk, aside, reading)
    if values and Act.CANCEL not in reading.acts:
        return Heard(Want.ANSWER, reading.text, goal.tool, values)
    return _without_values(talk, goal, reading, candidate, subject)


def _is_a_request(talk: Talk, goal: Goal, aside: Candidate, reading: Reading) -> bool:
    """ "Two people. Can we sit outside?" asks something of the restaurant that was chosen."""
    asked = goal.tool.of_kind(Kind.REQUEST)
    if aside.tool.role is not Role.SEARCH or asked is None or not goal.given.get(talk.schema.subject):
        return False
    return asked.name in values_in(reading, goal.tool, talk.schema, talk.now)


def _values_for_goal(talk: Talk, goal: Goal, reading: Reading, subject: str) -> dict[str, Any]:
    """What a sentence gives for the goal: stated values, a bare answer, or what is to be changed."""
    expected = talk.expected
    values = values_with_subject(talk, reading, goal.tool, subject, expected)
    party = goal.tool.of_kind(Kind.PARTY)
    asked_time = expected is not None and expected.kind is Kind.TIME and expected.name in values
    alone = len(reading.words) <= 3 and sum(token.number is not None for token in reading.tokens) <= 1
    if asked_time and reading.clock is None and party is not None and alone:
        few = isinstance(count := values.get(party.name), int) and count < _EARLIEST_DINNER
        # "For eight" answers "What time?", but nobody dines at four: "for four" runs ahead to the party.
        values.pop(expected.name if few and expected is not None else party.name, None)
    asked_day = expected is not None and expected.kind is Kind.DATE
    if asked_day and not values and alone and party is not None and party.name not in goal.given:
        # "Three." is no day, but the number of people before it was asked for.
        values |= {} if reading.bare_party is None else {party.name: reading.bare_party}
    if not values and _changing(talk):
        return bare_change(goal, reading) or named_to_change(goal.tool, reading)
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


def _asks_for(candidate: Candidate, goal: Goal, reading: Reading, values: Mapping[str, Any]) -> bool:
    """True when a sentence in the middle of a booking is a question of its own rather than an answer."""
    lead = 0.5 if values else 0.0
    if candidate.score < _SURE or candidate.score <= candidate.rival_score(goal.tool) + lead:
        return False
    return Act.QUESTION in reading.acts or candidate.named or not values


# --- with nothing under way ---


def _anew(talk: Talk, reading: Reading, candidate: Candidate | None, subject: str) -> Heard:
    acts = reading.acts
    says_cancel = Act.CANCEL in acts and "cancel" in reading.words
    if says_cancel and candidate is not None and "cancel" not in candidate.tool.weights:
        return Heard(Want.OFF_TOPIC, reading.text)  # "cancel my booking", and there is no tool for it
    offered = talk.schema.tool(talk.asked.name) if talk.asked and talk.asked.wanted is Wanted.OFFER else None
    if (same := refines(talk, reading, subject) or same_again(talk, reading, subject)) is not None:
        return same
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
    if subject and (told := all_about(talk, reading, subject)) is not None:
        return told
    if subject:
        return Heard(Want.SELECT, reading.text, None, {talk.schema.subject: subject})
    return (
        _answer_without_goal(talk, reading) or lookup_without_subject(talk, reading) or _small(talk, reading)
    )


def _mere_answer(candidate: Candidate, acts: frozenset[Act]) -> bool:
    """ "No thanks" with a stray word that a tool happens to share."""
    if candidate.named:
        return False
    return Act.DONE in acts or (candidate.score < _SURE and bool(acts & {Act.NO, Act.THANKS}))


def _answer_without_goal(talk: Talk, reading: Reading) -> Heard | None:
    """An answer to a question that the greeting or a seeded reply asked."""
    expected = talk.expected
    if expected is None or Act.DONE in reading.acts:
        return None
    for tool in talk.schema.tools:
        if tool.role in IN_SET_PHRASES or tool.parameter(expected.name) is None:
            continue
        values = values_in(reading, tool, talk.schema, talk.now, expected)
        if expected.name in values or (values and tool.role is Role.SEARCH):
            want = Want.PREPARE if tool.role is Role.COMMIT else Want.REQUEST
            return Heard(want, reading.text, tool, values)
        if tool.role is Role.SEARCH and Act.ANYTHING in reading.acts:
            return Heard(Want.REQUEST, reading.text, tool, anything=True)
    return None


def _small(talk: Talk, reading: Reading) -> Heard:
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
