"""Resources against Azure's published types: names, versions, properties, values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from tree_sitter import Node

from infra.check.azure_types import PRIMITIVES, ObjectType, Property, ResourceType, azure_types
from infra.check.expressions import Lookup, path_of
from infra.check.source import Declaration, Finding, entries, function_name, literal, text_of, walk

_BICEP_ONLY: Final = frozenset({"parent", "scope", "dependsOn"})
_GIVEN: Final = frozenset({"type", "apiVersion", "id"})
"""What Bicep itself fills in."""


def check_resources(lookup: Lookup) -> Iterator[Finding]:
    """Every resource of a file, and every `name.property` that reads one."""
    file = lookup.file
    for declared in file.resources:
        known = azure_types().get(declared.reference.lower())
        if known is None:
            yield file.finding(declared.node, _why_unknown(declared.reference))
        elif known.name != declared.reference:
            yield file.finding(declared.node, f"'{declared.reference}' is spelt '{known.name}'")
        elif declared.body is None:
            yield file.finding(declared.node, f"resource '{declared.name}' has no body")
        else:
            yield from _Body(lookup, known, declared).check()
    for node in file.nodes:
        if node.type == "member_expression" and (node.parent is None or node.parent.type != node.type):
            yield from _check_read(lookup, node)


def _why_unknown(reference: str) -> str:
    name, _, version = reference.partition("@")
    if not version:
        return f"'{reference}' has no API version"
    versions = [one.partition("@")[2] for one in azure_types() if one.partition("@")[0] == name.lower()]
    if versions:
        return f"{name} has no API version {version} here; known: {', '.join(versions)}"
    return (
        f"unknown resource type '{name}'; if it is spelt right: python -m infra.check.refresh_types learns it"
    )


def _check_read(lookup: Lookup, node: Node) -> Iterator[Finding]:
    path = path_of(node)
    declared = lookup.file.declarations.get(path[0]) if path else None
    if path is None or declared is None or declared.kind != "resource":
        return
    if (
        node.parent is not None
        and node.parent.type == "call_expression"
        and node.parent.named_children[0] == node
    ):
        return  # a method, such as listKeys()
    problem = lookup.property_at(declared, path[1:])
    if isinstance(problem, str):
        yield lookup.file.finding(node, f"{declared.type_name}: {problem}")


class _Body:
    """One resource body under check."""

    def __init__(self, lookup: Lookup, known: ResourceType, declared: Declaration) -> None:
        self._lookup = lookup
        self._file = lookup.file
        self._known = known
        self._declared = declared

    def check(self) -> Iterator[Finding]:
        body = self._declared.body
        assert body is not None  # noqa: S101 - the caller has looked
        whole = self._known.body
        if self._declared.is_existing:
            whole = ObjectType({"name": whole.properties["name"]}, None, None, {})
        yield from self._object(body, whole, "", ignore=_BICEP_ONLY, given=_GIVEN)

    def _object(
        self,
        node: Node,
        kind: ObjectType,
        where: str,
        *,
        ignore: frozenset[str] = frozenset(),
        given: frozenset[str] = frozenset(),
    ) -> Iterator[Finding]:
        have = entries(node)
        properties = dict(kind.properties)
        if kind.by is not None:
            if kind.by not in have:
                yield self._file.finding(node, f"{self._at(where)}: '{kind.by}' is missing")
                return
            value = literal(have[kind.by][1])
            if value is None:
                return
            if value not in kind.kinds:
                allowed = ", ".join(kind.kinds)
                yield self._file.finding(
                    have[kind.by][1], f"{self._at(where, kind.by)}: '{value}' is none of {allowed}"
                )
                return
            properties.update(kind.kinds[value])
        for name, (entry, value_node) in have.items():
            if name in ignore:
                continue
            if name in properties:
                yield from self._property(entry, value_node, properties[name], f"{where}.{name}".strip("."))
            elif kind.additional is not None:
                yield from self._value(value_node, kind.additional, f"{where}.{name}".strip("."))
            else:
                yield self._file.finding(entry, f"{self._at(where)}: {_no_property(name, properties)}")
        for name, wanted in properties.items():
            if wanted.required and not wanted.read_only and name not in have and name not in given:
                yield self._file.finding(node, f"{self._at(where)}: '{name}' is missing")

    def _property(self, entry: Node, value: Node, wanted: Property, where: str) -> Iterator[Finding]:
        if wanted.read_only:
            yield self._file.finding(entry, f"{self._at(where)} is read-only")
            return
        yield from self._value(value, wanted.type, where)
        yield from self._limits(value, wanted, where)

    def _value(self, node: Node, kind: str, where: str) -> Iterator[Finding]:
        if node.type == "ternary_expression":
            for branch in node.named_children[1:]:
                yield from self._value(branch, kind, where)
            return
        if node.type == "identifier" and (value := self._variable(node)) is not None:
            node = value
        for part in _parts(node):
            yield from self._value(part, kind, where)
        found = self._lookup.kind_of(node)
        if found in (None, "null") or kind == "any":
            return
        item = _item_type(kind)
        inner = self._known.object(kind)
        expected = "array" if item else "object" if inner else _primitive(kind)
        if expected == "any" or (expected == "array" and kind == "array"):
            return
        if found != expected:
            yield self._file.finding(node, f"{self._at(where)}: {found} given, {expected} expected")
        elif item is not None:
            for child in _items(node):
                yield from self._value(child, item, f"{where}[]")
        elif inner is not None and node.type == "object":
            yield from self._object(node, inner, where)
        elif expected == "string" and (text := literal(node)) is not None:
            yield from self._literal(node, kind, text, where)

    def _literal(self, node: Node, kind: str, text: str, where: str) -> Iterator[Finding]:
        """Open enumerations count as closed: what they list today is what this project means."""
        values = [part for part in kind.split(" | ") if part not in PRIMITIVES]
        if values and text not in values:
            yield self._file.finding(node, f"{self._at(where)}: '{text}' is none of {', '.join(values[:12])}")

    def _limits(self, node: Node, wanted: Property, where: str) -> Iterator[Finding]:
        if node.type == "number":
            number = int(text_of(node))
            low, high = wanted.limits.get("minValue", number), wanted.limits.get("maxValue", number)
            if not low <= number <= high:
                yield self._file.finding(node, f"{self._at(where)}: {number} is not from {low} to {high}")
        text = literal(node)
        if text is None:
            return
        low, high = wanted.limits.get("minLength", 0), wanted.limits.get("maxLength", len(text))
        if not low <= len(text) <= high:
            yield self._file.finding(
                node, f"{self._at(where)}: '{text}' is not {low} to {high} characters long"
            )
        if wanted.pattern and not re.search(wanted.pattern, text):
            yield self._file.finding(node, f"{self._at(where)}: '{text}' does not fit {wanted.pattern}")

    def _variable(self, node: Node) -> Node | None:
        declared = self._file.declarations.get(text_of(node))
        return declared.value if declared is not None and declared.kind == "variable" else None

    def _at(self, *parts: str) -> str:
        return ".".join([self._declared.name, *(part for part in parts if part)])


def _primitive(kind: str) -> str:
    """The primitive behind a primitive or a list of literals."""
    parts = kind.split(" | ")
    return next((part for part in parts if part in PRIMITIVES), "string")


def _item_type(kind: str) -> str | None:
    return kind.removesuffix("[]") if kind.endswith("[]") else None


def _items(node: Node) -> Iterator[Node]:
    """The elements of an array, or what a loop or `map` makes."""
    if node.type == "array":
        yield from (child for child in node.named_children if child.type != "comment")
    elif node.type == "for_statement":
        body = node.named_children[-1]
        yield body.named_children[-1] if body.type == "if_statement" else body
    elif node.type == "call_expression" and function_name(node) == "map":
        yield from (one.named_children[-1] for one in walk(node) if one.type == "lambda_expression")


def _parts(node: Node) -> list[Node]:
    """What `concat` puts together."""
    arguments = node.child_by_field_name("arguments")
    if node.type != "call_expression" or function_name(node) != "concat" or arguments is None:
        return []
    return list(arguments.named_children)


def _no_property(name: str, properties: Mapping[str, Property]) -> str:
    near = get_close_matches(name, properties, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(properties)}"
    return f"no property '{name}'; {hint}"
