"""HTTP triggers: from a request to the worker's idea of one, and back.

Source of the rules: azure-functions-host (ScriptConstants, GrpcMessageConversionExtensions) as of October
2024.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum

from local.functions_host.keys import Level, opened_by
from local.functions_host.routes import Route
from local.functions_host.worker import Function, Worker


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An HTTP trigger and the requests it serves."""

    route: Route
    function: Function
    level: Level

    @classmethod
    def of(cls, function: Function, prefix: str) -> Endpoint:
        """The endpoint of a function with an HTTP trigger.

        Raises:
            RouteError: its route cannot be served.
        """
        trigger = function.trigger
        route = str(trigger.get("route") or function.name).strip("/")
        path = f"/{prefix}/{route}" if prefix else f"/{route}"
        level = Level[str(trigger.get("authLevel") or Level.FUNCTION.name).upper()]
        return cls(Route.compile(path, trigger.get("methods") or ()), function, level)


class HttpTriggers:
    """Serves the HTTP triggers of an app."""

    def __init__(self, worker: Worker, prefix: str, host_key: str) -> None:
        self._worker = worker
        self._host_key = host_key
        endpoints = (Endpoint.of(f, prefix) for f in worker.functions if f.kind == "httptrigger")
        self.endpoints: Sequence[Endpoint] = sorted(endpoints, key=lambda e: e.route.precedence)

    async def handle(self, request: web.Request) -> web.Response:
        """404 when no trigger serves the request, 401 without the key it asks for, 500 when it fails."""
        for endpoint in self.endpoints:
            values = endpoint.route.match(request.method, request.path)
            if values is None:
                continue
            if endpoint.level is not Level.ANONYMOUS and not opened_by(request, self._host_key):
                return web.Response(status=401)
            trace_parent = request.headers.get("traceparent", "")
            sent = await _to_datum(request, values)
            result = await self._worker.run(endpoint.function, sent, trace_parent=trace_parent)
            return _to_response(result.returned) if result.ok else web.Response(status=500)
        return web.Response(status=404)


async def _to_datum(request: web.Request, values: Mapping[str, str]) -> Datum:
    # The host passes a body on only when Content-Length says there is one: a chunked request arrives empty.
    body = await request.read() if request.content_length else b""
    # A header or query name given twice becomes one, joined by commas; empty query values are dropped.
    headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
    query = {name: ",".join(request.query.getall(name)) for name in request.query if request.query[name]}
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(str(request.url), "string"),
            "headers": _strings(headers),
            "query": _strings(query),
            "params": _strings(values),
            "body": Datum(body, "bytes"),
        },
        "http",
    )


def _strings(texts: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(text, "string") for name, text in texts.items()}


def _to_response(returned: Datum | None) -> web.Response:
    """A function answers with an HttpResponse, with text, or with nothing (204)."""
    if returned is None or returned.value is None:
        return web.Response(status=204)
    if returned.type != "http":
        return web.Response(text=str(returned.value))
    answer = returned.value
    response = web.Response(status=int(answer["status_code"].value), body=answer["body"].value)
    for name, value in answer["headers"].items():
        response.headers[name] = value.value
    for cookies in answer["cookies"] or ():
        for cookie in cookies.values():
            response.headers.add("Set-Cookie", cookie.OutputString())
    return response
