"""An order under way: what was said for it, what stands in it, what is open. Never changed, only replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from local.voice_live.mind.outputs import CallFunction
from local.voice_live.mind.results import Result
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind, Parameter, Schema, Tool
from local.voice_live.mind.words import plain, word_set

_MOMENT = re.compile(r"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}\b")
_ITEM_WORDS = word_set("item dish product food")
_LINE_WORDS = word_set("line position")


@dataclass(frozen=True, slots=True)
class Portion:
    """One dish or drink as the caller wants it. `quantity` 0 takes it out, None leaves the number open."""

    item: str
    quantity: int | None = None
    more: bool = False
    """True when so many are wanted beside those there are."""
    options: tuple[str, ...] = ()
    note: str = ""
    confirmed: bool = False
    known: bool = False
    """True when the tools name it: it is on the menu."""


@dataclass(frozen=True, slots=True)
class Cart:
    """`given` are the arguments of the tool that begins the order."""

    given: Mapping[str, Any] = field(default_factory=dict)
    begun: bool = False
    waiting: tuple[Portion, ...] = ()
    """Said, and not yet in the order."""
    lines: tuple[Mapping[str, Any], ...] = ()
    """What stands in the order, as the last result told it."""
    touched: str = ""
    """The item that was changed last."""
    open: Portion | None = None
    """What a question of the tool is about."""
    choices: tuple[str, ...] = ()
    """What can be chosen for it, where the tool said so."""
    sure: bool = False
    """True when the open question is whether the caller is sure."""
    proposal: str = ""
    """The day and time that the tool proposed instead, as it takes them."""
    done: bool = False
    """True when the caller wants nothing more in it."""
    told: bool = False
    """True when the order as it stands was told, to be agreed to."""
    shows: bool = False
    """True when the caller wants to hear what there is so far."""
    agreed: bool = False
    name: str = ""

    def line_of(self, item: str) -> Mapping[str, Any] | None:
        """The line of an item that stands in the order."""
        wanted = plain(item).replace("-", " ")
        for line in reversed(self.lines):
            names = [plain(str(line.get(key, ""))).replace("-", " ") for key in ("item", "id", "name")]
            if any(wanted == name or (len(wanted) > 3 and wanted in name) for name in names if name):
                return dict(line)
        return None


def after_begin(cart: Cart, call: CallFunction, result: Result) -> Cart:
    """The cart after the tool that begins an order has answered."""
    if result.failed:
        proposed = _MOMENT.search(result.message)
        return replace(cart, begun=False, proposal=proposed[0] if proposed is not None else "")
    return replace(cart, given=dict(call.arguments), begun=True, lines=_lines(result, cart.lines), told=False)


def after_add(cart: Cart, tool: Tool, call: CallFunction, result: Result) -> Cart:
    """The cart after a dish was put in, changed or taken out, or could not be."""
    portion = as_portion(tool, call)
    if result.failed:
        body = result.body if isinstance(result.body, dict) else {}
        listed = body.get("choices")
        choices = tuple(str(one) for one in listed) if isinstance(listed, list) else ()
        sure = flag_of(tool) is not None and "confirm" in result.message
        return replace(cart, open=portion, choices=choices, sure=sure)
    lines = _lines(result, cart.lines)
    return replace(cart, lines=lines, touched=portion.item, open=None, choices=(), sure=False, told=False)


def _lines(result: Result, before: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
    items = result.body.get("items") if isinstance(result.body, dict) else None
    if not isinstance(items, list):
        return before
    return tuple(one for one in items if isinstance(one, dict))


def as_portion(tool: Tool, call: CallFunction) -> Portion:
    """What a call of the tool that adds was about."""
    quantity = call.arguments.get(_name(tool.of_kind(Kind.NUMBER)))
    options = call.arguments.get(_name(tool.of_kind(Kind.LIST)))
    return Portion(
        item=str(call.arguments.get(_name(item_of(tool)), "")),
        quantity=quantity if isinstance(quantity, int) else None,
        options=tuple(str(one) for one in options) if isinstance(options, (list, tuple)) else (),
        note=str(call.arguments.get(_name(tool.of_kind(Kind.REQUEST)), "")),
    )


def add_call(tool: Tool, cart: Cart, portion: Portion) -> CallFunction:
    """The call that brings a portion into the order as it stands."""
    line = cart.line_of(portion.item)
    had = {str(one) for one in (line or {}).get("options") or ()}
    if portion.more and portion.options and not had & set(portion.options):
        line = None  # "another one, a large one" is not like the one there is
    quantity = portion.quantity
    if portion.more and line is not None and isinstance(line.get("quantity"), int):
        quantity = line["quantity"] + (portion.quantity or 1)
    values: dict[str, Any] = {}
    for parameter in tool.parameters:
        value = _value(parameter, tool, portion, line, quantity)
        if value not in (None, "", []):
            values[parameter.name] = value
    return CallFunction(tool.name, values)


def _value(
    parameter: Parameter, tool: Tool, portion: Portion, line: Mapping[str, Any] | None, quantity: int | None
) -> object:
    if parameter == item_of(tool):
        return str(line.get("item") or portion.item) if line is not None else portion.item
    if parameter.kind is Kind.NUMBER and _LINE_WORDS & set(parameter.label.split()):
        return line.get("line") if line is not None else None
    if parameter.kind is Kind.NUMBER:
        return quantity if quantity != 1 or line is not None else None
    if parameter.kind is Kind.LIST:
        return list(portion.options)
    if parameter.kind is Kind.REQUEST:
        return portion.note
    return True if parameter.kind is Kind.FLAG and portion.confirmed else None


def item_of(tool: Tool) -> Parameter | None:
    """The parameter that takes the dish."""
    named = [p for p in tool.parameters if _ITEM_WORDS & set(p.label.split())]
    return next(iter([*named, *tool.required]), None)


def flag_of(tool: Tool) -> Parameter | None:
    """The parameter that says that the caller is sure."""
    return tool.of_kind(Kind.FLAG)


def _name(parameter: Parameter | None) -> str:
    return parameter.name if parameter is not None else ""


def address_of(begin: Tool) -> Parameter | None:
    """The parameter that takes where to deliver."""
    return begin.of_kind(Kind.PLACE)


def lacking(begin: Tool, cart: Cart) -> list[Parameter]:
    """What must still be known before an order can begin."""
    return [p for p in begin.required if p.name not in cart.given]


def placed_name(schema: Schema) -> Parameter | None:
    """The name that the order is placed under."""
    tool = schema.with_role(Role.PLACE)
    return tool.of_kind(Kind.PERSON) if tool is not None else None


def known_items(schema: Schema) -> Sequence[str]:
    """What can be ordered, as far as the tools say so."""
    tool = schema.with_role(Role.ADD)
    parameter = item_of(tool) if tool is not None else None
    return parameter.options if parameter is not None else ()


def known_options(schema: Schema) -> Sequence[str]:
    """What can be chosen for dishes, as far as the tools say so."""
    tool = schema.with_role(Role.ADD)
    parameter = tool.of_kind(Kind.LIST) if tool is not None else None
    return parameter.options if parameter is not None else ()
