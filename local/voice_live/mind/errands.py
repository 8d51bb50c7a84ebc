"""What a sentence wants with a booking that exists: to begin with, and while that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.voice_live.mind.acts import Act, plainly_agrees, read_acts
from local.voice_live.mind.changes import named_to_change
from local.voice_live.mind.choose import best_tool
from local.voice_live.mind.errand_values import (
    bare_answer,
    before_and_after,
    code_in,
    code_said,
    facts,
    is_new_request,
    model_of,
    name_in,
    new_values,
    stated,
)
from local.voice_live.mind.errand_words import (
    ASKS_FOR_ONE,
    BOOKED,
    CANCELS,
    CHANGE,
    CHANGE_IT,
    CHANGE_THAT,
    CHANGE_THAT_PLAINLY,
    DOES_IT,
    DROPPED,
    FOLLOWS,
    KNOW_OF_IT,
    MOVES,
    NO_CODE,
    ONE_MORE,
    RECALL,
    SOMETHING_NEW,
    UNDO,
    UNDO_IT,
    UNDO_THAT,
    VERIFIES,
    WHICH_CODE,
)
from local.voice_live.mind.existing import Errand, Record, code_of, fit
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.owned import Owned, find_owned
from local.voice_live.mind.patterns import pattern_of
from local.voice_live.mind.reading import Reading, read
from local.voice_live.mind.roles import EXISTING, ON_EXISTING, ORDERS, Role, family
from local.voice_live.mind.schema import Kind, Tool
from local.voice_live.mind.shifts import Shift, read_shifts
from local.voice_live.mind.talk import Talk

_TOWARDS = ("for", "to", "at", "on")
"""Words before a detail that may be the new one."""
_SURE = 2.0
"""Evidence for another tool from which a question is one of its own."""


def begins(talk: Talk, reading: Reading, subject: str) -> Heard | None:
    """What a sentence wants with something that exists, where there is a tool for it; None when nothing."""
    schema = talk.schema
    kind = family_meant(talk, reading)
    undo, change, recall = (_tool_for(talk, role, kind) for role in (Role.UNDO, Role.CHANGE, Role.RECALL))
    if undo is None and change is None and recall is None:
        return None
    owned = find_owned(reading.text, schema, talk.now, talk.names)
    code = code_said(reading, recall or change or undo)
    wanted = _to_undo(talk, reading, owned, subject, undo) if undo is not None else None
    if wanted is None and change is not None:
        wanted = _to_change(talk, reading, owned, subject, change)
    followed = kind == "order" and reading.line.has(FOLLOWS)
    if wanted is None and recall is not None and (code or followed or _to_recall(reading, owned)):
        asking = "code" if reading.line.has(WHICH_CODE) else ""
        wanted = Errand(recall, proof=name_in(talk, reading, code), asking=asking)
    return _heard(reading, replace(wanted, code=code)) if wanted is not None else None


def family_meant(talk: Talk, reading: Reading) -> str:
    """Whether a sentence speaks of an order or a booking; what was dealt with last where it says neither."""
    words = set(reading.words)
    if words & ORDERS or (reading.line.has(FOLLOWS) and words & {"food", "driver", "rider", "courier"}):
        return "order"
    return "booking" if words & (EXISTING | {"table", "tables"}) else talk.family or "booking"


def _tool_for(talk: Talk, role: Role, kind: str) -> Tool | None:
    """The tool for things of that family; any other only where the session has none for the family at all."""
    tool = talk.schema.with_role(role, kind)
    covered = any(t.role in ON_EXISTING and family(t.name) == kind for t in talk.schema.tools)
    return tool if tool is None or not covered or family(tool.name) == kind else None


def _to_undo(talk: Talk, reading: Reading, owned: Owned | None, subject: str, tool: Tool) -> Errand | None:
    shifts, rest = read_shifts(reading.text)
    line = reading.line
    if any(shift.kind is Kind.PARTY for shift in shifts):  # "two of us can't come" leaves the others
        line = read(rest, talk.schema, talk.now, talk.names).line
    undoes = line.has(UNDO) or (owned is not None and owned.line.has(UNDO_IT))
    if not undoes and not (talk.records and line.has(UNDO_THAT)):
        return None
    plainly = pattern_of(CHANGE_THAT_PLAINLY).search(line.text.replace("not make it", ""))
    if plainly is not None and (reading.day or reading.clock or reading.party):
        return None  # "make it three, my friend can't make it"
    return Errand(tool, which=facts(stated(talk, reading, model_of(talk, tool), subject)))


def _to_change(talk: Talk, reading: Reading, owned: Owned | None, subject: str, tool: Tool) -> Errand | None:
    if owned is not None:
        return _change_of(talk, owned, tool)
    shifts, rest = read_shifts(reading.text)
    head, tail = before_and_after(talk, rest)
    changes = new_values(talk, Errand(tool), tail, subject if head is None else "")
    known, line = bool(talk.records), reading.line
    by_the_way = known and (changes or shifts) and line.has(CHANGE_THAT) and not line.has(SOMETHING_NEW)
    if not (line.has(CHANGE) or by_the_way or (known and shifts) or is_new_request(talk, changes)):
        return None
    which = facts(stated(talk, head, tool, "")) if head is not None else {}
    return Errand(tool, changes, which, shifts=shifts)


def _change_of(talk: Talk, owned: Owned, tool: Tool) -> Errand | None:
    """A change of what the sentence speaks of: "move my table on Friday to Saturday"."""
    shifts, rest = read_shifts(owned.rest)
    _, tail = before_and_after(talk, rest)
    changes = new_values(talk, Errand(tool), tail, _named(talk, tail))
    plainly = owned.line.has(CHANGE_IT)
    if plainly and not changes and not shifts and owned.details and owned.details[-1].lead in _TOWARDS:
        # "reschedule my booking for Thursday": the day is the new one
        owned = owned.without_last_detail()
        tail = read(owned.rest, talk.schema, talk.now, talk.names)
        changes = new_values(talk, Errand(tool), tail, _named(talk, tail))
    shifts = _apart(shifts, changes, tool)
    clock = tool.of_kind(Kind.TIME)
    if plainly and not changes and not shifts and clock is not None and tail.bare_clock is not None:
        changes = {clock.name: tail.bare_clock.strftime("%H:%M")}
    if not plainly and (not (changes or shifts) or owned.line.has(VERIFIES)):
        return None
    own = read(owned.said, talk.schema, talk.now, talk.names)
    return Errand(tool, changes, facts(stated(talk, own, tool, _named(talk, own))), shifts=shifts)


def _apart(shifts: tuple[Shift, ...], changes: Mapping[str, Any], tool: Tool) -> tuple[Shift, ...]:
    """The differences of values that the sentence does not state outright as well."""
    stated_too = {p.kind for p in tool.parameters if p.name in changes}
    return tuple(shift for shift in shifts if shift.kind not in stated_too)


def _named(talk: Talk, reading: Reading) -> str:
    match = reading.choice(talk.schema.subject)
    return match.option if match is not None and not match.rivals else ""


def _to_recall(reading: Reading, owned: Owned | None) -> bool:
    line = reading.line
    if (line.has(RECALL) and not line.has(ASKS_FOR_ONE)) or line.has(WHICH_CODE) or line.has(BOOKED):
        return True
    if owned is None:
        return False
    return Act.QUESTION in reading.acts or owned.line.has(KNOW_OF_IT)


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
    if person is not None and reading.line.has(NO_CODE) and errand.record(talk.records) is None:
        return Heard(Want.PERSON, reading.text, person)  # no tool can help without a code
    dropped = reading.line.has(DROPPED)
    new = None if dropped else begins(talk, reading, subject)
    if new is not None and new.errand is not None and _is_another(errand, new.errand):
        return _heard(reading, replace(new.errand, code=new.errand.code or errand.code, proof=errand.proof))
    told = errand if dropped else _told(talk, errand, reading, subject).settled(talk.records)
    if told != errand:
        return _heard(reading, told)
    if dropped or Act.NO in reading.acts or reading.line.has(NO_CODE) or Act.CANCEL in reading.acts:
        changing = errand.tool.role is Role.CHANGE and errand.read_out and not dropped
        return Heard(Want.REFUSE if changing else Want.CANCEL, reading.text)
    if Act.YES in reading.acts or (new is not None and new.errand is not None):
        return _heard(reading, errand)
    return None


def _is_aside(talk: Talk, reading: Reading, subject: str) -> bool:
    """A question of its own ("is it open on Monday?"), or a wish for one more table."""
    line = reading.line
    if line.has(ONE_MORE):
        return True
    if Act.QUESTION not in reading.acts or line.has(CHANGE) or line.has(CHANGE_THAT_PLAINLY):
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
    does_it = DOES_IT | (CANCELS if errand.tool.role is Role.UNDO else MOVES)
    if plainly_agrees(reading.tokens, reading.acts):
        return True
    rest = [token for token in reading.tokens if token.text not in does_it]
    acts = read_acts(rest, " ".join(token.raw for token in rest))
    return Act.YES in reading.acts and plainly_agrees(rest, acts)


def _told(talk: Talk, errand: Errand, reading: Reading, subject: str) -> Errand:
    """The errand with what the sentence adds: which one, a code, a name, what is to change."""
    code = code_in(talk, errand, reading)
    unknown = errand.record(talk.records) is None
    proof = name_in(talk, reading, code, asked=bool(errand.code)) if unknown else ""
    if code or proof:
        return replace(errand, code=code or errand.code, proof=proof or errand.proof, read_out=False)
    if unknown and len(talk.records) > 1:
        picked = _picked(talk, errand, reading, subject)
        return errand if picked is None else replace(errand, code=code_of(picked), read_out=False)
    if errand.tool.role is not Role.CHANGE:
        other = _picked(talk, errand, reading, subject) if len(talk.records) > 1 else None
        return errand if other is None else replace(errand, code=code_of(other), read_out=False)
    shifts, rest = read_shifts(reading.text)
    _, tail = before_and_after(talk, rest)
    changes = new_values(talk, errand, tail, subject) or (
        {} if shifts else bare_answer(talk, errand, reading)
    )
    if changes or shifts:
        shifts = _apart(shifts, changes, errand.tool)
        all_changes = {**errand.changes, **changes}
        return replace(errand, changes=all_changes, shifts=shifts, asking="", read_out=False)
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
    said = facts(stated(talk, reading, model_of(talk, errand.tool), subject))
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
