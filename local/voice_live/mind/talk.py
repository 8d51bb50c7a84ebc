"""The state of a conversation, rebuilt from its items each time: what is known, asked and under way.

Nothing is remembered between replies. Truncating, deleting or seeding items therefore changes the state
exactly as it changes the conversation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from local.voice_live.mind.asked import Asked, Wanted, read_question
from local.voice_live.mind.cart import Cart, after_add, after_begin
from local.voice_live.mind.existing import Errand, Record, after, learn, read_out
from local.voice_live.mind.faults import at_fault, without_fault
from local.voice_live.mind.goal import Goal
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.known import Known
from local.voice_live.mind.line_words import LineWords, line_words
from local.voice_live.mind.outputs import CallFunction
from local.voice_live.mind.refer import subject_value
from local.voice_live.mind.results import Result, Thing, read_result
from local.voice_live.mind.roles import OF_AN_ORDER, ON_EXISTING, Role, family
from local.voice_live.mind.schema import Kind, Parameter, Schema, Tool
from local.voice_live.mind.slots import missing
from local.voice_live.mind.special import joined
from local.voice_live.mind.spoken import value_words
from local.voice_live.mind.wording import LOST, SHALL_I, brief_read_back, read_back
from local.voice_live.mind.words import plain


@dataclass(slots=True)
class Talk:
    """Everything a reply depends on."""

    schema: Schema
    now: datetime
    known: Known = field(default_factory=Known)
    """What the instructions say of the caller."""
    goal: Goal | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    """Facts for committing tools, whenever they were said."""
    things: tuple[Thing, ...] = ()
    focus: str = ""
    """The subject talked about last, as the tools name it."""
    search: dict[str, Any] = field(default_factory=dict)
    lookup: CallFunction | None = None
    """The last lookup, which "and on Friday?" asks for once more."""
    pending: CallFunction | None = None
    """The call just read back, until the caller speaks."""
    asked: Asked | None = None
    said: list[str] = field(default_factory=list)
    lost: int = 0
    """How many times in a row nothing was understood."""
    heard: Heard | None = None
    """The caller's sentence that has no reply yet."""
    results: list[tuple[CallFunction, Result]] = field(default_factory=list)
    """Tool outputs not yet spoken of."""
    line_said: str = ""
    """What the line said in our name since our last reply."""
    checked: bool = False
    """True when the line just asked whether the caller is there, or can be helped."""
    directive: str = ""
    hint: str = ""
    """How the client wants the next reply: "rephrase", "narrow" or nothing special."""
    committed: list[CallFunction] = field(default_factory=list)
    """The committing calls that succeeded."""
    failures: dict[str, Result] = field(default_factory=dict)
    """Calls that failed, by `call_key`."""
    running: dict[str, CallFunction] = field(default_factory=dict)
    """Calls without an output yet, by call id."""
    caller_turns: list[str] = field(default_factory=list)
    left_open: bool = False
    """True when the caller just gave up something that was being prepared."""
    ended: bool = False
    errand: Errand | None = None
    """What is wanted with something that exists, until it is done or given up."""
    noted: dict[str, Any] = field(default_factory=dict)
    """What the caller said that is worth keeping, for the tool that keeps it."""
    asked_to_keep: bool = False
    forgetting: Mapping[str, Any] = field(default_factory=dict)
    """What shall be deleted, by the parameters of the tool that does it."""
    cart: Cart | None = None
    """The order under way."""
    had: dict[str, list[Record]] = field(default_factory=dict)
    """What is known to exist for this caller, from results, by family: bookings and orders."""
    family: str = ""
    """The family of what was dealt with last."""

    @property
    def last_said(self) -> str:
        """The last thing said to the caller."""
        return self.said[-1] if self.said else ""

    @property
    def expected(self) -> Parameter | None:
        """The parameter the caller was asked for, else the one to be asked next."""
        if self.asked is not None and self.asked.wanted is Wanted.VALUE:
            tools = ([self.goal.tool] if self.goal else []) + list(self.schema.tools)
            return next((p for tool in tools if (p := tool.parameter(self.asked.name))), None)
        if self.goal is None:
            return None
        # After "closed" both day and time are at fault; a bare number can only be the time.
        fault = sorted(self.goal.at_fault, key=lambda p: p.kind is not Kind.TIME)
        return next(iter([*self.goal.missing, *fault]), None)

    @property
    def ready(self) -> bool:
        """True when the goal has all it needs and has not failed as it stands."""
        goal = self.goal
        return goal is not None and not goal.missing and call_key(goal.call) not in self.failures

    @property
    def names(self) -> tuple[str, ...]:
        """Names learnt from results."""
        return tuple(thing.name for thing in self.things)

    @property
    def records(self) -> list[Record]:
        """What is known to exist of the family dealt with last."""
        return self.had.get(self.family, [])

    # --- items ---

    def caller_said(self, heard: Heard) -> None:
        """Take an interpreted sentence of the caller."""
        self.caller_turns.append(heard.text)
        if self.heard is not None and heard.want in (Want.LOST, Want.WAIT, Want.THANK, Want.GREET):
            return  # the earlier sentence still waits for its reply and says more
        self.heard = heard
        self.pending = None
        self.checked = False
        self.directive = ""
        if heard.want not in (Want.REPEAT, Want.LOST):
            self.hint = ""  # they were understood, whatever the line made of it
        self._pursue(heard)

    def agent_said(self, text: str) -> None:
        """Take a reply, heard whole or in part."""
        if not text.strip():
            return
        kind = line_words(text)
        if self.running and kind is None and not text.rstrip().endswith("?"):
            kind = LineWords.FILLER
        self.directive = ""
        self.lost = self.lost + 1 if text.startswith(LOST) else 0 if kind is None else self.lost
        self.line_said, self.checked = "", False
        if kind is not None and kind is not LineWords.BACK:
            self._line_said(text, kind)
            return
        told_results = [tool.role for call, _ in self.results if (tool := self.schema.tool(call.name))]
        self.said.append(text)
        self.heard = None
        self.hint = ""
        self.results.clear()
        if kind is None or self.goal is None:
            self.asked = read_question(text, self.schema)
            self.asked_to_keep |= self.asked is not None and self.asked.wanted is Wanted.KEEP
        self.checked = kind is not None and self.goal is not None
        self.pending = None
        if self.goal is not None and self.reads_back(text):
            self.pending = self.goal.call
        if self.cart is not None:
            reviewed = bool(told_results) and told_results[-1] == Role.REVIEW and self.cart.done
            self.cart = replace(self.cart, told=reviewed and text.rstrip().endswith(SHALL_I), shows=False)
        if self.errand is not None:
            told = self.errand.tool.role is Role.RECALL and bool(self.records)
            self.errand = None if told else replace(self.errand, read_out=self.reads_errand(text))

    def reads_errand(self, text: str) -> bool:
        """True when a text states all that an errand would do."""
        errand = self.errand
        if errand is None or errand.tool.role is Role.RECALL:
            return False
        return plain(read_out(self.schema, errand, self.records)) in plain(text)

    def _line_said(self, text: str, kind: LineWords) -> None:
        """Words of the line answer nothing: what waits for a reply goes on waiting, what was asked stays."""
        self.line_said = text
        self.checked = kind is LineWords.CHECK
        if self.checked:
            self.pending = None  # "yes" means "I am here"
            self.errand = replace(self.errand, read_out=False) if self.errand is not None else None
        if self.heard is not None and self.heard.want in (Want.LOST, Want.REPEAT, Want.WAIT):
            self.heard = None
        if self.asked is None or self.asked.wanted is Wanted.OTHER:
            self.asked = read_question(text, self.schema)

    def reads_back(self, text: str) -> bool:
        """True when a text states everything that is prepared, at length or in brief."""
        goal = self.goal
        if goal is None or goal.tool.role is not Role.COMMIT or not self.ready:
            return False
        statements = read_back(goal.tool, goal.given), brief_read_back(goal.tool, goal.given)
        return any(plain(statement.rstrip(".")) in plain(text) for statement in statements)

    def called(self, call_id: str, call: CallFunction) -> None:
        """Take a function call of our own, or a seeded one."""
        self.heard = None
        self.hint = ""
        self.pending = None
        self.running[call_id] = call
        tool = self.schema.tool(call.name)
        if tool is None:
            return
        if tool.role is Role.END:
            self.ended = True
        if tool.role is Role.KEEP:
            self.asked_to_keep, self.noted = True, {}
        if tool.role is Role.SEARCH:
            self.search = dict(call.arguments)
        if tool.role is Role.LOOKUP:
            self.lookup = call
        if tool.role is Role.ADD and self.cart is not None:
            self.cart = replace(self.cart, waiting=self.cart.waiting[1:])
        if tool.role is Role.REVIEW and self.cart is not None:
            self.cart = replace(self.cart, shows=False)
        subject = call.arguments.get(self.schema.subject)
        if isinstance(subject, str) and subject:
            self.focus = subject
        if self.goal is not None and self.goal.tool is tool and tool.role is not Role.COMMIT:
            self.goal = None

    def returned(self, call_id: str, output: object) -> None:
        """Take the output of a call."""
        call = self.running.pop(call_id, None) or CallFunction("")
        result = read_result(output)
        self.results.append((call, result))
        tool = self.schema.tool(call.name)
        self._learn(tool, result)
        if tool is None:
            return
        if tool.role in ON_EXISTING or tool.role in (Role.COMMIT, Role.PLACE):
            self.family = family(tool.name)
            self.had[self.family] = learn(self.records, tool, call, result)
        if tool.role in ON_EXISTING and len(self.records) == 1:
            self.focus = str(self.records[0].get(self.schema.subject) or self.focus)
        if self.errand is not None and tool.role in ON_EXISTING:
            errand = after(self.errand, tool, result)
            self.errand = errand.settled(self.records) if errand is not None else None
        if tool.role in OF_AN_ORDER:
            self._order_returned(tool, call, result)
            return
        if result.failed and tool.role in ON_EXISTING:
            if not result.may_retry:
                self.failures[call_key(call)] = result
        elif result.failed:
            self._failed(tool, call, result)
        elif tool.role is Role.COMMIT:
            self.committed.append(call)
            self._committed()

    # --- consequences ---

    def _order_returned(self, tool: Tool, call: CallFunction, result: Result) -> None:
        """What a result changes about the order under way."""
        cart = self.cart or Cart()
        match tool.role:
            case Role.BEGIN:
                self.cart = after_begin(cart, call, result)
                if result.failed and not result.may_retry:
                    self.failures[call_key(call)] = result
                    self.cart = replace(self.cart, given=without_fault(tool, call, result, self.schema))
            case Role.ADD:
                self.cart = after_add(cart, tool, call, result)
            case Role.PLACE if not result.failed:
                self.committed.append(call)
                self.cart = None
            case Role.PLACE | Role.REVIEW if result.failed:
                self.cart = replace(cart, agreed=False, told=False)

    def _pursue(self, heard: Heard) -> None:
        """What a sentence changes: the goal, its values, what is remembered."""
        subject = heard.values.get(self.schema.subject)
        if isinstance(subject, str) and subject:
            self.focus = subject
        self.noted.update(heard.noted)
        match heard.want:
            case Want.ERRAND:
                self.family = family(heard.errand.tool.name) if heard.errand is not None else self.family
                self.errand = heard.errand.settled(self.records) if heard.errand is not None else None
                self.goal = None
            case Want.PREPARE if heard.tool is not None:
                self.errand = None
                self._remember(heard.values)
                names = {p.name for p in heard.tool.parameters}
                kept = self.goal.given if self.goal is not None and self.goal.tool is heard.tool else {}
                known = {k: v for k, v in self.memory.items() if k in names}
                morning = self.goal is not None and self.goal.morning
                self.goal = Goal(heard.tool, {**kept, **known, **heard.values}, morning=morning)
                self.goal.mind_the_morning(heard)
            case Want.ANSWER if self.goal is not None:
                self._remember(heard.values)
                for parameter in self.goal.tool.parameters:
                    if parameter.kind is Kind.REQUEST and isinstance(heard.values.get(parameter.name), str):
                        before = self.goal.given.get(parameter.name)
                        self.goal.given[parameter.name] = joined(before, heard.values[parameter.name])
                told = {k: v for k, v in heard.values.items() if self._kind_of(k) is not Kind.REQUEST}
                self.goal.given.update(told)
                self.goal.mind_the_morning(heard)
                self.goal.at_fault = () if heard.values else self.goal.at_fault
                for name, value in list(self.goal.given.items()):
                    if value is None:  # the caller named a value to change without giving the new one
                        del self.goal.given[name]
                        self.memory.pop(name, None)
            case Want.SELECT if self.goal is not None and self.goal.tool.parameter(self.schema.subject):
                self.goal.given[self.schema.subject] = self.focus
            case Want.REQUEST if heard.tool is not None:
                self._request(heard, heard.tool)
            case Want.CANCEL | Want.LEAVE:
                goal, errand = self.goal, self.errand
                self.left_open = (goal is not None and goal.tool.role is Role.COMMIT) or (
                    errand is not None and errand.tool.role is not Role.RECALL
                )
                self.left_open |= self.cart is not None
                self.goal = self.errand = self.cart = None
                self.memory = {k: v for k, v in self.memory.items() if self._kind_of(k) is Kind.PERSON}
            case Want.ORDER:
                self.errand = self.goal = None
                self.cart = heard.cart
            case Want.FORGET:
                self.forgetting = dict(heard.values)
            case Want.INTRODUCE:
                self._remember(heard.values)

    def _request(self, heard: Heard, tool: Tool) -> None:
        if tool.role is Role.SEARCH:
            self._remember(heard.beside)
        if tool.role is Role.SEARCH and self.goal is not None and self.goal.tool.role is Role.COMMIT:
            self.goal.given.pop(self.schema.subject, None)  # the caller is looking for another one
            self.goal.given.update(heard.beside)
        if missing(tool, heard.values) and (self.goal is None or self.goal.tool.role is not Role.COMMIT):
            self.goal = Goal(tool, dict(heard.values))
        elif self.goal is not None and self.goal.tool.role is not Role.COMMIT:
            self.goal = None

    def _remember(self, values: Mapping[str, Any]) -> None:
        self.memory.update({k: v for k, v in values.items() if k != self.schema.subject and v is not None})

    def _kind_of(self, name: str) -> Kind | None:
        return next((p.kind for tool in self.schema.tools if (p := tool.parameter(name))), None)

    def _learn(self, tool: Tool | None, result: Result) -> None:
        """Keep the listed things a caller may choose from; the dishes of a menu are none of them."""
        parameter = self.schema.subject_parameter
        named = [subject_value(thing, parameter) for thing in result.things]
        searched = tool is not None and tool.role is Role.SEARCH
        choosable = parameter is None or any(one in parameter.options for one in named)
        if not result.things or not (choosable or (searched and parameter and not parameter.options)):
            return
        self.things = result.things
        if searched or len(named) == 1:
            self.focus = named[0] if len(named) == 1 else ""

    def _committed(self) -> None:
        self.goal = None
        self.memory = {k: v for k, v in self.memory.items() if self._kind_of(k) is Kind.PERSON}

    def _failed(self, tool: Tool, call: CallFunction, result: Result) -> None:
        """Keep what was given. A subject that failed is forgotten, for nothing else can mend that."""
        if not result.may_retry:
            self.failures[call_key(call)] = result
        fault = at_fault(tool, call, result, self.schema)
        given = dict(call.arguments)
        if self.schema.subject in fault:
            given.pop(self.schema.subject, None)
            self.focus = ""
        asks = tool.role in (Role.SEARCH, Role.LOOKUP) and self.goal is None
        if tool.role is Role.COMMIT or (asks and missing(tool, given)):
            self.goal = Goal(tool, given, tuple(p for p in tool.parameters if p.name in fault))


def call_key(call: CallFunction) -> str:
    """The same for two calls that ask for the same."""
    return json.dumps([call.name, call.arguments], sort_keys=True, default=str)


def spoken_values(tool: Tool, values: Mapping[str, Any]) -> list[str]:
    """The values in words, in the tool's order."""
    return [value_words(p, values[p.name]) for p in tool.parameters if values.get(p.name) is not None]
