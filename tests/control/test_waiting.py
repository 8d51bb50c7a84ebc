"""Callers for whom there is no place: what they hear in line, and how they leave it."""

from __future__ import annotations

import asyncio
import io
import wave
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from control.answering import Answer, answer_incoming
from control.moving_up import advance
from control.services import services
from control.waiting import Files, announcement
from local.functions_host.timers import timer_datum
from shared.admission import Report
from shared.admission_store import AdmissionStore
from shared.agent_config import load_agent
from shared.calls import (
    CallState,
    Outcome,
    TransferState,
    is_waiting,
)
from shared.recorded_lines import RATE, RecordedLines, texts_in_line
from shared.settings import (
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    OperatorSettings,
)
from shared.waiting_queue import (
    TAKEN_WITHIN,
)
from tests.control.hosted_plane import OPERATOR_TOKEN, ControlPlane
from tests.control.test_triggers import callback
from tests.control.waiting_house import (
    PERSON,
    PHRASES,
    SETTINGS,
    House,
    patient,
    sound,
    with_settings,
)
from tests.shared.acs_server import failure


async def test_who_finds_it_full_is_answered_without_audio_and_hears_where_they_stand(house: House) -> None:
    await house.fills()
    await house.waits(1)
    first, second = (one.body["mediaStreamingOptions"] for one in house.acs.of(":answer"))
    assert (first["startMediaStreaming"], second["startMediaStreaming"]) == (True, False)
    assert second["transportUrl"].startswith(f"wss://bridge.example/acs/{house.incoming(1).call_id}/")
    assert house.played() == [("announcement-1-1.wav", "waiting-1")]
    assert is_waiting(await house.call(1))
    await house.called_back(1, "PlayCompleted", operationContext="waiting-1")
    await house.called_back(1, "PlayCompleted", operationContext="waiting-1")
    await house.waits(2)
    assert house.played()[1:] == [
        ("announcement-2-1.wav", "waiting-2"),
        ("announcement-1-2.wav", "waiting-1"),
    ]


async def test_what_is_heard_is_what_was_recorded(house: House) -> None:
    await house.fills()
    await house.rings(1)
    [one] = (await house.channels.seen()).waiting

    async def heard(file: str) -> bytes:
        data = await house.queue.sound(one, file)
        assert data is not None
        with wave.open(io.BytesIO(data)) as wav:
            assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, RATE)
            return bytes(wav.readframes(wav.getnframes()))

    first, again = await heard(announcement(1, 2)), await heard(announcement(2, 2))
    assert [sound(text) in first for text in (PHRASES.waiting, PHRASES.waiting_at(2))] == [True, True]
    assert [sound(text) in again for text in (PHRASES.waiting, PHRASES.waiting_at(2))] == [False, True]
    assert sound(PHRASES.press_zero) in again
    assert len(again) > SETTINGS.every.total_seconds() * RATE * 2, "the tone goes on until the next one"
    assert sound(PHRASES.waiting_goodbye) in await heard("goodbye.wav")
    assert sound(PHRASES.transferring) in await heard("person.wav")
    for other in ("announcement-1-19.wav", "announcement-1.wav", "../goodbye.wav", "trouble.wav"):
        assert await house.queue.sound(one, other) is None


async def test_first_come_first_served_and_who_rings_later_waits_behind(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.waits(2)
    await house.ends(0)
    assert await house.begun() == [1]
    assert await house.queue_now() == [2]
    # The place of 1 becomes free, and somebody rings before anybody has looked at the line.
    [channel] = (await house.channels.seen()).channels.values()
    await house.channels.give_back(channel)
    assert await house.rings(3) is Answer.QUEUED
    await advance(house.line)
    assert await house.begun() == [1, 2]
    assert await house.queue_now() == [3]
    call = await house.call(1)
    assert call.called_at is not None
    assert not is_waiting(call)
    assert len(house.acs.of(":cancelAllMediaOperations")) == 2


async def test_the_line_is_never_longer_than_it_may_be(house: House) -> None:
    await house.places(4)
    answers = await asyncio.gather(*(house.rings(number) for number in range(20)))
    assert Counter(answers) == {Answer.ANSWERED: 4, Answer.QUEUED: 3, Answer.REJECTED: 13}
    assert (len(house.acs.of(":answer")), len(house.acs.of(":reject"))) == (7, 13)


async def test_many_who_look_at_once_let_in_as_many_as_there_are_places(house: House) -> None:
    await house.fills()
    for number in (1, 2, 3):
        await house.waits(number)
    await house.places(3)
    await asyncio.gather(*(advance(house.line) for _ in range(6)))
    assert sorted(await house.begun()) == [1, 2]
    assert await house.queue_now() == [3]
    assert len((await house.channels.seen()).channels) == 3


async def test_when_the_line_is_full_a_call_may_ring_elsewhere(house: House) -> None:
    assert house.line.gate is not None
    elsewhere = replace(house.line.gate.settings, redirect_to="+15550123")
    house.line = replace(house.line, gate=replace(house.line.gate, settings=elsewhere))
    answers = [await house.rings(number) for number in range(5)]
    assert answers == [Answer.ANSWERED, *[Answer.QUEUED] * 3, Answer.REDIRECTED]


async def test_without_recordings_nobody_waits_in_silence(house: House) -> None:
    with_settings(house, replace(SETTINGS, length=4))  # one place more than there is a recording of
    await house.fills()
    assert await house.rings(1) is Answer.REJECTED


async def test_who_hangs_up_leaves_the_line_at_once(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.waits(2)
    await house.at(30)
    await house.called_back(1, "CallDisconnected", resultInformation={"code": 200, "subCode": 5000})
    assert await house.queue_now() == [2]
    call = await house.call(1)
    assert (call.state, call.outcome) == (CallState.ENDED, Outcome.GAVE_UP)


async def test_who_hung_up_unheard_is_found_gone(house: House) -> None:
    await house.fills()
    assert await house.rings(1) is Answer.QUEUED
    house.acs.replies = [failure(404, "8522") for _ in range(2)]
    await house.called_back(1, "CallConnected")
    assert await house.queue_now() == []
    assert (await house.call(1)).outcome is Outcome.GAVE_UP


async def test_who_waited_too_long_hears_a_goodbye(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.at(181)
    await advance(house.line)
    assert house.played()[-1] == ("goodbye.wav", "waiting-goodbye")
    assert house.acs.of(":terminate") == []
    await house.called_back(1, "PlayCompleted", operationContext="waiting-goodbye")
    assert len(house.acs.of(":terminate")) == 1
    assert await house.queue_now() == []
    await house.called_back(1, "CallDisconnected")
    call = await house.call(1)
    assert (call.outcome, call.end_reason) == (Outcome.REJECTED, "hung_up: no place in time")


async def test_or_is_put_through_to_a_person(house: House) -> None:
    with_settings(house, replace(SETTINGS, person=True))
    await house.fills()
    await house.waits(1)
    await house.at(181)
    await advance(house.line)
    assert house.played()[-1] == ("person.wav", "waiting-person")
    await house.called_back(1, "PlayCompleted", operationContext="waiting-person")
    [order] = house.acs.of(":transferToParticipant")
    assert order.body["targetParticipant"]["phoneNumber"] == {"value": PERSON}
    await house.called_back(1, "CallTransferAccepted", operationContext=order.body["operationContext"])
    await house.called_back(1, "CallDisconnected")
    assert (await house.call(1)).outcome is Outcome.TRANSFERRED
    assert await house.queue_now() == []


async def test_nobody_is_promised_a_person_who_is_not_there(house: House) -> None:
    nobody = Files(OperatorSettings(None, False, DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE))
    house.line = replace(house.line, queue=replace(house.queue, files=nobody))
    with_settings(house, replace(SETTINGS, person=True))
    await house.fills()
    await house.waits(1)
    await house.at(181)
    await advance(house.line)
    assert house.played()[1:] == [("goodbye.wav", "waiting-goodbye")]


async def test_who_finds_no_person_hears_a_goodbye(house: House) -> None:
    with_settings(house, replace(SETTINGS, person=True))
    await house.fills()
    await house.waits(1)
    await house.waits(2)
    await house.at(181)
    await advance(house.line)
    await house.called_back(1, "PlayCompleted", operationContext="waiting-person")
    await house.called_back(1, "CallTransferFailed", operationContext="transfer-1")
    assert house.played()[-1] == ("goodbye.wav", "waiting-goodbye")
    assert (await house.call(1)).transfer_state is TransferState.FAILED
    house.acs.replies = [failure(400)]
    await house.called_back(2, "PlayCompleted", operationContext="waiting-person")
    assert [file for file, _ in house.played()].count("goodbye.wav") == 2
    await house.at(house.seconds + TAKEN_WITHIN.total_seconds())
    await advance(house.line)
    assert await house.queue_now() == []


async def test_a_key_puts_through_and_who_finds_nobody_is_in_line_again(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.waits(2)
    [key, _] = house.acs.of(":startContinuousDtmfRecognition")
    assert key.body["targetParticipant"]["phoneNumber"] == {"value": "+15550100"}
    await house.called_back(1, "ContinuousDtmfRecognitionToneReceived", tone="five", sequenceId=1)
    assert len(house.played()) == 2
    await house.called_back(1, "ContinuousDtmfRecognitionToneReceived", tone="zero", sequenceId=2)
    assert house.played()[2:] == [("person.wav", "waiting-person")]
    await house.called_back(1, "PlayCanceled", operationContext="waiting-1")
    assert house.acs.of(":transferToParticipant") == []
    await house.called_back(1, "PlayCompleted", operationContext="waiting-person")
    [order] = house.acs.of(":transferToParticipant")
    await house.called_back(1, "CallTransferFailed", operationContext=order.body["operationContext"])
    assert house.played()[3:] == [("announcement-2-1.wav", "waiting-2")]
    assert await house.queue_now() == [1, 2]
    await house.ends(0)
    assert await house.begun() == [1]
    assert len(house.acs.of(":stopContinuousDtmfRecognition")) == 1


async def test_a_caller_without_a_number_is_offered_no_key(house: House) -> None:
    await house.fills()
    withheld = replace(house.incoming(1), caller="")
    assert await answer_incoming(house.line, withheld) is Answer.QUEUED
    await house.called_back(1, "CallConnected")
    assert house.acs.of(":startContinuousDtmfRecognition") == []
    [one] = (await house.channels.seen()).waiting
    data = await house.queue.sound(one, announcement(1, 1))
    assert data is not None
    assert sound(PHRASES.press_zero) not in data


class TestFromOutside:
    """Through Microsoft's worker library, over HTTP."""

    @pytest.fixture(autouse=True)
    def _queues(self, monkeypatch: pytest.MonkeyPatch) -> None:
        patient(monkeypatch)
        monkeypatch.setenv("ADMISSION_WHEN_FULL", "queue")
        monkeypatch.setenv("ADMISSION_QUEUE_LENGTH", "1")

    async def test_from_the_ring_to_a_place(self, control: ControlPlane, incoming: dict[str, Any]) -> None:
        agent, tables = load_agent(DEFAULT_AGENT_DIR), services().tables
        for text in texts_in_line(agent, "en", 1):
            await RecordedLines(tables).put(text, "voice", sound(text))
        channels = AdmissionStore(tables)
        full = Report("a", datetime.now(UTC), calls=0, live=0, late_ms=0, sessions=9)
        await channels.report(full)
        assert await control.deliver(incoming) == 202
        [address] = control.callback_addresses()
        assert await control.call_back(address, [callback("CallConnected")]) == (200, {"received": 1})
        [order] = control.acs.of(":play")
        url = order.body["playSources"][0]["file"]["uri"]
        async with control.http.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert sound(agent.phrases_for("en").waiting_at(1)) in await answer.read()
        for wrong in (
            url.replace("-1.wav", "-9.wav"),
            url[:-30] + "x" + url[-29:],
            url.replace("/waiting/2", "/waiting/1"),
        ):
            async with control.http.get(wrong) as answer:
                assert answer.status == 404
                assert "secret" not in await answer.text()

        bearer = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        async with control.http.get(f"{control.url}/api/v1/live", headers=bearer) as answer:
            [shown] = (await answer.json())["calls"]
        assert (shown["waiting"], shown["state"]) == (True, "connected")
        there = f"{control.url}/api/v1/calls/{shown['id']}"
        async with control.http.get(there, headers=bearer) as answer:
            told = await answer.json()
        assert (told["live_from"], told["actions"]["end"], told["actions"]["transfer"]) == (None, True, False)
        async with control.http.post(f"{there}/transfer", headers=bearer, json={}) as answer:
            assert (answer.status, (await answer.json())["type"]) == (409, "urn:tabletalk:problem:in_line")

        await channels.report(replace(full, at=datetime.now(UTC), calls=1))
        function, now = control.worker.find("relay_outbox"), datetime.now(UTC)
        assert function is not None
        result = await control.worker.run(function, timer_datum(now, now))
        assert result.ok, result.error
        assert len(control.acs.of(":startMediaStreaming")) == 1
        async with control.http.get(url) as answer:
            assert answer.status == 404, "the address is good while they wait"
        call = await control.record(incoming)
        assert call is not None
        assert call.called_at is not None
