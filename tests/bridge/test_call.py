"""The ends of a call and its log, on real sockets: what no rule of the conversation decides."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import InvalidStatus

import bridge.call_line
import bridge.server
import bridge.transfers
from bridge.agent_source import AgentSource
from bridge.call import _OUR_EVENT_ID
from bridge.carriers.acs import AcsCarrier
from bridge.server import BridgeServer
from bridge.services import Services
from bridge.voicelive import wire
from shared.agent_config import Agent
from shared.agent_tables import FoundryAgent
from shared.calls import Call, CallEvent, EventKind, apply
from shared.handover import Targets
from tests.bridge import test_server
from tests.bridge.stage import Stage
from tests.bridge.stand_ins import Caller, ModelSession
from tests.bridge.talk import agent
from tests.bridge.test_barge_in import soon
from tests.shared.order_house import KITCHENS

stage = test_server.stage

PERSONAL = "Anna Smith +15550100"
"""What must not get into a log."""
SPEECH = b64encode(b"\x07\x00" * 480).decode()
MANY_FRAMES = 600
"""More than are read ahead."""


class OneAgent(AgentSource):
    """An agent that is in no file."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def current(self) -> Agent:
        return self._agent


@asynccontextmanager
async def another_bridge(stage: Stage, services: Services | None = None) -> AsyncIterator[Stage]:
    """The same stage with a bridge that is started now."""
    server = BridgeServer(services or stage.services)
    port = await server.start()
    try:
        yield replace(stage, server=server, url=f"ws://127.0.0.1:{port}")
    finally:
        await server.drain(0)


async def why_it_ended(stage: Stage, call: Call) -> str:
    """The reason on record once the bridge has let go of the call."""
    await soon(stage.server.drain(20))
    record = await stage.services.store.get(call.id)
    assert record is not None
    return record.end_reason


class TestTheCallerLeaves:
    async def test_while_the_session_opens_however_much_was_sent(self, stage: Stage) -> None:
        """Frames that nobody reads would hide the close behind them."""
        stage.model.answers.clear()
        call, caller = await stage.dial()
        for _ in range(MANY_FRAMES):
            await soon(caller.say())
        await soon(caller.socket.close())
        await stage.hung_up(call)
        assert await why_it_ended(stage, call) == "media_closed: 1000"
        stage.model.answers.set()

    async def test_without_a_word(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """Their network is gone: nothing is closed, but no ping is answered."""
        monkeypatch.setattr(bridge.server, "_PING_EVERY", 0.05)
        monkeypatch.setattr(bridge.server, "_PONG_WITHIN", 0.5)
        monkeypatch.setattr(bridge.call_line, "_BACK_WITHIN", 0.1)
        async with another_bridge(stage) as lonely:
            call, caller = await lonely.dial()
            await soon(lonely.model.sessions.get())
            caller.socket.transport.pause_reading()
            await lonely.hung_up(call)
            assert await why_it_ended(lonely, call) == "media_closed: no pong"

    async def test_and_the_phone_network_keeps_the_socket(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Pings are answered, but a phone sends audio all the time: without any the media is gone."""
        monkeypatch.setattr(AcsCarrier, "quiet_seconds", 0.5)
        monkeypatch.setattr(bridge.call_line, "_BACK_WITHIN", 0.1)
        call, _ = await stage.dial()
        await stage.hung_up(call)
        assert await why_it_ended(stage, call) == "media_closed: no frames"


class TestTheMediaSocketBreaks:
    """The carrier opens another one, to the same call."""

    async def test_and_the_agent_goes_on_where_the_caller_stopped_hearing(self, stage: Stage) -> None:
        call, caller, session = await stage.talk()
        await session.speak("reply", "A long sentence.", bytes(48_000 * 4))
        await soon(caller.hears())
        caller.socket.transport.abort()
        again = await self._back(stage, call)
        frame = await soon(again.hears())
        assert frame["Kind"] == "AudioData"
        await again.say(SPEECH)
        while await soon(session.audio.get()) != SPEECH:
            pass  # what was said before the break
        await soon(again.socket.close())
        await stage.hung_up(call)

    async def test_and_none_follows(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody is left on a dead line."""
        monkeypatch.setattr(bridge.call_line, "_BACK_WITHIN", 0.1)
        call, caller, _ = await stage.talk()
        caller.socket.transport.abort()
        await stage.hung_up(call)
        assert await why_it_ended(stage, call) == "media_closed: 1006"

    async def test_but_a_second_one_beside_it_is_refused(self, stage: Stage) -> None:
        call, _, _ = await stage.talk()
        with pytest.raises(InvalidStatus):
            await Caller.dial(stage.url, call, stage.acs.token())

    async def _back(self, stage: Stage, call: Call) -> Caller:
        """The next media socket; the bridge may notice a moment later that the first is gone."""
        while True:
            try:
                return await Caller.dial(stage.url, call, stage.acs.token())
            except InvalidStatus:
                continue


async def test_keys_pressed_while_the_session_opens_are_not_lost(stage: Stage) -> None:
    """Who knows the line presses early."""
    stage.model.answers.clear()
    _, caller = await stage.dial()
    await caller.press("7")
    await caller.press("#")
    await soon(await caller.socket.ping())
    stage.model.answers.set()
    session = await soon(stage.model.sessions.get())
    pressed = await soon(session.next("conversation.item.create"))
    assert "7" in pressed["item"]["content"][0]["text"]


async def test_a_person_who_took_the_call_is_what_ended_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The media goes away before the bridge has looked at the record again."""
    monkeypatch.setattr(bridge.transfers, "_LOOK_EVERY", 3600.0)
    with_people = agent(transfer=Targets(to="+15550101"))
    services = replace(stage.services, agents=OneAgent(with_people))
    async with another_bridge(stage, services) as handing:
        call, caller, session = await handing.talk()
        await asked_for_person(caller, session)
        request = await soon(handing.acs.arrived.get())
        assert request.path.endswith(":transferToParticipant")
        told = CallEvent(EventKind.TRANSFER_ACCEPTED, datetime.now(UTC), transfer=1)
        await handing.services.store.update(call.id, lambda record: apply(record, told))
        await caller.socket.close()
        assert await why_it_ended(handing, call) == "transfer_accepted"
        ends = {"end": "transfer_accepted"}
        assert services.metrics.registry.get_sample_value("tabletalk_calls_total", ends) == 1
        assert handing.acs.of(":terminate") == []


async def asked_for_person(caller: Caller, session: ModelSession) -> None:
    """The caller presses 0 and hears that they are put through."""
    await caller.press("0")
    await caller.press("#")
    await soon(session.next("response.create"))
    await session.speak("r1", "I put you through.", bytes(960))


class TestOtherTools:
    """An order that is begun gives the model the menu in its tools."""

    BEGIN = json.dumps(
        {
            "restaurant": "Napoli Pizza",
            "address": "14 Lantern Street",
            "time": f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d} 19:00",
        }
    )

    async def test_come_before_the_result(self, stage: Stage) -> None:
        async with another_bridge(stage, replace(stage.services, catalogue=KITCHENS)) as ordering:
            _, _, session = await ordering.talk()
            await session.speak("r1", "", b"", calls=("start_order", self.BEGIN))
            update = await soon(session.next("session.update"))
            (tools,) = update["session"].values()
            assert "margherita-pizza" in json.dumps(tools)
            output = await soon(session.next("conversation.item.create"))
            assert json.loads(output["item"]["output"])["restaurant"] == "Napoli Pizza"

    async def test_are_not_for_an_agent_that_has_its_own(self, stage: Stage) -> None:
        foundry = agent(foundry_agent=FoundryAgent(name="a", project="p"), model=None, temperature=None)
        services = replace(stage.services, catalogue=KITCHENS, agents=OneAgent(foundry))
        async with another_bridge(stage, services) as ordering:
            _, _, session = await ordering.talk()
            await session.speak("r1", "", b"", calls=("start_order", self.BEGIN))
            event = await soon(session.received.get())
            while event["type"] not in ("session.update", "conversation.item.create"):
                event = await soon(session.received.get())
            assert event["type"] == "conversation.item.create"


class TestTheLog:
    async def test_does_not_have_what_the_model_calls_a_tool(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A name that the model has made up may be anything."""
        caplog.set_level(logging.INFO)
        _, _, session = await stage.talk()
        await session.speak("r1", "", b"", calls=(PERSONAL, "{}"))
        await soon(session.next("conversation.item.create"))
        [run] = [record for record in caplog.records if record.message == "tool run"]
        assert vars(run)["tool"] == "other"
        assert all(PERSONAL not in str(vars(record)) for record in caplog.records)

    @pytest.mark.parametrize(
        "echoed", [PERSONAL, "response.create-+15550100", f"response.create-1 {PERSONAL}", "x-1", ""]
    )
    async def test_names_no_cause_that_is_not_an_id_of_ours(
        self, stage: Stage, caplog: pytest.LogCaptureFixture, echoed: str
    ) -> None:
        """An error may echo anything."""
        assert await self._cause(stage, caplog, echoed) is None

    async def test_names_the_event_of_ours(self, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
        assert await self._cause(stage, caplog, "response.create-12") == "response.create-12"

    @pytest.mark.parametrize("sent", [*wire.ClientEvent.__subclasses__(), None])
    def test_knows_the_ids_of_all_that_is_sent(self, sent: type[wire.ClientEvent] | None) -> None:
        kind = "input_audio_buffer.append" if sent is None else sent.__struct_config__.tag
        assert _OUR_EVENT_ID.fullmatch(f"{kind}-90001")

    async def _cause(self, stage: Stage, caplog: pytest.LogCaptureFixture, event_id: str) -> object:
        _, caller, session = await stage.talk()
        await session.emit("error", error={"code": "invalid_value", "event_id": event_id})
        await session.emit("input_audio_buffer.speech_started", item_id="c1", audio_start_ms=0)
        assert (await soon(caller.hears()))["Kind"] == "StopAudio"
        [report] = [record for record in caplog.records if record.message == "Voice Live reports"]
        return vars(report)["cause"]
