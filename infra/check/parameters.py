"""The parameter files azd reads: main.bicepparam and bridge.parameters.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from infra.check.expressions import Lookup
from infra.check.modules import allowed_values
from infra.check.names import check_syntax
from infra.check.source import BicepFile, Declaration, Finding, function_name, literal, walk

_BY_AZD: Final = re.compile(r"AZURE_ENV_NAME|AZURE_LOCATION|SERVICE_BRIDGE_IMAGE_NAME")
"""Variables that azd itself sets."""
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?:=([^}]*))?\}")
_OWN: Final = re.compile(r"TABLETALK_[A-Z_]+")


def check_parameter_files(
    root: Path, files: Mapping[str, BicepFile], replaced: Mapping[str, bytes]
) -> Iterator[Finding]:
    """Parameters given and wanted, and variables that nobody sets."""
    for name, read in (("main.bicepparam", _check_bicepparam), ("bridge.parameters.json", _check_json)):
        path = root / "infra" / name
        yield from read(path, replaced.get(name) or path.read_bytes(), files)


def variables(root: Path) -> dict[str, str]:
    """Variables of the azd environment that an operator may set, and their defaults."""
    text = (root / "infra" / "main.bicepparam").read_text()
    found = dict(re.findall(r"readEnvironmentVariable\('(TABLETALK_\w+)', '([^']*)'\)", text))
    text = (root / "infra" / "bridge.parameters.json").read_text()
    return found | {name: default for name, default in _VARIABLE.findall(text) if default}


def _check_bicepparam(path: Path, text: bytes, files: Mapping[str, BicepFile]) -> Iterator[Finding]:
    """The grammar knows no .bicepparam; with `var` for `param`, it is a Bicep file of as many lines."""
    as_bicep = re.sub(rb"^param ", b"var ", re.sub(rb"^using .*$", b"", text, flags=re.M), flags=re.M)
    file, main = BicepFile(path, as_bicep), files["main.bicep"]
    yield from check_syntax(file)
    if b"using './main.bicep'" not in text:
        yield file.finding(file.root, "it must be for './main.bicep'")
    lookup = Lookup(file, lambda _: None)
    for declared in file.of_kind("variable"):
        wanted = main.parameters.get(declared.name)
        if wanted is None:
            yield file.finding(declared.node, f"main.bicep has no parameter '{declared.name}'")
            continue
        kind = None if declared.value is None else lookup.kind_of(declared.value)
        if kind is not None and wanted.primitive_type not in (None, kind):
            yield file.finding(
                declared.node, f"'{declared.name}': {kind} given, {wanted.primitive_type} expected"
            )
        for node in walk(declared.node):
            name = literal(node) or "" if node.type == "string" else ""
            if re.fullmatch(r"[A-Z]+_[A-Z_]+", name) and not (
                _BY_AZD.fullmatch(name) or _OWN.fullmatch(name)
            ):
                yield file.finding(node, f"nobody sets {name}")
    yield from _missing(file, main, {one.name for one in file.of_kind("variable")})


def _check_json(path: Path, text: bytes, files: Mapping[str, BicepFile]) -> Iterator[Finding]:
    bridge, outputs = files["bridge.bicep"], files["main.bicep"].outputs
    file = BicepFile(path, b"")
    try:
        given = json.loads(text)["parameters"]
    except (ValueError, KeyError) as error:
        yield file.finding(file.root, f"not a parameter file: {error}")
        return
    for name, entry in given.items():
        wanted = bridge.parameters.get(name)
        if wanted is None:
            yield file.finding(file.root, f"bridge.bicep has no parameter '{name}'")
            continue
        for variable, default in _VARIABLE.findall(entry["value"]):
            if not default and not _BY_AZD.fullmatch(variable) and variable not in outputs:
                yield file.finding(file.root, f"'{name}': nobody sets {variable}; outputs of main.bicep do")
            allowed = allowed_values(wanted)
            if default and allowed and default not in allowed:
                yield file.finding(file.root, f"'{name}': {default} is none of {', '.join(allowed)}")
    yield from _missing(file, bridge, set(given))


def _missing(file: BicepFile, wanted: BicepFile, given: set[str]) -> Iterator[Finding]:
    for name, parameter in wanted.parameters.items():
        if name not in given and not _is_of_the_moment(parameter):
            need = "wants" if parameter.is_required else "lets an operator choose"
            yield file.finding(file.root, f"{wanted.path.name} {need} '{name}', and it is not given")


def _is_of_the_moment(parameter: Declaration) -> bool:
    """Whether each deployment gives it another value: Bicep lets `utcNow` stand nowhere but in a default."""
    return any(
        node.type == "call_expression" and function_name(node) == "utcNow" for node in walk(parameter.node)
    )
