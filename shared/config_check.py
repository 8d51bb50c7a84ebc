"""Configuration read into typed structs, with errors that name the key, the value and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect


class ConfigError(ValueError):
    """A key is unknown, missing or has a value that is not allowed; the message names all three."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key that a configuration can have."""

    name: str
    """With its tables: "voice.rate"."""
    allowed: str
    """In words: "a number from 0.5 to 1.5"."""
    default: str
    """As it would stand in the file; "required" or "none" (the key can only be left out) otherwise."""


def convert[T: msgspec.Struct](raw: Mapping[str, Any], kind: type[T]) -> T:
    """A decoded TOML table as `kind`, checked as strictly as the types say.

    Raises:
        ConfigError: names the key with its tables, the value found and the values allowed.
    """
    allowed = {key.name: key.allowed for key in keys(kind)}
    _refuse_unknown(raw, kind, "")
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        name = re.sub(r"\[\d*\.*\]$", "", where.strip("`").removeprefix("$").removeprefix("."))
        if missing := re.search(r"missing required field `(\w+)`", what):
            name = f"{name}.{missing[1]}" if name else missing[1]
            raise ConfigError(f"{name}: missing; set it to {allowed.get(name, 'a table')}") from error
        if name not in allowed:  # a rule across keys, whose message says everything, or a table that is none
            raise ConfigError(f"{name}: {what}" if name else what) from error
        raise ConfigError(f"{name}: {_value(raw, name)!r} is not allowed; use {allowed[name]}") from error


def keys(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[Key]:
    """Every key a configuration of this kind can have, tables opened, in order."""
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind.__name__} is not a struct")
    for field in info.fields:
        name = f"{prefix}{field.encode_name}"
        table = _table(field.type)
        if table is not None:
            yield from keys(table, f"{name}.")
        else:
            yield Key(name, _allowed(field.type), _default(field))


def _refuse_unknown(raw: Mapping[str, Any], kind: type[msgspec.Struct], prefix: str) -> None:
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind.__name__} is not a struct")
    fields = {field.encode_name: field for field in info.fields}
    for name, value in raw.items():
        if name not in fields:
            near = get_close_matches(name, fields, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"the keys here are {', '.join(fields)}"
            raise ConfigError(f"{prefix}{name}: unknown key; {hint}")
        table = _table(fields[name].type)
        if table is not None:
            if not isinstance(value, dict):
                raise ConfigError(f"{prefix}{name}: {value!r} is not allowed; use a table [{prefix}{name}]")
            _refuse_unknown(value, table, f"{prefix}{name}.")


def _value(raw: Mapping[str, Any], name: str) -> object:
    value: Any = raw
    for part in name.split("."):
        value = value[part]
    return value


def _table(kind: inspect.Type) -> type[msgspec.Struct] | None:
    """The struct behind a field that is a table of its own."""
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return next((option.cls for option in options if isinstance(option, inspect.StructType)), None)


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if default is None:
        return "none"
    return msgspec.json.encode(list(default) if isinstance(default, tuple) else default).decode()


def _allowed(kind: inspect.Type) -> str:
    """The values of a type in words. Covers what configuration structs use; anything else is a mistake."""
    match kind:
        case inspect.Metadata(type=inner):
            return _allowed(inner)
        case inspect.UnionType(types=types):
            return " or ".join(_allowed(one) for one in types if not isinstance(one, inspect.NoneType))
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(repr, values))}".replace("'", '"')
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=low, le=high):
            return f"a whole number from {low} to {high}"
        case inspect.FloatType(ge=low, le=high):
            return f"a number from {low:g} to {high:g}"
        case inspect.StrType(max_length=most):
            return f"text of 1 to {most} characters"
        case inspect.VarTupleType(item_type=item):
            return f"a list, each {_allowed(item)}"
    raise TypeError(f"no words for {kind}")
