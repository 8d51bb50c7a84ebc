"""What can be said about the value of an expression without evaluating it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from tree_sitter import Node

from infra.check.azure_types import Property, ResourceType, azure_types
from infra.check.source import BicepFile, Declaration, function_name, text_of

_LITERALS: Final[Mapping[str, str]] = {
    "string": "string",
    "number": "int",
    "boolean": "bool",
    "null": "null",
    "object": "object",
    "array": "array",
    "for_statement": "array",
}
_RETURNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        [
            "base64",
            "format",
            "guid",
            "join",
            "loadTextContent",
            "padLeft",
            "readEnvironmentVariable",
            "replace",
            "resourceId",
            "string",
            "subscriptionResourceId",
            "substring",
            "toLower",
            "toUpper",
            "trim",
            "uniqueString",
            "uri",
            "uriComponent",
            "utcNow",
        ],
        "string",
    ),
    **dict.fromkeys(["indexOf", "int", "lastIndexOf", "length", "max", "min"], "int"),
    **dict.fromkeys(["bool", "contains", "empty", "endsWith", "startsWith"], "bool"),
    **dict.fromkeys(
        ["createArray", "filter", "flatten", "items", "map", "objectKeys", "range", "sort", "split"], "array"
    ),
}
_COMPARISON: Final = re.compile(r"==|!=|<=|>=|<|>|&&|\|\||=~|!~")

ModuleOutputs = Callable[[Declaration], Mapping[str, Declaration] | None]
"""Gives the outputs of the file a module call names; None when there is no such file."""


class Lookup:
    """Finds out what names of one file stand for."""

    def __init__(self, file: BicepFile, outputs_of: ModuleOutputs) -> None:
        self.file = file
        self._outputs_of = outputs_of

    def kind_of(self, node: Node) -> str | None:
        """`string`, `int`, `bool`, `object`, `array` or `null`; None when it cannot be told."""
        if node.type in _LITERALS:
            return _LITERALS[node.type]
        match node.type:
            case "parenthesized_expression" if len(node.named_children) == 1:
                return self.kind_of(node.named_children[0])
            case "ternary_expression":
                kinds = {self.kind_of(branch) for branch in node.named_children[1:]} - {"null"}
                return kinds.pop() if len(kinds) == 1 else None
            case "call_expression":
                function = node.child_by_field_name("function")
                plain = function is not None and function.type == "identifier"
                return _RETURNS.get(function_name(node)) if plain else None
            case "unary_expression":
                return "bool" if text_of(node).startswith("!") else "int"
            case "binary_expression":
                operator = next((child for child in node.children if not child.is_named), None)
                return "bool" if operator is not None and _COMPARISON.fullmatch(text_of(operator)) else None
            case "identifier":
                return self._kind_of_name(text_of(node))
            case "member_expression":
                return self._kind_of_member(node)
        return None

    def _kind_of_name(self, name: str) -> str | None:
        declared = self.file.declarations.get(name)
        if declared is None:
            return None
        if declared.kind == "parameter":
            return declared.primitive_type
        if declared.kind == "variable" and declared.value is not None:
            return self.kind_of(declared.value)
        return None

    def _kind_of_member(self, node: Node) -> str | None:
        path = path_of(node)
        if path is None:
            return None
        root, *steps = path
        declared = self.file.declarations.get(root)
        if declared is None:
            return None
        if declared.kind == "module" and len(steps) == 2 and steps[0] == "outputs":
            output = (self._outputs_of(declared) or {}).get(steps[1])
            return None if output is None else output.primitive_type
        if declared.kind == "resource":
            found = self.property_at(declared, steps)
            if isinstance(found, Property) and found.type in ("string", "int", "bool"):
                return found.type
        return None

    def property_at(self, resource: Declaration, steps: list[str]) -> Property | str | None:
        """The property that `resource.a.b` reads; a message when there is none; None when it is unknown."""
        known = azure_types().get(resource.reference.lower())
        if known is None:
            return None
        table, found, additional = known.body.properties, None, known.body.additional
        for step in steps:
            if step not in table:
                return None if additional or not table else f"no property '{step}'"
            found = table[step]
            inner = known.object(found.type)
            if inner is None:
                table, additional = {}, "any"
            else:
                table, additional = inner.properties, inner.additional or inner.by
        return found


def path_of(node: Node) -> list[str] | None:
    """`a.b[0].c` as a, b, c; None for anything that does not begin with a name."""
    steps: list[str] = []
    while node.type in ("member_expression", "subscript_expression", "resource_expression"):
        if node.type == "member_expression":
            steps.append(text_of(node.named_children[-1]))
        node = node.named_children[0]
    return [text_of(node), *reversed(steps)] if node.type == "identifier" else None


def resource_type(reference: str) -> ResourceType | None:
    """The published type of `type@version`."""
    return azure_types().get(reference.lower())
