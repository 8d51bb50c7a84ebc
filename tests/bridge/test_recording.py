"""A call is recorded as its caller wants it: on real sockets, with a real store."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from bridge.metrics import Metrics
from shared.agent_tables import Recording, RecordingMode
from shared.calls import Call
from shared.g711 import RATE, SILENT
from shared.tapes import TapeState, TapeStore, extent
from tests.bridge import test_server
from tests.bridge.stage import Stage, soon
from tests.bridge.stand_ins import Caller, ModelSession
from tests.bridge.talk import agent
from tests.bridge.test_call import OneAgent, another_bridge

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


@asynccontextmanager
async def talk(stage: Stage, mode: RecordingMode) -> AsyncIterator[Talk]:
    metrics = Told()
    services = replace(
        stage.services, agents=OneAgent(agent(recording=Recording(mode=mode))), metrics=metrics
    )
    async with another_bridge(stage, services) as house:
        call, caller = await house.dial()
        session = await soon(house.model.sessions.get())
        request = await soon(session.next("response.create"))
        opening = request["response"]["pre_generated_assistant_message"]["content"][0]["text"]
        await session.speak("greeting", opening, bytes(960))
        await soon(caller.hears())
        yield Talk(house, metrics, call, caller, session, opening)


def loud(channel: bytes) -> float:
    """Seconds of a channel in which there is sound."""
    return sum(code not in (SILENT, SILENT ^ 0x80) for code in channel) / RATE


async def test_both_sides_are_on_the_tape_after_the_notice(stage: Stage) -> None:
    async with talk(stage, "announce") as call:
        assert "This is recorded" in call.opening
        await soon(call.metrics.recording.wait())
        await call.says()
        await call.session.speak("r1", "Good evening.", LOUD * 12_000)
        heard = 0
        while heard < 24_000:
            frame = await soon(call.caller.hears())
            heard += len(frame["AudioData"]["Data"]) * 3 // 4 if frame["Kind"] == "AudioData" else 0
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


async def test_without_the_setting_there_is_neither_tape_nor_tool(stage: Stage) -> None:
    async with talk(stage, "off") as call:
        assert (await call.decides("r1", agreed=True))["error"] == "unknown_tool"
        await call.says()
        await call.hangs_up()
        assert await call.tapes.find(call.call.id) is None
