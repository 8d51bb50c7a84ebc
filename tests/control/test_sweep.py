"""The sweep finds calls whose end nobody told, and gives a voice to those that never had one."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from control.answering import (
    SWEEP_AFTER,
    SWEEP_CONNECTED_AFTER,
    Line,
    answer_incoming,
    follow,
    sweep,
)
from shared.acs_events import IncomingCall
from shared.call_claim import RING
from shared.call_media import MOST_RESTARTS
from shared.calls import Call, CallEvent, CallState, EventKind, Outcome, apply, partition_of
from shared.tables import Tables
from tests.control.one_call import (
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


class TestSweep:
    async def test_a_call_that_nobody_answered_is_missed(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        await die_while_answering(line, acs)
        clock.now += SWEEP_AFTER
        await sweep(line)
        call = await stored(line)
        assert (call.outcome, call.end_reason) == (Outcome.MISSED, "ring_ended")
        assert call.ended_at == RANG + RING

    @pytest.mark.parametrize("state", ["disconnected", None])
    async def test_a_call_that_ended_without_a_word_is_closed(
        self, line: Line, acs: AcsServer, clock: Clock, state: str | None
    ) -> None:
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.CONNECTED)])
        acs.state = state
        clock.now += SWEEP_CONNECTED_AFTER
        await sweep(line)
        call = await stored(line)
        assert (call.outcome, call.end_reason) == (Outcome.COMPLETED, "lost")

    @pytest.mark.parametrize("state", ["connected", "connecting", "transferring", "disconnecting"])
    async def test_a_call_that_goes_on_is_left_alone(
        self, line: Line, acs: AcsServer, clock: Clock, state: str
    ) -> None:
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.CONNECTED), happened(EventKind.MEDIA_CONNECTED)])
        acs.state = state
        clock.now += SWEEP_CONNECTED_AFTER
        before = await stored(line)
        await sweep(line)
        assert await stored(line) == before
        assert len(acs.requests) == 2

    @pytest.mark.parametrize(("state", "outcome"), [("disconnecting", None), (None, Outcome.TRANSFERRED)])
    async def test_a_caller_who_was_handed_over_is_never_cut_off(
        self, line: Line, acs: AcsServer, clock: Clock, state: str | None, outcome: Outcome | None
    ) -> None:
        """The media stream goes with the caller and the last callback may get lost."""
        await answer_incoming(line, INCOMING)
        gone = [EventKind.CONNECTED, EventKind.TRANSFER_ACCEPTED, EventKind.MEDIA_FAILED, EventKind.HUNG_UP]
        await follow(line, CALL_ID, [happened(kind) for kind in gone])
        acs.state = state
        clock.now += SWEEP_CONNECTED_AFTER
        await sweep(line)
        assert acs.of(":terminate") == []
        assert (await stored(line)).outcome is outcome

    @pytest.mark.parametrize(
        ("event", "age"), [(EventKind.ANSWERED, SWEEP_AFTER), (EventKind.CONNECTED, SWEEP_CONNECTED_AFTER)]
    )
    async def test_a_young_call_is_not_asked_about(
        self, line: Line, acs: AcsServer, clock: Clock, event: EventKind, age: timedelta
    ) -> None:
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(event)])
        clock.now = RANG + age
        await sweep(line)
        assert len(acs.requests) == 1

    @pytest.mark.parametrize("kind", [EventKind.FAILED, EventKind.HUNG_UP, EventKind.MEDIA_FAILED])
    async def test_a_hang_up_that_got_lost_is_made_good(
        self, line: Line, acs: AcsServer, clock: Clock, kind: EventKind
    ) -> None:
        """The bridge gave the call up and could not reach the service, or died before it did."""
        await answer_incoming(line, INCOMING)
        given_up = CallEvent(kind, RANG, "why")
        await line.calls.update(
            CALL_ID, lambda call: apply(apply(call, happened(EventKind.CONNECTED)), given_up)
        )
        clock.now += SWEEP_AFTER
        await sweep(line)
        assert len(acs.of(":terminate")) == 1

    @pytest.mark.parametrize(
        "told", [[], [EventKind.CONNECTED], [EventKind.QUEUED, EventKind.CONNECTED, EventKind.CALLED]]
    )
    async def test_nobody_sits_in_silence_because_a_callback_got_lost(
        self, line: Line, acs: AcsServer, clock: Clock, told: list[EventKind]
    ) -> None:
        """The call is up, and no bridge has ever had its media."""
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(kind) for kind in told])
        for restarts in range(1, MOST_RESTARTS + 1):
            clock.now += SWEEP_CONNECTED_AFTER
            await sweep(line)
            assert (len(acs.of(":startMediaStreaming")), acs.of(":terminate")) == (restarts, [])
        clock.now += SWEEP_CONNECTED_AFTER
        await sweep(line)
        assert len(acs.of(":startMediaStreaming")) == MOST_RESTARTS
        assert len(acs.of(":terminate")) == 1
        assert (await stored(line)).end_reason == "failed: no media"

    async def test_who_waits_in_line_needs_no_media_yet(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(kind) for kind in (EventKind.QUEUED, EventKind.CONNECTED)])
        clock.now += SWEEP_CONNECTED_AFTER
        await sweep(line)
        assert (acs.of(":startMediaStreaming"), acs.of(":terminate")) == ([], [])

    async def test_a_talk_whose_beginning_is_not_on_record_yet_is_not_cut_off(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        """The stream is up, so that the service refuses to begin it, and the bridge writes a moment later."""
        await answer_incoming(line, INCOMING)
        clock.now += SWEEP_AFTER
        acs.replies = [failure(400)]
        await sweep(line)
        assert acs.of(":terminate") == []
        await follow(line, CALL_ID, [happened(EventKind.MEDIA_CONNECTED)])
        for _ in range(MOST_RESTARTS + 2):
            clock.now += SWEEP_AFTER
            await sweep(line)
        assert acs.of(":terminate") == []
        assert (await stored(line)).end_reason == ""

    async def test_trouble_with_one_call_does_not_keep_the_others(
        self, line: Line, acs: AcsServer, clock: Clock
    ) -> None:
        calls = [IncomingCall(RANG, "", "", f"correlation {n}", "", "ctx") for n in range(12)]
        await asyncio.gather(*(answer_incoming(line, call) for call in calls))
        acs.state = None
        acs.replies = [failure(403)]
        clock.now += SWEEP_AFTER
        await sweep(line)
        states = Counter(call.state for call in await open_calls(line.calls, clock.now))
        assert states == {CallState.ANSWERED: 1}

    async def test_a_store_that_fails_for_one_call_does_not_keep_the_others(
        self, line: Line, acs: AcsServer, clock: Clock, tables: Tables
    ) -> None:
        """Nor does a record that nobody understands."""
        calls = [IncomingCall(RANG, "", "", f"correlation {n}", "", "ctx") for n in range(3)]
        await asyncio.gather(*(answer_incoming(line, call) for call in calls))
        acs.state = None
        clock.now += SWEEP_AFTER
        spoilt, unread, swept = (call.call_id for call in calls)
        spoiled = {"PartitionKey": partition_of(spoilt), "RowKey": spoilt, "state": "unheard of"}
        await (await tables.table("calls")).update_entity(spoiled)
        get = line.calls.get

        async def failing(call_id: str) -> Call | None:
            if call_id == unread:
                raise ServiceRequestError("away")
            return await get(call_id)

        line.calls.get = failing  # type: ignore[method-assign]  # fails for one call
        await sweep(line)
        call = await get(swept)
        assert call is not None
        assert call.state is CallState.ENDED

    async def test_ended_calls_cost_nothing(self, line: Line, acs: AcsServer, clock: Clock) -> None:
        await answer_incoming(line, INCOMING)
        await follow(line, CALL_ID, [happened(EventKind.DISCONNECTED)])
        clock.now += timedelta(hours=1)
        reads: list[str] = []
        get = line.calls.get

        async def counted(call_id: str) -> Any:
            reads.append(call_id)
            return await get(call_id)

        line.calls.get = counted  # type: ignore[method-assign]  # counts what the sweep reads
        await sweep(line)
        assert reads == []
        assert len(acs.requests) == 1
