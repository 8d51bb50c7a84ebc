"""All checks, over all files."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from infra.check.access import ACCESS, check_access
from infra.check.expressions import Lookup
from infra.check.modules import check_modules, module_path
from infra.check.names import check_names, check_syntax
from infra.check.parameters import check_parameter_files
from infra.check.resources import check_resources
from infra.check.rules import check_rules, check_whole
from infra.check.settings import check_settings
from infra.check.source import BicepFile, Declaration, Finding
from infra.check.wiring import check_log_events, check_watched, check_wiring

ENTRY_POINTS: Final = frozenset({"main.bicep", "bridge.bicep"})
"""What azd deploys: `azd provision` the first, `azd deploy bridge` the second."""


def read_all(root: Path, replaced: Mapping[str, bytes] | None = None) -> dict[Path, BicepFile]:
    """Every Bicep file of the checkout by its path. `replaced` gives other text to some, by file name."""
    files = {}
    for path in sorted((root / "infra").rglob("*.bicep")):
        text = (replaced or {}).get(path.name)
        files[path.resolve()] = _parsed(path, path.read_bytes() if text is None else text)
    return files


def check_everything(root: Path, replaced: Mapping[str, bytes] | None = None) -> list[Finding]:
    """All findings, in order of their places."""
    files = read_all(root, replaced)
    return sorted(set(_findings(root, files, replaced or {})))


@functools.lru_cache(maxsize=64)
def _parsed(path: Path, text: bytes) -> BicepFile:
    return BicepFile(path, text)


def _findings(root: Path, files: dict[Path, BicepFile], replaced: Mapping[str, bytes]) -> Iterator[Finding]:
    by_name = {file.path.name: file for file in files.values()}
    for file in files.values():
        called = tuple(files.get(module_path(file, call)) for call in file.modules)
        yield from _of_one_file(root, file, called)
    yield from check_whole(files, ENTRY_POINTS)
    yield from check_access(by_name[ACCESS])
    yield from check_settings(root, by_name)
    yield from check_parameter_files(root, by_name, replaced)
    yield from check_wiring(root, by_name)


@functools.lru_cache(maxsize=256)
def _of_one_file(root: Path, file: BicepFile, called: tuple[BicepFile | None, ...]) -> tuple[Finding, ...]:
    """What a file and the modules it calls tell. Remembered: one edit leaves the other files as they are."""
    modules = {module.path.resolve(): module for module in called if module is not None}

    def outputs_of(call: Declaration) -> Mapping[str, Declaration] | None:
        module = modules.get(module_path(file, call))
        return None if module is None else module.outputs

    lookup = Lookup(file, outputs_of)
    return (
        *check_syntax(file),
        *check_names(file),
        *check_resources(lookup),
        *check_modules(lookup, modules),
        *check_rules(file),
        *check_watched(file),
        *check_log_events(root, file),
    )
