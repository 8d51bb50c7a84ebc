"""Answers of the HTTP triggers."""

from __future__ import annotations

from collections.abc import Mapping

import azure.functions as func
import msgspec


def answer_json(status: int, body: Mapping[str, object]) -> func.HttpResponse:
    """A JSON answer."""
    return func.HttpResponse(msgspec.json.encode(body), status_code=status, mimetype="application/json")


def problem(status: int, code: str, message: str) -> func.HttpResponse:
    """What went wrong: a code for programs, a message for people. Neither repeats what the request held."""
    return answer_json(status, {"error": {"code": code, "message": message}})
