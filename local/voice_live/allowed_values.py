"""The values a field of a decoded type may have, for error messages that list them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import inspect

_STEP = re.compile(r"[^.\[\]]+|\[\d*\.*\]")


def allowed_values(expected: Any, path: str) -> list[str]:  # noqa: ANN401 - any type msgspec can decode
    """What may stand at `path`, as in `session.modalities[0]`: literals, or the tags of tagged structs,
    as they are to be shown.

    Where several types are possible on the way, all of them count. Empty when the values are not limited.
    """
    here = list(_alternatives(_type_info(expected)))
    values: list[object] = []
    for step in _STEP.findall(path):
        values = [
            kind.tag for kind in here if isinstance(kind, inspect.StructType) and kind.tag_field == step
        ]
        here = [inner for kind in here for inner in _inside(kind, step)]
    values += [value for kind in here if isinstance(kind, inspect.LiteralType) for value in kind.values]
    named = [repr(value) for value in dict.fromkeys(values)]
    if named and any(isinstance(kind, inspect.IntType) for kind in here):
        named.append("a whole number")
    return named


@cache
def _type_info(expected: Any) -> inspect.Type:  # noqa: ANN401 - any type msgspec can decode
    return inspect.type_info(expected)


def _inside(kind: inspect.Type, step: str) -> Iterator[inspect.Type]:
    """The types one step further: in a field of a struct, or in the elements of a list."""
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            if field.encode_name == step:
                yield from _alternatives(field.type)
    elif isinstance(kind, inspect.ListType) and step.startswith("["):
        yield from _alternatives(kind.item_type)


def _alternatives(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.UnionType):
        for member in kind.types:
            yield from _alternatives(member)
    elif isinstance(kind, inspect.Metadata):
        yield from _alternatives(kind.type)
    else:
        yield kind
