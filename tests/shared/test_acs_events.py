"""What the service tells us, in the shapes it documents and in those it was recorded with."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from azure.communication.callautomation._generated import models
from hypothesis import given
from hypothesis import strategies as st

from shared.acs_events import EventError, call_events, parse_callbacks, parse_incoming_call
from shared.calls import CallEvent, EventKind, derive_call_id

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)

INCOMING: dict[str, Any] = {
    "to": {"kind": "phoneNumber", "rawId": "4:+18665550100", "phoneNumber": {"value": "+18665550100"}},
    "from": {"kind": "phoneNumber", "rawId": "4:+18445550100", "phoneNumber": {"value": "+18445550100"}},
    "serverCallId": "aHR0cHM6Ly9h",
    "callerDisplayName": "",
    "incomingCallContext": "eyJhbGciOiJub25lIn0.e30.",
    "correlationId": "715bfbae-0000-4000-8000-000000000000",
    "customContext": {"voipHeaders": {"k": "v"}},
}
"""Event Grid: Microsoft.Communication.IncomingCall."""

CONNECTED: dict[str, Any] = {
    "id": "12e24e7c-0000-4000-8000-000000000000",
    "source": "calling/callConnections/24002280",
    "type": "Microsoft.Communication.CallConnected",
    "data": {
        "version": "2024-09-01-preview",
        "resultInformation": {"code": 200, "subCode": 0, "message": ""},
        "callConnectionId": "24002280",
        "serverCallId": "aHR0c",
        "correlationId": "715bfbae",
        "publicEventType": "Microsoft.Communication.CallConnected",
    },
    "time": "2024-12-17T02:14:53.0653787+00:00",
    "specversion": "1.0",
    "datacontenttype": "application/json",
    "subject": "calling/callConnections/24002280",
}
"""As recorded: seven fractional digits, no operationContext."""


def callback(name: str, **data: Any) -> bytes:
    body = CONNECTED | {"type": f"Microsoft.Communication.{name}", "data": {"callConnectionId": "c1"} | data}
    return json.dumps([body]).encode()


def meaning(body: bytes) -> CallEvent | None:
    found = call_events(parse_callbacks(body), NOW)
    return found[0] if found else None


def without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


class TestIncomingCall:
    def test_phone_number(self) -> None:
        call = parse_incoming_call(NOW, INCOMING)
        assert (call.caller, call.called) == ("4:+18445550100", "4:+18665550100")
        assert call.context == INCOMING["incomingCallContext"]
        assert call.correlation_id == INCOMING["correlationId"]
        assert call.rang_at == NOW

    def test_a_user_of_the_calling_sdk(self) -> None:
        user = {"kind": "communicationUser", "rawId": "8:acs:1", "communicationUser": {"id": "8:acs:1"}}
        assert parse_incoming_call(NOW, INCOMING | {"from": user}).caller == "8:acs:1"

    @pytest.mark.parametrize("caller", [{}, {"kind": "phoneNumber", "phoneNumber": {"isAnonymous": True}}])
    def test_a_caller_who_withholds_the_number(self, caller: dict[str, Any]) -> None:
        assert parse_incoming_call(NOW, INCOMING | {"from": caller}).caller == ""
        assert parse_incoming_call(NOW, without(INCOMING, "from")).caller == ""

    def test_without_a_correlation_id_the_server_call_id_tells_calls_apart(self) -> None:
        one = parse_incoming_call(NOW, without(INCOMING, "correlationId"))
        other = parse_incoming_call(NOW, without(INCOMING, "correlationId") | {"serverCallId": "x"})
        assert one.call_id == derive_call_id(NOW, "aHR0cHM6Ly9h") != other.call_id

    def test_delivered_again_it_is_the_same_call(self) -> None:
        again = parse_incoming_call(NOW, INCOMING | {"incomingCallContext": "renewed"})
        assert again.call_id == parse_incoming_call(NOW, INCOMING).call_id

    def test_time_becomes_utc(self) -> None:
        local = NOW.astimezone(timezone(timedelta(hours=5)))
        assert parse_incoming_call(local, INCOMING).rang_at.tzinfo is UTC
        assert parse_incoming_call(NOW.replace(tzinfo=None), INCOMING).rang_at == NOW

    @pytest.mark.parametrize("field", ["from", "to", "correlationId"])
    def test_a_null_that_is_not_needed_does_not_keep_the_phone_ringing(self, field: str) -> None:
        assert parse_incoming_call(NOW, INCOMING | {field: None}).context

    @pytest.mark.parametrize(
        ("data", "named"),
        [
            (without(INCOMING, "incomingCallContext"), "incomingCallContext"),
            (INCOMING | {"incomingCallContext": ""}, "incomingCallContext"),
            (INCOMING | {"incomingCallContext": 7}, "incomingCallContext"),
            (INCOMING | {"from": "4:+1"}, "from"),
            (INCOMING | {"to": {"rawId": 7}}, "rawId"),
            (without(INCOMING, "correlationId", "serverCallId"), "correlationId"),
            (None, "IncomingCall data"),
            ([], "IncomingCall data"),
            ("text", "IncomingCall data"),
        ],
    )
    def test_a_fault_is_named(self, data: object, named: str) -> None:
        with pytest.raises(EventError, match=named):
            parse_incoming_call(NOW, data)

    def test_a_missing_time_is_named(self) -> None:
        with pytest.raises(EventError, match="eventTime"):
            parse_incoming_call(None, INCOMING)

    def test_shows_nothing_personal_when_printed(self) -> None:
        shown = repr(parse_incoming_call(NOW, INCOMING))
        assert "555" not in shown
        assert "eyJ" not in shown


class TestCallbacks:
    def test_recorded_call_connected(self) -> None:
        [event] = call_events(parse_callbacks(json.dumps([CONNECTED]).encode()), NOW)
        at = datetime(2024, 12, 17, 2, 14, 53, 65379, tzinfo=UTC)
        assert event == CallEvent(EventKind.CONNECTED, at, "", "24002280")

    def test_one_object_is_an_array_of_one(self) -> None:
        assert parse_callbacks(json.dumps(CONNECTED).encode()) == parse_callbacks(
            json.dumps([CONNECTED]).encode()
        )

    @pytest.mark.parametrize(
        ("body", "kind", "detail"),
        [
            (
                callback("CallDisconnected", resultInformation={"code": 200, "subCode": 7000}),
                EventKind.DISCONNECTED,
                "200/7000",
            ),
            (callback("CallDisconnected"), EventKind.DISCONNECTED, "0/0"),
            (
                callback("AnswerFailed", resultInformation={"code": 500, "subCode": 8501}),
                EventKind.ANSWER_FAILED,
                "500/8501",
            ),
            (
                callback("AnswerFailed", resultInformation={"code": 487, "subCode": 0}),
                EventKind.CALLER_LEFT,
                "487/0",
            ),
            (
                callback(
                    "MediaStreamingFailed",
                    mediaStreamingUpdate={
                        "contentType": "Audio",
                        "mediaStreamingStatus": "mediaStreamingFailed",
                        "mediaStreamingStatusDetails": "initialWebSocketConnectionFailed",
                    },
                ),
                EventKind.MEDIA_FAILED,
                "initialWebSocketConnectionFailed",
            ),
            (callback("MediaStreamingFailed"), EventKind.MEDIA_FAILED, "no details"),
            (callback("CallTransferAccepted"), EventKind.TRANSFER_ACCEPTED, ""),
            (
                callback("CallTransferFailed", resultInformation={"code": 480, "subCode": 10037}),
                EventKind.TRANSFER_FAILED,
                "480/10037",
            ),
        ],
    )
    def test_meaning(self, body: bytes, kind: EventKind, detail: str) -> None:
        event = meaning(body)
        assert event is not None
        assert (event.kind, event.detail, event.call_connection_id) == (kind, detail, "c1")

    @pytest.mark.parametrize(
        ("context", "number"), [("transfer-1", 1), ("transfer-2", 2), ("other", 0), (None, 0)]
    )
    def test_the_operation_context_tells_which_hand_over(self, context: str | None, number: int) -> None:
        event = meaning(callback("CallTransferFailed", operationContext=context))
        assert event is not None
        assert event.transfer == number

    def test_an_interrupted_stream_may_come_back(self) -> None:
        details = {"mediaStreamingStatusDetails": "streamConnectionInterrupted"}
        assert meaning(callback("MediaStreamingFailed", mediaStreamingUpdate=details)) is None

    @pytest.mark.parametrize("name", ["ParticipantsUpdated", "MediaStreamingStarted", "SomethingNew"])
    def test_other_callbacks_mean_nothing_to_the_record(self, name: str) -> None:
        assert meaning(callback(name, participants=[{"isMuted": False}], sequenceNumber=1)) is None

    def test_every_data_field_may_be_missing(self) -> None:
        body = json.dumps({"type": "Microsoft.Communication.CallDisconnected"}).encode()
        assert meaning(body) == CallEvent(EventKind.DISCONNECTED, NOW, "0/0", "")

    @pytest.mark.parametrize("missing", [{"resultInformation": None}, {"callConnectionId": None}])
    def test_null_is_as_good_as_missing(self, missing: dict[str, None]) -> None:
        assert meaning(callback("CallDisconnected", **missing)) is not None

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            (b"", "not JSON"),
            (b"hello", "not JSON"),
            (b"\xff\xfe", "not JSON"),
            (b"[1]", "expected CloudEvents"),
            (b"{}", "type"),
            (b'[{"type": "x", "data": {"callConnectionId": 5}}]', "callConnectionId"),
            (b'[{"type": "x", "time": "yesterday"}]', "time"),
        ],
    )
    def test_a_fault_is_named(self, body: bytes, named: str) -> None:
        with pytest.raises(EventError, match=named):
            parse_callbacks(body)

    @given(st.binary(max_size=200))
    def test_nothing_but_an_event_error_comes_of_garbage(self, body: bytes) -> None:
        try:
            parse_callbacks(body)
        except EventError:
            return

    @pytest.mark.parametrize(
        "detail",
        [
            member.value
            for member in models.MediaStreamingStatusDetails
            if member.value not in ("subscriptionStarted", "subscriptionStopped")
        ],
    )
    def test_the_names_we_know_are_the_sdks(self, detail: str) -> None:
        """Only one failure is waited out; the SDK's enumeration must still hold that name."""
        update = {"mediaStreamingStatusDetails": detail}
        event = meaning(callback("MediaStreamingFailed", mediaStreamingUpdate=update))
        assert (event is None) == (detail == "streamConnectionInterrupted")
