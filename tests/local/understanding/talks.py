"""Spoken lines through the whole Voice Live stand-in, with the session and the tools of the bridge.

What a test or a judgement of understanding needs: a service with real hearing and a real mind, the tools
on a real store, lines of audio in, and the calls of tools that come of them.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
from hibari.g2p import G2P

from bridge.session import session_for
from bridge.tools import ToolBox
from bridge.voicelive import wire
from bridge.voicelive.connection import VoiceLive
from local.serving import listening
from local.speech import FloatAudio, Resampler, float_to_pcm16, ulaw_decode, ulaw_encode
from local.voice_live.admission import Admission
from local.voice_live.faults import FaultPlan, Faults
from local.voice_live.seams import Parts
from local.voice_live.service import Service
from shared.agent_config import load_agent
from shared.bookings import BookingStore
from shared.handover import Targets
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE, StoreSettings
from shared.tables import Tables

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
"""A Sunday."""

_SOUNDS = G2P(british=False)

type Line = FloatAudio | str
"""What a caller says: audio of 24 kHz, or words that need no recognition."""


@dataclass
class Talk:
    """What came of some lines."""

    lines: list[str] = field(default_factory=list)
    """Everything heard, replied and called, for whoever reads a failure."""
    heard: list[str] = field(default_factory=list)
    called: tuple[str, dict[str, Any]] | None = None
    """The last tool."""

    def __str__(self) -> str:
        return " | ".join(self.lines)

    def led_to(self, tool: str, arguments: dict[str, Any]) -> bool:
        """Whether the last tool is this one, with these arguments among its own.

        A person's name need only sound as the one wanted: nobody hears whether Clark writes himself Clarke.
        """
        if self.called is None or self.called[0] != tool:
            return False
        called = self.called[1]
        return all(_same(key, called.get(key), value) for key, value in arguments.items())


def _same(key: str, called: Any, wanted: Any) -> bool:
    if _folded(called) == _folded(wanted):
        return True
    return key == "name" and str(_SOUNDS(str(called))) == str(_SOUNDS(wanted))


@cache
def _catalogue() -> Catalogue:
    return Catalogue.load(DEFAULT_RESTAURANTS_FILE)


def _folded(value: Any) -> Any:
    """Tools take names in capitals and small letters alike."""
    return value.casefold() if isinstance(value, str) else value


@asynccontextmanager
async def serving(parts: Parts) -> AsyncIterator[str]:
    """The stand-in on a free port; its address."""
    admission = Admission(clock=lambda: 0.0, api_key=None, connections_per_minute=0)
    app = Service(parts, admission, FaultPlan(Faults()), audio_speed=0.0).app()
    async with listening(app, shutdown_timeout=2.0) as url:
        yield url


@asynccontextmanager
async def toolbox(storage: str, table_prefix: str, call_id: str = "call") -> AsyncIterator[ToolBox]:
    """The tools of a call made at `NOW`, on a store."""
    async with Tables(StoreSettings(storage, None, table_prefix)) as tables:
        catalogue = _catalogue()
        yield ToolBox(
            catalogue,
            BookingStore(tables),
            call_id=call_id,
            caller=None,
            now=lambda: NOW,
            transfer=Targets(to="+15550142"),  # else nobody can be asked for a person
        )


async def talk(url: str, tools: ToolBox, said: Sequence[Line]) -> Talk:
    """Say every line after the greeting and let the model reply, running its tools as the bridge does."""
    told = Talk()
    async with asyncio.timeout(60), _connected(url, tools) as model:
        events = model.events()
        await model.send(_word_for_word(load_agent(DEFAULT_AGENT_DIR).phrases_for("en").greeting))
        await _reply(events, told)
        for line in said:
            await _say(model, line, told)
            while (call := await _reply(events, told)) is not None and call.name != "end_call":
                result = await tools.run(call.name, call.arguments)
                item = wire.FunctionOutputItem(call.call_id, result.output)
                await model.send(wire.ItemCreate(event_id="i", item=item))
                await model.send(wire.ResponseCreate(event_id="r"))
    return told


def over_the_telephone(audio: FloatAudio) -> FloatAudio:
    """24 kHz audio as a line with 8 kHz mu-law (G.711) carries it."""
    narrow = ulaw_decode(ulaw_encode(resampled(audio, 24_000, 8_000)))
    return resampled(narrow, 8_000, 24_000)


def resampled(audio: FloatAudio, from_rate: int, to_rate: int) -> FloatAudio:
    resampler = Resampler(from_rate, to_rate)
    pieces: Sequence[FloatAudio] = (resampler.feed(audio), resampler.flush())
    return np.concatenate(pieces)


async def _say(model: VoiceLive, line: Line, told: Talk) -> None:
    if isinstance(line, str):
        told.lines.append(f'wrote "{line}"')
        item = wire.MessageItem("user", [wire.TextPart("input_text", line)])
        await model.send(wire.ItemCreate(event_id="u", item=item))
        await model.send(wire.ResponseCreate(event_id="r"))
        return
    for frame in _frames(line):
        await model.append(frame)


def _frames(speech: FloatAudio) -> Iterator[str]:
    """Frames of 100 ms as base64: a breath of silence, the speech, and the silence that ends a turn."""
    silence = np.zeros(24_000, np.float32)
    pcm = float_to_pcm16(np.concatenate([silence[:7_200], speech, silence, silence]))
    for start in range(0, len(pcm), 4_800):
        yield base64.b64encode(pcm[start : start + 4_800]).decode()


def _word_for_word(text: str) -> wire.ResponseCreate:
    message = wire.MessageItem("assistant", [wire.TextPart("text", text)])
    options = wire.ResponseOptions(pre_generated_assistant_message=message)
    return wire.ResponseCreate(event_id="w", response=options)


async def _reply(events: AsyncIterator[wire.ServerEvent], told: Talk) -> wire.FunctionCallDone | None:
    """Follow one response to its end; the function it calls, if any."""
    call = None
    async for event in events:
        match event:
            case wire.TranscriptionCompleted(_, transcript):
                told.lines.append(f'heard "{transcript}"')
                told.heard.append(transcript)
            case wire.AudioTranscriptDone(_, _, transcript):
                told.lines.append(f'replied "{transcript}"')
            case wire.FunctionCallDone(_, _, _, name, arguments):
                told.lines.append(f"called {name} {arguments}")
                told.called = name, json.loads(arguments)
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
        catalogue = _catalogue()
        session = session_for(load_agent(DEFAULT_AGENT_DIR), tools, catalogue, NOW)
        session.turn_detection.create_response = session.turn_detection.interrupt_response = True
        await model.send(wire.SessionUpdate(event_id="e", session=session))
        yield model
    finally:
        await model.close()
