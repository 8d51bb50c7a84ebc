"""Holds server events against the client library's models: types known, required fields there.

One event, `conversation.item.done`, is held against nothing: it was recorded from the service, and the
library does not know it.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Union

from azure.ai.voicelive import models
from azure.ai.voicelive._utils.model_base import Model

UNTYPED = frozenset({"conversation.item.done"})
"""Events the service sends (recorded frames) that the client library has no model for."""

_CLIENT_ONLY = {"RequestAudioContentPart": "audio"}
"""Required by the library, but not sent back by the service (recorded frames)."""

_BASES = ("ServerEvent", "ResponseItem", "ContentPart", "TurnDetection", "Tool", "AzureVoice")


def parse(event: Mapping[str, Any]) -> models.ServerEvent:
    """The event as the client library reads it."""
    read: models.ServerEvent = models.ServerEvent._deserialize(dict(event), [])  # type: ignore[no-untyped-call]  # the library's own
    return read


def faults(event: Mapping[str, Any]) -> list[str]:
    """What the library would miss in the event: unknown types and absent required fields, by path."""
    if event["type"] in UNTYPED:
        return []
    return list(_faults(parse(event), event["type"]))


def _faults(value: object, path: str) -> Iterator[str]:
    if isinstance(value, Model):
        kind = type(value)
        if kind.__name__ in _BASES:
            yield f"{path}: unknown type {value.get('type')!r}"
        hints = typing.get_type_hints(kind, {**vars(models), "_models": models, "_unions": _Unions()})
        for name, hint in hints.items():
            if name.startswith("_") or _CLIENT_ONLY.get(kind.__name__) == name:
                continue
            found = getattr(value, name, None)
            if found is None and not _may_be_absent(hint):
                yield f"{path}.{name}: missing"
            yield from _faults(found, f"{path}.{name}")
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, element in enumerate(value):
            yield from _faults(element, f"{path}[{index}]")


def _may_be_absent(hint: object) -> bool:
    if typing.get_origin(hint) in (Union, types.UnionType):
        return type(None) in typing.get_args(hint)
    return hint is Any


class _Unions:
    """The library's private aliases, which only matter here for not being None."""

    def __getattr__(self, name: str) -> object:
        return Any
