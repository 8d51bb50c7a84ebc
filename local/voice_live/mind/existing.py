"""What a caller wants with something that exists, such as a booking: to hear of it, change it, undo it.

The three tools for that are found by their roles. What exists is known from results: every object in one
that carries a code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from local.voice_live.mind.outputs import CallFunction
from local.voice_live.mind.results import Result
from local.voice_live.mind.roles import EXISTING, Role, family, split_name
from local.voice_live.mind.schema import Kind, Schema, Tool, is_code
from local.voice_live.mind.shifts import Shift, shifted
from local.voice_live.mind.wording import statement

type Record = Mapping[str, Any]
"""One thing that exists, as a result gave it: its code, day, time and so on by name."""

_GONE = frozenset({"cancelled", "canceled", "deleted"})
_FAMILY = "(family)"
"""Under which a record carries whether it is a booking or an order; no result has such a key."""
_MOST_RECORDS = 12


@dataclass(frozen=True, slots=True)
class Errand:
    """Something wanted with a thing that exists. Never changed, only replaced."""

    tool: Tool
    changes: Mapping[str, Any] = field(default_factory=dict)
    which: Mapping[str, Any] = field(default_factory=dict)
    """What the caller said of the thing as it is: "my table on Friday"."""
    code: str = ""
    proof: str = ""
    """The name that proves a caller from another number."""
    asking: str = ""
    """The parameter that the caller asks for, or wants to change without having said to what."""
    shifts: tuple[Shift, ...] = ()
    """Changes said as a difference ("an hour later"), until it is known from what."""
    read_out: bool = False
    """True when the last thing said states what would be done."""
    agreed: bool = False

    def record(self, records: Sequence[Record]) -> Record | None:
        """The one meant, among those known; None while that is open."""
        if self.code:
            return next((one for one in records if code_of(one) == self.code), None)
        fitting = fit(records, self.which)
        if len(fitting) == 1:
            return fitting[0]
        return records[0] if len(records) == 1 else None

    def settled(self, records: Sequence[Record]) -> Errand:
        """The same with its differences worked out, once it is known from what."""
        record = self.record(records)
        if record is None or not self.shifts:
            return self
        new = shifted({**record, **self.changes}, self.tool, self.shifts)
        return replace(self, changes={**self.changes, **new}, shifts=())

    def changed(self, records: Sequence[Record]) -> dict[str, Any]:
        """The changes that are none already."""
        record = self.record(records) or {}
        return {name: value for name, value in self.changes.items() if record.get(name) != value}

    def call(self, records: Sequence[Record]) -> CallFunction:
        """The call that does it, as far as it is known."""
        record = self.record(records)
        code = code_of(record) if record is not None else self.code
        given: dict[str, Any] = {}
        for parameter in self.tool.parameters:
            if parameter.kind is Kind.CODE and code:
                given[parameter.name] = code
            elif parameter.kind is Kind.PERSON and self.proof:
                given[parameter.name] = self.proof
            elif parameter.name in self.changes:
                given[parameter.name] = self.changes[parameter.name]
            elif parameter.required and record is not None and record.get(parameter.name) is not None:
                given[parameter.name] = record[parameter.name]
        return CallFunction(self.tool.name, given)


def code_of(record: Record) -> str:
    """The code that a record carries; empty when it has none."""
    found = (value for key, value in record.items() if is_code(split_name(str(key)).split()))
    return next((value for value in found if isinstance(value, str)), "")


def records_in(result: Result) -> Iterator[Record]:
    """The things in a result that carry a code and still stand."""
    if result.failed or not isinstance(result.body, dict):
        return
    lists = [value for value in result.body.values() if isinstance(value, list)]
    for one in [result.body, *(entry for entries in lists for entry in entries[:_MOST_RECORDS])]:
        if isinstance(one, dict) and code_of(one) and str(one.get("status")) not in _GONE:
            yield one


def fit(records: Sequence[Record], which: Mapping[str, Any]) -> list[Record]:
    """The records of which all that was said holds; none when nothing was said."""
    if not which:
        return []
    return [one for one in records if all(one.get(name) == value for name, value in which.items())]


def learn(records: Sequence[Record], tool: Tool | None, call: CallFunction, result: Result) -> list[Record]:
    """The records known after a result."""
    if result.failed or tool is None:
        return list(records)
    found = [{**call.arguments, **one, _FAMILY: family(tool.name)} for one in records_in(result)]
    if tool.role is Role.RECALL:
        return list(found)
    touched = {code_of(one) for one in found} | {code_of(call.arguments)}
    kept = [one for one in records if code_of(one) not in touched]
    if tool.role is Role.UNDO:
        return kept
    return [*kept, *found] if tool.role in (Role.CHANGE, Role.COMMIT, Role.PLACE) else list(records)


def described(schema: Schema, record: Record) -> str:
    """A record in words: "table at Casa Verde for two people on Friday ...", without an article."""
    if record.get(_FAMILY) == "order":
        where = record.get(schema.subject)
        return f"order from {where}" if where else "order"
    tool = schema.with_role(Role.COMMIT) or schema.with_role(Role.CHANGE)
    if tool is None:
        return "booking"
    known = {p.name: record[p.name] for p in tool.parameters if record.get(p.name) is not None}
    return statement(tool, known).removeprefix("a ").removeprefix("an ")


def read_out(schema: Schema, errand: Errand, records: Sequence[Record]) -> str:
    """The statement of what would be done, in a fixed form, without its question."""
    record = errand.record(records)
    noun = existing_noun(errand.tool)
    if errand.tool.role is Role.UNDO:
        what = described(schema, record) if record is not None else f"{noun} with that code"
        return f"So I {split_name(errand.tool.name).split()[0]} the {what}."
    changes = errand.changes
    if record is None:
        known = statement(errand.tool, {k: v for k, v in changes.items() if k != errand.code})
        return f"So I change the {noun} with that code to {known}."
    return f"So I change your {noun}: the new one is a {described(schema, {**record, **changes})}."


def existing_noun(tool: Tool) -> str:
    """What a tool is about: "move_booking" is about a "booking"."""
    found = [word for word in split_name(tool.name).split() if word in EXISTING]
    return found[0].removesuffix("s") if found else "booking"


def after(errand: Errand, tool: Tool, result: Result) -> Errand | None:
    """The errand after a result of one of its tools; None when it is done."""
    if result.failed:
        return replace(errand, agreed=False, read_out=False)
    return None if tool.role is errand.tool.role and not errand.asking else errand
