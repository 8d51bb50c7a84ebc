"""The operator API as one table: what is asked where, by whom it may be, and what answers.

The OpenAPI document is made from the same table, so that neither knows what the other does not.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from control import operator_api_calls as calls
from control import operator_api_figures as tables
from control import operator_api_insights as figures
from control import operator_api_model as model
from control import operator_api_recording as recording
from control import operator_api_talk as talk
from control.operator_api_audit import audited
from control.operator_api_auth import Role, User, authenticate, require, same_site
from control.operator_api_http import (
    ApiAnswer,
    ApiError,
    ApiRequest,
    answer_problem,
    read_body,
    read_query,
)
from control.operator_services import OperatorServices


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked.

    Exactly one of `query` and `body` is set, or neither for a POST that says it all by its address.
    """

    method: str
    path: str
    """With {id} for a call's."""
    role: Role
    summary: str
    run: Callable[..., Awaitable[ApiAnswer]]
    answers: type[msgspec.Struct] | None
    """None for what is not JSON."""
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    status: int = 200
    etag: bool = False
    """Whether If-None-Match is understood."""
    content_type: str = "text/csv"
    """Of what is not JSON."""
    ranges: bool = False
    """Whether Range is understood."""
    audited: bool = True
    """Whether the log tells who asked. Not of figures, and of what the page asks every second."""

    @property
    def name(self) -> str:
        """Of the operation, in the document and in the log."""
        return self.run.__name__

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.path).replace(r"\{id\}", r"(?P<id>[^/]+)"))


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/options", Role.VIEWER, "What there is to choose from, and who asks", talk.get_options,
        model.Options, query=model.NoQuery, etag=True, audited=False,
    ),
    Endpoint(
        "GET", "/live", Role.VIEWER, "Calls in progress", calls.live_calls,
        model.LiveCalls, query=model.NoQuery, etag=True, audited=False,
    ),
    Endpoint(
        "GET", "/calls", Role.VIEWER, "Calls, the newest first", calls.list_calls,
        model.CallPage, query=model.CallsQuery,
    ),
    Endpoint(
        "GET", "/calls.csv", Role.VIEWER, "The same as CSV; Link names the next page", calls.list_csv,
        None, query=model.CallsQuery,
    ),
    Endpoint(
        "GET", "/calls/{id}", Role.VIEWER, "Everything about one call, live or past", calls.get_call,
        model.CallDetail, query=model.NoQuery, etag=True,
    ),
    Endpoint(
        "GET", "/calls/{id}/recording", Role.OPERATOR, "The sound of a call: caller left, agent right",
        recording.get_recording, None, query=model.NoQuery, content_type=recording.CONTENT_TYPE, ranges=True,
    ),
    Endpoint(
        "PATCH", "/calls/{id}/intent", Role.OPERATOR, "Correct what the caller wanted", calls.correct_intent,
        model.IntentView, body=model.Correction,
    ),
    Endpoint(
        "POST", "/calls/{id}/end", Role.OPERATOR, "End a live call", calls.end_call,
        model.Accepted, status=202,
    ),
    Endpoint(
        "POST", "/calls/{id}/transfer", Role.OPERATOR, "Put a live call through to a person",
        calls.transfer_call, model.Accepted, body=model.TransferOrder, status=202,
    ),
    Endpoint(
        "GET", "/insights", Role.VIEWER, "Figures over a range of days", figures.get_insights,
        tables.Insights, query=tables.InsightsQuery, etag=True, audited=False,
    ),
    Endpoint(
        "GET", "/insights.csv", Role.VIEWER, "One table of the figures as CSV", figures.get_csv,
        None, query=tables.CsvQuery, audited=False,
    ),
    Endpoint(
        "POST", "/talk", Role.OPERATOR, "Begin a talk from the page", talk.begin_talk,
        model.TalkTicket, body=model.TalkOrder, status=201,
    ),
)  # fmt: skip


async def serve(ops: OperatorServices, request: ApiRequest) -> ApiAnswer:
    """Answer a request; what is wrong with it is a problem."""
    try:
        same_site(request.headers)
        user = authenticate(request.headers, ops.settings)
        endpoint, call_id = _find(request)
        asked = _run(endpoint, ops, user, request, call_id)
        if not endpoint.audited:
            return await asked
        return await audited(endpoint.name, user, call_id, asked)
    except ApiError as error:
        return answer_problem(error.problem, error.headers)


async def _run(
    endpoint: Endpoint, ops: OperatorServices, user: User, request: ApiRequest, call_id: str | None
) -> ApiAnswer:
    require(user, endpoint.role)
    arguments: list[Any] = [ops, user, request]
    if call_id is not None:
        arguments.append(call_id)
    if endpoint.query is not None:
        arguments.append(read_query(request.query, endpoint.query))
    if endpoint.body is not None:
        arguments.append(read_body(request, endpoint.body))
    return await endpoint.run(*arguments)


def _find(request: ApiRequest) -> tuple[Endpoint, str | None]:
    """What is asked, and about which call."""
    path = request.path.rstrip("/")
    others = []
    for endpoint in ENDPOINTS:
        found = endpoint.pattern.fullmatch(path)
        if found is not None and endpoint.method == request.method:
            return endpoint, found.groupdict().get("id")
        if found is not None:
            others.append(endpoint.method)
    if others:
        raise ApiError(
            405,
            "wrong_method",
            f"{request.method} is not for this address",
            fix=", ".join(others),
            headers={"Allow": ", ".join(others)},
        )
    raise ApiError(404, "unknown_address", "there is nothing at this address", fix="see /api/v1/openapi.json")
