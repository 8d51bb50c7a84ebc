"""Recognition and mind together are right enough to work.

Spoken requests go through the whole Voice Live stand-in with the session that the bridge would send, in two
voices that nothing was tuned on, clean and as a telephone line (G.711) carries them. What counts is the tool
that is called and its arguments.
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
from local.speech import VOICES, FloatAudio, Resampler, float_to_pcm16, read_wav, ulaw_decode, ulaw_encode
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

LINES = {
    "sushi": "I feel like sushi tonight.",
    "italian": "Can you recommend an Italian restaurant in the old town?",
    "indian": "I am looking for a cheap Indian place.",
    "vegan": "Do you know somewhere with vegan food?",
    "pizza": "Where can I get a good pizza?",
    "mexican": "We would like to eat Mexican food tonight.",
    "thai": "Is there a Thai restaurant in the city?",
    "close": "What time does Trattoria Lucia close on Sunday?",
    "open": "When is Golden Lotus open tomorrow?",
    "menu": "What is on the menu at Thai Orchid?",
    "where": "Where is the Blue Anchor?",
    "phone": "What is the phone number of Cedar Grill?",
    "price": "How expensive is Bistro Margot?",
    "gluten": "Do they have anything gluten free at Spice Market?",
    "sakura": "Book a table for four at Sakura House on Friday at seven thirty.",
    "bombay": "I would like to book a table for two at Bombay Palace tomorrow at eight.",
    "camino": "Can I reserve a table at El Camino for six people on Saturday at half past six?",
    "maple": "A table for three at Maple Diner tonight at nine o'clock, please.",
    "lasagne": "What does the lasagne cost at Trattoria Lucia?",
    "goodbye": "No thank you, that's all. Goodbye.",
    "book": "I would like to book a table at Green Table.",
    "yes": "Yes.",
    "four": "Four.",
    "seven_thirty": "Seven thirty.",
    "sarah": "Sarah Johnson.",
    "tomorrow": "Tomorrow.",
    "no_thanks": "No thanks.",
}


@dataclass(frozen=True)
class Case:
    """What a caller says, line by line, and the tool that it must lead to."""

    said: tuple[str, ...]
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


def _booking(line: str, restaurant: str, date: str, time: str, party_size: int) -> Case:
    arguments = {"restaurant": restaurant, "date": date, "time": time, "party_size": party_size}
    return Case((line, "sarah", "yes"), "book_table", {**arguments, "name": "Sarah Johnson"})


def _details(line: str, restaurant: str, topic: str, **more: str) -> Case:
    return Case((line,), "restaurant_details", {"restaurant": restaurant, "topic": topic, **more})


SENTENCES = (
    Case(("sushi",), "find_restaurants", {"dish": "sushi"}),
    Case(("italian",), "find_restaurants", {"cuisine": "Italian", "area": "Old Town"}),
    Case(("indian",), "find_restaurants", {"cuisine": "Indian", "price": "cheap"}),
    Case(("vegan",), "find_restaurants", {"diet": "vegan"}),
    Case(("pizza",), "find_restaurants", {"dish": "pizza"}),
    Case(("mexican",), "find_restaurants", {"cuisine": "Mexican"}),
    Case(("thai",), "find_restaurants", {"cuisine": "Thai"}),
    _details("close", "Trattoria Lucia", "hours", date="2026-11-29"),
    _details("open", "Golden Lotus", "hours", date="2026-11-23"),
    _details("menu", "Thai Orchid", "menu"),
    _details("where", "Blue Anchor", "address"),
    _details("phone", "Cedar Grill", "phone"),
    _details("price", "Bistro Margot", "price"),
    _details("gluten", "Spice Market", "diet"),
    _details("lasagne", "Trattoria Lucia", "dish"),
    _booking("sakura", "Sakura House", "2026-11-27", "19:30", 4),
    _booking("bombay", "Bombay Palace", "2026-11-23", "20:00", 2),
    _booking("camino", "El Camino", "2026-11-28", "18:30", 6),
    _booking("maple", "Maple Diner", "2026-11-22", "21:00", 3),
    Case(("goodbye",), "end_call"),
)

SHORT_ANSWERS = Case(
    ("book", "tomorrow", "seven_thirty", "four", "sarah", "yes"),
    "book_table",
    {
        "restaurant": "Green Table",
        "date": "2026-11-23",
        "time": "19:30",
        "party_size": 4,
        "name": "Sarah Johnson",
    },
)


@pytest.fixture(scope="module")
def parts() -> Parts:
    return load_parts()


@pytest.fixture(scope="module", params=["joe", "visitor"])
def voice(request: pytest.FixtureRequest, parts: Parts) -> Iterator[dict[str, FloatAudio]]:
    """Every line in one voice, 24 kHz: recordings of Piper's joe, or a shape that no caller voice has."""
    if request.param == "joe":
        folder = Path(__file__).parent / "joe"
        yield {line: _resampled(*read_wav(folder / f"{line}.wav"), 24_000) for line in LINES}
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VOICES, "visitor", VoiceShape(pitch=0.7, tract=0.9, pace=0.95))
        spoken = {line: b"".join(parts.speaker.stream(text, "visitor")) for line, text in LINES.items()}
        yield {
            line: np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
            for line, pcm in spoken.items()
        }


@pytest.fixture(params=["clean", "telephone"])
def carried(request: pytest.FixtureRequest, voice: dict[str, FloatAudio]) -> dict[str, FloatAudio]:
    """The lines as they arrive."""
    if request.param == "clean":
        return voice
    return {line: _over_the_telephone(audio) for line, audio in voice.items()}


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
    stand_in: str, carried: dict[str, FloatAudio], session: wire.Session
) -> None:
    """Each in a session of its own, as the first thing said after the greeting."""
    wrong = []
    for case in SENTENCES:
        called = await _called(stand_in, session, case, carried)
        if not _fits(called, case):
            wrong.append(f"{' / '.join(LINES[line] for line in case.said)} -> {called}")
    assert len(wrong) <= 1, "\n".join(wrong)


async def test_short_answers_are_understood(
    stand_in: str, carried: dict[str, FloatAudio], session: wire.Session
) -> None:
    """A booking made of one-word answers."""
    called = await _called(stand_in, session, SHORT_ANSWERS, carried)
    assert _fits(called, SHORT_ANSWERS), called


@pytest.fixture(scope="module")
def session() -> wire.Session:
    """The session that the bridge sends."""
    catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
    # The store is never asked: no tool is run here, only what would be called is looked at.
    nowhere = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
    )
    bookings = BookingStore(Tables(StoreSettings(nowhere, None, "")))
    tools = ToolBox(catalogue, bookings, call_id="call", caller=None, now=lambda: NOW)
    return session_for(load_agent(DEFAULT_AGENT_DIR), tools, catalogue, NOW)


async def _called(
    url: str, session: wire.Session, case: Case, audio: dict[str, FloatAudio]
) -> tuple[str, dict[str, Any]] | None:
    """The tool that is called after the last line; None when none is."""
    async with asyncio.timeout(60), _connected(url, session) as model:
        events = model.events()
        tool = None
        for line in case.said:
            for frame in _frames(audio[line]):
                await model.append(frame)
            async for event in events:
                if isinstance(event, wire.FunctionCallDone):
                    tool = event.name, json.loads(event.arguments)
                # A pause inside a line may be taken for its end: the reply to its first half is cancelled.
                if isinstance(event, wire.ResponseDone) and event.response.status == "completed":
                    break
        return tool


@asynccontextmanager
async def _connected(url: str, session: wire.Session) -> AsyncIterator[VoiceLive]:
    async def headers() -> dict[str, str]:
        return {"api-key": "any"}

    model = await VoiceLive.open(url, "gpt-4.1", headers)
    try:
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


def _fits(called: tuple[str, dict[str, Any]] | None, case: Case) -> bool:
    if called is None or called[0] != case.tool:
        return False
    return {name: called[1].get(name) for name in case.arguments} == case.arguments


def _over_the_telephone(audio: FloatAudio) -> FloatAudio:
    narrow = ulaw_decode(ulaw_encode(_resampled(audio, 24_000, 8_000)))
    return _resampled(narrow, 8_000, 24_000)


def _resampled(audio: FloatAudio, from_rate: int, to_rate: int) -> FloatAudio:
    resampler = Resampler(from_rate, to_rate)
    pieces: Sequence[FloatAudio] = (resampler.feed(audio), resampler.flush())
    return np.concatenate(pieces)
