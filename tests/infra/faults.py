"""Single edits to the Bicep files that a check worth having must notice, made from the files as they are.

A kind of fault looks for its places in the syntax trees and offers an edit for each. `seeded` picks evenly
among the kinds, by a fixed seed: a run can be repeated, and a new resource is covered without a line here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tree_sitter import Node

from infra.check.azure_types import azure_types
from infra.check.needs import ROLES
from infra.check.rules import BROAD_ROLES, MUST
from infra.check.source import BicepFile, Declaration, entries, literal, text_of, walk


@dataclass(frozen=True, slots=True)
class Fault:
    """One edit of one file."""

    kind: str
    file: BicepFile
    begin: int
    end: int
    text: str

    @property
    def edited(self) -> bytes:
        """The whole file with the edit in it."""
        source = self.file.source
        return source[: self.begin] + self.text.encode() + source[self.end :]

    def __str__(self) -> str:
        row = self.file.source[: self.begin].count(b"\n") + 1
        was = self.file.source[self.begin : self.end].decode()[:60]
        return f"{self.kind}: {self.file.path.name}:{row}: {was!r} -> {self.text[:60]!r}"


Kind = Callable[[BicepFile], Iterator[tuple[Node | tuple[int, int], str]]]


def seeded(files: Mapping[Path, BicepFile], count: int, seed: int = 1) -> list[Fault]:
    """`count` faults, as many of each kind as can be."""
    chance = random.Random(seed)
    pools = []
    for kind in KINDS:
        pool = all_of(kind, files)
        assert pool, f"there is no place for {kind.__name__}"
        chance.shuffle(pool)
        pools.append(pool)
    chosen: list[Fault] = []
    while len(chosen) < count:
        for pool in pools:
            if pool and len(chosen) < count:
                chosen.append(pool.pop())
    return chosen


def all_of(kind: Kind, files: Mapping[Path, BicepFile]) -> list[Fault]:
    """Every fault of a kind."""
    found = []
    for file in files.values():
        for place, text in kind(file):
            begin, end = place if isinstance(place, tuple) else (place.start_byte, place.end_byte)
            found.append(Fault(kind.__name__, file, begin, end, text))
    return found


def _bodies(file: BicepFile) -> Iterator[tuple[Declaration, Node]]:
    for declared in file.resources:
        if declared.body is not None and not declared.is_existing:
            yield declared, declared.body


def _properties(file: BicepFile) -> Iterator[tuple[Declaration, Node]]:
    """Properties that the resource's type knows by name, at any depth."""
    for declared, body in _bodies(file):
        for _, value in entries(body).values():
            for node in walk(value):
                if node.type == "object_property" and node.named_children[0].type == "identifier":
                    yield declared, node


def _misspelt(text: str) -> str:
    return text[:-2] + text[-1] + text[-2] if len(text) > 3 and text[-1] != text[-2] else text + "x"


def misspelt_property(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared, node in _properties(file):
        if declared.type_name not in ("Microsoft.Web/sites/config",):
            key = node.named_children[0]
            yield key, _misspelt(text_of(key))


def missing_property(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared, body in _bodies(file):
        known = azure_types()[declared.reference.lower()].body
        for name, (entry, _) in entries(body).items():
            if name in known.properties and known.properties[name].required:
                yield entry, ""


def wrong_type_of_value(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared, node in _properties(file):
        value = node.named_children[-1]
        if value.type == "boolean" and declared.type_name != "Microsoft.Web/sites/config":
            yield value, f"'{text_of(value)}'"


def wrong_enumeration(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared, node in _properties(file):
        value = node.named_children[-1]
        names = ("type", "principalType", "inputSchema", "transport", "activeRevisionsMode", "defaultAction")
        if text_of(node.named_children[0]) in names and literal(value) and _is_enumeration(declared, node):
            yield value, f"'{_misspelt(literal(value) or '')}'"


def _is_enumeration(declared: Declaration, node: Node) -> bool:
    parent = node.parent.parent if node.parent is not None else None
    return declared.type_name != "Microsoft.Web/sites" or (
        parent is not None and text_of(parent.named_children[0]) in ("storage", "authentication", "identity")
    )


def wrong_version(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared in file.resources:
        string = next(child for child in declared.node.named_children if child.type == "string")
        yield string, re.sub(r"@20(\d\d)", lambda match: f"@20{int(match[1]) - 1}", text_of(string))


def wrong_resource_type(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared in file.resources:
        string = next(child for child in declared.node.named_children if child.type == "string")
        name = declared.type_name
        yield string, text_of(string).replace(name, name[:-1])


def read_only_property(file: BicepFile) -> Iterator[tuple[tuple[int, int], str]]:
    for declared, body in _bodies(file):
        known = azure_types()[declared.reference.lower()].body
        for name, one in known.properties.items():
            if one.read_only and name not in ("id", "type", "apiVersion"):
                at = body.start_byte + 1
                yield (at, at), f"\n  {name}: {{}}\n"


def missing_role(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared in file.resources:
        if declared.type_name == "Microsoft.Authorization/roleAssignments":
            yield declared.node, ""


def role_too_many(file: BicepFile) -> Iterator[tuple[tuple[int, int], str]]:
    """The other identity gets what one identity has."""
    for declared in file.resources:
        if declared.type_name == "Microsoft.Authorization/roleAssignments":
            text = text_of(declared.node).replace(
                f"resource {declared.name} ", f"resource {declared.name}More "
            )
            ours, other = ("control", "bridge") if "controlPrincipalId" in text else ("bridge", "control")
            more = text.replace(f"{ours}PrincipalId", f"{other}PrincipalId")
            if not any(f"{other}PrincipalId, roles.{role})" in file.source.decode() for role in _roles(text)):
                yield (declared.node.end_byte, declared.node.end_byte), "\n\n" + more


def _roles(text: str) -> set[str]:
    return set(re.findall(r"roles\.(\w+)", text))


def broad_role(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        if node.type == "string" and literal(node) in ROLES.values():
            for guid in list(BROAD_ROLES)[:2]:
                yield node, f"'{guid}'"


def wrong_role_id(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        if node.type == "string" and literal(node) in ROLES.values():
            guid = literal(node) or ""
            yield node, f"'{guid[:-1]}{'0' if guid[-1] != '0' else '1'}'"


def role_on_whole_group(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared, body in _bodies(file):
        if declared.type_name == "Microsoft.Authorization/roleAssignments":
            yield entries(body)["scope"][0], ""


def role_of_other_identity(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared, body in _bodies(file):
        if declared.type_name == "Microsoft.Authorization/roleAssignments":
            value = entries(entries(body)["properties"][1])["principalId"][1]
            other = "bridge" if "control" in text_of(value) else "control"
            yield value, f"{other}PrincipalId"


def unused_parameter(file: BicepFile) -> Iterator[tuple[tuple[int, int], str]]:
    yield (0, 0), "@description('Of no use.')\nparam ofNoUse string = 'x'\n"


def unused_variable(file: BicepFile) -> Iterator[tuple[tuple[int, int], str]]:
    yield (len(file.source), len(file.source)), "\nvar ofNoUse = 1\n"


def missing_module_parameter(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for call in file.modules:
        if call.body is not None:
            for entry, _ in entries(entries(call.body)["params"][1]).values():
                yield entry, ""


def misspelt_module_parameter(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for call in file.modules:
        if call.body is not None:
            for entry, _ in entries(entries(call.body)["params"][1]).values():
                yield entry.named_children[0], _misspelt(text_of(entry.named_children[0]))


def wrong_module_parameter_type(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for call in file.modules:
        if call.body is not None:
            for _, value in entries(entries(call.body)["params"][1]).values():
                if value.type == "identifier":
                    yield value, "{ a: 1 }" if text_of(value) != "tags" else "7"


def misspelt_output(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        if node.type == "member_expression" and ".outputs." in text_of(node) and "[" not in text_of(node):
            name = node.named_children[-1]
            if name.type == "property_identifier" and text_of(name) != "outputs":
                yield name, _misspelt(text_of(name))


def misspelt_name(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared, node in _properties(file):
        value = node.named_children[-1]
        if value.type == "identifier" and text_of(value) in file.declarations and declared.body is not None:
            yield value, _misspelt(text_of(value))


def misspelt_module_file(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for call in file.modules:
        string = next(child for child in call.node.named_children if child.type == "string")
        yield string, text_of(string).replace(".bicep", "s.bicep")


def unknown_function(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        if node.type == "call_expression" and node.parent is not None and node.parent.type != "decorator":
            function = node.named_children[0]
            if function.type == "identifier":
                yield function, _misspelt(text_of(function))


def secret_in_output(file: BicepFile) -> Iterator[tuple[tuple[int, int], str]]:
    at = (len(file.source), len(file.source))
    for declared in file.resources:
        if declared.type_name in ("Microsoft.Storage/storageAccounts", "Microsoft.EventGrid/topics"):
            yield (
                at,
                f"\n@description('Shown.')\noutput shown string = {declared.name}.listKeys().keys[0].value\n",
            )


def missing_description(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared in [*file.of_kind("parameter"), *file.of_kind("output")]:
        call = declared.decorators["description"]
        yield call, "description('')"


def open_door(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared, body in _bodies(file):
        wanted = {
            where.rpartition(".")[2]: value for where, value in MUST.get(declared.type_name, {}).items()
        }
        for node in walk(body):
            if node.type == "object_property" and text_of(node.named_children[0]) in wanted:
                value = node.named_children[-1]
                if value.type == "boolean" and wanted[text_of(node.named_children[0])] == text_of(value):
                    yield value, "false" if text_of(value) == "true" else "true"


def missing_setting(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        key = text_of(node.named_children[0]) if node.type == "object_property" else ""
        in_object = re.fullmatch(r"(?!APPLICATION|AZURE)[A-Z]+_[A-Z_]+", key)
        in_list = node.type == "object" and re.match(r"\{ name: '(?!A[PZ])[A-Z_]+',", text_of(node))
        if in_object or in_list:
            yield node, ""


def misspelt_setting(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        name = literal(node) or "" if node.type == "string" else ""
        if re.fullmatch(r"[A-Z]{3,}_[A-Z_]+", name):
            yield node, f"'{_misspelt(name)}'"


def no_diagnostics(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for declared in file.resources:
        if declared.type_name == "Microsoft.Insights/diagnosticSettings":
            yield declared.node, ""


def no_tags(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for _, body in _bodies(file):
        if "tags" in entries(body):
            yield entries(body)["tags"][0], ""


def wrong_service_tag(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        if node.type == "object" and "azd-service-name" in entries(node):
            yield entries(node)["azd-service-name"][1], "'api'"


def wrong_probe(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        if node.type == "object" and {"path", "port"} <= set(entries(node)):
            yield entries(node)["path"][1], "'/health'"


def wrong_scale_rule(file: BicepFile) -> Iterator[tuple[Node, str]]:
    """Everything by which KEDA asks for the number of calls; Azure's types take any text for it."""
    for node in walk(file.root):
        rule = entries(node) if node.type == "object" else {}
        if {"type", "metadata"} <= set(rule):
            yield rule["type"][1], f"'{_misspelt(literal(rule['type'][1]) or '')}'"
            for name, (entry, value) in entries(rule["metadata"][1]).items():
                yield entry.named_children[0], _misspelt(name)
                if name in ("authMode", "valueLocation"):
                    yield value, f"'{_misspelt(literal(value) or '')}'"
                if name == "url":
                    yield value, "'https://bridge/calls'"
            if "auth" in rule:
                yield rule["auth"][0], ""
                yield rule["auth"][1], "[{ secretRef: 'metrics-token', triggerParameter: 'bearerToken' }]"
                yield rule["auth"][1], "[{ secretRef: 'metrics-key', triggerParameter: 'token' }]"


def wrong_warm_function(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        if node.type == "string" and (literal(node) or "").startswith("function:"):
            yield node, "'function:incomingCall'"


def alert_that_never_rings(file: BicepFile) -> Iterator[tuple[Node, str]]:
    for node in walk(file.root):
        if node.type == "string" and ' == "media' in text_of(node):
            yield node, text_of(node).replace("media socket", "media websocket")


def broken_bracket(file: BicepFile) -> Iterator[tuple[tuple[int, int], str]]:
    for _, body in _bodies(file):
        yield (body.end_byte - 1, body.end_byte), ""


def missing_comma(file: BicepFile) -> Iterator[tuple[tuple[int, int], str]]:
    for _, body in _bodies(file):
        for node in walk(body):
            if node.type == "object" and node.start_point[0] == node.end_point[0]:
                for child in node.children:
                    if child.type == ",":
                        yield (child.start_byte, child.end_byte), ""


def declared_twice(file: BicepFile) -> Iterator[tuple[tuple[int, int], str]]:
    for declared in file.of_kind("variable"):
        end = declared.node.end_byte
        yield (end, end), "\n" + text_of(declared.node)


KINDS: tuple[Kind, ...] = (
    misspelt_property,
    missing_property,
    wrong_type_of_value,
    wrong_enumeration,
    wrong_version,
    wrong_resource_type,
    read_only_property,
    missing_role,
    role_too_many,
    broad_role,
    wrong_role_id,
    role_on_whole_group,
    role_of_other_identity,
    unused_parameter,
    unused_variable,
    missing_module_parameter,
    misspelt_module_parameter,
    wrong_module_parameter_type,
    misspelt_output,
    misspelt_name,
    misspelt_module_file,
    unknown_function,
    secret_in_output,
    missing_description,
    open_door,
    missing_setting,
    misspelt_setting,
    no_diagnostics,
    no_tags,
    wrong_service_tag,
    wrong_probe,
    wrong_scale_rule,
    wrong_warm_function,
    alert_that_never_rings,
    broken_bracket,
    missing_comma,
    declared_twice,
)
