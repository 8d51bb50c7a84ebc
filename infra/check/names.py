"""Syntax, and whether every name in a file means something and is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from infra.check.source import BicepFile, Declaration, Finding, function_name, text_of, walk

FUNCTIONS: Final = frozenset(
    [
        "any",
        "array",
        "base64",
        "base64ToJson",
        "base64ToString",
        "bool",
        "cidrHost",
        "cidrSubnet",
        "coalesce",
        "concat",
        "contains",
        "createArray",
        "createObject",
        "dataUri",
        "dataUriToString",
        "dateTimeAdd",
        "dateTimeFromEpoch",
        "dateTimeToEpoch",
        "deployer",
        "deployment",
        "empty",
        "endsWith",
        "environment",
        "extensionResourceId",
        "fail",
        "filter",
        "first",
        "flatten",
        "format",
        "getSecret",
        "groupBy",
        "guid",
        "indexOf",
        "int",
        "intersection",
        "items",
        "join",
        "json",
        "last",
        "lastIndexOf",
        "length",
        "listKeys",
        "loadFileAsBase64",
        "loadJsonContent",
        "loadTextContent",
        "loadYamlContent",
        "managementGroup",
        "map",
        "mapValues",
        "max",
        "min",
        "newGuid",
        "objectKeys",
        "padLeft",
        "parseCidr",
        "pickZones",
        "providers",
        "range",
        "readEnvironmentVariable",
        "reduce",
        "reference",
        "replace",
        "resourceGroup",
        "resourceId",
        "shallowMerge",
        "skip",
        "sort",
        "split",
        "startsWith",
        "string",
        "subscription",
        "subscriptionResourceId",
        "substring",
        "sum",
        "take",
        "tenant",
        "tenantResourceId",
        "toLogicalZone",
        "toLower",
        "toObject",
        "toUpper",
        "trim",
        "union",
        "uniqueString",
        "uri",
        "uriComponent",
        "uriComponentToString",
        "utcNow",
    ]
)
DECORATORS: Final = frozenset(
    [
        "allowed",
        "batchSize",
        "description",
        "discriminator",
        "export",
        "maxLength",
        "maxValue",
        "metadata",
        "minLength",
        "minValue",
        "onlyIfNotExists",
        "sealed",
        "secure",
    ]
)
_NAMESPACES: Final = frozenset({"az", "sys"})


def check_syntax(file: BicepFile) -> Iterator[Finding]:
    """What the grammar does not accept, and two of its leniencies: properties need a line or a comma between
    them, and an object names each property once."""
    for node in file.nodes:
        broken = next((child for child in node.children if child.is_error or child.is_missing), None)
        if broken is not None:
            yield file.finding(broken, f"syntax error near {text_of(broken)[:30]!r}")
        if node.type == "object":
            yield from _check_object(file, node)


def _check_object(file: BicepFile, node: Node) -> Iterator[Finding]:
    seen: set[str] = set()
    last: Node | None = None
    for child in node.children:
        if child.type != "object_property":
            last = None if child.type == "," else last
            continue
        key = text_of(child.named_children[0]) if child.named_children else ""
        if key in seen:
            yield file.finding(child, f"property '{key}' is given twice")
        seen.add(key)
        if last is not None and last.end_point[0] == child.start_point[0]:
            yield file.finding(child, f"a comma is missing before '{key}'")
        last = child


def check_names(file: BicepFile) -> Iterator[Finding]:
    """Names that mean nothing, mean two things, or are never used."""
    for declaration in file.duplicates:
        yield file.finding(declaration.node, f"'{declaration.name}' is declared twice")
    used: set[str] = set()
    for node in file.root.named_children:
        declared = next((one for one in _declarations(file) if one.node == node), None)
        if node.type in ("decorators", "decorator"):
            yield from _check_decorators(file, node)
        elif declared is not None and declared.value is not None:
            yield from _check_expression(file, declared.value, frozenset(), used)
    for declaration in file.declarations.values():
        if declaration.kind in ("parameter", "variable") and declaration.name not in used:
            yield file.finding(declaration.node, f"{declaration.kind} '{declaration.name}' is never used")
        if declaration.kind == "resource" and declaration.is_existing and declaration.name not in used:
            yield file.finding(declaration.node, f"resource '{declaration.name}' is looked up and never used")


def _declarations(file: BicepFile) -> list[Declaration]:
    return [*file.declarations.values(), *file.outputs.values(), *file.duplicates]


def _check_decorators(file: BicepFile, node: Node) -> Iterator[Finding]:
    for decorator in (one for one in walk(node) if one.type == "decorator"):
        call = next((child for child in decorator.named_children if child.type == "call_expression"), None)
        name = text_of(decorator).lstrip("@") if call is None else function_name(call)
        if name not in DECORATORS or call is None:
            yield file.finding(decorator, f"unknown decorator '@{name}'")


def _check_expression(
    file: BicepFile, node: Node, local: frozenset[str], used: set[str]
) -> Iterator[Finding]:
    match node.type:
        case "identifier":
            name = text_of(node)
            used.add(name)
            if name not in file.declarations and name not in local | _NAMESPACES:
                yield file.finding(node, f"undefined name '{name}'")
            return
        case "for_statement":
            *heads, source, body = node.named_children
            yield from _check_expression(file, source, local, used)
            names = {text_of(name) for head in heads for name in (head.named_children or [head])}
            yield from _check_expression(file, body, local | names, used)
            return
        case "lambda_expression":
            *parameters, body = node.named_children
            names = {text_of(one) for head in parameters for one in walk(head) if one.type == "identifier"}
            yield from _check_expression(file, body, local | names, used)
            return
        case "call_expression":
            yield from _check_call(file, node, local, used)
            return
    skip = node.named_children[:1] if node.type == "object_property" else []
    for child in node.named_children:
        is_key = child in skip and child.type == "identifier"
        if not is_key and child.type != "property_identifier":
            yield from _check_expression(file, child, local, used)


def _check_call(file: BicepFile, node: Node, local: frozenset[str], used: set[str]) -> Iterator[Finding]:
    function, *rest = node.named_children
    if function.type == "identifier":
        if text_of(function) not in FUNCTIONS:
            yield file.finding(function, f"unknown function '{text_of(function)}'")
    else:
        yield from _check_expression(file, function, local, used)
    for child in rest:
        yield from _check_expression(file, child, local, used)
