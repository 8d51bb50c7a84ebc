"""App settings: what code reads, what infra sets."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from infra.check.source import BicepFile, Declaration, Finding, entries, literal, text_of, walk

CONTROL: Final = "control"
BRIDGE: Final = "bridge"

_READERS: Final = frozenset({"get", "getenv", "pop"})

LEFT_OUT: Final[Mapping[str, str]] = {
    "ACS_ACCESS_KEY": "the identity is used, and keys are off",
    "ACS_ISSUER": "only a stand-in has another",
    "ACS_JWKS_URL": "only a stand-in has another",
    "ADMISSION_QUEUE_EVERY_SECONDS": "the default fits",
    "AGENT_DIR": "the agent comes with the code",
    "BRIDGE_HOST": "a container serves its network, which is the default",
    "EVENTS_ALARM_SECONDS": "the default fits",
    "EVENTS_MAX_ATTEMPTS": "the default fits",
    "EVENTS_TOPIC_KEY": "the identity is used, and keys are off",
    "INTENT_MODEL_DEPLOYMENT": "off: rules decide what callers wanted",
    "INTENT_MODEL_ENDPOINT": "off: rules decide what callers wanted",
    "INTENT_MODEL_KEY": "off: rules decide what callers wanted",
    "OPERATOR_TOKEN": "Entra signs people in; a token is for laptops",
    "RECORD_PHRASES": "the default fits",
    "RESTAURANTS_FILE": "the catalogue comes with the code",
    "TABLES_CONNECTION_STRING": "the identity is used, and keys are off",
    "TABLES_PREFIX": "the account holds one system",
    "VOICE_LIVE_WARM_SESSIONS": "off by default: a session costs quota",
    "VOICE_LIVE_ENDPOINT": "VOICE_LIVE_ENDPOINTS names all of them",
    "VOICE_LIVE_API_KEY": "the identity is used, and keys are off",
}
"""What code reads and infra leaves alone, with the reason."""

PLATFORM: Final[Mapping[str, str]] = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "read by the Functions host and the telemetry library",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "read by the Functions host and the telemetry library",
    "AZURE_CLIENT_ID": "read by azure-identity: which user-assigned identity is meant",
    "AzureWebJobsStorage__blobServiceUri": "read by the Functions host",
    "AzureWebJobsStorage__clientId": "read by the Functions host",
    "AzureWebJobsStorage__credential": "read by the Functions host",
    "AzureWebJobsStorage__queueServiceUri": "read by the Functions host",
    "AzureWebJobsStorage__tableServiceUri": "read by the Functions host",
}
"""What infra sets and code of ours need not read, with who does."""

PLANES: Final[Mapping[str, tuple[str, ...]]] = {
    CONTROL: ("function_app.py", "control", "shared"),
    BRIDGE: ("bridge", "shared"),
}
"""Where the code of a plane lies."""

_SETTINGS_CLASS: Final = {CONTROL: "ControlSettings", BRIDGE: "BridgeSettings"}


@functools.cache
def settings_read(root: Path) -> dict[str, set[str]]:
    """By plane, the names of the environment variables that its code reads.

    shared/settings/ is followed from the settings class of the plane through the classes and functions it
    uses. In all other files every read of an environment counts for each plane the file belongs to.
    """
    settings = root / "shared" / "settings"
    found = {plane: _read_by_class(settings, name) for plane, name in _SETTINGS_CLASS.items()}
    for plane, places in PLANES.items():
        for path in (one for place in places for one in _python_files(root / place)):
            if path.parent != settings:
                found[plane] |= {name for name, _ in _reads(ast.parse(path.read_bytes()))}
    return found


def _python_files(place: Path) -> list[Path]:
    return [place] if place.suffix else sorted(place.rglob("*.py"))


def _read_by_class(folder: Path, root_class: str) -> set[str]:
    parts = {
        node.name: node
        for path in _python_files(folder)
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    wanted, seen, names = [root_class], set[str](), set[str]()
    while wanted:
        name = wanted.pop()
        if name in seen or name not in parts:
            continue
        seen.add(name)
        names |= {setting for setting, _ in _reads(parts[name])}
        wanted += [node.id for node in ast.walk(parts[name]) if isinstance(node, ast.Name)]
    return names


def _reads(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Names read from something called `env` or `environ`: by index, by method, or by a helper given both."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_environment(node.value):
            yield from _constant(node.slice)
        elif isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute) and function.attr in _READERS and node.args:
                if _is_environment(function.value) or function.attr == "getenv":
                    yield from _constant(node.args[0])
            elif len(node.args) >= 2 and _is_environment(node.args[0]):
                yield from _constant(node.args[1])


def _is_environment(node: ast.AST) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in ("env", "environ", "environment")


def _constant(node: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, node.lineno


def settings_given(files: Mapping[str, BicepFile]) -> dict[str, set[str]]:
    """By plane, the names that infra sets. `files` by file name."""
    control: set[str] = set()
    functions = files["functions.bicep"].declarations.get("appSettings")
    if functions is not None and functions.body is not None:
        control |= _names_in(functions, "properties")
    for call in files["main.bicep"].modules:
        if call.reference.endswith("functions.bicep") and call.body is not None:
            control |= _names_in(call, "settings")
    bridge: set[str] = set()
    for node in files["bridge.bicep"].nodes:
        pairs = entries(node) if node.type == "object" else {}
        name = literal(pairs["name"][1]) if "name" in pairs and len(pairs) == 2 else None
        if name is not None and ("value" in pairs or "secretRef" in pairs):
            bridge.add(name)
    return {CONTROL: control, BRIDGE: bridge}


def _names_in(declared: Declaration, key: str) -> set[str]:
    """Keys of every object under the property `key`."""
    for node in walk(declared.node):
        if node.type == "object_property" and text_of(node.named_children[0]) == key:
            return {
                name
                for inner in walk(node.named_children[-1])
                if inner.type == "object"
                for name in entries(inner)
            }
    return set()


def check_settings(root: Path, files: Mapping[str, BicepFile]) -> Iterator[Finding]:
    """Settings that only one of the two sides knows."""
    read, given = settings_read(root), settings_given(files)
    place = {CONTROL: files["functions.bicep"], BRIDGE: files["bridge.bicep"]}
    for plane, file in place.items():
        for name in sorted(read[plane] - given[plane] - set(LEFT_OUT) - set(PLATFORM)):
            yield file.finding(file.root, f"{plane} reads {name}, and nothing sets it")
        for name in sorted(given[plane] - read[plane] - set(PLATFORM)):
            yield file.finding(file.root, f"{name} is set, and {plane} never reads it")
        for name in sorted(given[plane] & set(LEFT_OUT)):
            yield file.finding(file.root, f"{name} is set, though LEFT_OUT says: {LEFT_OUT[name]}")
        for name in sorted(set(LEFT_OUT) - read[CONTROL] - read[BRIDGE]):
            yield file.finding(file.root, f"LEFT_OUT names {name}, which no code reads")
