"""What a session is told, from the shipped agent and from one that differs in every key that matters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import pytest
from azure.ai.voicelive.models import (
    AudioInputTranscriptionOptions,
    AzureCustomVoice,
    AzurePersonalVoice,
    AzureSemanticVadMultilingual,
    AzureStandardVoice,
    LlmInterimResponseConfig,
    RequestSession,
    StaticInterimResponseConfig,
)

from bridge.session import session_for, target_for
from bridge.tools import ToolBox
from bridge.voicelive import wire
from shared.agent_config import Agent, load_agent
from shared.agent_tables import (
    EndOfUtterance,
    FoundryAgent,
    InterimResponse,
    Languages,
    Transcription,
    TurnDetection,
    Voice,
)
from shared.bookings import BookingStore
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE, StoreSettings
from shared.tables import Tables

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
NOWHERE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
SHIPPED = load_agent(DEFAULT_AGENT_DIR)


async def _session(agent: Agent, language: str | None = None) -> dict[str, Any]:
    catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
    async with Tables(StoreSettings(NOWHERE, None, "")) as tables:
        tools = ToolBox(catalogue, BookingStore(tables), call_id="c", caller=None, now=lambda: NOW)
        session = session_for(agent, tools, catalogue, NOW, language)
        update = wire.SessionUpdate(event_id="e", session=session)
    body: dict[str, Any] = json.loads(wire.encode(update))["session"]
    return body


async def test_the_shipped_agent() -> None:
    """Instructions know the day, speech is 24 kHz both ways, and the recogniser knows our names."""
    session = await _session(SHIPPED)
    assert "Today is Sunday 22 November 2026. It is 18:04." in session["instructions"]
    assert session["input_audio_sampling_rate"] == 24_000
    assert (session["input_audio_format"], session["output_audio_format"]) == ("pcm16", "pcm16")
    assert session["modalities"] == ["text", "audio"]
    assert session["voice"]["type"] == "azure-standard"
    assert "rate" not in session["voice"], "a plain rate is the service's own"
    assert session["turn_detection"]["type"] == "azure_semantic_vad_multilingual"
    assert session["input_audio_noise_reduction"] == {"type": "azure_deep_noise_suppression"}
    assert "input_audio_echo_cancellation" not in session
    assert "interim_response" not in session
    assert {"Golden Lotus", "book a table"} <= set(session["input_audio_transcription"]["phrase_list"])
    assert len(session["input_audio_transcription"]["phrase_list"]) < 500
    assert {tool["name"] for tool in session["tools"]} >= {"find_restaurants", "book_table", "end_call"}


@pytest.mark.parametrize(("kind", "told"), [("azure-standard", ["word"]), ("openai", None)])
async def test_when_words_are_said_is_asked_of_voices_that_can_tell(
    kind: Literal["azure-standard", "openai"], told: list[str] | None
) -> None:
    session = await _session(replace(voice=Voice(type=kind, name="alloy")))
    assert session.get("output_audio_timestamp_types") == told


async def test_the_bridge_alone_asks_for_replies_and_stops_them() -> None:
    for kind in ("azure_semantic_vad_multilingual", "server_vad"):
        session = await _session(replace(turn_detection=TurnDetection(type=kind)))
        assert session["turn_detection"]["create_response"] is False
        assert session["turn_detection"]["interrupt_response"] is False


def replace(**keys: Any) -> Agent:
    """The shipped agent with other keys."""
    return msgspec.structs.replace(SHIPPED, **keys)


async def test_what_the_service_may_not_be_told_is_left_out() -> None:
    """A realtime model hears for itself: no phrase list; an OpenAI voice takes no options."""
    agent = replace(
        model="gpt-realtime",
        voice=Voice(type="openai", name="marin"),
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
    assert "languages" not in session["turn_detection"]


class TestLanguages:
    """What is told to the recogniser, the turn detection and the voice."""

    @pytest.mark.parametrize(
        ("spoken", "language"),
        [
            (("en-GB",), "en-GB"),
            (("en-US", "de-DE", "fr-FR", "es-ES", "it-IT"), None),  # the multilingual model covers these
            (("en-US", "pt-PT"), "en-US,pt-PT"),
            (("pt-PT", "en-US"), "en-US,pt-PT"),  # the first one counts most
        ],
    )
    async def test_azure_speech(self, spoken: tuple[str, ...], language: str | None) -> None:
        languages = Languages(default="en-GB" if spoken == ("en-GB",) else "en-US", spoken=spoken)
        phrases = {**SHIPPED.phrases, "pt": SHIPPED.phrases["es"]}
        session = await _session(replace(languages=languages, phrases=phrases))
        assert session["input_audio_transcription"].get("language") == language

    async def test_that_of_the_greeting_counts_most(self) -> None:
        languages = Languages(spoken=("en-US", "fr-FR", "pt-PT"))
        agent = replace(languages=languages, phrases={**SHIPPED.phrases, "pt": SHIPPED.phrases["es"]})
        session = await _session(agent, language="pt-PT")
        assert session["input_audio_transcription"]["language"] == "pt-PT,en-US,fr-FR"

    @pytest.mark.parametrize(
        ("spoken", "language"),
        [(("en-US",), "en"), (("en-US", "en-GB"), "en"), (("en-US", "de-DE"), None)],
    )
    @pytest.mark.parametrize("model", ["whisper-1", "mai-transcribe"])
    async def test_other_recognisers_take_one_as_a_hint(
        self, model: Literal["whisper-1", "mai-transcribe"], spoken: tuple[str, ...], language: str | None
    ) -> None:
        agent = replace(
            model="gpt-realtime", languages=Languages(spoken=spoken), transcription=Transcription(model=model)
        )
        session = await _session(agent)
        assert session["input_audio_transcription"].get("language") == language

    async def test_the_operator_may_pin_it(self) -> None:
        session = await _session(replace(transcription=Transcription(language="en-US,fr-FR")))
        assert session["input_audio_transcription"]["language"] == "en-US,fr-FR"

    async def test_multilingual_turn_detection_is_told_them(self) -> None:
        session = await _session(SHIPPED)
        assert session["turn_detection"]["languages"] == ["en", "de", "fr", "es", "it"]
        one = replace(turn_detection=TurnDetection(type="azure_semantic_vad_multilingual", languages=("fr",)))
        assert (await _session(one))["turn_detection"]["languages"] == ["fr"]

    async def test_the_voice_follows_the_text_in_the_accents_asked_for(self) -> None:
        session = await _session(SHIPPED)
        assert session["voice"]["prefer_locales"] == ["en-US", "de-DE", "fr-FR", "es-ES", "it-IT"]
        assert "locale" not in session["voice"]
        one = replace(languages=Languages(), voice=Voice(name="Ava", locale="en-GB"))
        assert (await _session(one))["voice"] == {"type": "azure-standard", "name": "Ava", "locale": "en-GB"}


class TestHowTheModelAnswers:
    """What a model refuses it is not told."""

    async def test_an_ordinary_model_is_told_a_temperature_and_no_effort(self) -> None:
        session = await _session(SHIPPED)
        assert (session["temperature"], "reasoning_effort" in session) == (0.6, False)

    @pytest.mark.parametrize(("model", "effort"), [("gpt-5-mini", "minimal"), ("gpt-5.6-luna", "none")])
    async def test_a_model_that_reasons_is_told_to_do_so_least(self, model: str, effort: str) -> None:
        session = await _session(replace(model=model, temperature=None))
        assert (session["reasoning_effort"], "temperature" in session) == (effort, False)

    async def test_the_operator_may_have_it_reason_more(self) -> None:
        session = await _session(replace(model="gpt-5", temperature=None, reasoning_effort="low"))
        assert session["reasoning_effort"] == "low"
        assert set(session) <= _fields(RequestSession)


class TestInterimResponse:
    """Named with underscores: the reference writes hyphens, the client library and the how-to page do not."""

    async def test_written_by_a_model(self) -> None:
        interim = InterimResponse(
            type="llm",
            triggers=("latency", "tool"),
            model="gpt-4.1-mini",
            instructions="Be brief.",
            max_completion_tokens=30,
        )
        session = await _session(replace(interim_response=interim))
        assert session["interim_response"] == {
            "type": "llm_interim_response",
            "triggers": ["latency", "tool"],
            "latency_threshold_ms": 2000,
            "model": "gpt-4.1-mini",
            "instructions": "Be brief.",
            "max_completion_tokens": 30,
        }
        assert set(session["interim_response"]) <= _fields(LlmInterimResponseConfig)

    async def test_picked_from_texts(self) -> None:
        interim = InterimResponse(type="static", texts=("One moment.",), latency_threshold_ms=1500)
        session = await _session(replace(interim_response=interim))
        assert session["interim_response"] == {
            "type": "static_interim_response",
            "triggers": ["latency"],
            "latency_threshold_ms": 1500,
            "texts": ["One moment."],
        }
        assert set(session["interim_response"]) <= _fields(StaticInterimResponseConfig)


class TestAgentMode:
    """An agent of a Foundry project has instructions, tools and a model of its own."""

    agent = replace(model=None, foundry_agent=FoundryAgent(name="host", project="tables", version="7"))

    async def test_the_session_is_told_nothing_of_what_the_agent_has(self) -> None:
        session = await _session(self.agent)
        own = {"instructions", "tools", "tool_choice", "temperature", "reasoning_effort", "model"}
        own |= {"max_response_output_tokens"}
        assert not own & set(session)
        assert session["voice"]["name"] == SHIPPED.voice.name
        assert session["input_audio_transcription"]["model"] == "azure-speech"

    def test_the_target_is_the_agent(self) -> None:
        assert target_for(self.agent) == {
            "agent-name": "host",
            "agent-project-name": "tables",
            "agent-version": "7",
        }
        newest = replace(model=None, foundry_agent=FoundryAgent(name="host", project="tables"))
        assert target_for(newest) == {"agent-name": "host", "agent-project-name": "tables"}

    def test_otherwise_the_target_is_the_model(self) -> None:
        assert target_for(SHIPPED) == {"model": "gpt-4.1"}


async def test_every_field_is_one_the_sdk_knows() -> None:
    """At every level that the SDK types."""
    agent = replace(
        turn_detection=TurnDetection(
            type="azure_semantic_vad_multilingual",
            remove_filler_words=True,
            languages=("en",),
            end_of_utterance=EndOfUtterance(model="semantic_detection_v1_multilingual"),
        ),
        voice=Voice(name="Ava", temperature=0.5, rate=1.1, style="cheerful", pitch="+2%"),
    )
    session = await _session(agent)
    assert set(session) <= _fields(RequestSession)
    assert set(session["turn_detection"]) <= _fields(AzureSemanticVadMultilingual)
    assert set(session["voice"]) <= _fields(AzureStandardVoice)
    assert set(session["input_audio_transcription"]) <= _fields(AudioInputTranscriptionOptions)


@pytest.mark.parametrize(
    ("voice", "model"),
    [
        (Voice(type="azure-custom", name="Nora", endpoint_id="1234", pitch="low"), AzureCustomVoice),
        (Voice(type="azure-personal", name="Nora", model="DragonLatestNeural", rate=0.9), AzurePersonalVoice),
    ],
)
async def test_voices_of_your_own(voice: Voice, model: type) -> None:
    session = await _session(replace(voice=voice))
    assert session["voice"]["type"] == voice.type
    assert set(session["voice"]) <= _fields(model)


def _fields(model: Any) -> set[str]:
    """The JSON names of an SDK model's fields."""
    return {field._rest_name for field in model({})._attr_to_rest_field.values()}
