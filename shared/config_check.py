"""Configuration read into typed structs, with errors that name the key, the value and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

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


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables of a configuration.

    A rule across keys stands in `__post_init__` and raises ValueError with a message that begins with the
    name of a key of the table.
    """


def convert[T: msgspec.Struct](raw: Mapping[str, Any], kind: type[T], prefix: str = "") -> T:
    """A decoded TOML table as `kind`, checked as strictly as the types say.

    `prefix` is the name of the table in front of its keys, as in "voice.".

    Raises:
        ConfigError: names the key with its tables, the value found and the values allowed.
    """
    types = get_type_hints(kind, include_extras=True)
    fields = _fields(kind)
    _refuse_unknown(raw, fields, prefix)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in raw:
            values[name] = _read(raw[name], field.type, types[name], f"{prefix}{name}")
        elif field.required:
            raise ConfigError(f"{prefix}{name}: missing; set it to {_wanted(field.type)}")
    try:
        return kind(**values)
    except ValueError as error:  # a rule across keys, whose message says everything
        raise ConfigError(f"{prefix}{error}") from error


def keys(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[Key]:
    """Every key a configuration of this kind can have, tables opened, in order.

    Where the operator names the tables, `<name>` stands for the name.
    """
    for field in _fields(kind).values():
        name = f"{prefix}{field.encode_name}"
        if (table := _table(field.type)) is not None:
            yield from keys(table, f"{name}.")
        elif (table := _named_tables(field.type)) is not None:
            yield from keys(table, f"{name}.<name>.")
        else:
            yield Key(name, _allowed(field.type), _default(field))


def _fields(kind: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind.__name__} is not a struct")
    return {field.encode_name: field for field in info.fields}


def _refuse_unknown(raw: Mapping[str, Any], fields: Mapping[str, inspect.Field], prefix: str) -> None:
    for name in raw:
        if name not in fields:
            near = get_close_matches(name, fields, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"the keys here are {', '.join(fields)}"
            raise ConfigError(f"{prefix}{name}: unknown key; {hint}")


def _read(value: object, kind: inspect.Type, python_type: object, name: str) -> object:
    """One value: a table, tables that the operator names, or anything msgspec can check by itself."""
    if (table := _table(kind)) is not None:
        return convert(_as_table(value, name), table, f"{name}.")
    if (table := _named_tables(kind)) is not None:
        return _read_named(_as_table(value, name), get_args(python_type)[0], table, name)
    try:
        return msgspec.convert(value, python_type)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {value!r} is not allowed; use {_allowed(kind)}") from error


def _read_named(
    rows: Mapping[str, Any], key_type: object, table: type[msgspec.Struct], name: str
) -> dict[str, msgspec.Struct]:
    tables = {}
    for key, row in rows.items():
        try:
            msgspec.convert(key, key_type)
        except msgspec.ValidationError as error:
            allowed = _allowed(inspect.type_info(key_type))
            raise ConfigError(f"{name}.{key}: {key!r} is not allowed; use {allowed}") from error
        tables[key] = convert(_as_table(row, f"{name}.{key}"), table, f"{name}.{key}.")
    return tables


def _as_table(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{name}: {value!r} is not allowed; use a table [{name}]")
    return value


def _wanted(kind: inspect.Type) -> str:
    return "a table" if _table(kind) or _named_tables(kind) else _allowed(kind)


def _table(kind: inspect.Type) -> type[msgspec.Struct] | None:
    """The struct behind a field that is a table of its own."""
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return next((option.cls for option in options if isinstance(option, inspect.StructType)), None)


def _named_tables(kind: inspect.Type) -> type[msgspec.Struct] | None:
    """The struct behind a field that is a table of tables, named by the operator."""
    return _table(kind.value_type) if isinstance(kind, inspect.DictType) else None


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if default is None:
        return "none"
    return msgspec.json.encode(default).decode()


def _allowed(kind: inspect.Type) -> str:
    """The values of a type in words. Covers what configuration structs use; anything else is a mistake."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return schema["description"] if schema and "description" in schema else _allowed(inner)
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
        case inspect.StrType(max_length=None):
            return "text"
        case inspect.StrType(max_length=most):
            return f"text of 1 to {most} characters"
        case inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            bounds = f" of {least or 0} to {most}" if most else ""
            return f"a list{bounds}, each {_allowed(item)}"
        case inspect.TupleType(item_types=items):
            return f"a list of {len(items)}, each {_allowed(items[0])}"
        case inspect.DictType(key_type=key, value_type=item):
            return f"a table whose keys are {_allowed(key)}, each {_allowed(item)}"
    raise TypeError(f"no words for {kind}")
