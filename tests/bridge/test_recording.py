"""A call is recorded as its caller wants it: on real sockets, with a real store."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from bridge.metrics import Metrics
from bridge.records import RecordWriter, Unrecorded, decode, encode
from bridge.services import Services
from shared.agent_tables import Recording, RecordingMode
from shared.calls import Call
from shared.g711 import RATE, SILENT
from shared.tapes import Piece, Tape, TapeState, TapeStore, extent
from tests.bridge import test_server
from tests.bridge.stage import Stage, soon
from tests.bridge.stand_ins import Caller, ModelSession
from tests.bridge.talk import agent
from tests.bridge.test_call import OneAgent, another_bridge
from tests.bridge.test_resuming import on_record

stage = test_server.stage

LOUD = b"\x00\x20"
SPEECH = b64encode(LOUD * 480).decode()
FRAMES = 50


class Told(Metrics):
    """Tells when a call begins to be recorded."""

    def __init__(self) -> None:
        super().__init__(())
        self.recording = asyncio.Event()

    def recording_began(self) -> None:
        self.recording.set()


@dataclass
class Talk:
    """A call whose greeting has been heard."""

    house: Stage
    metrics: Told
    call: Call
    caller: Caller
    session: ModelSession
    opening: str

    @property
    def tapes(self) -> TapeStore:
        return TapeStore(self.house.services.tables)

    async def says(self) -> None:
        """A second of speech; the model has heard it, so it has been here."""
        for _ in range(FRAMES):
            await self.caller.say(SPEECH)
        for _ in range(FRAMES):
            while await soon(self.session.audio.get()) != SPEECH:
                pass

    async def decides(self, response: str, *, agreed: bool) -> dict[str, Any]:
        """The model takes what was said for a yes or a no; returns what the tool tells it."""
        arguments = json.dumps({"agreed": agreed})
        await self.session.speak(response, "", b"", calls=("record_call", arguments))
        told = await soon(self.session.next("conversation.item.create"))
        result: dict[str, Any] = json.loads(told["item"]["output"])
        return result

    async def hangs_up(self) -> None:
        await self.caller.socket.close()
        await self.house.hung_up(self.call)
        await soon(self.house.server.drain(20))


def that_records(stage: Stage, mode: RecordingMode) -> Services:
    return replace(stage.services, agents=OneAgent(agent(recording=Recording(mode=mode))))


@asynccontextmanager
async def talk(stage: Stage, mode: RecordingMode) -> AsyncIterator[Talk]:
    metrics = Told()
    services = replace(that_records(stage, mode), metrics=metrics)
    async with another_bridge(stage, services) as house:
        call, caller = await house.dial()
        session = await soon(house.model.sessions.get())
        request = await soon(session.next("response.create"))
        opening = request["response"]["pre_generated_assistant_message"]["content"][0]["text"]
        await session.speak("greeting", opening, bytes(960))
        await soon(caller.hears())
        yield Talk(house, metrics, call, caller, session, opening)


async def half_a_second(caller: Caller) -> None:
    """The caller is given so much; the last 300 ms of it, at most, are not heard yet then."""
    given = 0
    while given < 24_000:
        frame = await soon(caller.hears())
        given += len(frame["AudioData"]["Data"]) * 3 // 4 if frame["Kind"] == "AudioData" else 0


def loud(channel: bytes) -> float:
    """Seconds of a channel in which there is sound."""
    return sum(code not in (SILENT, SILENT ^ 0x80) for code in channel) / RATE


async def test_both_sides_are_on_the_tape_after_the_notice(stage: Stage) -> None:
    async with talk(stage, "announce") as call:
        assert "This is recorded" in call.opening
        await soon(call.metrics.recording.wait())
        await call.says()
        await call.session.speak("r1", "Good evening.", LOUD * 12_000)
        await half_a_second(call.caller)
        await call.hangs_up()
        found = extent(await call.tapes.spans(call.call.id))
        assert found.complete
        caller, agent = await call.tapes.read(call.call.id, 0, found.samples)
        # A second that comes all at once was said before it came, so part of it before the notice was heard.
        assert 0 < loud(caller) <= FRAMES * 0.02
        # The caller hangs up with up to 300 ms of it still to be heard.
        assert 0.15 < loud(agent) < 0.55


async def test_a_no_deletes_what_there_is_and_stands(stage: Stage) -> None:
    async with talk(stage, "announce") as call:
        await soon(call.metrics.recording.wait())
        await call.says()
        assert (await call.decides("r1", agreed=False))["recording"] is False
        await call.says()
        assert (await call.decides("r2", agreed=True))["error"] == "stays_off"
        await call.hangs_up()
        assert await call.tapes.spans(call.call.id) == []
        tape = await call.tapes.find(call.call.id)
        assert tape is not None
        assert tape.state is TapeState.REFUSED


async def test_a_no_is_carried_out_when_the_store_is_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is told the truth, and the deletion waits with the other records of the call."""
    refuse, tried = TapeStore.refuse, asyncio.Event()

    async def away_once(self: TapeStore, call_id: str, at: datetime) -> None:
        if not tried.is_set():
            tried.set()
            raise ServiceRequestError("away")
        await refuse(self, call_id, at)

    monkeypatch.setattr(TapeStore, "refuse", away_once)
    async with talk(stage, "announce") as call:
        await soon(call.metrics.recording.wait())
        await call.says()
        assert "will be deleted" in (await call.decides("r1", agreed=False))["spoken"]
        await call.hangs_up()
        tape = await call.tapes.find(call.call.id)
        assert tape is not None
        assert tape.state is TapeState.REFUSED
        assert await call.tapes.spans(call.call.id) == []


async def test_a_no_outlives_the_process(stage: Stage) -> None:
    """As a record on disk, by whoever writes it."""
    at = datetime.now(UTC)
    call = await stage.call()
    tapes = TapeStore(stage.services.tables)
    await tapes.begin(call.id, at)
    await tapes.add(call.id, Piece(0, 8, b"\x01" * 8, b""))
    writer = RecordWriter(stage.services.store, tapes=tapes)
    await writer.write(call.id, decode(encode(Unrecorded(at))))
    assert await tapes.spans(call.id) == []
    assert await tapes.find(call.id) == Tape(TapeState.REFUSED, at)


async def test_nothing_is_recorded_before_the_yes_that_was_asked_for(stage: Stage) -> None:
    async with talk(stage, "ask") as call:
        assert call.opening.endswith("May this be recorded?")
        await call.says()
        assert not call.metrics.recording.is_set()
        tries = 1
        while (told := await call.decides(f"r{tries}", agreed=True)).get("error") == "not_asked":
            tries += 1  # the question is still being heard
        assert told["recording"] is True
        await soon(call.metrics.recording.wait())
        await call.hangs_up()
        found = extent(await call.tapes.spans(call.call.id))
        assert found.complete
        caller, _ = await call.tapes.read(call.call.id, 0, found.samples)
        assert loud(caller) == 0  # it was said before the yes


async def test_another_bridge_goes_on_with_the_tape(stage: Stage) -> None:
    """Without a word about it, and at the true place: for a moment both have the call, one of them silent."""
    async with talk(stage, "announce") as call:
        await soon(call.metrics.recording.wait())
        await call.says()
        await on_record(call.house, call.call)
        counts = Told()
        services = replace(that_records(stage, "announce"), name="the-other", metrics=counts)
        async with another_bridge(call.house, services) as other:
            call.caller.socket.transport.abort()
            again = await Caller.dial(other.url, call.call, other.acs.token())
            there = await soon(other.model.sessions.get())
            assert "response" not in await soon(there.next("response.create"))  # no words of ours
            await soon(counts.recording.wait())
            await soon(call.house.server.drain(20))
            await there.speak("back", "I am back.", LOUD * 12_000)
            await half_a_second(again)
            await again.socket.close()
            await other.hung_up(call.call)
            await soon(other.server.drain(20))
        first, *_, last = await call.tapes.spans(call.call.id)
        assert (first.start, first.last, last.last) == (0, False, True)
        assert last.start > 0
        caller, agent = await call.tapes.read(call.call.id, 0, last.end)
        assert loud(caller) > 0
        assert loud(agent[last.start :]) > 0


async def test_a_no_stands_at_another_bridge(stage: Stage) -> None:
    async with talk(stage, "announce") as call:
        await soon(call.metrics.recording.wait())
        await call.decides("r1", agreed=False)
        await on_record(call.house, call.call)
        services = replace(that_records(stage, "announce"), name="the-other")
        async with another_bridge(call.house, services) as other:
            call.caller.socket.transport.abort()
            again = await Caller.dial(other.url, call.call, other.acs.token())
            there = await soon(other.model.sessions.get())
            await soon(there.next("response.create"))
            told = replace(call, house=other, caller=again, session=there)
            assert (await told.decides("r2", agreed=True))["error"] == "stays_off"
            await told.hangs_up()
        assert await call.tapes.spans(call.call.id) == []


async def test_without_the_setting_there_is_neither_tape_nor_tool(stage: Stage) -> None:
    async with talk(stage, "off") as call:
        assert (await call.decides("r1", agreed=True))["error"] == "unknown_tool"
        await call.says()
        await call.hangs_up()
        assert await call.tapes.find(call.call.id) is None
