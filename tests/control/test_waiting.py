"""Callers for whom there is no place: what they hear in line, and how they leave it."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import wave
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from control.admitting import Gate
from control.answering import Answer, Line, answer_incoming, follow
from control.moving_up import advance, hear
from control.services import services
from control.waiting import Files, Queue, announcement
from local.functions_host.timers import timer_datum
from shared.acs_events import Callback, IncomingCall, call_events, parse_callbacks
from shared.admission import Report
from shared.admission_store import AdmissionStore
from shared.agent_config import load_agent
from shared.call_store import CallStore
from shared.calls import (
    CLAIM_LEASE,
    Call,
    CallEvent,
    CallState,
    EventKind,
    Outcome,
    TransferState,
    is_waiting,
)
from shared.recorded_lines import RATE, RecordedLines, texts_in_line
from shared.settings import (
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    AdmissionSettings,
    OperatorSettings,
    QueueSettings,
    StoreSettings,
    WhenFull,
)
from shared.tables import Tables
from shared.telephony import Telephony
from shared.waiting_line import (
    ANSWERED_WITHIN,
    DONE_WITHIN,
    MOST_FAILURES,
    SPOKEN_WITHIN,
    TAKEN_WITHIN,
    Stage,
)
from shared.waiting_store import WaitingStore
from tests.control.conftest import OPERATOR_TOKEN, ControlPlane
from tests.control.test_triggers import callback
from tests.shared.acs_server import AcsServer, failure

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
PERSON = "+15550142"
SETTINGS = QueueSettings(length=3)
PHRASES = load_agent(DEFAULT_AGENT_DIR).phrases_for("en")


def sound(text: str) -> bytes:
    """Different for each text."""
    return text.encode("utf-16-le") * 40


@dataclass
class House:
    """A control plane with a place or two, and a clock in the test's hand."""

    line: Line
    acs: AcsServer
    seconds: float = 0.0
    calls: int = 0

    def now(self) -> datetime:
        return RANG + timedelta(seconds=self.seconds)

    @property
    def channels(self) -> AdmissionStore:
        assert self.line.gate is not None
        return self.line.gate.channels

    @property
    def queue(self) -> Queue:
        assert self.line.queue is not None
        return self.line.queue

    async def places(self, calls: int) -> None:
        """So many can be held from now on."""
        self.calls = calls
        await self.channels.report(Report("a", self.now(), calls=calls, live=0, late_ms=0, sessions=100))

    async def at(self, seconds: float) -> None:
        """It is so long after the first ring, and the bridge has reported again."""
        self.seconds = seconds
        await self.places(self.calls)

    async def rings(self, number: int) -> Answer:
        """A phone rings now."""
        return await answer_incoming(self.line, self.incoming(number))

    def incoming(self, number: int) -> IncomingCall:
        rang_at = RANG + timedelta(milliseconds=number)
        return IncomingCall(rang_at, "4:+15550100", "4:+15550199", f"call-{number}", "", f"context-{number}")

    async def call(self, number: int) -> Call:
        call = await self.line.calls.get(self.incoming(number).call_id)
        assert call is not None
        return call

    async def called_back(self, number: int, kind: str, **data: Any) -> None:
        """What Call Automation reports of a call."""
        call = await self.call(number)
        event: dict[str, Any] = {"type": f"Microsoft.Communication.{kind}", "time": self.now().isoformat()}
        event |= {"data": {"callConnectionId": call.call_connection_id, **data}}
        reported: list[Callback] = parse_callbacks(_json(event))
        followed = await follow(self.line, call.id, call_events(reported, self.now()))
        assert followed is not None
        await hear(self.line, followed, reported)

    async def fills(self) -> None:
        """Call 0 takes the one place, and a bridge has it."""
        assert await self.rings(0) is Answer.ANSWERED
        seen = await self.channels.seen()
        await self.channels.hold("a", [self.incoming(0).call_id], self.now(), seen)

    async def waits(self, number: int) -> None:
        """A phone rings, is put in line, and is up."""
        assert await self.rings(number) is Answer.QUEUED
        await self.called_back(number, "CallConnected")

    async def ends(self, number: int) -> None:
        """A call that a bridge holds ends."""
        call_id = self.incoming(number).call_id
        [channel] = [one for one in (await self.channels.seen()).channels.values() if one.call_id == call_id]
        await self.channels.give_back(channel)
        await self.called_back(number, "CallDisconnected")

    async def line_now(self) -> list[int]:
        """The seats that are taken, as the numbers of their calls, the first in line first."""
        ids = {self.incoming(number).call_id: number for number in range(40)}
        rows = sorted((await self.channels.seen()).waiting, key=lambda one: (one.since, one.call_id))
        return [ids[one.call_id] for one in rows]

    def played(self) -> list[tuple[str, str]]:
        """File and operation context of all that Call Automation was asked to play."""
        return [
            (one.body["playSources"][0]["file"]["uri"].rpartition("/")[2], one.body["operationContext"])
            for one in self.acs.of(":play")
        ]

    async def begun(self) -> list[int]:
        """The calls whose audio was begun, in that order."""
        connections = {
            (await self.call(n)).call_connection_id: n for n in range(12) if await self._is_there(n)
        }
        paths = [one.path.rpartition("/")[2] for one in self.acs.of(":startMediaStreaming")]
        return [connections[path.removesuffix(":startMediaStreaming")] for path in paths]

    async def _is_there(self, number: int) -> bool:
        return await self.line.calls.get(self.incoming(number).call_id) is not None


def _json(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, nobody is let in unseen."""
    monkeypatch.setattr("control.admitting._SECONDS", 60.0)
    monkeypatch.setattr("control.waiting._SECONDS", 60.0)


@pytest.fixture
def agent_dir(tmp_path: Path) -> Path:
    """The shipped agent with a person to call."""
    shutil.copytree(DEFAULT_AGENT_DIR, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "agent.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[transfer]\nto = "{PERSON}"\n')
    return tmp_path


@pytest.fixture
async def house(
    azurite: str, table_prefix: str, acs: AcsServer, agent_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr("control.moving_up._FREED_EVERY", 0.0)
    operator = OperatorSettings(None, False, agent_dir, DEFAULT_RESTAURANTS_FILE)
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables, Telephony(acs.settings) as phone:
        recorded = RecordedLines(tables)
        for text in texts_in_line(load_agent(agent_dir), "en", SETTINGS.length):
            await recorded.put(text, "voice", sound(text))
        house = House(line=None, acs=acs)  # type: ignore[arg-type]  # it has the clock that the line needs
        house.line = Line(
            CallStore(tables),
            phone,
            "https://func.example",
            "wss://bridge.example",
            house.now,
            gate=Gate(AdmissionStore(tables), phone, AdmissionSettings(WhenFull.QUEUE, queue=SETTINGS)),
            queue=Queue(WaitingStore(tables), recorded, SETTINGS, Files(operator), "https://func.example"),
        )
        await house.places(1)
        yield house


def with_settings(house: House, settings: QueueSettings) -> None:
    house.line = replace(house.line, queue=replace(house.queue, settings=settings))


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
    assert await house.line_now() == [2]
    # The place of 1 becomes free, and somebody rings before anybody has looked at the line.
    [channel] = (await house.channels.seen()).channels.values()
    await house.channels.give_back(channel)
    assert await house.rings(3) is Answer.QUEUED
    await advance(house.line)
    assert await house.begun() == [1, 2]
    assert await house.line_now() == [3]
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
    assert await house.line_now() == [3]
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
    assert await house.line_now() == [2]
    call = await house.call(1)
    assert (call.state, call.outcome) == (CallState.ENDED, Outcome.GAVE_UP)


async def test_who_hung_up_unheard_is_found_gone(house: House) -> None:
    await house.fills()
    assert await house.rings(1) is Answer.QUEUED
    house.acs.replies = [failure(404, "8522") for _ in range(2)]
    await house.called_back(1, "CallConnected")
    assert await house.line_now() == []
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
    assert await house.line_now() == []
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
    assert await house.line_now() == []


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
    assert await house.line_now() == []


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
    assert await house.line_now() == [1, 2]
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
    assert await house.line_now() == []


async def test_one_that_died_after_it_had_begun_the_audio_too(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.places(2)
    call_id = house.incoming(1).call_id
    await house.queue.store.update(call_id, lambda one: replace(one, stage=Stage.CALLED, due_at=house.now()))
    await follow(house.line, call_id, [CallEvent(EventKind.MEDIA_CONNECTED, house.now())])
    house.acs.replies = [failure(204), failure(400)]  # it is active already
    await advance(house.line)
    assert await house.line_now() == []
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
    assert await house.line_now() == []
    assert len(house.played()) == 1
    assert (await house.call(1)).called_at is not None


async def test_trouble_with_the_audio_is_tried_again(house: House) -> None:
    await house.fills()
    await house.waits(1)
    await house.places(2)
    house.acs.replies = [failure(500) for _ in range(12)]
    await advance(house.line)
    assert await house.line_now() == [1]
    house.acs.replies.clear()
    await house.at(DONE_WITHIN.total_seconds())
    await advance(house.line)
    assert await house.line_now() == []
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
    assert await house.line_now() == [1]
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
    assert await house.line_now() == [1]
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
    assert await house.line_now() == []
    event: dict[str, Any] = {"type": "Microsoft.Communication.CallConnected", "time": house.now().isoformat()}
    event |= {"data": {"callConnectionId": before.call_connection_id}}
    await hear(house.line, before, parse_callbacks(_json(event)))
    assert house.acs.of(":terminate") == []
    assert (await house.call(1)).end_reason == ""


async def test_a_call_that_comes_up_after_its_seat_was_given_up_is_no_silent_line(house: House) -> None:
    await house.fills()
    assert await house.rings(1) is Answer.QUEUED
    call_id = house.incoming(1).call_id
    await house.queue.store.update(call_id, lambda one: replace(one, connection=""))
    await house.at(ANSWERED_WITHIN.total_seconds())
    await advance(house.line)
    assert await house.line_now() == []
    await house.called_back(1, "CallConnected")
    await house.called_back(1, "CallConnected")
    assert len(house.acs.of(":terminate")) == 1
    assert (await house.call(1)).end_reason == "failed: no seat"


async def test_an_answer_that_is_refused_gives_the_seat_back(house: House) -> None:
    await house.fills()
    house.acs.replies = [failure(404, "8522")]
    assert await house.rings(1) is Answer.GONE
    assert await house.line_now() == []
    assert (await house.call(1)).outcome is Outcome.MISSED


async def test_a_store_that_fails_puts_nobody_in_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.fills()

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("control.waiting._SECONDS", 0.05)
    monkeypatch.setattr(WaitingStore, "join", never)
    assert await house.rings(1) is Answer.REJECTED


class TestFromOutside:
    """Through Microsoft's worker library, over HTTP."""

    @pytest.fixture(autouse=True)
    def _queues(self, monkeypatch: pytest.MonkeyPatch) -> None:
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
