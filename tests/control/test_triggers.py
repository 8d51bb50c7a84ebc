"""The control plane from outside: over HTTP, through Microsoft's worker library."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control.services import close_services, services
from shared.call_media import MOST_RESTARTS
from shared.calls import Call, CallState, Outcome, derive_call_id
from tests.control.hosted_plane import KEYS, OPERATOR_TOKEN, ControlPlane
from tests.shared.acs_server import failure


def callback(name: str, *, seconds: float = 0, **data: Any) -> dict[str, Any]:
    """A callback as recorded."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return {
        "id": f"{name}-{seconds}",
        "source": "calling/callConnections/connection-1",
        "type": f"Microsoft.Communication.{name}",
        "data": {"callConnectionId": "connection-1", "version": "2024-09-01-preview", **data},
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00"),
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "subject": "calling/callConnections/connection-1",
    }


CONNECTED = callback("CallConnected", resultInformation={"code": 200, "subCode": 0})
DISCONNECTED = callback("CallDisconnected", seconds=60, resultInformation={"code": 200, "subCode": 7000})


def as_cloud_event(event: dict[str, Any]) -> dict[str, Any]:
    """The same event as Event Grid delivers it in CloudEventSchemaV1_0."""
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": event["topic"],
        "subject": event["subject"],
        "type": event["eventType"],
        "time": event["eventTime"],
        "data": event["data"],
    }


async def answered(control: ControlPlane, incoming: dict[str, Any]) -> str:
    """Let the phone ring and be answered; returns the callback address."""
    assert await control.deliver(incoming) == 202
    [address] = control.callback_addresses()
    return address


async def record(control: ControlPlane, incoming: dict[str, Any]) -> Call:
    call = await control.record(incoming)
    assert call is not None
    return call


class TestWholeCall:
    async def test_from_ring_to_record(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        address = await answered(control, incoming)
        assert (await record(control, incoming)).state is CallState.ANSWERED
        assert await control.call_back(address, [CONNECTED]) == (200, {"received": 1})
        assert (await record(control, incoming)).state is CallState.CONNECTED
        await control.call_back(address, [callback("MediaStreamingStarted")])
        await control.call_back(address, [DISCONNECTED])
        call = await record(control, incoming)
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.COMPLETED)
        assert call.end_reason == "disconnected: 200/7000"

    async def test_cloud_event(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        event = as_cloud_event(incoming)
        assert await control.deliver(event, one=True) == 202
        assert (await record(control, event)).state is CallState.ANSWERED

    async def test_callbacks_out_of_order_twice_and_in_one_request(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        address = await answered(control, incoming)
        await control.call_back(address, [DISCONNECTED, CONNECTED])
        early = await record(control, incoming)
        await asyncio.gather(
            *(control.call_back(address, [event]) for event in [CONNECTED, DISCONNECTED] * 3)
        )
        assert await record(control, incoming) == early
        assert early.outcome is Outcome.COMPLETED

    async def test_a_callback_that_is_one_object(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        address = await answered(control, incoming)
        assert (await control.call_back(address, CONNECTED))[0] == 200
        assert (await record(control, incoming)).state is CallState.CONNECTED

    async def test_a_call_that_stays_silent_is_hung_up(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        address = await answered(control, incoming)
        details = {"mediaStreamingStatusDetails": "initialWebSocketConnectionFailed"}
        failures = [
            [callback("MediaStreamingFailed", seconds=second, mediaStreamingUpdate=details)]
            for second in range(MOST_RESTARTS + 1)
        ]
        for failed in failures[:MOST_RESTARTS]:
            await control.call_back(address, failed)
            await control.call_back(address, failed)  # once more, as callbacks come
            assert control.acs.of(":terminate") == []
        await control.call_back(address, failures[MOST_RESTARTS])
        assert len(control.acs.of(":startMediaStreaming")) == MOST_RESTARTS
        assert len(control.acs.of(":terminate")) == 1

    async def test_the_address_is_not_taken_from_the_request(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        """Whoever can post an event must not be able to have callbacks sent elsewhere."""
        async with control.http.post(
            f"{control.url}/runtime/webhooks/EventGrid?functionName=incoming_call&code={KEYS.system}",
            json=[incoming],
            headers={
                "aeg-event-type": "Notification",
                "Host": "evil.example",
                "X-Forwarded-Host": "evil.example",
            },
        ):
            pass
        [address] = control.callback_addresses()
        assert address.startswith(f"{control.url}/api/calls/")


class TestDelivery:
    async def test_twenty_deliveries_at_once_answer_once(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        statuses = await asyncio.gather(*(control.deliver(incoming) for _ in range(20)))
        assert Counter(statuses) == {202: 20}
        assert len(control.callback_addresses()) == 1

    async def test_twenty_copies_in_one_delivery_answer_once(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        assert await control.deliver(*[incoming] * 20) == 202
        assert len(control.callback_addresses()) == 1

    async def test_a_late_event_is_missed(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        incoming["eventTime"] = (datetime.now(UTC) - timedelta(seconds=31)).isoformat()
        assert await control.deliver(incoming) == 202
        assert control.acs.requests == []
        assert (await record(control, incoming)).outcome is Outcome.MISSED

    async def test_trouble_of_the_service_asks_event_grid_to_come_again(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        control.acs.replies = [failure(503) for _ in range(3)]
        assert await control.deliver(incoming) == 500
        assert await control.deliver(incoming) == 202
        assert (await record(control, incoming)).state is CallState.ANSWERED

    async def test_a_refusal_does_not(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        control.acs.replies = [failure(400)]
        assert await control.deliver(incoming) == 202
        assert (await record(control, incoming)).outcome is Outcome.FAILED

    @pytest.mark.parametrize(
        "broken",
        [
            {"data": None},
            {"data": {}},
            {"data": "text"},
            {"data": {"incomingCallContext": "ctx"}},
            {"eventTime": None},
        ],
    )
    async def test_a_malformed_event_is_logged_and_done_with(
        self,
        control: ControlPlane,
        incoming: dict[str, Any],
        broken: dict[str, Any],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        assert await control.deliver(incoming | broken) == 202
        assert control.acs.requests == []
        [logged] = [r for r in caplog.records if r.name == "control.calls" and r.levelno == logging.ERROR]
        assert "IncomingCall" in logged.getMessage()

    async def test_other_events_are_not_ours(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        assert await control.deliver(incoming | {"eventType": "Microsoft.Communication.CallEnded"}) == 202
        assert control.acs.requests == []

    async def test_a_malformed_event_does_not_keep_its_neighbour(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        assert await control.deliver(incoming | {"id": "x", "data": {}}, incoming) == 202
        assert len(control.callback_addresses()) == 1

    async def test_no_log_line_holds_anything_personal(
        self, control: ControlPlane, incoming: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        incoming["data"]["incomingCallContext"] = "a-credential"
        with caplog.at_level(logging.INFO):
            address = await answered(control, incoming)
            await control.call_back(address, [CONNECTED])
        secret = address.rpartition("/")[2]
        assert any(r.name == "control.calls" for r in caplog.records)
        for private in ("15550100", "15550199", "a-credential", secret):
            assert private not in caplog.text


class TestRefusals:
    """A callback that is not from the service, not about one of our calls, or not readable."""

    async def test_without_a_token(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        address = await answered(control, incoming)
        status, body = await control.call_back(address, [CONNECTED], authorization=None)
        assert (status, body["error"]["code"]) == (401, "unauthorized")
        assert (await record(control, incoming)).state is CallState.ANSWERED

    @pytest.mark.parametrize("bad", ["Bearer abc", "Basic abc"])
    async def test_with_a_bad_token(self, control: ControlPlane, incoming: dict[str, Any], bad: str) -> None:
        address = await answered(control, incoming)
        assert (await control.call_back(address, [CONNECTED], authorization=bad))[0] == 401

    async def test_with_an_expired_token(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        address = await answered(control, incoming)
        token = control.acs.token(exp=1_700_000_000)
        assert (await control.call_back(address, [CONNECTED], authorization=f"Bearer {token}"))[0] == 401

    async def test_with_the_token_of_another_resource(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        address = await answered(control, incoming)
        token = control.acs.token(aud="another")
        assert (await control.call_back(address, [CONNECTED], authorization=f"Bearer {token}"))[0] == 401

    async def test_while_the_keys_cannot_be_had(
        self, control: ControlPlane, incoming: dict[str, Any]
    ) -> None:
        address = await answered(control, incoming)
        control.acs.keys_status = 503
        status, body = await control.call_back(address, [CONNECTED])
        assert (status, body["error"]["code"]) == (503, "keys_unavailable")

    async def test_with_a_wrong_secret(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        address = await answered(control, incoming)
        status, body = await control.call_back(
            f"{address[:-1]}{'A' if address[-1] != 'A' else 'B'}", [CONNECTED]
        )
        assert (status, body["error"]["code"]) == (403, "wrong_secret")
        assert (await record(control, incoming)).state is CallState.ANSWERED

    @pytest.mark.parametrize("call_id", ["20261122-00000000-0123456789abcdef", "x", "a%23b%5Cc"])
    async def test_about_an_unknown_call(self, control: ControlPlane, call_id: str) -> None:
        address = f"{control.url}/api/calls/{call_id}/events/secret"
        status, body = await control.call_back(address, [CONNECTED])
        assert (status, body["error"]["code"]) == (404, "unknown_call")

    @pytest.mark.parametrize("body", [b"hello", b"[1]", b"\xff", b"{}"])
    async def test_not_cloud_events(
        self, control: ControlPlane, incoming: dict[str, Any], body: bytes
    ) -> None:
        address = await answered(control, incoming)
        status, answer = await control.call_back(address, body)
        assert (status, answer["error"]["code"]) == (400, "bad_event")

    async def test_a_huge_body(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        address = await answered(control, incoming)
        status, answer = await control.call_back(address, b"[" + b" " * 300_000 + b"]")
        assert (status, answer["error"]["code"]) == (413, "too_large")

    async def test_others_do_not_notice(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        address = await answered(control, incoming)
        bad = [control.call_back(address, b"hello"), control.call_back(address, [], authorization=None)]
        good = control.call_back(address, [CONNECTED])
        assert [status for status, _ in await asyncio.gather(*bad, good)] == [400, 401, 200]


class TestSweep:
    async def test_a_call_that_nobody_answered_is_closed(self, control: ControlPlane) -> None:
        rang_at = datetime.now(UTC) - timedelta(minutes=2)
        call = Call(derive_call_id(rang_at, "c"), rang_at, rang_at)
        calls = services().line.calls
        await calls.claim(call)
        await control.sweep()
        closed = await calls.get(call.id)
        assert closed is not None
        assert (closed.state, closed.outcome) == (CallState.ENDED, Outcome.MISSED)


class TestHealth:
    async def test_well(self, control: ControlPlane) -> None:
        async with control.http.get(f"{control.url}/api/health") as response:
            assert (response.status, await response.json()) == (
                200,
                {"status": "ok", "events": "kept: EVENTS_TOPIC_ENDPOINT is not set"},
            )

    async def test_the_store_is_away(self, control: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(
            "TABLES_CONNECTION_STRING",
            "AccountName=devstoreaccount1;AccountKey=a2V5;DefaultEndpointsProtocol=http;"
            "TableEndpoint=http://127.0.0.1:9/devstoreaccount1;",
        )
        await close_services()
        async with control.http.get(f"{control.url}/api/health") as response:
            assert (response.status, (await response.json())["failing"]) == (503, "store")

    async def test_a_setting_is_missing(self, control: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ACS_RESOURCE_ID")
        await close_services()
        async with control.http.get(f"{control.url}/api/health") as response:
            assert response.status == 503
            assert await response.json() == {
                "status": "failing",
                "failing": "settings",
                "message": "ACS_RESOURCE_ID",
            }


class TestDeepHealth:
    """What the doctor finds out is for operators, and for who has the function's key."""

    @pytest.mark.parametrize("shown", [None, "Bearer wrong", f"Basic {OPERATOR_TOKEN}"])
    async def test_nobody_else_is_told(self, control: ControlPlane, shown: str | None) -> None:
        headers = {} if shown is None else {"Authorization": shown}
        async with control.http.get(f"{control.url}/api/health?deep=1", headers=headers) as response:
            assert response.status == 401
            assert "findings" not in await response.json()

    async def test_nobody_without_a_key_either(self, control: ControlPlane) -> None:
        async with control.http.get(f"{control.url}/api/health/deep") as response:
            assert response.status == 401

    async def test_an_operator_is_told_all(self, control: ControlPlane) -> None:
        """The same both ways; no bridge is up here, so it cannot be well."""
        headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        async with control.http.get(f"{control.url}/api/health?deep=1", headers=headers) as response:
            assert response.status == 503
            body = await response.json()
        verdicts = {finding["check"]: finding["verdict"] for finding in body["findings"]}
        assert (verdicts["store.write"], verdicts["acs.ask"]) == ("ok", "ok")
        assert verdicts["bridge.reach"] == body["verdict"] == "failed"
        async with control.http.get(
            f"{control.url}/api/health/deep", headers={"x-functions-key": KEYS.host}
        ) as response:
            assert (response.status, (await response.json())["verdict"]) == (503, "failed")
