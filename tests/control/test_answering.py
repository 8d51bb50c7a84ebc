"""What the control plane does about calls, with a real store and the unmodified telephony client."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web
from azure.core.exceptions import AzureError

from control.answering import (
    SWEEP_AFTER,
    Answer,
    Line,
    answer_incoming,
    follow,
    sweep,
)
from shared.acs_events import IncomingCall
from shared.auth import secret_matches
from shared.call_claim import CLAIM_LEASE, RING
from shared.call_media import MOST_RESTARTS
from shared.call_store import CallStore
from shared.calls import CallEvent, CallState, EventKind, Outcome, apply
from shared.tables import Tables
from shared.telephony import TelephonyError
from tests.control.one_call import (
    BROKEN,
    CALL_ID,
    INCOMING,
    RANG,
    Clock,
    die_while_answering,
    happened,
    stored,
)
from tests.shared.acs_server import AcsServer, failure
from tests.shared.call_makers import open_calls
from tests.shared.faulty_tables import Fault, FaultyTables


class TestAnswer:
    async def test_the_call_is_on_record_before_it_is_answered(self, line: Line, acs: AcsServer) -> None:
        seen: list[CallState] = []

        async def look() -> web.Response:
            seen.append((await stored(line)).state)
            return web.json_response({"callConnectionId": "connection-1"})

        acs.replies = [look]
        assert await answer_incoming(line, INCOMING) is Answer.ANSWERED
        assert seen == [CallState.CLAIMED]
        call = await stored(line)
        assert (call.state, call.call_connection_id) == (CallState.ANSWERED, "connection-1")
        assert (call.caller, call.called) == ("4:+15550100", "4:+15550199")
        assert (call.rang_at, call.server_call_id) == (RANG, "server call")

    async def test_both_addresses_carry_the_call_and_its_secret(self, line: Line, acs: AcsServer) -> None:
        await answer_incoming(line, INCOMING)
        [request] = acs.of(":answer")
        callback = request.body["callbackUri"]
        secret = callback.rpartition("/")[2]
        assert callback == f"https://func.example/api/calls/{CALL_ID}/events/{secret}"
        assert (
            request.body["mediaStreamingOptions"]["transportUrl"]
            == f"wss://bridge.example/acs/{CALL_ID}/{secret}"
        )
        assert request.body["operationContext"] == CALL_ID
        call = await stored(line)
        assert secret_matches(secret, call.secret_hashes)
        assert secret not in repr(call)

    async def test_of_many_deliveries_at_once_one_answers(self, line: Line, acs: AcsServer) -> None:
        answers = await asyncio.gather(*(answer_incoming(line, INCOMING) for _ in range(20)))
        assert Counter(answers) == {Answer.ANSWERED: 1, Answer.DUPLICATE: 19}
        assert len(acs.of(":answer")) == 1

    async def test_two_calls_are_two_calls(self, line: Line, acs: AcsServer) -> None:
        other = IncomingCall(RANG, "", "", "another correlation", "", "ctx")
        answers = await asyncio.gather(*(answer_incoming(line, incoming) for incoming in (INCOMING, other)))
        assert answers == [Answer.ANSWERED, Answer.ANSWERED]
        ids = {request.headers["Repeatability-Request-ID"] for request in acs.of(":answer")}
        assert len(ids) == 2

    async def test_after_the_ring_the_call_is_missed_and_not_answered(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        clock.now = RANG + RING
        assert await answer_incoming(line, INCOMING) is Answer.TOO_LATE
        assert await answer_incoming(line, INCOMING) is Answer.DUPLICATE
        call = await stored(line)
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.MISSED)
        assert call.ended_at == RANG + RING
        assert acs.requests == []

    async def test_a_caller_who_left_is_missed(self, line: Line, acs: AcsServer) -> None:
        acs.replies = [failure(404, "8522")]
        assert await answer_incoming(line, INCOMING) is Answer.GONE
        call = await stored(line)
        assert (call.outcome, call.end_reason) == (Outcome.MISSED, "caller_left: HTTP 404")

    async def test_a_refused_answer_is_a_failure_and_no_error(self, line: Line, acs: AcsServer) -> None:
        acs.replies = [failure(400)]
        assert await answer_incoming(line, INCOMING) is Answer.REFUSED
        call = await stored(line)
        assert (call.outcome, call.end_reason) == (Outcome.FAILED, "answer_failed: HTTP 400")

    async def test_no_log_line_holds_anything_personal(
        self, line: Line, acs: AcsServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        incoming = IncomingCall(RANG, "4:+15550100", "4:+15550199", "correlation", "server call", "ctxctxctx")
        acs.replies = [failure(400)]
        with caplog.at_level(logging.DEBUG, "control"), caplog.at_level(logging.DEBUG, "shared"):
            await answer_incoming(line, incoming)
        assert caplog.records
        assert "1555" not in caplog.text
        assert "ctxctx" not in caplog.text


class TestTakeOver:
    async def test_trouble_of_the_service_asks_for_another_delivery_which_answers(
        self, line: Line, acs: AcsServer
    ) -> None:
        acs.replies = [failure(503) for _ in range(3)]
        with pytest.raises(TelephonyError):
            await answer_incoming(line, INCOMING)
        assert (await stored(line)).state is CallState.CLAIMED
        assert await answer_incoming(line, INCOMING) is Answer.ANSWERED

    async def test_both_tries_are_one_to_the_service(self, line: Line, acs: AcsServer, clock: Clock) -> None:
        acs.replies = [failure(503) for _ in range(3)]
        with pytest.raises(TelephonyError):
            await answer_incoming(line, INCOMING)
        clock.now += timedelta(seconds=10)
        await answer_incoming(line, INCOMING)
        sent = {
            (request.headers["Repeatability-Request-ID"], request.headers["Repeatability-First-Sent"])
            for request in acs.of(":answer")
        }
        assert len(acs.of(":answer")) == 4
        assert len(sent) == 1

    async def test_the_claim_of_one_who_died_is_taken_when_it_has_run_out(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        await die_while_answering(line, acs)
        assert await answer_incoming(line, INCOMING) is Answer.DUPLICATE
        clock.now += CLAIM_LEASE
        answers = await asyncio.gather(*(answer_incoming(line, INCOMING) for _ in range(5)))
        assert Counter(answers) == {Answer.ANSWERED: 1, Answer.DUPLICATE: 4}

    async def test_the_secret_of_one_who_died_stays_good(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        await die_while_answering(line, acs)
        clock.now += CLAIM_LEASE
        await answer_incoming(line, INCOMING)
        secrets = [request.body["callbackUri"].rpartition("/")[2] for request in acs.of(":answer")]
        call = await stored(line)
        assert len(set(secrets)) == 2
        assert all(secret_matches(secret, call.secret_hashes) for secret in secrets)

    async def test_a_refusal_does_not_end_a_call_that_its_holder_may_have_answered(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        await die_while_answering(line, acs)
        clock.now += CLAIM_LEASE
        acs.replies = [failure(404)]
        assert await answer_incoming(line, INCOMING) is Answer.REFUSED
        assert (await stored(line)).state is CallState.CLAIMED


class TestFollow:
    async def test_to_the_end(self, line: Line) -> None:
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.CONNECTED)])
        assert (await stored(line)).state is CallState.CONNECTED
        await follow(line, CALL_ID, [happened(EventKind.DISCONNECTED, "200/7000")])
        call = await stored(line)
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.COMPLETED)

    async def test_a_silent_call_is_hung_up(self, line: Line, acs: AcsServer) -> None:
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.MEDIA_FAILED, "forbidden")])
        assert len(acs.of(":terminate")) == 1
        assert (await stored(line)).end_reason == "media_failed: forbidden"

    async def test_a_silent_call_is_hung_up_even_if_the_answer_is_recorded_later(
        self, line: Line, acs: AcsServer
    ) -> None:
        async def fail_first() -> web.Response:
            early = CallEvent(EventKind.MEDIA_FAILED, RANG, "forbidden")
            await follow(line, CALL_ID, [early])
            return web.json_response({"callConnectionId": "connection-1"})

        acs.replies = [fail_first]
        await answer_incoming(line, INCOMING)
        assert [request.path for request in acs.of(":terminate")] == [
            "/calling/callConnections/connection-1:terminate"
        ]

    async def test_a_hang_up_that_fails_is_left_to_the_sweep(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        await answer_incoming(line, INCOMING)
        acs.replies = [failure(503) for _ in range(3)]
        await follow(line, CALL_ID, [happened(EventKind.MEDIA_FAILED, "forbidden")])
        clock.now += SWEEP_AFTER
        await sweep(line)
        assert len(acs.of(":terminate")) == 4

    async def test_a_media_stream_that_failed_is_begun_anew(self, line: Line, acs: AcsServer) -> None:
        """It may reach another bridge, or the same one come back; but not for ever."""
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.CONNECTED)])
        failures = [happened(EventKind.MEDIA_FAILED, BROKEN, second) for second in range(9)]
        for failed in failures[:MOST_RESTARTS]:
            await follow(line, CALL_ID, [failed])
        assert (await stored(line)).end_reason == ""
        assert (len(acs.of(":startMediaStreaming")), len(acs.of(":terminate"))) == (MOST_RESTARTS, 0)
        await follow(line, CALL_ID, failures[:MOST_RESTARTS])  # all of them told once more
        assert (len(acs.of(":startMediaStreaming")), len(acs.of(":terminate"))) == (MOST_RESTARTS, 0)
        await follow(line, CALL_ID, [failures[MOST_RESTARTS]])
        assert (len(acs.of(":startMediaStreaming")), len(acs.of(":terminate"))) == (MOST_RESTARTS, 1)

    async def test_a_failure_that_is_told_twice_or_late_does_not_end_the_call(
        self, line: Line, acs: AcsServer
    ) -> None:
        """The stream is up again: the service would refuse to begin it once more."""
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.CONNECTED)])
        failed = happened(EventKind.MEDIA_FAILED, BROKEN, 20)
        await asyncio.gather(*(follow(line, CALL_ID, [failed]) for _ in range(5)))
        acs.replies = [failure(400) for _ in range(3)]
        await follow(line, CALL_ID, [failed])
        await follow(line, CALL_ID, [happened(EventKind.MEDIA_FAILED, BROKEN, 8)])
        assert (len(acs.of(":startMediaStreaming")), len(acs.of(":terminate"))) == (1, 0)
        assert (await stored(line)).end_reason == ""

    async def test_one_that_cannot_be_begun_anew_is_the_end(self, line: Line, acs: AcsServer) -> None:
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.CONNECTED)])
        acs.replies = [failure(400)]
        await follow(line, CALL_ID, [happened(EventKind.MEDIA_FAILED, "streamConnectionUnsuccessful")])
        assert len(acs.of(":terminate")) == 1
        assert (await stored(line)).end_reason == "media_failed: streamConnectionUnsuccessful"

    async def test_a_call_that_was_given_up_gets_no_other_stream(self, line: Line, acs: AcsServer) -> None:
        """The bridge has hung up; what breaks then is the end of the call."""
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.HUNG_UP, "agent_ended")])
        await follow(line, CALL_ID, [happened(EventKind.MEDIA_FAILED, "streamConnectionUnsuccessful")])
        assert acs.of(":startMediaStreaming") == []

    async def test_an_unknown_call_is_none(self, line: Line) -> None:
        assert await follow(line, CALL_ID, [happened(EventKind.CONNECTED)]) is None


class TestWrongClocks:
    """This process does not agree with the others on the time, or slept, or its clock was set."""

    @pytest.mark.parametrize("behind", [timedelta(minutes=5), timedelta(hours=1), timedelta(days=30)])
    async def test_a_call_that_seems_to_ring_in_time_to_come_is_answered(
        self, line: Line, clock: Clock, behind: timedelta
    ) -> None:
        clock.now = RANG - behind
        assert await answer_incoming(line, INCOMING) is Answer.ANSWERED
        assert await answer_incoming(line, INCOMING) is Answer.DUPLICATE

    @pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(minutes=59)])
    async def test_no_clock_ends_a_call_that_goes_on(
        self, line: Line, acs: AcsServer, clock: Clock, ahead: timedelta
    ) -> None:
        """What counts is whether the service knows it to go on; an hour is what no call lasts."""
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.CONNECTED), happened(EventKind.MEDIA_CONNECTED)])
        before, acs.state = await stored(line), "connected"
        for offset in (ahead, -ahead, ahead):  # set ahead, back, and ahead again
            clock.now = RANG + offset
            await sweep(line)
        assert await stored(line) == before
        assert acs.of(":terminate") == []

    async def test_after_a_night_asleep_a_call_is_closed_once(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        """Two sweeps at once, on waking: the call ends once, at the time at which that was found out."""
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.CONNECTED)])
        acs.state = None
        clock.now += timedelta(hours=9)
        await asyncio.gather(sweep(line), sweep(line))
        call = await stored(line)
        assert (call.state, call.ended_at) == (CallState.ENDED, clock.now)
        clock.now -= timedelta(hours=9)
        await sweep(line)
        assert await stored(line) == call

    async def test_callbacks_from_a_clock_that_is_wrong_lead_to_an_end_all_the_same(
        self, line: Line, clock: Clock
    ) -> None:
        await answer_incoming(line, INCOMING)
        for kind, second in ((EventKind.CONNECTED, -3_600), (EventKind.DISCONNECTED, -3_590)):
            await follow(line, CALL_ID, [happened(kind, second=second)])
        call = await stored(line)
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.COMPLETED)


class TestFaults:
    """The store fails at every request of a callback, and the service sends it once more."""

    TOLD = (
        [happened(EventKind.CONNECTED)],
        [happened(EventKind.MEDIA_FAILED, BROKEN, 6)],
        [CallEvent(EventKind.TRANSFER_FAILED, RANG, "486/0", transfer=1)],
        [CallEvent(EventKind.TRANSFER_ACCEPTED, RANG, transfer=2)],
        [happened(EventKind.DISCONNECTED, "200/0", 9)],
    )

    @pytest.mark.parametrize("fault", [Fault.NEVER_SENT, Fault.ANSWER_LOST, Fault.CRASH_AFTER, Fault.LATE])
    async def test_the_record_is_the_same(self, line: Line, tables: Tables, fault: Fault) -> None:
        at, more = 0, True
        while more:
            at, more = at + 1, False
            incoming = IncomingCall(RANG, "", "", f"{fault} {at}", "", "ctx")
            await answer_incoming(line, incoming)
            before = await line.calls.get(incoming.call_id)
            assert before is not None
            for told in self.TOLD:
                faulty = FaultyTables(tables, fault, at)
                with contextlib.suppress(AzureError, asyncio.CancelledError):
                    await follow(replace(line, calls=CallStore(faulty)), incoming.call_id, told)
                more = more or faulty.requests >= at
                await follow(line, incoming.call_id, told)
                await faulty.settle()
            call = await line.calls.get(incoming.call_id)
            assert call is not None
            kept = [event for told in self.TOLD for event in told if event.kind is not EventKind.MEDIA_FAILED]
            expected = functools.reduce(apply, kept, before)
            assert replace(call, media_restarts=0, media_failed_at=None) == expected, f"request {at}"
            assert call.media_restarts == 1
        assert at > 4
        assert await open_calls(line.calls, RANG + timedelta(days=1)) == []
        assert await line.calls.open_ids() == []
