"""Prints a resource type of a management SDK as azure_types.json writes it: `sdk_types.py MODULE CLASS`.

Runs in a process of its own whose path has the SDK; it imports nothing else. Reads SDKs whose models
carry `_attribute_map` and `_validation`.
"""

from __future__ import annotations

import enum
import importlib
import json
import re
import sys
from typing import Any

_PLAIN = {
    "str": "string",
    "iso-8601": "string",
    "duration": "string",
    "date": "string",
    "rfc-1123": "string",
    "int": "int",
    "long": "int",
    "float": "int",
    "bool": "bool",
    "object": "any",
}
_DOT = re.compile(r"(?<!\\)\.")
"""Between the names of a path; a dot within a name is escaped."""


class Reader:
    """Collects object types from the classes of one module of models."""

    def __init__(self, models: Any) -> None:  # noqa: ANN401 - a module, whichever
        self._models = models
        self.types: dict[str, dict[str, Any]] = {}

    def add(self, name: str) -> None:
        """The class, and all that its properties mention."""
        if name in self.types:
            return
        self.types[name] = {}  # so that a class that mentions itself ends
        cls = getattr(self._models, name)
        own = self._nested(name, self._properties(cls))
        described: dict[str, Any] = {"properties": own}
        if own.pop("", None) is not None:
            described["additional"] = "any"
        subtypes = getattr(cls, "_subtype_map", None)
        if subtypes:
            ((attribute, kinds),) = subtypes.items()
            by = cls._attribute_map[attribute]["key"].replace("\\.", ".")
            own.pop(by)
            described |= {"by": by, "kinds": {kind: self._kind(one, by, kind) for kind, one in kinds.items()}}
        self.types[name] = described

    def _kind(self, name: str, by: str, kind: str) -> dict[str, str]:
        below = self._nested(name, self._properties(getattr(self._models, name)))
        below.pop("", None)
        return {**below, by: f"!{kind}"}

    def _properties(self, cls: Any) -> dict[tuple[str, ...], str]:  # noqa: ANN401 - a class of the SDK
        """Path to written property."""
        flat = {}
        for attribute, entry in cls._attribute_map.items():
            rules = cls._validation.get(attribute, {})
            mark = ("!" if rules.get("required") else "") + ("=" if rules.get("readonly") else "")
            path = tuple(part.replace("\\.", ".") for part in _DOT.split(entry["key"]))
            flat[path] = mark + self._expression(entry["type"], cls, attribute)
        return flat

    def _nested(self, name: str, flat: dict[tuple[str, ...], str]) -> dict[str, str]:
        """The SDK flattens `properties`; here it is an object type again."""
        own: dict[str, str] = {}
        inner: dict[str, dict[tuple[str, ...], str]] = {}
        for path, text in flat.items():
            if len(path) == 1:
                own[path[0]] = text
            else:
                inner.setdefault(path[0], {})[path[1:]] = text
        for key, below in inner.items():
            self.types[f"{name}.{key}"] = {"properties": self._nested(f"{name}.{key}", below)}
            required = any(text.startswith("!") for text in below.values())
            own[key] = ("!" if required else "") + f"{name}.{key}"
        return own

    def _expression(self, kind: str, cls: Any, attribute: str) -> str:  # noqa: ANN401 - a class of the SDK
        if kind.startswith("["):
            return self._expression(kind[1:-1], cls, attribute) + "[]"
        if kind.startswith("{"):
            item = self._expression(kind[1:-1], cls, attribute)
            self.types[f"Map of {item}"] = {"properties": {}, "additional": item}
            return f"Map of {item}"
        if kind in ("str", "int", "float") and (values := self._values(cls, attribute)):
            return " | ".join([*values, _PLAIN[kind]])
        if kind in _PLAIN:
            return _PLAIN[kind]
        self.add(kind)
        return kind

    def _values(self, cls: Any, attribute: str) -> list[str]:  # noqa: ANN401 - a class of the SDK
        """The values of an enumeration, which only the docstring names."""
        line = re.search(rf":vartype {attribute}: (.*?)(?=\n\s*:|\Z)", cls.__doc__ or "", re.S)
        named = re.search(r"\bor\s+~[\w.]+\.(\w+)", line[1]) if line else None
        found = getattr(self._models, named[1], None) if named else None
        is_enum = isinstance(found, type) and issubclass(found, enum.Enum)
        return [str(one.value) for one in found] if is_enum and found else []


def main(module: str, root: str) -> None:
    """Print the types; the body of the resource is "@"."""
    reader = Reader(importlib.import_module(module))
    reader.add(root)
    reader.types["@"] = reader.types.pop(root)
    print(json.dumps(reader.types))


if __name__ == "__main__":
    main(*sys.argv[1:])
