"""The Event Grid webhook, which answers as the Event Grid extension does (its HttpRequestProcessor)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum

from local.functions_host.keys import opened_by
from local.functions_host.worker import Function, Worker


class EventGridWebhook:
    """POST /runtime/webhooks/EventGrid?functionName=F&code=<system key>"""

    def __init__(self, worker: Worker, system_key: str) -> None:
        self._worker = worker
        self._system_key = system_key

    async def handle(self, request: web.Request) -> web.Response:
        """Validation 200, notification 202 (500 when a run failed), unsubscribe 202, anything else 400."""
        if not opened_by(request, self._system_key):
            return web.Response(status=401)
        name = request.query.get("functionName", "")
        function = self._worker.find(name, "eventgridtrigger")
        if function is None:
            return web.Response(status=404, text=f"cannot find function: '{name}'")
        kind = request.headers.get("aeg-event-type", "").lower()
        if kind == "unsubscribe":
            return web.Response(status=202)
        if kind not in ("subscriptionvalidation", "notification"):
            return web.Response(status=400, text="aeg-event-type: missing or unknown")
        try:
            body = json.loads(await request.read())
            if kind == "subscriptionvalidation":
                return web.json_response({"validationResponse": _validation_code(body)})
            events = body if isinstance(body, list) else [body]
            values = [_datum(event) for event in events]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            return web.Response(status=400, text=f"the body is not what Event Grid sends: {error!r}")
        return await self._notify(function, values)

    async def _notify(self, function: Function, events: list[tuple[Datum, dict[str, Datum]]]) -> web.Response:
        """One run for each event, all at once; if one fails, the whole array is delivered again."""
        async with asyncio.TaskGroup() as group:
            runs = [group.create_task(self._worker.run(function, *event)) for event in events]
        failed = [run.result().error for run in runs if not run.result().ok]
        return web.Response(status=500, text=failed[0]) if failed else web.Response(status=202)


def _datum(event: Any) -> tuple[Datum, dict[str, Datum]]:  # noqa: ANN401 - JSON from outside, checked here
    """The event as the trigger's value, and its data as the metadata that binding expressions may use."""
    if not isinstance(event, dict):
        raise TypeError("an event is not an object")
    return Datum(json.dumps(event), "json"), {"data": Datum(json.dumps(event.get("data")), "json")}


def _validation_code(body: Any) -> str:  # noqa: ANN401 - JSON from outside, checked by its caller
    """The code of a SubscriptionValidationEvent, whose data may be JSON in JSON."""
    data = body[0]["data"] if isinstance(body, list) else body["data"]
    if isinstance(data, str):
        data = json.loads(data)
    return str(data["validationCode"])
