"""What a mind gives back, and the one method every mind has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

type ToolChoice = str | Mapping[str, Any]
"""`auto`, `none`, `required`, or `{"type": "function", "name": ...}`, as in a session or a response."""


@dataclass(frozen=True, slots=True)
class Say:
    """One reply to speak to the caller."""

    text: str


@dataclass(frozen=True, slots=True)
class CallFunction:
    """One function call for the client to run; `arguments` is the object, not yet JSON text."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


type Output = Say | CallFunction


class Mind(Protocol):
    """Decides what comes next in a conversation."""

    async def think(
        self,
        instructions: str,
        tools: Sequence[Mapping[str, Any]],
        items: Sequence[Mapping[str, Any]],
        tool_choice: ToolChoice = "auto",
    ) -> list[Output]:
        """The next outputs, at least one, given the whole conversation so far.

        `tools` are Voice Live function definitions and `items` conversation items, both in wire form
        (api-version 2026-07-15). Never raises for odd content in either.
        """
        ...
