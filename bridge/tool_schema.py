"""Tool parameters from typed Python: one msgspec struct a tool gives both the JSON schema and the check.

The schema is what Voice Live takes as `parameters` of a function tool (api-version 2026-07-15): a flat
object whose properties each carry a description. Values known only at run time (restaurant names, cuisines)
go in as enums.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class ToolArgumentError(ValueError):
    """The model's arguments do not fit the tool; the message says what to ask the caller."""


def ask(description: str, question: str, **limits: Any) -> msgspec.Meta:
    """Metadata of one parameter: `description` for the schema, `question` for what to ask when it is
    wrong."""
    return msgspec.Meta(description=description, extra={"ask": question}, **limits)


def parameters(struct: type[msgspec.Struct], enums: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The JSON schema of a flat parameter struct; `enums` adds the allowed values of the named parameters."""
    _, components = msgspec.json.schema_components([struct])
    schema = components[struct.__name__]
    properties = {
        name: _limited(_plain(value), enums.get(name, ())) for name, value in schema["properties"].items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": schema["required"],
        "additionalProperties": False,
    }


def parse[T: msgspec.Struct](struct: type[T], arguments: str) -> T:
    """The arguments as the model sent them (JSON text), checked.

    A null or empty value counts as absent: models fill optional parameters with them. One text where a list
    belongs is a list of one.

    Raises:
        ToolArgumentError: not JSON, not an object, a parameter missing, unknown or of the wrong shape.
    """
    try:
        given = json.loads(arguments or "{}")
        json.dumps(given, ensure_ascii=False).encode()  # half a character could not be stored
    except (ValueError, RecursionError) as error:
        raise ToolArgumentError(
            "The arguments are not JSON. Call the tool again with a JSON object."
        ) from error
    if not isinstance(given, dict):
        raise ToolArgumentError("The arguments are not a JSON object. Call the tool again with one.")
    values = {name: value for name, value in given.items() if value not in (None, "")}
    questions = _questions(struct)
    if unknown := sorted(set(values) - set(questions)):
        raise ToolArgumentError(
            f"There is no parameter {unknown[0]}. The parameters are {', '.join(questions) or 'none'}."
        )
    if missing := [field for field in _required(struct) if field not in values]:
        raise ToolArgumentError(f"Missing: {', '.join(missing)}. Ask the caller {questions[missing[0]]}.")
    shapes = parameters(struct, {})["properties"]
    for name, value in values.items():
        if shapes[name]["type"] == "array" and isinstance(value, str):
            values[name] = [value]
    try:
        return msgspec.convert(values, struct, strict=False)
    except msgspec.ValidationError as error:
        found = re.search(r"\$\.(\w+)", str(error))
        name = found[1] if found else ""
        what = str(error).split(" - at ")[0].replace("`", "")
        if allowed := shapes.get(name, {}).get("enum"):
            what = f"it must be one of {', '.join(allowed)}"
        hint = f" Ask the caller {questions[name]}." if questions.get(name) else ""
        raise ToolArgumentError(f"{name} {values.get(name)!r} is not usable: {what}.{hint}") from error


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """One property without null (an optional parameter is left out, never null) and always with its type."""
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    branches = [branch for branch in schema.get("anyOf", []) if branch != {"type": "null"}]
    merged = (branches[0] if branches else {}) | rest
    if "enum" in merged:
        merged["enum"] = [value for value in merged["enum"] if value is not None]
    return {"type": "string"} | merged


def _limited(schema: dict[str, Any], values: Sequence[str]) -> dict[str, Any]:
    """One property that takes no other values than these; any when there are none."""
    if not values:
        return schema
    if schema["type"] == "array":
        return schema | {"items": schema["items"] | {"enum": list(values)}}
    return schema | {"enum": list(values)}


def _required(struct: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(struct) if field.required]


def _questions(struct: type[msgspec.Struct]) -> dict[str, str]:
    """What to ask the caller for each parameter, from the `ask` metadata."""
    info = msgspec.inspect.type_info(struct)
    if not isinstance(info, msgspec.inspect.StructType):
        raise TypeError(f"{struct.__name__} is not a parameter struct")
    found: dict[str, str] = {}
    for field in info.fields:
        extra = field.type.extra or {} if isinstance(field.type, msgspec.inspect.Metadata) else {}
        found[field.encode_name] = str(extra.get("ask", ""))
    return found
