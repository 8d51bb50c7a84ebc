"""Azure's published resource types, as azure_types.json keeps them (refresh_types.py writes it).

A resource is a table of object types, "@" being its body. An object has `properties`, and perhaps
`additional` (the type of any other property) or `by` and `kinds` (the property that tells its kinds apart). A
property is written `[!][=]type [{limits}]`: `!` required, `=` read-only; a type is the name of an object
type, a primitive, a literal, `type[]`, or several with ` | ` between them.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TYPES_FILE: Final = Path(__file__).with_name("azure_types.json")

PRIMITIVES: Final = frozenset({"string", "int", "bool", "object", "any", "array", "null"})

_PROPERTY: Final = re.compile(r"(?P<marks>[!=]*)(?P<type>.*?)(?: \{(?P<limits>.*)\})?$", re.S)
_LIMIT: Final = re.compile(r"(minLength|maxLength|minValue|maxValue): (-?\d+)")
_PATTERN: Final = re.compile(r"pattern: (.*)$")


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object type."""

    type: str
    required: bool
    read_only: bool
    limits: Mapping[str, int]
    pattern: str | None

    @classmethod
    def parse(cls, text: str) -> Property:
        """From its written form."""
        match = _PROPERTY.match(text)
        assert match is not None, text  # noqa: S101 - the expression matches everything
        limits = match["limits"] or ""
        pattern = _PATTERN.search(limits)
        return cls(
            match["type"],
            "!" in match["marks"],
            "=" in match["marks"],
            {name: int(value) for name, value in _LIMIT.findall(limits)},
            pattern[1] if pattern else None,
        )


@dataclass(frozen=True, slots=True)
class ObjectType:
    """What an object may and must have."""

    properties: Mapping[str, Property]
    additional: str | None
    by: str | None
    kinds: Mapping[str, Mapping[str, Property]]


class ResourceType:
    """One resource type at one version."""

    def __init__(self, name: str, types: Mapping[str, Any]) -> None:
        self.name = name
        self._types = types

    @property
    def body(self) -> ObjectType:
        """The whole resource."""
        found = self.object("@")
        assert found is not None  # noqa: S101 - every resource is written with one
        return found

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - the few resource types live as long as the process
    def object(self, name: str) -> ObjectType | None:
        """The object type of that name; None when the name is a primitive or a literal."""
        described = self._types.get(name)
        if described is None:
            return None
        return ObjectType(
            _properties(described["properties"]),
            described.get("additional"),
            described.get("by"),
            {kind: _properties(table) for kind, table in described.get("kinds", {}).items()},
        )


def _properties(table: Mapping[str, str]) -> dict[str, Property]:
    return {name: Property.parse(text) for name, text in table.items()}


@functools.cache
def azure_types() -> Mapping[str, ResourceType]:
    """All of them, by `type@version` in lower case."""
    written = json.loads(TYPES_FILE.read_text())
    return {name.lower(): ResourceType(name, types) for name, types in written.items()}
