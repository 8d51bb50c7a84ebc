"""The roles that access.bicep grants, and what code asks for: read from both, compared."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from infra.check.needs import NEEDS, ROLES, Grant
from infra.check.source import BicepFile, Declaration, Finding, entries, literal, text_of

ACCESS: Final = "access.bicep"

_AZURE_CLIENTS: Final = ("Client", "Credential", "Exporter")
_NO_ROLE: Final[Mapping[str, str]] = {
    "AzureKeyCredential": "a key, for stand-ins and laptops",
    "DefaultAzureCredential": "says who we are; what that opens, the client it is given to tells",
    "AzureMonitorMetricExporter": "beside AzureMonitorTraceExporter",
    "TableClient": "made by TableServiceClient",
    "CallConnectionClient": "made by CallAutomationClient",
}
"""Names that code imports from the Azure SDK and that need no role of their own."""


def check_access(file: BicepFile) -> Iterator[Finding]:
    """Roles that are granted and not needed, and the other way round."""
    granted: dict[Grant, Declaration] = {}
    for declared in file.resources:
        if declared.type_name == "Microsoft.Authorization/roleAssignments" and declared.body is not None:
            grant = _grant(declared)
            if grant in granted:
                yield file.finding(declared.node, f"{declared.name} grants what {granted[grant].name} grants")
            granted[grant] = declared
    needed = {grant for need in NEEDS for grant in need.grants}
    for grant in sorted(needed - set(granted)):
        yield file.finding(
            file.root, f"{grant.identity} needs {grant.role} on {grant.resource}, and nothing grants it"
        )
    for grant, declared in granted.items():
        if grant not in needed:
            text = f"{declared.name}: no code of '{grant.identity}' needs {grant.role} on {grant.resource}"
            yield file.finding(declared.node, text)
    yield from _check_table(file)


def _grant(declared: Declaration) -> Grant:
    assert declared.body is not None  # noqa: S101 - the caller has looked
    body = entries(declared.body)
    properties = entries(body["properties"][1]) if "properties" in body else {}
    principal = text_of(properties["principalId"][1]) if "principalId" in properties else ""
    role = text_of(properties["roleDefinitionId"][1]) if "roleDefinitionId" in properties else ""
    scope = text_of(body["scope"][1]) if "scope" in body else ""
    return Grant(
        principal.removesuffix("PrincipalId"),
        role.rpartition("roles.")[2].rstrip(")"),
        scope.partition("[")[0],
    )


def _check_table(file: BicepFile) -> Iterator[Finding]:
    declared = file.declarations.get("roles")
    table = entries(declared.value) if declared is not None and declared.value is not None else {}
    for name, (entry, value) in table.items():
        if ROLES.get(name) != literal(value):
            yield file.finding(entry, f"role '{name}' is {ROLES.get(name, 'not known to needs.py')}")


def stale_needs(root: Path) -> list[str]:
    """Needs whose code is not there any more, by their words."""
    return [
        f"{need.module}: no {need.client} there any more; which role is it that {need.operations}?"
        for need in NEEDS
        if need.client not in (root / need.module).read_text()
    ]


def unknown_clients(root: Path, folders: list[str]) -> list[str]:
    """Imports of Azure clients that no need names."""
    known = {need.client for need in NEEDS} | set(_NO_ROLE)
    found = []
    for path in sorted(one for folder in folders for one in (root / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("azure."):
                names = [alias.name for alias in node.names if alias.name.endswith(_AZURE_CLIENTS)]
                place = path.relative_to(root)
                found += [
                    f"{place}:{node.lineno}: {name} is in no need" for name in names if name not in known
                ]
    return found
