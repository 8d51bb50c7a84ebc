"""Frames of carriers and of Voice Live: a value or the error that belongs to it, whatever comes."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.carriers import Audio, Carrier, CarrierError, KeyPressed, MediaFormat
from bridge.carriers.acs import AcsCarrier
from bridge.carriers.browser import BrowserCarrier
from bridge.voicelive import wire
from tests.bridge.talk import Talk
from tests.fuzz.mutations import changed, is_short, json_bytes

AUDIO = base64.b64encode(bytes(96)).decode()
ACS = [
    {"kind": "AudioMetadata", "audioMetadata": {"sampleRate": 24_000, "channels": 1, "length": 960}},
    {"kind": "AudioData", "audioData": {"data": AUDIO, "silent": False, "timestamp": "2026-11-15T19:16:12Z"}},
    {"kind": "DtmfData", "dtmfData": {"data": "3"}},
]
BROWSER = [
    {"type": "start", "sample_rate": 24_000},
    {"type": "audio", "audio": AUDIO},
    {"type": "key", "key": "#"},
]
_IDS = {"response_id": "r1", "item_id": "i1"}
_TRANSCRIPTION = "conversation.item.input_audio_transcription"
VOICE_LIVE: list[dict[str, Any]] = [
    {"type": "session.created", "session": {"id": "s", "expires_at": 1_790_000_000}},
    {"type": "session.updated", "session": {"id": "s"}},
    {"type": "input_audio_buffer.speech_started", "item_id": "c1", "audio_start_ms": 900},
    {"type": "input_audio_buffer.speech_stopped", "item_id": "c1", "audio_end_ms": 1900},
    {"type": "input_audio_buffer.committed", "item_id": "c1"},
    {"type": f"{_TRANSCRIPTION}.delta", "item_id": "c1", "delta": "Pizza"},
    {"type": f"{_TRANSCRIPTION}.completed", "item_id": "c1", "transcript": "Pizza, please."},
    {"type": f"{_TRANSCRIPTION}.failed", "item_id": "c1", "error": {"code": "x"}},
    {"type": "response.created", "response": {"id": "r1"}},
    {"type": "response.output_item.added", "response_id": "r1", "item": {"id": "i1", "type": "message"}},
    {"type": "response.audio.delta", **_IDS, "delta": AUDIO},
    {"type": "response.audio.done", **_IDS},
    {
        "type": "response.audio_timestamp.delta",
        **_IDS,
        "audio_offset_ms": 1,
        "audio_duration_ms": 2,
        "text": "Two",
    },
    {"type": "response.audio_transcript.delta", **_IDS, "delta": "Two"},
    {"type": "response.audio_transcript.done", **_IDS, "transcript": "Two."},
    {
        "type": "response.function_call_arguments.done",
        **_IDS,
        "call_id": "t1",
        "name": "find",
        "arguments": "{}",
    },
    {
        "type": "response.done",
        "response": {"id": "r1", "status": "completed", "usage": {"input_tokens": 5, "output_tokens": 2}},
    },
    {"type": "error", "error": {"code": "x", "message": "m", "event_id": "response.cancel-1"}},
    {"type": "warning", "warning": {"code": 7, "message": "m"}},
]


@pytest.mark.parametrize(("carrier", "samples"), [(AcsCarrier(), ACS), (BrowserCarrier(), BROWSER)])
@given(data=st.data(), as_text=st.booleans())
def test_a_media_frame_is_a_value_or_a_carriers_error(
    carrier: Carrier, samples: list[Any], data: st.DataObject, as_text: bool
) -> None:
    """What passes is safe to splice into a frame for Voice Live, and whole samples."""
    raw = data.draw(json_bytes(samples))
    try:
        frame = carrier.decode(raw.decode("utf-8", "replace") if as_text else raw)
    except CarrierError as error:
        is_short(error)
        return
    match frame:
        case Audio(text):
            spliced = json.loads(wire.append_frame("e-1", text))
            assert len(base64.b64decode(spliced["audio"], validate=True)) % 2 == 0
        case KeyPressed(key):
            assert key in set("0123456789*#ABCD")
        case MediaFormat() | None:
            pass
        case _:
            pytest.fail(f"no frame: {frame!r}")


@given(raw=json_bytes(VOICE_LIVE))
def test_a_frame_of_voice_live_is_an_event_or_a_wire_error(raw: bytes) -> None:
    try:
        event = wire.decode(raw)
    except wire.WireError as error:
        is_short(error)
    else:
        assert event is None or isinstance(event, msgspec.Struct)


@given(frames=st.lists(changed(VOICE_LIVE), max_size=25), pause=st.floats(0, 3))
def test_a_conversation_takes_events_in_any_order_and_with_any_values(
    frames: list[Any], pause: float
) -> None:
    """Times that run backwards, items that were never there, words without end: no call fails for them."""
    talk = Talk().greeted()
    for frame in frames:
        try:
            event = wire.decode(json.dumps(frame))
        except wire.WireError:
            continue
        if event is not None:
            talk.hears(event).after(pause)
    talk.conversation.on_end(talk.now)
