"""Calls of modules against the modules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.check.expressions import Lookup, path_of
from infra.check.source import BicepFile, Declaration, Finding, entries, literal, walk


def check_modules(lookup: Lookup, files: dict[Path, BicepFile]) -> Iterator[Finding]:
    """Parameters given and wanted, their kinds, and outputs read."""
    file = lookup.file
    for call in file.modules:
        module = files.get(module_path(file, call))
        if module is None:
            yield file.finding(call.node, f"module file '{call.reference}' does not exist")
        else:
            yield from _check_call(lookup, call, module)
    for node in file.nodes:
        path = path_of(node) if node.type == "member_expression" else None
        called = file.declarations.get(path[0]) if path else None
        if path is None or called is None or called.kind != "module" or len(path) < 2:
            continue
        if path[1] not in ("outputs", "name"):
            yield file.finding(node, f"a module has 'outputs' and 'name', not '{path[1]}'")
        module = files.get(module_path(file, called))
        if module is not None and len(path) == 3 and path[1] == "outputs" and path[2] not in module.outputs:
            yield file.finding(node, f"module '{called.name}' has no output '{path[2]}'")


def module_path(file: BicepFile, call: Declaration) -> Path:
    """The file that a module call names."""
    return (file.path.parent / call.reference).resolve()


def _check_call(lookup: Lookup, call: Declaration, module: BicepFile) -> Iterator[Finding]:
    file = lookup.file
    if call.body is None:
        yield file.finding(call.node, f"module '{call.name}' has no body")
        return
    body = entries(call.body)
    for name, (entry, _) in body.items():
        if name not in ("name", "scope", "params", "dependsOn"):
            yield file.finding(entry, f"a module call has no '{name}'")
    given = entries(body["params"][1]) if "params" in body else {}
    for name, (entry, value) in given.items():
        wanted = module.parameters.get(name)
        if wanted is None:
            yield file.finding(entry, f"module '{call.name}' has no parameter '{name}'")
            continue
        kind = lookup.kind_of(value)
        if kind is not None and kind != "null" and wanted.primitive_type not in (None, kind):
            text = f"parameter '{name}' of '{call.name}': {kind} given, {wanted.primitive_type} expected"
            yield file.finding(value, text)
        allowed, chosen = allowed_values(wanted), literal(value)
        if allowed and chosen is not None and chosen not in allowed:
            yield file.finding(value, f"parameter '{name}' of '{call.name}': '{chosen}' is not allowed there")
    for name, wanted in module.parameters.items():
        if wanted.is_required and name not in given:
            yield file.finding(call.node, f"module '{call.name}' wants parameter '{name}'")


def allowed_values(parameter: Declaration) -> list[str]:
    """The strings of `@allowed`; none without it."""
    call = parameter.decorators.get("allowed")
    return [] if call is None else [text for node in walk(call) if (text := literal(node)) is not None]
