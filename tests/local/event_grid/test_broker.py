"""The Event Grid stand-in over HTTP, with the unmodified publisher client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent
from azure.eventgrid.aio import EventGridPublisherClient

from local.event_grid.server import running
from local.serving import listening

KEY = "topic key"
PATIENCE_S = 15.0


@dataclass
class Endpoint:
    """A webhook. `answers` are the statuses it gives in turn, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    echo: Callable[[str], Any] = lambda code: {"validationResponse": code}
    allow: str | None = "*"
    options_status: int = 200
    got: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def post(self, request: web.Request) -> web.Response:
        headers = {key.lower(): value for key, value in request.headers.items()}
        body = json.loads(await request.read())
        async with self.arrived:
            self.got.append((headers, body))
            self.arrived.notify_all()
        if headers["aeg-event-type"] == "SubscriptionValidation":
            data = (body[0] if isinstance(body, list) else body)["data"]
            return web.json_response(self.echo(data["validationCode"]))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def options(self, request: web.Request) -> web.Response:
        assert request.headers["WebHook-Request-Origin"] == "eventgrid.azure.net"
        headers = {} if self.allow is None else {"WebHook-Allowed-Origin": self.allow}
        return web.Response(status=self.options_status, headers=headers)

    def notifications(self) -> list[tuple[dict[str, str], Any]]:
        return [item for item in self.got if item[0]["aeg-event-type"] == "Notification"]

    async def delivered(self, count: int) -> list[tuple[dict[str, str], Any]]:
        async with asyncio.timeout(PATIENCE_S), self.arrived:
            await self.arrived.wait_for(lambda: len(self.notifications()) >= count)
        return self.notifications()


@dataclass
class Broker:
    """A stand-in, its endpoint and a plain HTTP client."""

    url: str
    endpoint: Endpoint
    http: aiohttp.ClientSession

    async def subscribe(self, name: str = "sub", status: int = 201, **options: Any) -> dict[str, Any]:
        body = {"topic": "calls", "endpoint": f"{self.endpoint.url}/hook?code=x%2By", **options}
        async with self.http.put(f"{self.url}/subscriptions/{name}", json=body) as answer:
            assert answer.status == status, await answer.text()
            result: dict[str, Any] = await answer.json()
            return result

    async def get(self, path: str) -> Any:
        async with self.http.get(self.url + path) as answer:
            assert answer.status == 200
            return json.loads(await answer.text()) if answer.content_type == "application/json" else None

    def publisher(self, key: str = KEY) -> EventGridPublisherClient:
        return EventGridPublisherClient(
            f"{self.url}/topics/calls/api/events", AzureKeyCredential(key), retry_total=0
        )


@asynccontextmanager
async def broker(**endpoint_options: Any) -> AsyncIterator[Broker]:
    endpoint = Endpoint(**endpoint_options)
    app = web.Application()
    app.router.add_post("/hook", endpoint.post)
    app.router.add_route("OPTIONS", "/hook", endpoint.options)
    async with (
        listening(app) as endpoint.url,
        running(key=KEY, time_scale=0.001) as grid,
        listening(grid) as url,
        aiohttp.ClientSession() as http,
    ):
        yield Broker(url, endpoint, http)


def grid_event(subject: str = "/caller/4:+1") -> EventGridEvent:
    return EventGridEvent(subject, "Test.Kind", {"n": 1}, "1.0", topic="")


async def test_an_event_arrives_with_the_services_headers() -> None:
    """One event in an array, as a notification to a named subscription, the query untouched."""
    async with broker() as grid, grid.publisher() as publisher:
        created = await grid.subscribe()
        assert created["state"] == "Succeeded"
        sent = grid_event()
        await publisher.send([sent])
        headers, body = (await grid.endpoint.delivered(1))[0]
        assert headers["aeg-event-type"] == "Notification"
        assert headers["aeg-subscription-name"] == "SUB"
        assert headers["aeg-delivery-count"] == "0"
        assert headers["aeg-data-version"] == "1.0"
        assert headers["aeg-metadata-version"] == "1"
        assert len(body) == 1
        assert (body[0]["id"], body[0]["data"], body[0]["eventType"]) == (str(sent.id), {"n": 1}, "Test.Kind")
        assert EventGridEvent.from_dict(body[0]).subject == sent.subject


async def test_a_batch_is_delivered_one_by_one() -> None:
    """One event a POST."""
    async with broker() as grid, grid.publisher() as publisher:
        await grid.subscribe()
        await publisher.send([grid_event(f"/{n}") for n in range(5)])
        bodies = [body for _, body in await grid.endpoint.delivered(5)]
        assert sorted(body[0]["subject"] for body in bodies) == [f"/{n}" for n in range(5)]


async def test_cloud_events_come_in_and_go_out() -> None:
    """One CloudEvent object a POST; validation is the OPTIONS handshake."""
    async with broker() as grid, grid.publisher() as publisher:
        await grid.subscribe(schema="CloudEventSchemaV1_0")
        assert grid.endpoint.got == []
        sent = CloudEvent("/source", "Test.Kind", data={"n": 2}, subject="s")
        await publisher.send(sent)
        headers, body = (await grid.endpoint.delivered(1))[0]
        assert headers["content-type"].startswith("application/cloudevents+json")
        got: CloudEvent[Any] = CloudEvent.from_dict(body)
        assert (got.id, got.source, got.type, got.subject, got.data) == (
            sent.id,
            "/source",
            "Test.Kind",
            "s",
            {"n": 2},
        )


async def test_what_else_a_cloud_event_says_goes_out_as_it_came_in() -> None:
    """Extension attributes, and the content type of the data."""
    async with broker() as grid, grid.publisher() as publisher:
        await grid.subscribe(schema="CloudEventSchemaV1_0")
        extensions = {"sequence": "0000000000000000007", "partysize": 4}
        sent = CloudEvent(
            "/source",
            "Test.Kind",
            data={"n": 2},
            subject="s",
            datacontenttype="application/json",
            extensions=extensions,
        )
        await publisher.send(sent)
        _, body = (await grid.endpoint.delivered(1))[0]
        got: CloudEvent[Any] = CloudEvent.from_dict(body)
        assert (got.extensions, got.datacontenttype) == (extensions, "application/json")


@pytest.mark.parametrize("extension", [{"Sequence": "7"}, {"party_size": 4}, {"sequence": {"n": 7}}])
async def test_a_bad_extension_attribute_is_refused_with_its_name(extension: dict[str, Any]) -> None:
    async with broker() as grid:
        event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "T", **extension}
        headers = {"aeg-sas-key": KEY, "Content-Type": "application/cloudevents-batch+json"}
        url = f"{grid.url}/topics/calls/api/events"
        async with grid.http.post(url, json=[event], headers=headers) as answer:
            assert answer.status == 400
            assert next(iter(extension)) in (await answer.json())["error"]["message"]


async def test_a_subscription_shows_where_it_delivers_without_the_key() -> None:
    async with broker() as grid:
        assert (await grid.subscribe())["endpoint"] == f"{grid.endpoint.url}/hook"


@pytest.mark.parametrize("schema", ["EventGridSchema", "CloudEventSchemaV1_0"])
async def test_either_schema_is_mapped_to_the_other(schema: str) -> None:
    """What matters arrives, whichever way it came."""
    async with broker() as grid, grid.publisher() as publisher:
        await grid.subscribe(schema=schema)
        await publisher.send(grid_event("s"))
        await publisher.send(CloudEvent("/source", "Test.Kind", data={"n": 1}, subject="s"))
        for _, body in await grid.endpoint.delivered(2):
            event = body[0] if schema == "EventGridSchema" else body
            assert (event["subject"], event["data"]) == ("s", {"n": 1})
            assert (event["eventType"] if schema == "EventGridSchema" else event["type"]) == "Test.Kind"


async def test_a_failed_delivery_comes_again_with_its_count() -> None:
    """The endpoint fails twice, then takes it."""
    async with broker(answers=[500, 503]) as grid, grid.publisher() as publisher:
        await grid.subscribe()
        await publisher.send(grid_event())
        counts = [headers["aeg-delivery-count"] for headers, _ in await grid.endpoint.delivered(3)]
        assert counts == ["0", "1", "2"]


async def test_given_up_events_are_dead_letters_with_the_reason() -> None:
    """After the last attempt, or at once for a refusal."""
    async with broker(answers=[500, 500, 400]) as grid, grid.publisher() as publisher:
        await grid.subscribe(max_delivery_attempts=2)
        await publisher.send(grid_event("/tried"))
        await grid.endpoint.delivered(2)
        await publisher.send(grid_event("/refused"))
        await grid.endpoint.delivered(3)
        async with asyncio.timeout(PATIENCE_S):
            while len(letters := await grid.get("/dead-letters/sub")) < 2:
                pass
        assert [(letter["subject"], letter["deadLetterReason"]) for letter in letters] == [
            ("/tried", "MaxDeliveryAttemptsExceeded"),
            ("/refused", "NotRetriedStatus"),
        ]


async def test_duplicates_on_request() -> None:
    """At least once, provoked."""
    async with broker() as grid, grid.publisher() as publisher:
        await grid.subscribe(duplicates=1)
        await publisher.send(grid_event())
        (_, first), (_, second) = await grid.endpoint.delivered(2)
        assert first == second


async def test_faults_on_request() -> None:
    """The next event comes late and twice, the one after it as usual; a fault that cannot be is refused."""
    async with broker() as grid, grid.publisher() as publisher:
        await grid.subscribe()
        faults = {"duplicate": 1, "delay": 1, "delay_ms": 200}
        async with grid.http.post(f"{grid.url}/faults", json=faults) as answer:
            assert answer.status == 200
        await publisher.send([grid_event("/late"), grid_event("/usual")])
        subjects = [events[0]["subject"] for _, events in await grid.endpoint.delivered(3)]
        assert subjects == ["/usual", "/late", "/late"]
        async with grid.http.post(f"{grid.url}/faults", json={"delay": -1}) as answer:
            assert answer.status == 400


async def test_filters_keep_other_events_away() -> None:
    """Counted as filtered."""
    async with broker() as grid, grid.publisher() as publisher:
        await grid.subscribe(included_event_types=["Test.Kind"], subject_begins_with="/yes")
        await publisher.send([grid_event("/no"), grid_event("/yes")])
        assert (await grid.endpoint.delivered(1))[0][1][0]["subject"] == "/yes"
        assert (await grid.get("/subscriptions/sub"))["filtered"] == 1


@pytest.mark.parametrize(
    ("endpoint", "schema"),
    [
        ({"echo": lambda _: {"validationResponse": "other"}}, "EventGridSchema"),
        ({"options_status": 500}, "CloudEventSchemaV1_0"),
        ({"allow": "example.org"}, "CloudEventSchemaV1_0"),
    ],
)
async def test_an_endpoint_that_does_not_shake_hands_is_refused(
    endpoint: dict[str, Any], schema: str
) -> None:
    """No subscription comes about."""
    async with broker(**endpoint) as grid:
        error = await grid.subscribe(status=400, schema=schema)
        assert error["error"]["code"] == "EndpointValidationFailed"


async def test_an_event_grid_trigger_validates_cloud_events_by_post() -> None:
    """It knows no OPTIONS; the validation event reaches it as one CloudEvent."""
    async with broker(options_status=404) as grid:
        assert (await grid.subscribe(schema="CloudEventSchemaV1_0"))["state"] == "Succeeded"
        assert grid.endpoint.got[0][1]["type"] == "Microsoft.EventGrid.SubscriptionValidationEvent"


async def test_validation_by_hand_lets_waiting_events_go() -> None:
    """An endpoint that answers without the code is validated by its URL; until then events wait."""
    async with broker(echo=lambda _: {}) as grid, grid.publisher() as publisher:
        assert (await grid.subscribe())["state"] == "AwaitingManualAction"
        await publisher.send(grid_event())
        url = grid.endpoint.got[0][1][0]["data"]["validationUrl"]
        await grid.get(url.removeprefix(grid.url))
        await grid.endpoint.delivered(1)


async def test_a_publisher_needs_the_key() -> None:
    """401 through the SDK."""
    async with broker() as grid, grid.publisher("wrong") as publisher:
        with pytest.raises(ClientAuthenticationError, match="aeg-sas-key"):
            await publisher.send(grid_event())


async def test_a_bad_event_is_refused_with_its_field() -> None:
    """400 names which event and which field."""
    async with broker() as grid, grid.publisher() as publisher:
        bad = {
            "id": "1",
            "eventType": "t",
            "eventTime": "2026-11-22T18:00:00Z",
            "dataVersion": "1",
            "data": {},
        }
        with pytest.raises(HttpResponseError, match=r"\[1\]\.subject: missing") as refused:
            await publisher.send([grid_event(), bad])
        assert refused.value.status_code == 400


async def test_a_publish_above_one_megabyte_is_refused() -> None:
    """413."""
    async with broker() as grid, grid.publisher() as publisher:
        with pytest.raises(HttpResponseError) as refused:
            await publisher.send(EventGridEvent("s", "t", {"blob": "x" * 1_100_000}, "1.0"))
        assert refused.value.status_code == 413


async def test_a_bad_subscription_is_refused_with_its_field() -> None:
    """The field and what it must be."""
    async with broker() as grid:
        error = await grid.subscribe(status=400, schema="Other")
        assert "schema" in error["error"]["message"]
