"""What becomes of a phone that rings when no bridge can hold the call."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from control.admitting import Gate
from control.answering import Answer, Line, answer_incoming
from shared.acs_events import IncomingCall
from shared.admission import Report
from shared.admission_store import AdmissionStore
from shared.call_claim import CLAIM_LEASE
from shared.call_store import CallStore
from shared.calls import CallState, Outcome
from shared.settings import AdmissionSettings, StoreSettings, WhenFull
from shared.tables import Tables
from shared.telephony import Telephony, TelephonyError
from tests.shared.acs_server import AcsServer, failure

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
NOW = RANG + timedelta(seconds=1)
REDIRECT = AdmissionSettings(WhenFull.REDIRECT, "+15550123")


def rings(number: int = 0) -> IncomingCall:
    return IncomingCall(RANG, "4:+15550100", "4:+15550199", f"correlation-{number}", "", f"context-{number}")


def report(calls: int, sessions: int = 100) -> Report:
    return Report("a", NOW, calls=calls, live=0, late_ms=0, sessions=sessions)


@pytest.fixture
async def line(azurite: str, table_prefix: str, acs: AcsServer) -> AsyncIterator[Line]:
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables, Telephony(acs.settings) as phone:
        gate = Gate(AdmissionStore(tables), phone, AdmissionSettings())
        yield Line(
            CallStore(tables), phone, "https://func.example", "wss://bridge.example", lambda: NOW, gate=gate
        )


def channels(line: Line) -> AdmissionStore:
    assert line.gate is not None
    return line.gate.channels


def when_full(line: Line, settings: AdmissionSettings) -> Line:
    assert line.gate is not None
    return replace(line, gate=replace(line.gate, settings=settings))


async def end_of(line: Line, number: int) -> tuple[CallState, Outcome | None, str]:
    call = await line.calls.get(rings(number).call_id)
    assert call is not None
    return call.state, call.outcome, call.end_reason


async def test_before_any_bridge_reports_calls_are_answered(line: Line) -> None:
    assert await answer_incoming(line, rings()) is Answer.ANSWERED


async def test_who_finds_it_full_hears_busy(line: Line, acs: AcsServer) -> None:
    await channels(line).report(report(1))
    assert await answer_incoming(line, rings(0)) is Answer.ANSWERED
    assert await answer_incoming(line, rings(1)) is Answer.REJECTED
    [request] = acs.of(":reject")
    assert request.body == {"incomingCallContext": "context-1", "callRejectReason": "busy"}
    assert await end_of(line, 1) == (CallState.ENDED, Outcome.REJECTED, "rejected: channels, rejected")
    assert await answer_incoming(line, rings(1)) is Answer.DUPLICATE


async def test_or_rings_elsewhere(line: Line, acs: AcsServer) -> None:
    await channels(line).report(report(9, sessions=1))
    line = when_full(line, REDIRECT)
    assert await answer_incoming(line, rings(0)) is Answer.ANSWERED
    assert await answer_incoming(line, rings(1)) is Answer.REDIRECTED
    [request] = acs.of(":redirect")
    assert request.body["incomingCallContext"] == "context-1"
    assert request.body["target"]["phoneNumber"] == {"value": "+15550123"}
    assert (await end_of(line, 1))[2] == "rejected: voice live quota, redirected"


async def test_or_is_answered_all_the_same(line: Line) -> None:
    await channels(line).report(report(1))
    line = when_full(line, AdmissionSettings(WhenFull.ANSWER))
    assert [await answer_incoming(line, rings(number)) for number in range(2)] == [Answer.ANSWERED] * 2


async def test_a_redirect_that_is_refused_becomes_busy(line: Line, acs: AcsServer) -> None:
    await channels(line).report(report(0))
    acs.replies = [failure(400)]
    assert await answer_incoming(when_full(line, REDIRECT), rings()) is Answer.REJECTED
    assert len(acs.of(":reject")) == 1


async def test_trouble_asks_for_another_delivery_which_turns_it_away_once(line: Line, acs: AcsServer) -> None:
    await channels(line).report(report(0))
    acs.replies = [failure(503) for _ in range(3)]
    with pytest.raises(TelephonyError):
        await answer_incoming(line, rings())
    assert await answer_incoming(line, rings()) is Answer.REJECTED
    assert len({request.headers["Repeatability-Request-ID"] for request in acs.of(":reject")}) == 1


async def test_a_caller_who_left_meanwhile_is_missed(line: Line, acs: AcsServer) -> None:
    await channels(line).report(report(0))
    acs.replies = [failure(404, "8522")]
    assert await answer_incoming(when_full(line, REDIRECT), rings()) is Answer.GONE
    assert (await end_of(line, 0))[1] is Outcome.MISSED


async def test_an_answer_that_is_refused_gives_its_channel_back(line: Line, acs: AcsServer) -> None:
    await channels(line).report(report(1))
    acs.replies = [failure(400)]
    assert await answer_incoming(line, rings(0)) is Answer.REFUSED
    assert await answer_incoming(line, rings(1)) is Answer.ANSWERED


async def test_the_channel_of_one_who_died_while_answering_serves_the_next(line: Line) -> None:
    await channels(line).report(report(1))
    await channels(line).admit(rings().call_id, NOW)
    later = replace(line, clock=lambda: NOW + CLAIM_LEASE)
    assert await answer_incoming(later, rings()) is Answer.ANSWERED


async def test_a_store_that_is_slow_with_channels_keeps_nobody_out(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(AdmissionStore, "admit", never)
    assert line.gate is not None
    hurried = replace(line, gate=replace(line.gate, within=0.05))
    assert await answer_incoming(hurried, rings()) is Answer.ANSWERED


async def test_of_many_that_ring_at_once_as_many_are_answered_as_can_be_held(
    line: Line, acs: AcsServer
) -> None:
    await channels(line).report(report(5))
    answers = await asyncio.gather(
        *(answer_incoming(line, rings(number)) for number in range(20) for _ in range(2))
    )
    assert Counter(answers) == {Answer.ANSWERED: 5, Answer.REJECTED: 15, Answer.DUPLICATE: 20}
    assert (len(acs.of(":answer")), len(acs.of(":reject"))) == (5, 15)
