"""Talks from the page on real sockets: who gets in, what the page is told, what operators have done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

import bridge.command_watch
from shared.calls import Call, Talk
from shared.commands import CallCommand, Order
from shared.handover import Targets
from tests.bridge.stage import Stage, open_stage, soon
from tests.bridge.stand_ins import SECRET, ModelSession, call_record

ORIGIN = "https://tables.example"


@pytest.fixture
async def stage(azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(bridge.command_watch, "_EVERY", 0.01)
    async with open_stage(azurite, table_prefix) as opened:
        yield opened


async def a_talk(stage: Stage, **chosen: str) -> Call:
    call = replace(
        call_record(),
        correlation_id="",
        call_connection_id="",
        caller="",
        talk=Talk("user", ORIGIN, **chosen),
    )
    assert await stage.services.store.claim(call)
    return call


def opening(stage: Stage, call: Call, secret: str = SECRET, origin: str | None = ORIGIN) -> connect:
    headers = {} if origin is None else {"Origin": origin}
    return connect(f"{stage.url}/browser/{call.id}/{secret}", additional_headers=headers, proxy=None)


async def status_of(stage: Stage, call: Call, secret: str = SECRET, origin: str | None = ORIGIN) -> int:
    """The status with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as refused:
        await opening(stage, call, secret, origin)
    return refused.value.response.status_code


async def started(stage: Stage, socket: ClientConnection) -> ModelSession:
    """The session of a talk whose greeting has been asked for."""
    await socket.send('{"type":"start","sample_rate":24000}')
    session = await soon(stage.model.sessions.get())
    await soon(session.next("response.create"))
    return session


async def told(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next frame of a type."""
    while True:
        frame: dict[str, Any] = json.loads(await soon(socket.recv()))
        if frame["type"] == kind:
            return frame


async def recorded(stage: Stage, call: Call, is_so: Callable[[Call], bool]) -> Call:
    """The record of a call once it is so: it is written behind the call."""
    store = stage.services.store
    while (known := await store.get(call.id)) is None or not is_so(known):  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    return known


async def test_a_talk_goes_both_ways_and_the_page_is_told_what_happens(stage: Stage) -> None:
    call = await a_talk(stage)
    async with opening(stage, call) as socket:
        session = await started(stage, socket)
        await session.speak("r1", "Hello.", bytes(960))
        assert (await told(socket, "audio"))["audio"]
        turn = await told(socket, "turn")
        assert (turn["role"], turn["text"]) == ("agent", "Hello.")
        await socket.send('{"type":"audio","audio":"AAAAAAAA"}')
        assert await soon(session.audio.get()) == "AAAAAAAA"
        await session.speak("r2", "", b"", ("find_restaurants", '{"dish": "pizza"}'))
        began, ended = await told(socket, "tool"), await told(socket, "tool")
        assert (began["name"], "result" in began) == ("find_restaurants", False)
        assert json.loads(ended["result"])["restaurants"]
        record = await recorded(stage, call, lambda known: known.model != "")
    assert record.model == "gpt-4.1"


async def test_the_token_is_good_once(stage: Stage) -> None:
    call = await a_talk(stage)
    tries = await asyncio.gather(*(opening(stage, call) for _ in range(4)), return_exceptions=True)
    opened = [one for one in tries if isinstance(one, ClientConnection)]
    assert len(opened) == 1
    await opened[0].close()
    assert await status_of(stage, call) == 403


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", None])
async def test_the_token_is_good_from_its_page_only(stage: Stage, origin: str | None) -> None:
    call = await a_talk(stage)
    assert await status_of(stage, call, origin=origin) == 403
    assert await status_of(stage, call, "wrong") == 403
    async with opening(stage, call):
        pass  # none of these has used it up


async def test_the_token_is_good_for_a_minute(stage: Stage) -> None:
    call = await a_talk(stage)
    old = datetime.now(UTC) - timedelta(seconds=61)
    await stage.services.store.update(call.id, lambda known: replace(known, rang_at=old))
    assert await status_of(stage, call) == 403


async def test_what_was_chosen_for_the_talk_counts(stage: Stage) -> None:
    voice = stage.services.agents.current().talk.voices[0]
    call = await a_talk(stage, language="de-DE", voice=voice, prompt="Only sing.")
    async with opening(stage, call) as socket:
        await socket.send('{"type":"start","sample_rate":24000}')
        session = await soon(stage.model.sessions.get())
        settings = (await soon(session.next("session.update")))["session"]
        assert (settings["voice"]["name"], settings["instructions"]) == (voice, "Only sing.")
        greeting = await soon(session.next("response.create"))
        assert "KI-Assistent" in json.dumps(greeting, ensure_ascii=False)


async def test_a_page_that_sends_what_it_may_not_is_told_so(stage: Stage) -> None:
    call = await a_talk(stage)
    async with opening(stage, call) as socket:
        await started(stage, socket)
        for _ in range(60):
            await socket.send('{"type":"audio","audio":"%%%"}')
        await soon(socket.wait_closed())
        assert socket.close_code == 1008


async def test_an_operator_ends_a_talk(stage: Stage) -> None:
    call = await a_talk(stage)
    async with opening(stage, call) as socket:
        await started(stage, socket)
        await stage.services.commands.give(CallCommand(call.id, Order.END, datetime.now(UTC)))
        await soon(socket.wait_closed())
    record = await recorded(stage, call, lambda known: known.ended_at is not None)
    assert record.end_reason == "hung_up: operator"
    assert await stage.services.commands.waiting() == []


async def test_an_operator_takes_a_phone_call_over_to_a_person(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = msgspec.structs.replace(stage.services.agents.current(), transfer=Targets(to="+15550123"))
    monkeypatch.setattr(stage.services.agents, "_agent", agent)
    call, caller, session = await stage.talk()
    await stage.services.commands.give(
        CallCommand(call.id, Order.TRANSFER, datetime.now(UTC), "+15550123", "wants the manager")
    )
    spoken = await soon(session.next("response.create"))
    assert "put you through" in json.dumps(spoken)
    await session.speak("r9", "One moment, I will put you through to a person.", bytes(960))
    asked = await soon(stage.acs.arrived.get())
    assert asked.path.endswith(":transferToParticipant")
    assert asked.body["targetParticipant"]["phoneNumber"]["value"] == "+15550123"
    await caller.socket.close()


async def test_a_command_that_nobody_can_carry_out_is_thrown_away_after_a_minute(stage: Stage) -> None:
    old = datetime.now(UTC) - timedelta(minutes=2)
    commands = stage.services.commands
    await commands.give(CallCommand("20261122-00000000-0123456789abcdef", Order.END, old))
    await commands.give(CallCommand("20261122-00000001-0123456789abcdef", Order.END, datetime.now(UTC)))
    call = await a_talk(stage)
    async with opening(stage, call):  # it looks while there are calls
        while len(await commands.waiting()) > 1:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
