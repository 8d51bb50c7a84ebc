"""What a session is told, from the shipped agent and from one that differs in every key that matters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from azure.ai.voicelive.models import (
    AudioInputTranscriptionOptions,
    AzureSemanticVadMultilingual,
    AzureStandardVoice,
    RequestSession,
)

from bridge.session import session_for
from bridge.tools import ToolBox
from bridge.voicelive import wire
from shared.agent_config import Agent, EndOfUtterance, Transcription, TurnDetection, Voice, load_agent
from shared.bookings import BookingStore
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE, StoreSettings
from shared.tables import Tables

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
NOWHERE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"


async def _session(agent: Agent) -> dict[str, Any]:
    catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
    async with Tables(StoreSettings(NOWHERE, None, "")) as tables:
        tools = ToolBox(catalogue, BookingStore(tables), call_id="c", caller=None, now=lambda: NOW)
        update = wire.SessionUpdate(event_id="e", session=session_for(agent, tools, catalogue, NOW))
    body: dict[str, Any] = json.loads(wire.encode(update))["session"]
    return body


async def test_the_shipped_agent() -> None:
    """Instructions know the day, speech is 24 kHz both ways, and the recogniser knows our names."""
    session = await _session(load_agent(DEFAULT_AGENT_DIR))
    assert "Today is Sunday 22 November 2026. It is 18:04." in session["instructions"]
    assert session["input_audio_sampling_rate"] == 24_000
    assert (session["input_audio_format"], session["output_audio_format"]) == ("pcm16", "pcm16")
    assert session["modalities"] == ["text", "audio"]
    assert session["voice"]["type"] == "azure-standard"
    assert "rate" not in session["voice"], "a plain rate is the service's own"
    assert session["turn_detection"]["type"] == "azure_semantic_vad"
    assert session["turn_detection"]["end_of_utterance_detection"]["model"] == "semantic_detection_v1"
    assert session["input_audio_noise_reduction"] == {"type": "azure_deep_noise_suppression"}
    assert "input_audio_echo_cancellation" not in session
    assert {"Golden Lotus", "book a table"} <= set(session["input_audio_transcription"]["phrase_list"])
    assert len(session["input_audio_transcription"]["phrase_list"]) < 500
    assert {tool["name"] for tool in session["tools"]} >= {"find_restaurants", "book_table", "end_call"}


async def test_what_the_service_may_not_be_told_is_left_out() -> None:
    """A realtime model hears for itself: no phrase list; an OpenAI voice has one pace."""
    shipped = load_agent(DEFAULT_AGENT_DIR)
    agent = msgspec.structs.replace(
        shipped,
        model="gpt-realtime",
        voice=Voice(type="openai", name="marin", rate=1.2),
        turn_detection=TurnDetection(type="server_vad", end_of_utterance=None),
        transcription=Transcription(model="whisper-1"),
        noise_reduction="off",
        echo_cancellation=True,
    )
    session = await _session(agent)
    assert "phrase_list" not in session["input_audio_transcription"]
    assert "input_audio_noise_reduction" not in session
    assert session["input_audio_echo_cancellation"] == {"type": "server_echo_cancellation"}
    assert session["voice"] == {"type": "openai", "name": "marin"}
    assert "end_of_utterance_detection" not in session["turn_detection"]


async def test_every_field_is_one_the_sdk_knows() -> None:
    """At every level that the SDK types."""
    agent = msgspec.structs.replace(
        load_agent(DEFAULT_AGENT_DIR),
        turn_detection=TurnDetection(
            type="azure_semantic_vad_multilingual",
            remove_filler_words=True,
            languages=("en",),
            end_of_utterance=EndOfUtterance(model="semantic_detection_v1_multilingual"),
        ),
    )
    session = await _session(agent)
    assert set(session) <= _fields(RequestSession)
    assert set(session["turn_detection"]) <= _fields(AzureSemanticVadMultilingual)
    assert set(session["voice"]) <= _fields(AzureStandardVoice)
    assert set(session["input_audio_transcription"]) <= _fields(AudioInputTranscriptionOptions)


def _fields(model: Any) -> set[str]:
    """The JSON names of an SDK model's fields."""
    return {field._rest_name for field in model({})._attr_to_rest_field.values()}
