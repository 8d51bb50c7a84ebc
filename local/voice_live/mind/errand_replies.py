"""The replies about something that exists: which one, a read-back, and the call after a yes."""

from __future__ import annotations

from local.voice_live.mind.existing import Errand, code_of, described, existing_noun, fit, read_out
from local.voice_live.mind.outputs import CallFunction, Output, Say
from local.voice_live.mind.roles import Role, family
from local.voice_live.mind.schema import Kind, Tool
from local.voice_live.mind.spoken import join_words, number_words
from local.voice_live.mind.talk import Talk, call_key
from local.voice_live.mind.wording import ANYTHING_ELSE, SHALL_I, WHAT_TO_CHANGE, question

_MOST_TOLD = 3


def next_for(talk: Talk, errand: Errand) -> Output:
    """What comes next for an errand: a question, a read-back or a call."""
    recall = talk.schema.with_role(Role.RECALL, family(errand.tool.name))
    if errand.tool.role is Role.RECALL:
        told = errand.asking and talk.records
        return Say(_codes(talk, errand)) if told else _look_up(talk, errand, errand.tool)
    record = errand.record(talk.records)
    if record is None and not errand.code and len(talk.records) > 1:
        return Say(_which(talk, errand))
    if record is None and recall is not None:
        return _look_up(talk, errand, recall)
    if record is None and not errand.code:
        return Say(_ask_code(talk, errand))
    if errand.tool.role is Role.CHANGE and not errand.changed(talk.records):
        return Say(_ask_change(talk, errand))
    call = errand.call(talk.records)
    if call_key(call) in talk.failures:
        return Say(WHAT_TO_CHANGE if errand.tool.role is Role.CHANGE else _ask_code(talk, errand))
    if errand.agreed:
        return call
    return Say(f"{read_out(talk.schema, errand, talk.records)} {SHALL_I}")


def _look_up(talk: Talk, errand: Errand, recall: Tool) -> Output:
    given = {p.name: errand.code for p in recall.parameters if p.kind is Kind.CODE and errand.code}
    if errand.code and errand.proof:
        given |= {p.name: errand.proof for p in recall.parameters if p.kind is Kind.PERSON}
    call = CallFunction(recall.name, given)
    return call if call_key(call) not in talk.failures else Say(_ask_code(talk, errand))


def _ask_code(talk: Talk, errand: Errand) -> str:
    parameter = errand.tool.of_kind(Kind.CODE)
    if parameter is None:
        return WHAT_TO_CHANGE
    return question(parameter, talk.schema, again=1 if parameter.label in talk.last_said else 0)


def _ask_change(talk: Talk, errand: Errand) -> str:
    parameter = errand.tool.parameter(errand.asking)
    return question(parameter, talk.schema) if parameter is not None else WHAT_TO_CHANGE


def _codes(talk: Talk, errand: Errand) -> str:
    """The codes letter by letter, each with what it is for where there are several."""
    records = talk.records[:_MOST_TOLD]
    said = [", ".join(code_of(one)) for one in records]
    if len(records) == 1:
        return f"The code of your {existing_noun(errand.tool)} is {said[0]}. {ANYTHING_ELSE}"
    told = [f"{code} for the {described(talk.schema, one)}" for code, one in zip(said, records, strict=True)]
    return f"The codes are {join_words(told)}. {ANYTHING_ELSE}"


def _which(talk: Talk, errand: Errand) -> str:
    records = fit(talk.records, errand.which) or list(talk.records)
    told = [f"a {described(talk.schema, one)}" for one in records[:_MOST_TOLD]]
    noun = existing_noun(errand.tool)
    return f"There are {number_words(len(records))} {noun}s: {join_words(told)}. Which one do you mean?"
