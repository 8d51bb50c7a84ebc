"""What a tool is, and what running one gives: JSON for the model, and what the call has to do about it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.handover import Transfer


@dataclass(frozen=True, slots=True)
class ToolResult:
    """`output` is JSON for the model. `ends_call`: hang up when the goodbye has been heard. `transfer`: hand
    the caller over once they have been told; when that fails, `not_reached` is the output instead. `tools`:
    definitions that the model has from now on."""

    output: str
    ends_call: bool = False
    transfer: Transfer | None = None
    tools: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Tool[T: msgspec.Struct]:
    """A tool: the struct of its parameters, what it does with them and whether that changes anything."""

    parameters: type[T]
    run: Callable[[T], Awaitable[ToolResult]]
    read_only: bool = False


class ToolFailureError(Exception):
    """A tool cannot do what it was asked; carries the result that says so."""

    def __init__(self, code: str, message: str, **facts: Any) -> None:
        super().__init__(code)
        self.result = failure(code, message, **facts)


def result(facts: dict[str, Any]) -> ToolResult:
    """A result that is nothing but facts."""
    return ToolResult(json.dumps(facts, ensure_ascii=False))


def failure(code: str, message: str, **facts: Any) -> ToolResult:
    """A result that says what went wrong and, in `message`, what the model should do about it."""
    return result({"error": code, "message": message, **facts})


def not_reached() -> ToolResult:
    """The result of a hand-over that nobody took: the caller is back."""
    return failure(
        "not_reached",
        "Nobody took the call, and the caller is still with you. Say so if they have not been told, and "
        "offer to help yourself or to try again later. Transfer again only if the caller asks for it.",
    )
