"""The OpenAPI 3.1 document of the operator API, made from its table and its types.

msgspec writes the schemas of the types (JSON Schema 2020-12, which is what OpenAPI 3.1 takes), so what is
described is what is checked. The few lines that put paths around them need no library.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from control.operator_api_auth import Role
from control.operator_api_http import Problem
from control.operator_api_model import CallId
from control.operator_api_routes import ENDPOINTS, Endpoint

VERSION: Final = "1.0.0"
_REF: Final = "#/components/schemas/{name}"
_PROBLEMS: Final = {
    "400": "A parameter or property is not allowed",
    "401": "No proof of who asks, or not a good one",
    "403": "The role does not allow it",
    "404": "There is no such call or address",
    "409": "The call is not in a state for it",
    "413": "Too much for one answer: ask for ranges",
    "416": "The range begins behind the end",
    "502": "Call Automation did not do it",
    "503": "The store, the settings or the files do not allow it now",
}
_GOOD: Final = {"text/csv": "Rows with a header line", "audio/wav": "All of it"}
_RAW: Final = {"audio/wav": {"type": "string", "format": "binary"}}
_ALWAYS: Final = ("400", "401", "403", "503")


def document() -> dict[str, Any]:
    """The document, as JSON types."""
    types = [kind for e in ENDPOINTS for kind in (e.answers, e.query, e.body) if kind is not None]
    schemas = msgspec.json.schema_components([*types, Problem], ref_template=_REF)[1]
    queries = {e.query.__name__ for e in ENDPOINTS if e.query is not None}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tabletalk operator API",
            "version": VERSION,
            "description": "Calls live and past, figures over them, and talking to the agent from the page.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in queries},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "OPERATOR_TOKEN, on a laptop"},
                "signedIn": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "AppServiceAuthSession",
                    "description": "App Service authentication with Entra, in Azure",
                },
            },
        },
        "security": [{"token": []}, {"signedIn": []}],
    }


def _operation(endpoint: Endpoint, schemas: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"Needs the role Tabletalk.{Role(endpoint.role).name.capitalize()}.",
        "parameters": _parameters(endpoint, schemas),
        "responses": _responses(endpoint),
    }
    if endpoint.body is not None:
        content = {"application/json": {"schema": _ref(endpoint.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(endpoint: Endpoint, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in endpoint.path:
        found.append({"name": "id", "in": "path", "required": True, "schema": msgspec.json.schema(CallId)})
    if endpoint.query is not None:
        for name, schema in schemas[endpoint.query.__name__].get("properties", {}).items():
            plain = _without_null(schema)
            text = plain.pop("description", None)
            found.append(
                {"name": name, "in": "query", "required": False, "allowEmptyValue": True, "schema": plain}
                | ({"description": text} if text else {})
            )
    if endpoint.etag:
        found.append(
            {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}
        )
    if endpoint.ranges:
        found += [
            {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
            for name in ("Range", "If-Range")
        ]
    if endpoint.path == "/talk":
        origin = {"type": "string", "pattern": "^https?://[^/?#]+$"}
        found.append({"name": "Origin", "in": "header", "required": True, "schema": origin})
    return found


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a value that is there: a parameter that is left out is not null."""
    plain = {name: value for name, value in schema.items() if not (name == "default" and value is None)}
    choices = [choice for choice in plain.pop("anyOf", []) if choice != {"type": "null"}]
    return plain | choices[0] if len(choices) == 1 else plain | ({"anyOf": choices} if choices else {})


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    content = (
        {endpoint.content_type: {"schema": _RAW.get(endpoint.content_type, {"type": "string"})}}
        if endpoint.answers is None
        else {"application/json": {"schema": _ref(endpoint.answers)}}
    )
    good = _first_line(endpoint.answers) if endpoint.answers is not None else _GOOD[endpoint.content_type]
    responses: dict[str, Any] = {str(endpoint.status): {"description": good, "content": content}}
    if endpoint.etag:
        responses["304"] = {"description": "What If-None-Match names is still good"}
    if endpoint.ranges:
        responses["206"] = {"description": "The range, or its beginning", "content": content}
    codes = [*_ALWAYS, *(["404"] if "{id}" in endpoint.path else [])]
    if "{id}" in endpoint.path and (endpoint.method != "GET" or endpoint.ranges):
        codes.append("409")
    if endpoint.ranges:
        codes += ["413", "416"]
    if endpoint.path.endswith("/end"):
        codes.append("502")
    problem = {"application/problem+json": {"schema": _ref(Problem)}}
    for code in codes:
        responses[code] = {"description": _PROBLEMS[code], "content": problem}
    if endpoint.body is not None:
        for code, text in (("413", "The body is too large"), ("415", "The body is not JSON")):
            responses[code] = {"description": text, "content": problem}
    return responses


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}


def _first_line(kind: type[msgspec.Struct]) -> str:
    return re.split(r"\n\n|\n", inspect.getdoc(kind) or kind.__name__)[0]
