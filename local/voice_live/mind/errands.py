"""What a sentence wants with a booking that exists: to begin with, and while that is under way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.voice_live.mind.acts import Act, plainly_agrees, read_acts
from local.voice_live.mind.changes import named_to_change, nearer_time
from local.voice_live.mind.choose import best_tool
from local.voice_live.mind.codes import code_length, read_code
from local.voice_live.mind.existing import Errand, Record, code_of, fit
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.proposals import proposed_value
from local.voice_live.mind.reading import Reading, read
from local.voice_live.mind.schema import EXISTING, Kind, Role, Tool
from local.voice_live.mind.slots import values_in
from local.voice_live.mind.special import joined
from local.voice_live.mind.talk import Goal, Talk
from local.voice_live.mind.words import tokenise, word_set

_THING = f"{'/'.join(sorted(EXISTING))}/table/tables"
_UNDO = f"""
    cancel/delete/drop * {_THING} | call off * {_THING} | call * {_THING} off | cancel for tonight/tomorrow |
    get rid of * {_THING} | (i/we) want/need/like/have to cancel | can/could i/we/you cancel it/that/for |
    can not make it | will not make it | can not come | do not need * {_THING} anymore
"""
_UNDO_THAT = "cancel it/that/this | cancel the (first/second/third/last/other) one"
_CHANGE = f"""
    move/change/shift/reschedule/push/bring/postpone/amend/alter/update/rebook/switch/edit * {_THING} |
    make a change to * {_THING} | make my/our/the/that/this * {_THING} for/later/earlier/bigger/smaller |
    add * to my/our/the/that {_THING}
"""
_CHANGE_THAT = """
    move/change/shift/reschedule/push/postpone/switch it/that/this |
    move/change/shift/reschedule/push/postpone/switch the (first/second/third/last/other) one |
    make it/that | we move/come/change | actually | add a/an/that/one/two
"""
"""Ways to change what was just booked or told; only with a new value in the sentence."""
_CHANGE_THAT_PLAINLY = (
    "move/change/shift/reschedule/push/postpone/switch it/that/this | make it/that | have it/that"
)
_ONE_MORE = """
    book/reserve (me/us) a/an/another/one (more/other/new/second) table/booking/reservation |
    new table/booking
"""
_SURE = 2.0
"""Evidence for another tool from which a question is one of its own."""
_SOMETHING_NEW = """
    book/reserve/find/another | is it | are they | do they | does it |
    what/when/where/which/how/does/do/is/are (time) * it/they/there/is/does/do/are
"""
_RECALL = f"""
    what/which/when/where (time/day) is/was my/our/the {_THING} | have my/our {_THING} |
    do/did i/we have/make (a/any) (other) {_THING} | have i/we (got) (a/any) {_THING} |
    check/confirm/find/see/hear/verify * my/our {_THING} | look up * my/our {_THING} |
    look my/our {_THING} up | about my/our {_THING} | details of/for my/our {_THING} |
    what/how {_THING} do/have i/we | how many {_THING} | is my/our {_THING} |
    when/where did i/we book/reserve |
    what did i/we book/reserve | i/we have a {_THING} with/at/for/under/on
"""
_ASKS_FOR_ONE = f"can/could/may/might/shall i/we (please) have/get a/the (nice) {_THING}"
_WHICH_CODE = (
    "what/which * code/reference | have/repeat/say/read/tell/forgot * (booking/reservation) code/reference"
)
_CODE_SAID = "my/the/our (booking/reservation) code/reference (number) is"
_DROPPED = (
    "never mind | forget it | leave it | forget about it | changed my mind | keep it | leave it as it is"
)
_NO_CODE = "do not have/know/remember | no idea | have not got | lost it | lost the | forgot the/it"
_CANCELS = word_set("cancel cancelled delete")
_MOVES = word_set("move change moved changed")
_DOES_IT = word_set("it the my our that booking reservation table do so please for me")
"""Words beside a yes that only say what is agreed to."""


def begins(talk: Talk, reading: Reading, subject: str) -> Heard | None:
    """What a sentence wants with something that exists, where there is a tool for it; None when nothing."""
    schema, line = talk.schema, reading.line
    known = bool(talk.records)
    undo, change, recall = (schema.with_role(role) for role in (Role.UNDO, Role.CHANGE, Role.RECALL))
    code = _code_said(talk, reading, recall or change or undo)
    if undo is not None and (line.has(_UNDO) or (known and line.has(_UNDO_THAT))):
        which = _values(talk, reading, _model(talk, undo), subject)
        return _heard(reading, Errand(undo, which=_facts(which), code=code))
    if change is not None:
        head, tail = _before_and_after(talk, reading)
        changes = _changes(talk, Errand(change), tail, subject if tail is reading else "")
        by_the_way = known and changes and line.has(_CHANGE_THAT) and not line.has(_SOMETHING_NEW)
        if line.has(_CHANGE) or by_the_way or _new_request(talk, changes):
            which = _facts(_values(talk, head, change, "")) if head is not None else {}
            return _heard(reading, Errand(change, changes, which, code))
    if recall is not None and (
        (line.has(_RECALL) and not line.has(_ASKS_FOR_ONE)) or line.has(_WHICH_CODE) or code
    ):
        asking = "code" if line.has(_WHICH_CODE) else ""
        return _heard(reading, Errand(recall, code=code, proof=_name(talk, reading, code), asking=asking))
    return None


def goes_on(talk: Talk, reading: Reading, subject: str) -> Heard | None:
    """A sentence while something is under way; None when it is about something else."""
    errand = talk.errand
    if errand is None:
        return None
    if errand.read_out and _agrees(reading, errand):
        return _heard(reading, replace(errand, agreed=True))
    if _is_aside(talk, reading, subject):
        return None
    person = talk.schema.with_role(Role.HAND_OVER)
    if person is not None and reading.line.has(_NO_CODE) and errand.record(talk.records) is None:
        return Heard(Want.PERSON, reading.text, person)  # no tool can help without a code
    dropped = reading.line.has(_DROPPED)
    new = None if dropped else begins(talk, reading, subject)
    if new is not None and new.errand is not None and _is_another(errand, new.errand):
        return _heard(reading, replace(new.errand, code=new.errand.code or errand.code, proof=errand.proof))
    told = errand if dropped else _told(talk, errand, reading, subject)
    if told != errand:
        return _heard(reading, told)
    if dropped or Act.NO in reading.acts or reading.line.has(_NO_CODE) or Act.CANCEL in reading.acts:
        changing = errand.tool.role is Role.CHANGE and errand.read_out and not dropped
        return Heard(Want.REFUSE if changing else Want.CANCEL, reading.text)
    if Act.YES in reading.acts or (new is not None and new.errand is not None):
        return _heard(reading, errand)
    return None


def _is_aside(talk: Talk, reading: Reading, subject: str) -> bool:
    """A question of its own ("is it open on Monday?"), or a wish for one more table."""
    line = reading.line
    if line.has(_ONE_MORE):
        return True
    if Act.QUESTION not in reading.acts or line.has(_CHANGE) or line.has(_CHANGE_THAT_PLAINLY):
        return False
    asked = best_tool(talk, reading, subject)
    return asked is not None and asked.tool.role is not Role.COMMIT and asked.score >= _SURE


def _is_another(errand: Errand, new: Errand) -> bool:
    """A wish of another kind; a code alone only says which booking is meant."""
    return new.tool is not errand.tool and not (new.tool.role is Role.RECALL and new.code)


def _heard(reading: Reading, errand: Errand) -> Heard:
    return Heard(Want.ERRAND, reading.text, errand.tool, errand=errand)


def _agrees(reading: Reading, errand: Errand) -> bool:
    """A plain yes, also in the words of what is agreed to: "yes, cancel it"."""
    does_it = _DOES_IT | (_CANCELS if errand.tool.role is Role.UNDO else _MOVES)
    rest = [token for token in reading.tokens if token.text not in does_it]
    acts = read_acts(rest, " ".join(token.raw for token in rest))
    return Act.YES in reading.acts and plainly_agrees(rest, acts)


def _told(talk: Talk, errand: Errand, reading: Reading, subject: str) -> Errand:
    """The errand with what the sentence adds: which one, a code, a name, what is to change."""
    code = _code(talk, errand, reading)
    unknown = errand.record(talk.records) is None
    proof = _name(talk, reading, code, asked=bool(errand.code)) if unknown else ""
    if code or proof:
        return replace(errand, code=code or errand.code, proof=proof or errand.proof, read_out=False)
    if unknown and len(talk.records) > 1:
        picked = _picked(talk, errand, reading, subject)
        return errand if picked is None else replace(errand, code=code_of(picked), read_out=False)
    if errand.tool.role is not Role.CHANGE:
        other = _picked(talk, errand, reading, subject) if len(talk.records) > 1 else None
        return errand if other is None else replace(errand, code=code_of(other), read_out=False)
    _, tail = _before_and_after(talk, reading)
    changes = _changes(talk, errand, tail, subject) or _bare(talk, errand, reading)
    if changes:
        return replace(errand, changes={**errand.changes, **changes}, asking="", read_out=False)
    asking = next(iter(named_to_change(_all_needed(errand.tool), reading)), "")
    kept = {name: value for name, value in errand.changes.items() if name != asking}
    return replace(errand, changes=kept, asking=asking, read_out=False) if asking else errand


def _all_needed(tool: Tool) -> Tool:
    """The tool as if it needed all that it can change."""
    apart = (Kind.CODE, Kind.PERSON)
    changing = tuple(replace(p, required=True) for p in tool.parameters if p.kind not in apart)
    return replace(tool, parameters=changing)


def _picked(talk: Talk, errand: Errand, reading: Reading, subject: str) -> Record | None:
    """The record meant by its place or by what is said of it: "the first one", "the one on Friday"."""
    said = _facts(_values(talk, reading, _model(talk, errand.tool), subject))
    fitting = fit(talk.records, said)
    if len(fitting) == 1:
        return fitting[0]
    for place, token in enumerate(reading.tokens):
        ordinal = token.number if token.ordinal else None
        if ordinal is None and token.text in ("number", "one") and place + 1 < len(reading.tokens):
            ordinal = reading.tokens[place + 1].cardinal
        if ordinal is not None and 1 <= ordinal <= len(talk.records):
            return talk.records[ordinal - 1]
    return talk.records[-1] if "last" in reading.words or "latter" in reading.words else None


def _model(talk: Talk, tool: Tool) -> Tool:
    """The tool whose parameters say what is known of a thing that exists."""
    return talk.schema.with_role(Role.CHANGE) or talk.schema.with_role(Role.COMMIT) or tool


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that can tell one booking from another: what is asked of the house does not."""
    return {name: value for name, value in values.items() if "request" not in name}


def _values(talk: Talk, reading: Reading, tool: Tool, subject: str) -> dict[str, Any]:
    """What a sentence states, without code and name, which only say whose booking it is."""
    values = values_in(reading, tool, talk.schema, talk.now)
    if subject and tool.parameter(talk.schema.subject) is not None:
        values[talk.schema.subject] = subject
    apart = {p.name for p in tool.parameters if p.kind in (Kind.CODE, Kind.PERSON)}
    return {name: value for name, value in values.items() if name not in apart}


def _changes(talk: Talk, errand: Errand, reading: Reading, subject: str) -> dict[str, Any]:
    """The new values in a sentence; "make it nine" is the time or the people, whichever is nearer."""
    values = _values(talk, reading, errand.tool, subject)
    record = errand.record(talk.records) or {}
    for parameter in errand.tool.parameters:
        if parameter.kind is Kind.REQUEST and parameter.name in values:  # the tool replaces what was asked
            before = errand.changes.get(parameter.name) or record.get(parameter.name)
            values[parameter.name] = joined(before, values[parameter.name])
    return values | nearer_time(Goal(errand.tool, {**record, **errand.changes}), reading, values)


_TO = re.compile(r"\bto\b(?! (?:move|change|shift|make|push|bring|my|our|the (?:booking|table|reservation)))")
_SHORT = 4
"""Words at most in a bare answer."""
_FROM_VERB = re.compile(
    r"\b(?:move|change|shift|reschedule|push|bring|postpone|amend|alter|update|rebook|switch|edit|moved|changed)\b"
)


def _before_and_after(talk: Talk, reading: Reading) -> tuple[Reading | None, Reading]:
    """The parts before and after "to" in "move my table on Friday to Saturday"; else the whole only."""
    text = reading.text
    verb = _FROM_VERB.search(text.lower())
    to = _TO.search(text.lower(), verb.end()) if verb is not None else None
    if to is None:
        return None, reading
    head = read(text[: to.start()], talk.schema, talk.now, talk.names)
    tail = read(f"make it {text[to.end() :].strip()}", talk.schema, talk.now, talk.names)
    if tail.clock is None and tail.bare_clock is not None and tail.day is None and _no_people(tail):
        tail = read(f"at {text[to.end() :].strip()}", talk.schema, talk.now, talk.names)
    return head, tail


def _no_people(reading: Reading) -> bool:
    return not {"people", "persons", "guests", "us", "of"} & set(reading.words)


def _bare(talk: Talk, errand: Errand, reading: Reading) -> dict[str, Any]:
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


def _new_request(talk: Talk, changes: Mapping[str, Any]) -> bool:
    """Something to ask the restaurant for, said after the booking was made."""
    change = talk.schema.with_role(Role.CHANGE)
    asked = change.of_kind(Kind.REQUEST) if change is not None else None
    return bool(talk.records) and asked is not None and set(changes) == {asked.name}


def _code_said(talk: Talk, reading: Reading, tool: Tool | None) -> str:
    """A code said of one's own accord."""
    parameter = tool.of_kind(Kind.CODE) if tool is not None else None
    if parameter is None:
        return ""
    asked = reading.line.has(_CODE_SAID)
    return read_code(reading.text, code_length(parameter), asked=asked)


def _code(talk: Talk, errand: Errand, reading: Reading) -> str:
    """The code in a sentence, once one may be asked for."""
    parameter = errand.tool.of_kind(Kind.CODE)
    if parameter is None or errand.record(talk.records) is not None:
        return ""
    return read_code(reading.text, code_length(parameter), asked=True)


def _name(talk: Talk, reading: Reading, code: str, *, asked: bool = False) -> str:
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
