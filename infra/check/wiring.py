"""Names that Bicep writes and others know: services, functions, paths, log events, secrets, versions."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from tree_sitter import Node

from infra.check.source import BicepFile, Finding, entries, literal, text_of, walk

WATCHED: Final = frozenset(
    {
        "Microsoft.App/managedEnvironments",
        "Microsoft.CognitiveServices/accounts",
        "Microsoft.Communication/communicationServices",
        "Microsoft.ContainerRegistry/registries",
        "Microsoft.EventGrid/systemTopics",
        "Microsoft.EventGrid/topics",
        "Microsoft.KeyVault/vaults",
        "Microsoft.Storage/storageAccounts/tableServices",
        "Microsoft.Web/sites",
    }
)
"""What a call depends on: each of them must have diagnostic settings."""

WATCHED_BY_NAME: Final = frozenset({"deadLetterBlobs"})
"""What else must: the one place that a key opens."""

SCALERS: Final[Mapping[str, frozenset[str]]] = {
    "cpu": frozenset({"type", "value"}),
    "metrics-api": frozenset({"authMode", "targetValue", "url", "valueLocation"}),
}
"""Scale rules of KEDA that the bridge uses, and what each must be told; Azure's types take any text."""

_EVENT: Final = re.compile(
    r'(?:event|Message)\)?\s*(==|in|startswith|has)\s*(\(?)\s*((?:\\?"[^"\\]+\\?",?\s*)+)'
)
_QUOTED: Final = re.compile(r'"([^"\\]+)\\?"')


def check_wiring(root: Path, files: Mapping[str, BicepFile]) -> Iterator[Finding]:
    """What concerns several files: services of azd, functions, the container."""
    yield from _services(root, files)
    yield from _workbook(root, files["workbook.bicep"])
    yield from _functions(root, files["functions.bicep"])
    yield from _container(root, files["bridge.bicep"])
    yield from _scale_rules(root, files["bridge.bicep"])


@functools.cache
def azure_yaml(root: Path) -> Mapping[str, Any]:
    """azure.yaml, decoded."""
    loaded: Mapping[str, Any] = yaml.safe_load((root / "azure.yaml").read_text())
    return loaded


def check_watched(file: BicepFile) -> Iterator[Finding]:
    """What must be heard of, and is not."""
    scopes = set()
    for declared in file.resources:
        if declared.type_name == "Microsoft.Insights/diagnosticSettings" and declared.body is not None:
            body = entries(declared.body)
            if "scope" in body:
                scopes.add(text_of(body["scope"][1]))
    for declared in file.resources:
        is_watched = declared.type_name in WATCHED or declared.name in WATCHED_BY_NAME
        if is_watched and not declared.is_existing and declared.name not in scopes:
            yield file.finding(declared.node, f"'{declared.name}' has no diagnostic settings")


def check_log_events(root: Path, file: BicepFile) -> Iterator[Finding]:
    """A query for a line that no code writes would never raise an alarm."""
    for node in file.nodes:
        text = literal(node) if node.type == "string" else None
        for event in events_asked_for(text or text_of(node)) if node.type == "string" else []:
            if event not in _python_text(root):
                yield file.finding(node, f"no code logs '{event}'")


def events_asked_for(query: str) -> list[str]:
    """Texts of log lines that a Kusto query looks for."""
    return [text for match in _EVENT.finditer(query) for text in _QUOTED.findall(match[3])]


@functools.cache
def _python_text(root: Path) -> str:
    places = [root / "function_app.py", *(root / name for name in ("bridge", "control", "shared"))]
    paths = [one for place in places for one in ([place] if place.suffix else sorted(place.rglob("*.py")))]
    return "\n".join(path.read_text() for path in paths)


def _workbook(root: Path, file: BicepFile) -> Iterator[Finding]:
    workbook = json.loads((root / "infra" / "modules" / "workbook.json").read_text())
    for item in workbook["items"]:
        for event in events_asked_for(item["content"].get("query", "")):
            if event not in _python_text(root):
                yield file.finding(file.root, f"workbook.json, '{item['name']}': no code logs '{event}'")


def _services(root: Path, files: Mapping[str, BicepFile]) -> Iterator[Finding]:
    """azd finds a service by its tag."""
    services = set(azure_yaml(root)["services"])
    tagged = set()
    for file in files.values():
        for node in file.nodes:
            if node.type == "object" and "azd-service-name" in (table := entries(node)):
                name = literal(table["azd-service-name"][1])
                tagged.add(name)
                if name not in services:
                    yield file.finding(node, f"azure.yaml has no service '{name}'")
    for name in sorted(services - tagged):
        main = files["main.bicep"]
        yield main.finding(main.root, f"nothing has the tag azd-service-name '{name}'")


def _functions(root: Path, file: BicepFile) -> Iterator[Finding]:
    known = set(re.findall(r'function_name\("(\w+)"\)', _python_text(root)))
    kept_warm = set()
    for node in file.nodes:
        text = (literal(node) or "") if node.type == "string" else ""
        if text.startswith("function:"):
            kept_warm.add(text)
            if text.removeprefix("function:") not in known:
                yield file.finding(node, f"there is no function '{text.removeprefix('function:')}'")
    if "function:incoming_call" not in kept_warm:
        yield file.finding(file.root, "incoming_call is not kept warm by its own name")
    wanted = re.search(r'requires-python = ">=([\d.]+)"', (root / "pyproject.toml").read_text())
    for node in file.nodes:
        if node.type == "object" and {"name", "version"} == set(table := entries(node)):
            version = literal(table["version"][1])
            if wanted is not None and literal(table["name"][1]) == "python" and version != wanted[1]:
                yield file.finding(node, f"the code wants Python {wanted[1]}, not {version}")


def _container(root: Path, file: BicepFile) -> Iterator[Finding]:
    served = set(re.findall(r'path == "(/\w+)"', (root / "bridge" / "pages.py").read_text()))
    probes = set()
    named = {}
    asked = {}
    for node in file.nodes:
        table = entries(node) if node.type == "object" else {}
        if {"path", "port"} <= set(table):
            path = literal(table["path"][1])
            if path not in served:
                yield file.finding(node, f"the bridge serves no {path}")
        if "type" in table and "httpGet" in table:
            probes.add(literal(table["type"][1]))
        if {"keyVaultUrl", "name"} <= set(table):
            named[literal(table["name"][1])] = node
        if "secretRef" in table:
            asked[node] = literal(table["secretRef"][1])
    for node, secret in asked.items():
        if secret not in named:
            yield file.finding(node, f"there is no secret '{secret}'")
    for missing in sorted({"Startup", "Liveness", "Readiness"} - probes):
        yield file.finding(file.root, f"the bridge has no {missing} probe")
    made = set(re.findall(r'Secret\("([\w-]+)"', (root / "infra" / "hooks" / "secrets_once.py").read_text()))
    for name, node in named.items():
        if name not in made:
            yield file.finding(node, f"no hook makes the secret '{name}'")
        url = literal(entries(node)["keyVaultUrl"][1]) or text_of(entries(node)["keyVaultUrl"][1])
        if not url.strip("'").endswith(f"secrets/{name}"):
            yield file.finding(node, f"the secret '{name}' is read from another name")


def _scale_rules(root: Path, file: BicepFile) -> Iterator[Finding]:
    """A rule that KEDA does not understand adds no replica, and nobody is told."""
    pages = (root / "bridge" / "pages.py").read_text()
    kinds = set()
    for node in file.nodes:
        rule = entries(node) if node.type == "object" else {}
        if not {"type", "metadata"} <= set(rule):
            continue
        kind, metadata = literal(rule["type"][1]) or "", entries(rule["metadata"][1])
        kinds.add(kind)
        if kind not in SCALERS:
            yield file.finding(node, f"no scaler of KEDA here is called {kind!r}")
        elif set(metadata) != SCALERS[kind]:
            odd = ", ".join(sorted(set(metadata) ^ SCALERS[kind]))
            yield file.finding(node, f"the scaler {kind} takes other metadata: {odd}")
        elif kind == "cpu" and literal(metadata["type"][1]) != "Utilization":
            yield file.finding(node, "the share of a core is the type 'Utilization'")
        elif kind == "metrics-api":
            yield from _asked_calls(file, rule, metadata, pages)
    if "metrics-api" not in kinds:
        yield file.finding(file.root, "no rule adds replicas by the calls there are")


def _asked_calls(
    file: BicepFile,
    rule: Mapping[str, tuple[Node, Node]],
    metadata: Mapping[str, tuple[Node, Node]],
    pages: str,
) -> Iterator[Finding]:
    """The rule asks the bridge what it tells, and shows its token as KEDA's bearer authentication does."""
    value = metadata["valueLocation"][1]
    if f'{{"{literal(value)}": ' not in pages:
        yield file.finding(value, f"the bridge tells no number called {literal(value)!r}")
    if literal(metadata["authMode"][1]) != "bearer":
        yield file.finding(metadata["authMode"][1], "the bridge wants authMode 'bearer'")
    shown = (
        [entries(node) for node in walk(rule["auth"][1]) if node.type == "object"] if "auth" in rule else []
    )
    if [literal(one["triggerParameter"][1]) for one in shown if "triggerParameter" in one] != ["token"]:
        yield file.finding(metadata["authMode"][1], "the triggerParameter of authMode 'bearer' is 'token'")
    named = file.declarations.get(text_of(metadata["url"][1]))
    url = text_of(metadata["url"][1] if named is None else named.node)
    if not any(f"}}{path}/${{release}}" in url for path in re.findall(r'path == "(/\w+)"', pages)):
        yield file.finding(metadata["url"][1], "the bridge tells the calls of a release at /calls/RELEASE")
