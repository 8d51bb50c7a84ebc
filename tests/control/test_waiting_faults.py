"""Callers in line while something fails: nobody is left in silence, none is ended whose turn has come."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from control.answering import Answer, follow
from control.moving_up import advance, hear
from shared.acs_events import parse_callbacks
from shared.call_claim import CLAIM_LEASE
from shared.calls import CallEvent, EventKind, Outcome, is_waiting
from shared.waiting_queue import (
    ANSWERED_WITHIN,
    DONE_WITHIN,
    MOST_FAILURES,
    SPOKEN_WITHIN,
    Stage,
)
from shared.waiting_store import WaitingStore
from tests.control.waiting_house import (
    SETTINGS,
    House,
    as_sent,
)
from tests.shared.acs_server import failure


async def test_an_announcement_that_cannot_be_played_is_tried_again_and_then_the_call_ends(
    house: House,
) -> None:
    await house.fills()
    await house.waits(1)
    for number in range(1, MOST_FAILURES + 1):
        assert house.acs.of(":terminate") == []
        await house.called_back(1, "PlayFailed", operationContext=f"waiting-{number}")
        await house.at(house.seconds + 5)
        await advance(house.line)
    assert len(house.acs.of(":terminate")) == 1
    firsts = [("announcement-1-1.wav", f"waiting-{n}") for n in range(1, MOST_FAILURES + 1)]
    assert house.played()[:MOST_FAILURES] == firsts, "as long as they have heard none, it is their first"


async def test_a_slow_phone_network_keeps_nobody_busy_for_long(house: House) -> None:
    """What has become due meanwhile is left to the next who looks."""
    await house.fills()
    assert [await house.rings(number) for number in (1, 2)] == [Answer.QUEUED] * 2

    async def slow() -> web.Response:
        house.seconds += ANSWERED_WITHIN.total_seconds()
        return failure(400)

    house.acs.replies = [failure(204), slow]
    await house.called_back(1, "CallConnected")
    assert [file for file, _ in house.played()] == ["announcement-1-1.wav"]
    await advance(house.line)
    assert [file for file, _ in house.played()] == ["announcement-1-1.wav", "announcement-1-2.wav"]


async def test_a_process_that_died_over_it_is_stood_in_for(house: House) -> None:
    """It had made the row say that it would, and did not live to do it."""
    await house.fills()
    await house.waits(1)
    await house.places(2)
    call_id = house.incoming(1).call_id
    await house.queue.store.update(
        call_id, lambda one: replace(one, stage=Stage.CALLED, due_at=house.now() + DONE_WITHIN)
    )
    await advance(house.line)
    assert await house.begun() == []
    await house.at(DONE_WITHIN.total_seconds())
    await advance(house.line)
    assert await house.begun() == [1]
    assert await house.queue_now() == []


async def test_one_that_died_after_it_had_begun_the_audio_too(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.places(2)
    call_id = house.incoming(1).call_id
    await house.queue.store.update(call_id, lambda one: replace(one, stage=Stage.CALLED, due_at=house.now()))
    await follow(house.line, call_id, [CallEvent(EventKind.MEDIA_CONNECTED, house.now())])
    house.acs.replies = [failure(204), failure(400)]  # it is active already
    await advance(house.line)
    assert await house.queue_now() == []
    assert (await house.call(1)).called_at is not None


async def test_when_the_place_is_gone_by_then_they_are_in_line_again(house: House) -> None:
    await house.fills()
    await house.waits(1)
    call_id = house.incoming(1).call_id
    await house.queue.store.update(
        call_id, lambda one: replace(one, stage=Stage.CALLED, due_at=house.now(), failures=1)
    )
    await advance(house.line)
    assert house.played()[1:] == [("announcement-2-1.wav", "waiting-2")]
    assert len(house.acs.of(":startContinuousDtmfRecognition")) == 2
    await house.places(2)
    await advance(house.line)
    assert await house.begun() == [1]


async def test_unless_a_bridge_has_the_call_already(house: House) -> None:
    await house.fills()
    await house.waits(1)
    call_id = house.incoming(1).call_id
    await house.queue.store.update(call_id, lambda one: replace(one, stage=Stage.CALLED, due_at=house.now()))
    await follow(house.line, call_id, [CallEvent(EventKind.MEDIA_CONNECTED, house.now())])
    await advance(house.line)
    assert await house.queue_now() == []
    assert len(house.played()) == 1
    assert (await house.call(1)).called_at is not None


async def test_trouble_with_the_audio_is_tried_again(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.places(2)
    house.acs.replies = [failure(500) for _ in range(12)]
    await advance(house.line)
    assert await house.queue_now() == [1]
    house.acs.replies.clear()
    await house.at(DONE_WITHIN.total_seconds())
    await advance(house.line)
    assert await house.queue_now() == []
    assert len((await house.channels.seen()).channels) == 2


async def test_a_lost_callback_leaves_nobody_in_silence(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.at((SETTINGS.every + SPOKEN_WITHIN).total_seconds())
    await advance(house.line)
    assert house.played()[-1] == ("announcement-2-1.wav", "waiting-2")


async def test_who_answers_for_one_that_died_keeps_the_call_in_line(house: House) -> None:
    """Call Automation may have accepted the answer without audio: with audio it would stay silent."""
    await house.fills()
    house.acs.replies = [failure(503) for _ in range(3)]
    with pytest.raises(Exception, match="answer"):
        await house.rings(1)
    assert await house.queue_now() == [1]
    await house.places(2)
    await house.at(CLAIM_LEASE.total_seconds())
    assert await house.rings(1) is Answer.QUEUED
    assert house.acs.of(":answer")[-1].body["mediaStreamingOptions"]["startMediaStreaming"] is False
    await house.called_back(1, "CallConnected")
    assert await house.begun() == [1]


async def test_also_when_that_one_had_not_written_it_down(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.fills()
    join = WaitingStore.join

    async def dies(store: WaitingStore, *args: Any) -> None:
        await join(store, *args)
        raise RuntimeError("died")

    with monkeypatch.context() as patch:
        patch.setattr(WaitingStore, "join", dies)
        with pytest.raises(RuntimeError, match="died"):
            await house.rings(1)
    assert await house.queue_now() == [1]
    await house.at(CLAIM_LEASE.total_seconds())
    assert await house.rings(1) is Answer.QUEUED
    assert is_waiting(await house.call(1))


async def test_who_has_just_got_a_place_is_not_ended_by_a_late_callback(house: House) -> None:
    """It was delivered twice, and the second time the record was read before the place was given."""
    await house.fills()
    await house.waits(1)
    before = await house.call(1)
    await house.places(2)
    await advance(house.line)
    assert await house.queue_now() == []
    event: dict[str, Any] = {"type": "Microsoft.Communication.CallConnected", "time": house.now().isoformat()}
    event |= {"data": {"callConnectionId": before.call_connection_id}}
    await hear(house.line, before, parse_callbacks(as_sent(event)))
    assert house.acs.of(":terminate") == []
    assert (await house.call(1)).end_reason == ""


async def test_a_call_that_comes_up_after_its_seat_was_given_up_is_no_silent_line(house: House) -> None:
    await house.fills()
    assert await house.rings(1) is Answer.QUEUED
    call_id = house.incoming(1).call_id
    await house.queue.store.update(call_id, lambda one: replace(one, connection=""))
    await house.at(ANSWERED_WITHIN.total_seconds())
    await advance(house.line)
    assert await house.queue_now() == []
    await house.called_back(1, "CallConnected")
    await house.called_back(1, "CallConnected")
    assert len(house.acs.of(":terminate")) == 1
    assert (await house.call(1)).end_reason == "failed: no seat"


async def test_an_answer_that_is_refused_gives_the_seat_back(house: House) -> None:
    await house.fills()
    house.acs.replies = [failure(404, "8522")]
    assert await house.rings(1) is Answer.GONE
    assert await house.queue_now() == []
    assert (await house.call(1)).outcome is Outcome.MISSED


async def test_a_store_that_fails_puts_nobody_in_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.fills()

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("control.waiting._SECONDS", 0.05)
    monkeypatch.setattr(WaitingStore, "join", never)
    assert await house.rings(1) is Answer.REJECTED
