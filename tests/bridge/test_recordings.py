"""Phrases are recorded once, kept in the store, and heard when Voice Live is away."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

import bridge.recordings
from bridge.recordings import Recordings, Studio, voice_of
from bridge.server import BridgeServer
from bridge.services import Services
from shared.agent_config import load_agent
from shared.settings import DEFAULT_AGENT_DIR
from tests.bridge import test_server
from tests.bridge.stage import Stage, soon
from tests.bridge.stand_ins import ModelSession

stage = test_server.stage

AGENT = load_agent(DEFAULT_AGENT_DIR)
PHRASES = AGENT.phrases_for("en-US")
TEXTS = [PHRASES.greeting, *PHRASES.fillers, PHRASES.transferring, PHRASES.trouble]


def sound(text: str) -> bytes:
    """Different for each text, and longer than a property of the store may be."""
    return (text.encode() * 4_000)[: 70_000 + 2 * len(text)]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.recordings, "_AFTER_START", 0.0)


async def speak_all(session: ModelSession) -> list[str]:
    """Play the model for a recording; returns what it was asked to say."""
    said: list[str] = []
    for _ in TEXTS:
        asked = await soon(session.next("response.create"))
        text = asked["response"]["pre_generated_assistant_message"]["content"][0]["text"]
        await session.speak(f"r{len(said)}", text, sound(text))
        said.append(text)
    return said


async def recorded(studio: Studio) -> None:
    await soon(asyncio.gather(*studio._work.values()))


@asynccontextmanager
async def studio_of(stage: Stage) -> AsyncIterator[Studio]:
    studio = Studio(stage.services.voice_live, stage.services.tables)
    try:
        yield studio
    finally:
        await studio.close()


async def test_what_is_missing_is_recorded_once_for_all_bridges(stage: Stage) -> None:
    async with studio_of(stage) as first:
        first.want(AGENT, "en-US")
        first.want(AGENT, "en-US")
        assert await speak_all(await soon(stage.model.sessions.get())) == TEXTS
        await recorded(first)
    async with studio_of(stage) as second:
        second.want(AGENT, "en-US")
        await recorded(second)
        assert stage.model.handshakes == 1
        for text in TEXTS:
            assert second.recordings.of(voice_of(AGENT), text) == sound(text)


def test_a_recording_begins_with_its_first_word() -> None:
    """It breaks a silence, and is not to prolong it."""
    second = 24_000 * 2
    recordings = Recordings()
    recordings.add("voice", "text", bytes(second) + sound("text") + bytes(second))
    assert recordings.of("voice", "text") == bytes(2_880) + sound("text") + bytes(second)
    recordings.add("voice", "nothing", bytes(second))
    assert recordings.of("voice", "nothing") == bytes(second)


def test_another_voice_needs_other_recordings() -> None:
    other = msgspec.structs.replace(AGENT, voice=msgspec.structs.replace(AGENT.voice, name="en-US-Andrew"))
    assert voice_of(AGENT) != voice_of(other)


async def test_a_phrase_that_fails_is_recorded_later(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.recordings, "_AGAIN_AFTER", (0.0,))
    async with studio_of(stage) as studio:
        studio.want(AGENT, "en-US")
        broken = await soon(stage.model.sessions.get())
        await soon(broken.next("response.create"))
        await broken.emit("response.created", response={"id": "r"})
        await broken.emit("response.done", response={"id": "r", "status": "failed"})
        await speak_all(await soon(stage.model.sessions.get()))
        await recorded(studio)
        assert studio.recordings.of(voice_of(AGENT), PHRASES.trouble) == sound(PHRASES.trouble)


async def test_without_voice_live_the_caller_hears_the_greeting_and_the_apology(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is left on a silent line; then the call ends."""
    monkeypatch.setattr("bridge.session_rules._GIVE_UP", 2.0)
    monkeypatch.setattr("bridge.stopgap._WITHOUT_SESSION", 0.1)
    settings = replace(stage.services.settings, record_phrases=True)
    async with Services.open(settings) as services:
        assert services.studio is not None
        await speak_all(await soon(stage.model.sessions.get()))
        await recorded(services.studio)
        stage.model.answers.clear()
        server = BridgeServer(services)
        url = f"ws://127.0.0.1:{await server.start()}"
        call, caller = await replace(stage, services=services, server=server, url=url).dial()
        heard = b""
        expected = sound(PHRASES.greeting) + sound(PHRASES.trouble)
        while len(heard) < len(expected):
            heard += base64.b64decode((await soon(caller.hears()))["AudioData"]["Data"])
        assert heard == expected
        await stage.hung_up(call)
        stage.model.answers.set()
        await server.drain(0)
