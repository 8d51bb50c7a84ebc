"""The HTTP face of the Event Grid stand-in: publish, subscribe, see what was delivered and what was not."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import aiohttp
import msgspec
from aiohttp import web

from local.decoding import FieldError, decode
from local.event_grid.delivery import Faults, Filter, Policy
from local.event_grid.schemas import (
    MAX_BODY,
    DeliverySchema,
    PublishError,
    cloud_event,
    event_grid_event,
    parse_publish,
)
from local.event_grid.subscription import Subscription, Target, ValidationError

_TOPIC_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    "/providers/Microsoft.EventGrid/topics/"
)


class _SubscriptionBody(msgspec.Struct, forbid_unknown_fields=True):
    topic: Annotated[str, msgspec.Meta(min_length=1)]
    endpoint: Annotated[str, msgspec.Meta(pattern="^https?://")]
    schema: DeliverySchema = "EventGridSchema"
    included_event_types: list[str] = []
    subject_begins_with: str = ""
    subject_ends_with: str = ""
    max_delivery_attempts: Annotated[int, msgspec.Meta(ge=1, le=30)] = 30
    event_ttl_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 86_400
    duplicates: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0


class EventGrid:
    """The broker: subscriptions by name, events fanned out by topic."""

    def __init__(
        self, http: aiohttp.ClientSession, tasks: asyncio.TaskGroup, *, key: str | None, time_scale: float
    ) -> None:
        self._http = http
        self._tasks = tasks
        self._key = key
        self._time_scale = time_scale
        self._subscriptions: dict[str, Subscription] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._faults = Faults()

    def app(self) -> web.Application:
        """The aiohttp application."""
        # `parse_publish` refuses large bodies in the service's words, so aiohttp must not cut in first.
        app = web.Application(client_max_size=MAX_BODY * 8)
        app.router.add_post("/topics/{topic}/api/events", self._publish)
        app.router.add_put("/subscriptions/{name}", self._subscribe)
        app.router.add_get("/subscriptions/{name}", self._show)
        app.router.add_delete("/subscriptions/{name}", self._unsubscribe)
        app.router.add_get("/subscriptions/{name}/validate", self._confirm)
        app.router.add_get("/dead-letters/{name}", self._dead_letters)
        app.router.add_post("/faults", self._set_faults)
        app.router.add_get("/healthz", self._health)
        return app

    def stop(self) -> None:
        """Deliver nothing more."""
        for name in tuple(self._runs):
            self._drop(name)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _publish(self, request: web.Request) -> web.Response:
        topic = request.match_info["topic"]
        if self._key is not None:
            given = request.headers.get("aeg-sas-key", "")
            if not hmac.compare_digest(given.encode(), self._key.encode()):
                return _error(401, "Unauthorized", "aeg-sas-key: missing or not the key of this topic")
        try:
            events = parse_publish(
                await request.read(), request.headers.get("Content-Type", ""), _TOPIC_ID + topic
            )
        except PublishError as error:
            return _error(error.status, error.code, str(error))
        for subscription in self._subscriptions.values():
            if subscription.target.topic == topic:
                for event in events:
                    subscription.offer(event)
        return web.Response(status=200)

    async def _subscribe(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        try:
            body = decode(await request.read(), _SubscriptionBody)
        except FieldError as error:
            return _error(400, "InvalidRequest", str(error))
        target = Target(
            name=name,
            topic=body.topic,
            endpoint=body.endpoint,
            schema=body.schema,
            policy=Policy(
                body.max_delivery_attempts, body.event_ttl_seconds, body.duplicates, self._time_scale
            ),
            filter=Filter(tuple(body.included_event_types), body.subject_begins_with, body.subject_ends_with),
        )
        own_address = f"{request.scheme}://{request.host}"
        subscription = Subscription(target, self._http, own_address, faults=self._faults)
        try:
            await subscription.validate()
        except ValidationError as error:
            return _error(400, "EndpointValidationFailed", str(error))
        # Only a validated subscription takes the place of the one before it, so a bad update loses no events.
        self._drop(name)
        self._subscriptions[name] = subscription
        self._runs[name] = self._tasks.create_task(subscription.run())
        return web.json_response(_describe(subscription), status=201)

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response(_describe(self._named(request)))

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        self._named(request)
        self._drop(request.match_info["name"])
        return web.Response(status=204)

    async def _confirm(self, request: web.Request) -> web.Response:
        if not self._named(request).confirm(request.query.get("code", "")):
            return _error(400, "InvalidCode", "code: not the validation code of this subscription")
        return web.Response(text="Webhook successfully validated as a subscription endpoint.")

    async def _dead_letters(self, request: web.Request) -> web.Response:
        subscription = self._named(request)
        as_wire = cloud_event if subscription.target.schema == "CloudEventSchemaV1_0" else event_grid_event
        return web.json_response(
            [
                {
                    "deadLetterReason": letter.reason,
                    "deliveryAttempts": letter.attempts,
                    "lastDeliveryOutcome": letter.last_outcome,
                    **as_wire(letter.event),
                }
                for letter in subscription.queue.dead_letters
            ]
        )

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            wanted = decode(await request.read(), Faults)
        except FieldError as error:
            return _error(400, "InvalidRequest", str(error))
        for name in Faults.__struct_fields__:
            setattr(self._faults, name, getattr(wanted, name))
        return web.json_response(msgspec.to_builtins(self._faults))

    def _named(self, request: web.Request) -> Subscription:
        name = request.match_info["name"]
        subscription = self._subscriptions.get(name)
        if subscription is None:
            body = msgspec.json.encode(_error_body("ResourceNotFound", f"subscription {name}: not found"))
            raise web.HTTPNotFound(body=body, content_type="application/json")
        return subscription

    def _drop(self, name: str) -> None:
        self._subscriptions.pop(name, None)
        run = self._runs.pop(name, None)
        if run is not None:
            run.cancel()


def _describe(subscription: Subscription) -> dict[str, Any]:
    target = subscription.target
    return {
        "name": target.name,
        "topic": target.topic,
        "endpoint": target.endpoint.partition("?")[0],
        "schema": target.schema,
        "state": subscription.state,
        **subscription.queue.state(),
    }


def _error_body(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response(_error_body(code, message), status=status)


@asynccontextmanager
async def running(*, key: str | None = None, time_scale: float = 1.0) -> AsyncIterator[web.Application]:
    """The broker's application. Deliveries end with the block."""
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        grid = EventGrid(http, tasks, key=key, time_scale=time_scale)
        try:
            yield grid.app()
        finally:
            grid.stop()
