"""Recognition and mind together are right enough to work.

Spoken requests go through the whole Voice Live stand-in with the session that the bridge would send, in two
voices, clean and as a telephone line (G.711) carries them. What counts is the tool that is called and its
arguments. These sentences and voices were at hand while recognition and mind were made, so this guards what
was reached; it does not show how well new sentences in new voices do.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from bridge.session import session_for
from bridge.tools import ToolBox
from bridge.voicelive import wire
from bridge.voicelive.connection import VoiceLive
from local.speech import (
    VOICES,
    FloatAudio,
    Resampler,
    float_to_pcm16,
    pcm16_to_float,
    read_wav,
    ulaw_decode,
    ulaw_encode,
)
from local.speech.voices import VoiceShape
from local.voice_live.admission import Admission
from local.voice_live.faults import FaultPlan, Faults
from local.voice_live.seams import Parts
from local.voice_live.service import Service, load_parts
from shared.agent_config import load_agent
from shared.bookings import BookingStore
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE, StoreSettings
from shared.tables import Tables

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
"""A Sunday."""

HELD_OUT = Path(__file__).parent.parent / "speech" / "held_out"
LINES = dict(line.split("\t") for line in (HELD_OUT / "transcripts.tsv").read_text("utf-8").splitlines())
"""What is said in the recordings, by number."""


@dataclass(frozen=True)
class Case:
    """What a caller says, line by line, and the tool that it must lead to."""

    said: tuple[str, ...]
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


def _booking(lines: str, restaurant: str, date: str, time: str, party_size: int) -> Case:
    """`lines`, then a name and a yes (21)."""
    arguments = {"restaurant": restaurant, "date": date, "time": time, "party_size": party_size}
    return Case((*lines.split(), "name", "21"), "book_table", arguments)


def _details(line: str, restaurant: str, topic: str, **more: str) -> Case:
    return Case((line,), "restaurant_details", {"restaurant": restaurant, "topic": topic, **more})


SENTENCES = (
    Case(("01",), "find_restaurants", {"dish": "sushi"}),
    Case(("02",), "find_restaurants", {"cuisine": "Italian", "area": "Old Town"}),
    _details("03", "Sakura House", "menu"),
    _details("04", "Blue Anchor", "hours", date="2026-11-29"),
    Case(("07",), "find_restaurants", {"diet": "vegan", "price": "cheap"}),
    Case(("08",), "end_call"),
    Case(("09",), "find_restaurants", {"cuisine": "Mexican", "area": "Harbour"}),
    Case(("10",), "find_restaurants", {"cuisine": "Indian"}),
    _details("11", "Cedar Grill", "address"),
    _details("12", "Thai Orchid", "dish", dish="green curry"),
    _details("14", "Maple Diner", "phone"),
    Case(("16",), "restaurant_details", {"restaurant": "Napoli Pizza"}),
    Case(("17",), "find_restaurants"),
    _details("18", "Trattoria Lucia", "about"),
    Case(("20",), "find_restaurants", {"dish": "ramen"}),
    _booking("13", "Golden Lotus", "2026-11-22", "20:00", 2),
    _booking("13 19", "Golden Lotus", "2026-11-22", "21:00", 2),
    _booking("18 05", "Trattoria Lucia", "2026-11-27", "19:30", 4),
    _booking("04 05", "Blue Anchor", "2026-11-27", "19:30", 4),
    _booking("11 15", "Cedar Grill", "2026-11-28", "18:30", 3),
)

SHORT_ANSWERS = Case(
    ("18", "21", "25", "24", "23", "name", "21"),
    "book_table",
    {
        "restaurant": "Trattoria Lucia",
        "date": "2026-11-23",
        "time": "19:30",
        "party_size": 4,
    },
)
"""After "Would you like me to book a table there?": yes, tomorrow, seven thirty, four, a name, yes."""


@pytest.fixture(scope="module")
def parts() -> Parts:
    return load_parts()


NAMES = {"joe": ("26", "Sarah"), "visitor": ("06", "Sarah Johnson")}
"""How each gives a name: joe says "My name is Sarah" like "Eric", the visitor a bare "Sarah" like "Hera"."""


@dataclass(frozen=True)
class Caller:
    """A voice with every line it says, 24 kHz; its line "name" gives `name`."""

    lines: dict[str, FloatAudio]
    name: str


@pytest.fixture(scope="module", params=["joe", "visitor"])
def voice(request: pytest.FixtureRequest, parts: Parts) -> Caller:
    """The recordings of joe, or a speaker no caller here sounds like."""
    line, name = NAMES[request.param]
    lines = _recorded("joe") if request.param == "joe" else _synthesised(parts)
    return Caller({**lines, "name": lines[line]}, name)


def _recorded(name: str) -> dict[str, FloatAudio]:
    return {line: _resampled(*read_wav(HELD_OUT / name / f"{line}.wav"), 24_000) for line in LINES}


def _synthesised(parts: Parts) -> dict[str, FloatAudio]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VOICES, "visitor", VoiceShape(pitch=0.7, tract=0.9, pace=0.95))
        return {
            line: pcm16_to_float(b"".join(parts.speaker.stream(text, "visitor")))
            for line, text in LINES.items()
        }


@pytest.fixture(params=["clean", "telephone"])
def carried(request: pytest.FixtureRequest, voice: Caller) -> Caller:
    """The caller as they arrive."""
    if request.param == "clean":
        return voice
    return Caller({line: _over_the_telephone(audio) for line, audio in voice.lines.items()}, voice.name)


@pytest.fixture
async def stand_in(parts: Parts) -> AsyncIterator[str]:
    admission = Admission(clock=lambda: 0.0, api_key=None, connections_per_minute=0)
    app = Service(parts, admission, FaultPlan(Faults()), audio_speed=0.0).app()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_nineteen_of_twenty_sentences_lead_to_the_right_tool(
    stand_in: str, carried: Caller, tools: ToolBox
) -> None:
    """Each in a session of its own, as the first thing said after the greeting."""
    wrong = []
    for case in SENTENCES:
        talk = await _talk(stand_in, tools, case, carried)
        if not _fits(talk.called, case, carried.name):
            wrong.append(str(talk))
    assert len(wrong) <= 1, "\n".join(wrong)


async def test_short_answers_are_understood(stand_in: str, carried: Caller, tools: ToolBox) -> None:
    """A booking made of one-word answers."""
    talk = await _talk(stand_in, tools, SHORT_ANSWERS, carried)
    assert _fits(talk.called, SHORT_ANSWERS, carried.name), str(talk)


@pytest.fixture
async def tools(azurite: str, table_prefix: str) -> AsyncIterator[ToolBox]:
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
        yield ToolBox(catalogue, BookingStore(tables), call_id="call", caller=None, now=lambda: NOW)


@dataclass
class Talk:
    """What came of a case."""

    lines: list[str] = field(default_factory=list)
    """Everything said and called, for whoever reads a failure."""
    called: tuple[str, dict[str, Any]] | None = None
    """The last tool."""

    def __str__(self) -> str:
        return " | ".join(self.lines)


async def _talk(url: str, tools: ToolBox, case: Case, caller: Caller) -> Talk:
    """Say every line of a case and let the model reply, running its tools as the bridge does."""
    talk = Talk()
    async with asyncio.timeout(60), _connected(url, tools) as model:
        events = model.events()
        await model.send(_word_for_word(load_agent(DEFAULT_AGENT_DIR).phrases_for("en").greeting))
        await _reply(events, talk)
        for line in case.said:
            talk.lines.append(f'said "{LINES.get(line, caller.name)}"')
            for frame in _frames(caller.lines[line]):
                await model.append(frame)
            while (call := await _reply(events, talk)) is not None and call.name != "end_call":
                result = await tools.run(call.name, call.arguments)
                item = wire.FunctionOutputItem(call.call_id, result.output)
                await model.send(wire.ItemCreate(event_id="i", item=item))
                await model.send(wire.ResponseCreate(event_id="r"))
    return talk


def _word_for_word(text: str) -> wire.ResponseCreate:
    message = wire.MessageItem("assistant", [wire.TextPart("text", text)])
    options = wire.ResponseOptions(pre_generated_assistant_message=message)
    return wire.ResponseCreate(event_id="w", response=options)


async def _reply(events: AsyncIterator[wire.ServerEvent], talk: Talk) -> wire.FunctionCallDone | None:
    """Follow one response to its end; the function it calls, if any."""
    call = None
    async for event in events:
        match event:
            case wire.TranscriptionCompleted(_, transcript):
                talk.lines.append(f'heard "{transcript}"')
            case wire.AudioTranscriptDone(_, _, transcript):
                talk.lines.append(f'replied "{transcript}"')
            case wire.FunctionCallDone(_, _, _, name, arguments):
                talk.lines.append(f"called {name} {arguments}")
                talk.called = name, json.loads(arguments)
                call = event
            # A pause inside a line may be taken for its end: the reply to its first half is cancelled.
            case wire.ResponseDone(wire.FinishedResponse(_, "completed")):
                break
    return call


@asynccontextmanager
async def _connected(url: str, tools: ToolBox) -> AsyncIterator[VoiceLive]:
    """A session with the settings that the bridge sends, but for one: with no conversation to ask for
    replies, the service makes them by itself."""

    async def headers() -> dict[str, str]:
        return {"api-key": "any"}

    model = await VoiceLive.open(url, {"model": "gpt-4.1"}, headers)
    try:
        catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
        session = session_for(load_agent(DEFAULT_AGENT_DIR), tools, catalogue, NOW)
        session.turn_detection.create_response = session.turn_detection.interrupt_response = True
        await model.send(wire.SessionUpdate(event_id="e", session=session))
        yield model
    finally:
        await model.close()


def _frames(speech: FloatAudio) -> Iterator[str]:
    """Frames of 100 ms as base64: a breath of silence, the speech, and the silence that ends a turn."""
    silence = np.zeros(24_000, np.float32)
    pcm = float_to_pcm16(np.concatenate([silence[:7_200], speech, silence, silence]))
    for start in range(0, len(pcm), 4_800):
        yield base64.b64encode(pcm[start : start + 4_800]).decode()


def _fits(called: tuple[str, dict[str, Any]] | None, case: Case, name: str) -> bool:
    if called is None or called[0] != case.tool:
        return False
    wanted = case.arguments | ({"name": name} if case.tool == "book_table" else {})
    return {key: called[1].get(key) for key in wanted} == wanted


def _over_the_telephone(audio: FloatAudio) -> FloatAudio:
    narrow = ulaw_decode(ulaw_encode(_resampled(audio, 24_000, 8_000)))
    return _resampled(narrow, 8_000, 24_000)


def _resampled(audio: FloatAudio, from_rate: int, to_rate: int) -> FloatAudio:
    resampler = Resampler(from_rate, to_rate)
    pieces: Sequence[FloatAudio] = (resampler.feed(audio), resampler.flush())
    return np.concatenate(pieces)
