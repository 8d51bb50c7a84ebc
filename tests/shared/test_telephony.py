"""The phone network through the unmodified SDK, against a small Call Automation service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from aiohttp import web

from shared import telephony
from shared.call_claim import CLAIM_LEASE
from shared.clock import utc_now
from shared.telephony import Telephony, TelephonyError
from tests.shared.acs_server import AcsServer, acs_server, failure

FIRST_SENT = datetime(2026, 11, 22, 18, 4, 5, tzinfo=UTC)
REQUEST_ID = "0b3f6c1e-6f1c-5a52-8d0c-5b399c396a0b"


@pytest.fixture
async def acs() -> AsyncIterator[AcsServer]:
    async with acs_server() as server:
        yield server


@pytest.fixture
async def phone(acs: AcsServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Telephony]:
    monkeypatch.setitem(telephony._POLICY, "retry_backoff_factor", 0)  # no wait between tries
    async with Telephony(acs.settings) as opened:
        yield opened


async def answer(phone: Telephony) -> str:
    return await phone.answer(
        incoming_call_context="ctx",
        callback_url="https://func.example/api/calls/1/events/s",
        transport_url="wss://bridge.example/acs/1/s",
        operation_context="1",
        request_id=REQUEST_ID,
        first_sent=FIRST_SENT,
    )


class TestAnswer:
    async def test_body_is_the_documented_one(self, phone: Telephony, acs: AcsServer) -> None:
        """Call Automation REST 2026-03-12, answer."""
        assert await answer(phone) == f"connection-{REQUEST_ID}"
        [request] = acs.requests
        assert (request.method, request.path) == ("POST", "/calling/callConnections:answer")
        assert request.query["api-version"] == "2026-03-12"
        assert request.body == {
            "incomingCallContext": "ctx",
            "callbackUri": "https://func.example/api/calls/1/events/s",
            "operationContext": "1",
            "mediaStreamingOptions": {
                "transportType": "websocket",
                "audioChannelType": "mixed",
                "transportUrl": "wss://bridge.example/acs/1/s",
                "contentType": "audio",
                "startMediaStreaming": True,
                "enableBidirectional": True,
                "audioFormat": "pcm24KMono",
                "enableDtmfTones": True,
            },
        }

    async def test_is_signed_at_the_time_that_all_agree_on(
        self, phone: Telephony, acs: AcsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However wrong the clock of the machine is: the service refuses what is not of its own time."""
        monkeypatch.setattr(
            "azure.communication.callautomation._shared.policy.get_current_utc_time",
            lambda: "Sun, 22 Nov 2020 18:04:05 GMT",
        )
        await answer(phone)  # refused if the signature were another
        sent = parsedate_to_datetime(acs.requests[0].headers["x-ms-date"])
        assert abs(utc_now() - sent) < timedelta(seconds=30)

    async def test_repeatability_headers_are_ours_on_every_try(
        self, phone: Telephony, acs: AcsServer
    ) -> None:
        acs.replies = [failure(503), failure(500)]
        await answer(phone)
        await answer(phone)
        sent = {
            (request.headers["Repeatability-Request-ID"], request.headers["Repeatability-First-Sent"])
            for request in acs.requests
        }
        assert len(acs.requests) == 4
        assert sent == {(REQUEST_ID, "Sun, 22 Nov 2026 18:04:05 GMT")}

    async def test_tries_three_times_at_most(self, phone: Telephony, acs: AcsServer) -> None:
        acs.replies = [failure(503, "Busy") for _ in range(3)]
        with pytest.raises(TelephonyError, match=r"answer: HTTP 503 \(Busy\)") as raised:
            await answer(phone)
        assert len(acs.requests) == 3
        assert raised.value.transient

    async def test_a_lost_response_is_asked_for_again(self, phone: Telephony, acs: AcsServer) -> None:
        cut_short = web.Response(status=200, headers={"Content-Length": "100"})
        cut_short.force_close()
        acs.replies = [cut_short]
        assert await answer(phone) == f"connection-{REQUEST_ID}"
        assert len(acs.requests) == 2

    @pytest.mark.parametrize(
        ("status", "gone"), [(400, False), (401, False), (403, False), (404, True), (410, True)]
    )
    async def test_a_refusal_is_not_tried_again(
        self, phone: Telephony, acs: AcsServer, status: int, gone: bool
    ) -> None:
        acs.replies = [failure(status)]
        with pytest.raises(TelephonyError) as raised:
            await answer(phone)
        assert len(acs.requests) == 1
        assert (raised.value.status, raised.value.transient, raised.value.gone) == (status, False, gone)

    async def test_throttling_is_waited_out(self, phone: Telephony, acs: AcsServer) -> None:
        acs.replies = [failure(429), failure(429)]
        assert await answer(phone) == f"connection-{REQUEST_ID}"

    async def test_throttling_that_lasts_is_transient(self, phone: Telephony, acs: AcsServer) -> None:
        acs.replies = [failure(429) for _ in range(3)]
        with pytest.raises(TelephonyError, match="HTTP 429") as raised:
            await answer(phone)
        assert raised.value.transient

    async def test_the_deadline_stands_over_all_tries(
        self, phone: Telephony, acs: AcsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(telephony, "DEADLINE", 0.2)
        acs.replies = [failure(503, **{"Retry-After": "60"})]
        with pytest.raises(TelephonyError, match="no answer within") as raised:
            await answer(phone)
        assert raised.value.transient

    async def test_a_service_that_does_not_answer(
        self, acs: AcsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(telephony._POLICY, "read_timeout", 0.05)
        monkeypatch.setitem(telephony._POLICY, "retry_backoff_factor", 0)

        async def never() -> web.Response:
            await asyncio.Event().wait()
            raise AssertionError

        acs.replies = [never] * 3
        async with Telephony(acs.settings) as phone:
            with pytest.raises(TelephonyError, match="answer: ") as raised:
                await answer(phone)
        assert raised.value.transient
        assert len(acs.requests) == 3

    async def test_a_service_that_is_not_there(self) -> None:
        async with acs_server() as gone:
            settings = gone.settings
        async with Telephony(settings) as phone:
            with pytest.raises(TelephonyError) as raised:
                await answer(phone)
        assert raised.value.transient

    async def test_a_trailing_slash_does_not_break_the_signature(self, acs: AcsServer) -> None:
        async with Telephony(replace(acs.settings, endpoint=f"{acs.url}/")) as phone:
            await answer(phone)
        assert len(acs.requests) == 1

    async def test_an_error_says_nothing_of_the_call(self, phone: Telephony, acs: AcsServer) -> None:
        acs.replies = [failure(400)]
        with pytest.raises(TelephonyError) as raised:
            await answer(phone)
        assert str(raised.value) == "answer: HTTP 400 (Trouble)"

    def test_the_deadline_is_shorter_than_a_claim(self) -> None:
        assert CLAIM_LEASE.total_seconds() > telephony.DEADLINE


class TestTurningAway:
    """Only what sets these apart: tries, deadline and errors are those of an answer."""

    @pytest.mark.parametrize("operation", ["reject", "redirect"])
    async def test_a_lost_response_is_asked_for_under_the_same_id(
        self, phone: Telephony, acs: AcsServer, operation: str
    ) -> None:
        acs.replies = [failure(503), failure(429)]
        sent_at = datetime(2026, 11, 22, 18, 4, 5, tzinfo=UTC)
        if operation == "reject":
            await phone.reject(incoming_call_context="ctx", request_id=REQUEST_ID, first_sent=sent_at)
        else:
            await phone.redirect(
                incoming_call_context="ctx",
                target="8:orgid:reception",
                request_id=REQUEST_ID,
                first_sent=sent_at,
            )
        ids = [request.headers["Repeatability-Request-ID"] for request in acs.of(f":{operation}")]
        assert ids == [REQUEST_ID] * 3


class TestHangUp:
    async def test_ends_the_call_for_everyone(self, phone: Telephony, acs: AcsServer) -> None:
        await phone.hang_up("connection-1")
        [request] = acs.requests
        assert (request.method, request.path) == (
            "POST",
            "/calling/callConnections/connection-1:terminate",
        )

    async def test_a_call_that_is_gone_is_fine(self, phone: Telephony, acs: AcsServer) -> None:
        acs.replies = [failure(404, "8522")]
        await phone.hang_up("connection-1")
        assert len(acs.requests) == 1

    async def test_other_trouble_is_told(self, phone: Telephony, acs: AcsServer) -> None:
        acs.replies = [failure(403)]
        with pytest.raises(TelephonyError, match="hang up: HTTP 403"):
            await phone.hang_up("connection-1")


class TestTransfer:
    async def transfer(self, phone: Telephony, target: str, *, source: str = "4:+15550199") -> None:
        await phone.transfer(
            "connection-1",
            target,
            summary="Anna wants 2 tables; none is free.",
            operation_context="transfer-1",
            source=source,
        )

    @pytest.mark.parametrize("target", ["+15550111", "4:+15550111"])
    async def test_body_for_a_phone_is_the_documented_one(
        self, phone: Telephony, acs: AcsServer, target: str
    ) -> None:
        """Call Automation REST 2026-03-12, transferToParticipant."""
        await self.transfer(phone, target)
        [request] = acs.requests
        assert request.path == "/calling/callConnections/connection-1:transferToParticipant"
        assert request.body == {
            "targetParticipant": {"rawId": "4:+15550111", "phoneNumber": {"value": "+15550111"}},
            "operationContext": "transfer-1",
            "customCallingContext": {
                "sipHeaders": {"X-MS-Custom-Summary": "Anna+wants+2+tables%3B+none+is+free."}
            },
            "sourceCallerIdNumber": {"value": "+15550199"},
        }

    @pytest.mark.parametrize(
        ("target", "identifier"),
        [
            ("8:acs:1_2", {"communicationUser": {"id": "8:acs:1_2"}}),
            ("8:orgid:7", {"microsoftTeamsUser": {"userId": "7", "isAnonymous": False, "cloud": "PUBLIC"}}),
        ],
    )
    async def test_body_for_a_user_carries_plain_words(
        self, phone: Telephony, acs: AcsServer, target: str, identifier: dict[str, Any]
    ) -> None:
        await self.transfer(phone, target)
        [request] = acs.requests
        assert request.body["targetParticipant"] == {"rawId": target, **identifier}
        assert request.body["customCallingContext"] == {
            "voipHeaders": {"Summary": "Anna wants 2 tables; none is free."}
        }
        assert "sourceCallerIdNumber" not in request.body

    @pytest.mark.parametrize("source", ["", "8:acs:1_2"])
    async def test_a_line_without_a_number_shows_none(
        self, phone: Telephony, acs: AcsServer, source: str
    ) -> None:
        await self.transfer(phone, "+15550111", source=source)
        assert "sourceCallerIdNumber" not in acs.requests[0].body

    async def test_asked_again_it_is_the_same_transfer(self, phone: Telephony, acs: AcsServer) -> None:
        """A lost answer does not make a second phone ring."""
        acs.replies = [failure(503)]
        await self.transfer(phone, "+15550111")
        first, second = (request.headers["Repeatability-Request-ID"] for request in acs.requests)
        assert first == second

    async def test_a_refusal_says_so_and_names_nobody(self, phone: Telephony, acs: AcsServer) -> None:
        acs.replies = [failure(403, "8501")]
        with pytest.raises(TelephonyError, match=r"^transfer: HTTP 403 \(8501\)$"):
            await self.transfer(phone, "+15550111")

    async def test_a_call_without_an_id_cannot_be_handed_over(self, phone: Telephony) -> None:
        with pytest.raises(TelephonyError, match="no connection id"):
            await phone.transfer("", "+15550111", summary="", operation_context="transfer-1")


class TestState:
    async def test_the_services_word(self, phone: Telephony, acs: AcsServer) -> None:
        acs.state = "disconnected"
        assert await phone.state("connection-1") == "disconnected"

    async def test_none_for_a_call_it_does_not_know(self, phone: Telephony, acs: AcsServer) -> None:
        acs.state = None
        assert await phone.state("connection-1") is None


async def test_without_a_key_it_is_the_managed_identity(acs: AcsServer) -> None:
    """A token is not sent over plain HTTP, which tells that one would have been."""
    async with Telephony(replace(acs.settings, access_key=None)) as phone:
        with pytest.raises(TelephonyError, match="get call: ServiceRequestError"):
            await phone.state("connection-1")
    assert acs.requests == []
