"""Requests to the operator API, and its answers: JSON, CSV, or a problem (RFC 9457)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import azure.functions as func
import msgspec

from shared.json_errors import NOT_JSON, where

BODY_LIMIT: Final = 64 * 1024
"""Bytes of a body; the prompt of a talk is the largest thing that anybody sends."""

_ALWAYS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with a request, for programs (`type`, `field`) and for people (`detail`, `fix`)."""

    type: str
    """urn:tabletalk:problem:..."""
    title: str
    status: int
    detail: str = ""
    field: str = ""
    """The parameter, property or header that is at fault."""
    fix: str = ""
    """What to do about it."""


class ApiError(Exception):
    """The request is answered with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str = "",
        fix: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        title = code.replace("_", " ").capitalize()
        self.problem = Problem(
            type=f"urn:tabletalk:problem:{code}",
            title=title,
            status=status,
            detail=detail,
            field=field,
            fix=fix,
        )


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request, free of who serves it."""

    method: str
    path: str
    """Behind /api/v1, beginning with a slash."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An answer, free of who serves it."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def read_request(req: func.HttpRequest, path: str) -> ApiRequest:
    """What Functions hands over. Its `params` hold the query, one value a name; an empty one counts as left
    out, whether the host hands it over or not.

    Raises:
        ApiError: the body is too large.
    """
    body = req.get_body() or b""
    if len(body) > BODY_LIMIT:
        raise ApiError(413, "too_large", f"the body has more than {BODY_LIMIT} bytes", fix="send less")
    headers = {name.lower(): value for name, value in req.headers.items()}
    query = {name: value for name, value in req.params.items() if value}
    return ApiRequest(req.method.upper(), path, query, headers, body)


def respond(answer: ApiAnswer) -> func.HttpResponse:
    """The answer as Functions takes it."""
    return func.HttpResponse(
        answer.body,
        status_code=answer.status,
        headers={**_ALWAYS, **answer.headers},
        mimetype=answer.content_type,
    )


def answer_struct(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> ApiAnswer:
    """A JSON answer."""
    return ApiAnswer(status, msgspec.json.encode(value), "application/json", headers or {})


def answer_if_new(value: object, request: ApiRequest) -> ApiAnswer:
    """A JSON answer with an ETag; 304 without a body when the asker has it already (RFC 9110, 13.1.2)."""
    body = msgspec.json.encode(value)
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    # Behind a proxy it may come back as a weak one.
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in known:
        return ApiAnswer(304, b"", "application/json", headers)
    return ApiAnswer(200, body, "application/json", headers)


def answer_problem(problem: Problem, headers: Mapping[str, str] | None = None) -> ApiAnswer:
    """The problem as an answer."""
    headers = {**(headers or {}), **({"WWW-Authenticate": "Bearer"} if problem.status == 401 else {})}
    return ApiAnswer(problem.status, msgspec.json.encode(problem), "application/problem+json", headers)


def read_query[T: msgspec.Struct](query: Mapping[str, str], kind: type[T]) -> T:
    """The parameters of a request.

    Raises:
        ApiError: one is unknown or not allowed.
    """
    for name, value in query.items():
        if value.casefold() == "null":  # which msgspec would take for nothing
            raise ApiError(
                400, "bad_parameter", "null is not a value", field=name, fix=f"leave {name} out instead"
            )
    try:
        return msgspec.convert(dict(query), kind, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(f.encode_name for f in msgspec.structs.fields(kind)) or "none"
        raise _bad("bad_parameter", error, fix=f"parameters of this address: {known}") from error


def read_body[T: msgspec.Struct](request: ApiRequest, kind: type[T]) -> T:
    """The JSON body of a request.

    Raises:
        ApiError: it is not JSON, or a property is unknown or not allowed.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        # A form of another site can send any other type with our cookies, but not this one.
        raise ApiError(
            415,
            "not_json",
            "the body is not application/json",
            field="Content-Type",
            fix="send application/json",
        )
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.ValidationError as error:
        known = ", ".join(f.encode_name for f in msgspec.structs.fields(kind)) or "none"
        raise _bad("bad_body", error, fix=f"properties of this body: {known}") from error
    except NOT_JSON as error:
        raise ApiError(
            400, "bad_body", f"the body cannot be read: {where(error)}", fix="send one JSON object"
        ) from error


def _bad(code: str, error: msgspec.ValidationError, *, fix: str) -> ApiError:
    """What msgspec says, with the field it says it of: "... - at `$.limit`", or an unknown field by name."""
    text, _, where = str(error).partition(" - at ")
    name = where.strip("`").removeprefix("$").lstrip(".")
    if not name and "`" in text:
        name = text.split("`")[1]
    return ApiError(400, code, text, field=name, fix=fix)
