"""What a reviewer would object to although it deploys: open doors, secrets shown, dead ends, silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tree_sitter import Node

from infra.check.expressions import path_of, resource_type
from infra.check.modules import module_path
from infra.check.source import BicepFile, Declaration, Finding, entries, function_name, literal, text_of, walk

MUST: Final[Mapping[str, Mapping[str, str]]] = {
    "Microsoft.App/containerApps": {"properties.configuration.ingress.allowInsecure": "false"},
    "Microsoft.CognitiveServices/accounts": {"properties.disableLocalAuth": "true"},
    "Microsoft.Communication/communicationServices": {"properties.disableLocalAuth": "true"},
    "Microsoft.ContainerRegistry/registries": {
        "properties.adminUserEnabled": "false",
        "properties.anonymousPullEnabled": "false",
    },
    "Microsoft.EventGrid/topics": {
        "properties.disableLocalAuth": "true",
        "properties.minimumTlsVersionAllowed": "'1.2'",
    },
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": "true"},
    "Microsoft.KeyVault/vaults": {
        "properties.enableRbacAuthorization": "true",
        "properties.enableSoftDelete": "true",
    },
    "Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": "true"},
    "Microsoft.Storage/storageAccounts": {
        "properties.allowBlobPublicAccess": "false",
        "properties.allowSharedKeyAccess": "false",
        "properties.minimumTlsVersion": "'TLS1_2'",
        "properties.supportsHttpsTrafficOnly": "true",
    },
    "Microsoft.Web/sites": {"properties.httpsOnly": "true", "properties.siteConfig.minTlsVersion": "'1.2'"},
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"properties.allow": "false"},
}
"""Per type: the property, and the only value it may have. Leaving it out is no way around."""

EXCEPTIONS: Final[Mapping[tuple[str, str], str]] = {
    (
        "deadLetters",
        "properties.allowSharedKeyAccess",
    ): "topics in `global` have no identity, so Event Grid needs the key",
}
"""Resource and property that break a rule of MUST, with the reason."""

PUBLIC_OUTPUTS: Final[Mapping[str, str]] = {
    "insightsConnection": "says where telemetry goes; with local authentication off it lets nobody in",
    "TABLETALK_INSIGHTS_CONNECTION": "the same",
}
"""Outputs that look like secrets and are none."""

BROAD_ROLES: Final[Mapping[str, str]] = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
    "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68": "Cognitive Services Contributor",
}

_SECRET: Final = re.compile(
    r"connectionstring|(access|primary|secondary|account|shared|api)key|password|secret(?!s/)|sas(token|uri)?$|token$",
    re.I,
)
_REGION: Final = re.compile(
    r"(north|south|east|west|central|france|uk|us|europe|asia|sweden|japan|india)+[a-z]*\d?"
)


def check_rules(file: BicepFile) -> Iterator[Finding]:
    """Every rule that looks at one file."""
    yield from _described(file)
    yield from _no_secret_shown(file)
    for declared in file.resources:
        if not declared.is_existing and declared.body is not None:
            yield from _closed(file, declared)
            yield from _placed(file, declared)
            if declared.type_name == "Microsoft.Authorization/roleAssignments":
                yield from _least_privilege(file, declared)
            if declared.type_name == "Microsoft.Authorization/roleDefinitions":
                yield file.finding(
                    declared.node, "roles of our own outlive the resource group; use a built-in one"
                )


def check_whole(files: Mapping[Path, BicepFile], entry_points: frozenset[str]) -> Iterator[Finding]:
    """Rules across files: modules that nobody calls, outputs that nobody reads."""
    called: dict[Path, set[str]] = {}
    for file in files.values():
        for call in file.modules:
            called.setdefault(module_path(file, call), set()).update(_outputs_read(file, call.name))
    for path, file in files.items():
        if file.path.name in entry_points:
            continue
        if path not in called:
            yield file.finding(file.root, "no file calls this module")
            continue
        for output in file.outputs.values():
            if output.name not in called[path]:
                yield file.finding(output.node, f"output '{output.name}' is never read")


def _outputs_read(file: BicepFile, module: str) -> Iterator[str]:
    for node in file.nodes:
        path = path_of(node) if node.type == "member_expression" else None
        if path and len(path) == 3 and path[:2] == [module, "outputs"]:
            yield path[2]


def _described(file: BicepFile) -> Iterator[Finding]:
    for declared in [*file.of_kind("parameter"), *file.of_kind("output")]:
        call = declared.decorators.get("description")
        texts = [] if call is None else [literal(node) for node in walk(call) if node.type == "string"]
        if not any(text and text.strip() for text in texts):
            yield file.finding(declared.node, f"{declared.kind} '{declared.name}' has no @description")


def _no_secret_shown(file: BicepFile) -> Iterator[Finding]:
    for node in file.nodes:
        if node.type == "call_expression" and function_name(node).startswith("list"):
            yield file.finding(node, f"'{function_name(node)}' reads keys; identities do without")
    for output in file.of_kind("output"):
        if output.value is None or output.name in PUBLIC_OUTPUTS:
            continue
        if _SECRET.search(output.name):
            yield file.finding(output.node, f"output '{output.name}' looks like a secret")
        for node in walk(output.value):
            if node.type == "property_identifier" and _SECRET.search(text_of(node)):
                yield file.finding(node, f"output '{output.name}' shows '{text_of(node)}', a secret")
            declared = file.declarations.get(text_of(node)) if node.type == "identifier" else None
            if declared is not None and "secure" in declared.decorators:
                yield file.finding(
                    node, f"output '{output.name}' shows the secure parameter '{declared.name}'"
                )


def _closed(file: BicepFile, declared: Declaration) -> Iterator[Finding]:
    assert declared.body is not None  # noqa: S101 - the caller has looked
    for where, wanted in MUST.get(declared.type_name, {}).items():
        if (declared.name, where) in EXCEPTIONS:
            continue
        value = _value_at(declared.body, where.split("."))
        if value is None:
            yield file.finding(declared.node, f"{declared.name}.{where}: must be {wanted}, and is not given")
        elif text_of(value) != wanted:
            yield file.finding(value, f"{declared.name}.{where}: must be {wanted}")


def _value_at(node: Node, steps: list[str]) -> Node | None:
    found: Node | None = node
    for step in steps:
        if found is None or found.type != "object":
            return None
        _, found = entries(found).get(step, (None, None))
    return found


def _placed(file: BicepFile, declared: Declaration) -> Iterator[Finding]:
    """Tags wherever there can be some, and no region written into a file."""
    assert declared.body is not None  # noqa: S101 - the caller has looked
    body = entries(declared.body)
    known = resource_type(declared.reference)
    if known is not None and "tags" in known.body.properties and "tags" not in body and "parent" not in body:
        yield file.finding(declared.node, f"{declared.name} has no tags")
    where = literal(body["location"][1]) if "location" in body else None
    if where is not None and where != "global" and _REGION.fullmatch(where):
        yield file.finding(body["location"][1], f"{declared.name}: region '{where}' is written into the file")


def _least_privilege(file: BicepFile, declared: Declaration) -> Iterator[Finding]:
    """One narrow role on one resource, named after resource, identity and role: a repeat changes nothing."""
    assert declared.body is not None  # noqa: S101 - the caller has looked
    body = entries(declared.body)
    properties = entries(body["properties"][1]) if "properties" in body else {}
    if "scope" not in body:
        yield file.finding(
            declared.node, f"{declared.name}: without a scope the role is for the whole resource group"
        )
    for name in ("principalType", "description"):
        if name not in properties:
            yield file.finding(declared.node, f"{declared.name}: '{name}' is missing")
    for node in walk(declared.node):
        guid = (literal(node) or "") if node.type == "string" else ""
        if guid in BROAD_ROLES:
            yield file.finding(node, f"{declared.name}: {BROAD_ROLES[guid]} is far more than code needs")
    role = _reads_in(properties["roleDefinitionId"][1], "roles") if "roleDefinitionId" in properties else None
    if role is None:
        yield file.finding(declared.node, f"{declared.name}: take the role from the table 'roles', by name")
        return
    parts = text_of(body["name"][1]) if "name" in body else ""
    principal = text_of(properties["principalId"][1]) if "principalId" in properties else ""
    scope = text_of(body["scope"][1]) if "scope" in body else ""
    if parts != f"guid({scope}.id, {principal}, roles.{role})":
        wanted = f"guid({scope}.id, {principal}, roles.{role})"
        yield file.finding(declared.node, f"{declared.name}: its name must be {wanted}")


def _reads_in(node: Node, table: str) -> str | None:
    """The member of `table` that an expression reads."""
    for one in walk(node):
        path = path_of(one) if one.type == "member_expression" else None
        if path and path[0] == table and len(path) == 2:
            return path[1]
    return None
