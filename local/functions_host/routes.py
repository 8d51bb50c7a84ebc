"""Route templates of HTTP triggers: the part of ASP.NET attribute routing that Functions apps use.

    calls/{id}   {id?}   {id:int}   {*rest}

A value stands for one whole or part of a path segment. Constraints: int, guid, alpha, bool.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_CONSTRAINTS: Final = {
    "int": r"-?\d+",
    "guid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "alpha": r"[A-Za-z]+",
    "bool": r"[Tt]rue|[Ff]alse",
}
_VALUE: Final = re.compile(
    r"(?P<slash>/?)\{(?P<rest>\*?)(?P<name>\w+)(?::(?P<constraint>\w+))?(?P<optional>\??)\}"
)


class RouteError(ValueError):
    """A template that this host cannot serve; the message names the template and the part."""


@dataclass(frozen=True, slots=True)
class Route:
    """A compiled template."""

    template: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    """Upper case; empty for all."""

    @classmethod
    def compile(cls, template: str, methods: Iterable[str] = ()) -> Route:
        """Compile a template that begins with "/".

        Raises:
            RouteError: an unknown constraint, or braces that are no value.
        """
        pattern, end = "", 0
        for value in _VALUE.finditer(template):
            pattern += _literal(template, end, value.start()) + _value(template, value)
            end = value.end()
        pattern += _literal(template, end, len(template))
        return cls(template, re.compile(f"{pattern}/?", re.IGNORECASE), frozenset(m.upper() for m in methods))

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route's values when it serves this request, else None.

        A wrong method is no match: the host's method constraint makes such a request 404, not 405.
        """
        if self.methods and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        return None if found is None else {k: v for k, v in found.groupdict().items() if v is not None}

    @property
    def precedence(self) -> tuple[int, ...]:
        """Sorts the more particular of two routes first; by segment: literal, constrained, free, rest."""
        return tuple(_rank(segment) for segment in self.template.strip("/").split("/"))


def _literal(template: str, start: int, end: int) -> str:
    text = template[start:end]
    if "{" in text or "}" in text:
        raise RouteError(
            f"route {template!r}: cannot read {text!r}; expected {{name}}, {{name:int}} or {{*name}}"
        )
    return re.escape(text)


def _value(template: str, value: re.Match[str]) -> str:
    name, constraint = value["name"], value["constraint"]
    if constraint is not None and constraint not in _CONSTRAINTS:
        known = ", ".join(_CONSTRAINTS)
        raise RouteError(f"route {template!r}: {name}: constraint {constraint!r} is not one of {known}")
    body = ".*" if value["rest"] else _CONSTRAINTS.get(constraint or "", "[^/]+")
    group = f"{value['slash']}(?P<{name}>{body})"
    return f"(?:{group})?" if value["optional"] or value["rest"] else group


def _rank(segment: str) -> int:
    if "{" not in segment:
        return 0
    if "{*" in segment:
        return 3
    return 1 if ":" in segment else 2
