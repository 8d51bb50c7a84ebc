"""What every REST request goes through: signature, version, repeats, fields."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError

from local.acs.rest import API_VERSIONS
from tests.local.acs.harness import KEY, PATIENCE_S, Stack, stack

BEARER = {"Authorization": "Bearer token", "Content-Type": "application/json"}


async def post(s: Stack, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    """A request with a bearer token; status and JSON."""
    data = body if isinstance(body, str) else json.dumps(body)
    async with (
        aiohttp.ClientSession() as http,
        http.post(s.url + path, data=data, headers=BEARER | headers) as answer,
    ):
        text = await answer.text()
        return answer.status, json.loads(text) if text else {}


@pytest.mark.parametrize("version", API_VERSIONS)
async def test_every_version_the_sdk_knows_is_served(version: str) -> None:
    """And the events say which one it was."""
    async with stack() as s, s.dial() as (_phone, data):
        async with CallAutomationClient(
            s.url, AzureKeyCredential(KEY), api_version=version, retry_total=0
        ) as client:
            await client.answer_call(data["incomingCallContext"], f"{s.app.url}/callbacks/call")
        assert (await s.app.event("CallConnected"))["data"]["version"] == version


@pytest.mark.parametrize("query", ["", "?api-version=", "?api-version=2020-01-01"])
async def test_a_missing_or_unknown_version_is_refused(query: str) -> None:
    """400 that names the parameter."""
    async with stack() as s:
        status, body = await post(s, f"/calling/callConnections:answer{query}", {})
        assert (status, body["error"]["target"]) == (400, "api-version")


@pytest.mark.parametrize("authorization", ["", "HMAC-SHA256 nonsense", "Basic eDp5"])
async def test_without_a_signature_nothing_is_served(authorization: str) -> None:
    """401 with an error body."""
    async with stack() as s:
        status, body = await post(s, "/calling/callConnections:answer", {}, Authorization=authorization)
        assert (status, body["error"]["code"]) == (401, "Denied")


GOOD = {"incomingCallContext": "c", "callbackUri": "https://app/cb"}
STREAM = {"transportType": "websocket", "audioChannelType": "mixed", "transportUrl": "wss://app/ws"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"callbackUri": "https://app/cb"}, "incomingCallContext"),
        ({"incomingCallContext": "c"}, "callbackUri"),
        ({**GOOD, "callbackUri": "ftp://app"}, "callbackUri"),
        ({**GOOD, "callbackUri": 3}, "callbackUri"),
        (
            {**GOOD, "mediaStreamingOptions": {**STREAM, "transportUrl": "https://app"}},
            "mediaStreamingOptions.transportUrl",
        ),
        (
            {**GOOD, "mediaStreamingOptions": {**STREAM, "audioFormat": "mp3"}},
            "mediaStreamingOptions.audioFormat",
        ),
        (
            {**GOOD, "mediaStreamingOptions": {**STREAM, "transportType": "tcp"}},
            "mediaStreamingOptions.transportType",
        ),
        (
            {**GOOD, "mediaStreamingOptions": {**STREAM, "audioChannelType": "x"}},
            "mediaStreamingOptions.audioChannelType",
        ),
        ("{", "body"),
        ([], "body"),
    ],
)
async def test_a_bad_answer_names_the_field(body: Any, field: str) -> None:
    """400 with the path of the field as target."""
    async with stack() as s:
        status, answer = await post(s, "/calling/callConnections:answer?api-version=2026-03-12", body)
        assert (status, answer["error"]["target"]) == (400, field)
        assert field in answer["error"]["message"]


async def test_a_repeat_gets_the_first_answer_and_nothing_happens_twice() -> None:
    """Same request id: same call, one CallConnected."""
    async with stack() as s, s.dial() as (phone, data):
        headers = {"Repeatability-Request-ID": "11111111-1111-1111-1111-111111111111"}
        answers = [
            await s.client.answer_call(
                data["incomingCallContext"], f"{s.app.url}/callbacks/call", headers=dict(headers)
            )
            for _ in range(3)
        ]
        assert len({answer.call_connection_id for answer in answers}) == 1
        await phone.text()
        await phone.send({"type": "hang_up"})
        await s.app.event("CallDisconnected")
        assert s.app.kinds().count("CallConnected") == 1
        assert (await s.inspect())["repeats_replayed"] == 2


async def test_repeats_that_arrive_together_act_once() -> None:
    """The later ones wait for the first."""
    async with stack() as s, s.dial() as (_phone, data):

        async def answer() -> str | None:
            headers = {"Repeatability-Request-ID": "22222222-2222-2222-2222-222222222222"}
            url = f"{s.app.url}/callbacks/call"
            return (
                await s.client.answer_call(data["incomingCallContext"], url, headers=headers)
            ).call_connection_id

        async with asyncio.timeout(PATIENCE_S):
            assert len(set(await asyncio.gather(*(answer() for _ in range(5))))) == 1


async def test_an_error_is_repeated_too() -> None:
    """The first answer was 400, so is the second."""
    async with stack() as s:
        path = "/calling/callConnections:answer?api-version=2026-03-12"
        repeat = {"Repeatability-Request-ID": "33333333-3333-3333-3333-333333333333"}
        first = await post(s, path, {}, **repeat)
        assert first == await post(s, path, GOOD, **repeat)


async def test_a_request_id_belongs_to_one_operation() -> None:
    """Another path with the same id is a mistake."""
    async with stack() as s:
        repeat = {"Repeatability-Request-ID": "44444444-4444-4444-4444-444444444444"}
        await post(s, "/calling/callConnections:answer?api-version=2026-03-12", GOOD, **repeat)
        status, body = await post(s, "/calling/callConnections:reject?api-version=2026-03-12", GOOD, **repeat)
        assert (status, body["error"]["target"]) == (400, "Repeatability-Request-ID")


async def test_the_sdks_retry_of_a_503_acts() -> None:
    """The request that was not carried out is carried out when it is repeated."""
    async with stack() as s, s.dial() as (phone, data):
        await s.faults(rest_unavailable=1)
        async with CallAutomationClient(s.url, AzureKeyCredential(KEY), retry_total=1) as client:
            await client.answer_call(data["incomingCallContext"], f"{s.app.url}/callbacks/call")
        assert (await phone.text())["type"] == "answered"


async def test_operations_wait_for_the_connection() -> None:
    """Mid-call operations on a call that is connecting are refused with the state."""
    async with stack() as s, s.dial() as (_phone, data):
        answered = await s.client.answer_call(data["incomingCallContext"], f"{s.app.url}/callbacks/call")
        assert answered.call_connection_id is not None
        with pytest.raises(HttpResponseError, match="connecting"):
            await s.client.get_call_connection(answered.call_connection_id).cancel_all_media_operations()


async def test_faults_are_checked() -> None:
    """An unknown one is named."""
    async with stack() as s:
        status, body = await post(s, "/faults", {"no_such_fault": 1})
        assert status == 400
        assert "no_such_fault" in body["error"]["message"]
