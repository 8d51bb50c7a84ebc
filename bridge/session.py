"""The settings of a Voice Live session, from what an operator configured."""

from __future__ import annotations

from datetime import datetime

from bridge.carriers import SAMPLE_RATE
from bridge.tools import ToolBox
from bridge.voicelive import session_settings
from bridge.voicelive.connection import Target
from bridge.voicelive.session_settings import SessionSettings
from shared.agent_config import Agent
from shared.agent_tables import EndOfUtterance, InterimResponse
from shared.languages import primary
from shared.restaurants import Catalogue

_MOST_PHRASES = 499
"""A phrase list has fewer than 500 entries (Voice Live FAQ)."""

_TAKE_PHRASES = ("azure-speech", "mai-transcribe", "mai-transcribe-2")
"""Recognisers that take a phrase list (session reference)."""

_ALL_AT_ONCE = frozenset(
    {
        *("de-DE", "en-AU", "en-CA", "en-GB", "en-IN", "en-US", "es-ES", "es-MX"),
        *("fr-CA", "fr-FR", "hi-IN", "it-IT", "ja-JP", "ko-KR", "zh-CN"),
    }
)
"""What the multilingual model of azure-speech covers. It is the one that is used without a language, and the
recommended one: a list costs time and, in short sentences, accuracy (Voice Live language support)."""


def target_for(agent: Agent) -> Target:
    """What the session is opened with: the model, or the agent of a Foundry project."""
    if agent.foundry_agent is None:
        return {"model": agent.model or ""}
    foundry = agent.foundry_agent
    version = {} if foundry.version is None else {"agent-version": foundry.version}
    return {"agent-name": foundry.name, "agent-project-name": foundry.project, **version}


def session_for(
    agent: Agent,
    tools: ToolBox,
    catalogue: Catalogue,
    now: datetime,
    language: str | None = None,
    caller: str = "",
) -> SessionSettings:
    """What one call's session is told in `session.update`.

    `now` (aware) is when the call begins, `language` that of the greeting; None for the agent's default.
    `caller` is what is known about the caller, in words for the model.
    """
    session = SessionSettings(
        voice=_voice(agent),
        turn_detection=_turn_detection(agent),
        input_audio_transcription=session_settings.Transcription(
            model=agent.transcription.model,
            language=_language(agent, language or agent.languages.default),
            phrase_list=_phrases(agent, tools) if agent.transcription.model in _TAKE_PHRASES else None,
        ),
        modalities=("text", "audio"),
        input_audio_format="pcm16",
        output_audio_format="pcm16",
        # So that the record holds the words heard, and no others. OpenAI voices do not tell.
        output_audio_timestamp_types=None if agent.voice.type == "openai" else ("word",),
        input_audio_sampling_rate=SAMPLE_RATE,
        input_audio_noise_reduction=(
            None if agent.noise_reduction == "off" else session_settings.Typed(agent.noise_reduction)
        ),
        input_audio_echo_cancellation=(
            session_settings.Typed("server_echo_cancellation") if agent.echo_cancellation else None
        ),
        interim_response=_interim_response(agent.interim_response),
    )
    if agent.foundry_agent is None:  # an agent has instructions, tools and model settings of its own
        prompt = agent.instructions(now, city=catalogue.city.name, time_zone=catalogue.zone)
        session.instructions = f"{prompt.rstrip()}\n\n{caller}" if caller else prompt
        session.tools = tools.definitions()
        session.tool_choice = "auto"
        session.temperature = agent.temperature
        session.reasoning_effort = agent.effort
        session.max_response_output_tokens = agent.max_response_output_tokens
    return session


def studio_session(agent: Agent, audio: str = "pcm16") -> SessionSettings:
    """What a session is told that only speaks fixed phrases, for them to be recorded as `audio`."""
    return SessionSettings(
        voice=_voice(agent),
        turn_detection=_turn_detection(agent),
        input_audio_transcription=session_settings.Transcription(model=agent.transcription.model),
        modalities=("text", "audio"),
        input_audio_format="pcm16",
        output_audio_format=audio,
        input_audio_sampling_rate=SAMPLE_RATE,
    )


def _phrases(agent: Agent, tools: ToolBox) -> list[str]:
    """What the operator listed first, then the names in the catalogue, each once."""
    return list(dict.fromkeys([*agent.transcription.phrases, *tools.phrases()]))[:_MOST_PHRASES]


def _language(agent: Agent, likely: str) -> str | None:
    """One language, or several with commas, for the recogniser; None lets it tell apart all it knows."""
    if agent.transcription.language is not None:
        return agent.transcription.language
    spoken = agent.languages.spoken
    if agent.transcription.model == "azure-speech":
        if len(spoken) > 1 and _ALL_AT_ONCE.issuperset(spoken):
            return None
        return ",".join(dict.fromkeys([likely, *spoken]))  # the first counts most
    # The other recognisers take one language as a hint (ISO 639-1), and no list.
    languages = {primary(language) for language in spoken}
    return languages.pop() if len(languages) == 1 else None


def _voice(agent: Agent) -> session_settings.Voice:
    voice = agent.voice
    if voice.type == "openai":
        return session_settings.Voice(type=voice.type, name=voice.name)  # these voices take no options
    return session_settings.Voice(
        type=voice.type,
        name=voice.name,
        endpoint_id=voice.endpoint_id,
        model=voice.model,
        temperature=voice.temperature,
        rate=None if voice.rate == 1.0 else f"{voice.rate:g}",
        style=voice.style,
        pitch=voice.pitch,
        locale=voice.locale,
        # "es-ES" means an accent too: without it Spanish would be Mexican.
        prefer_locales=list(agent.languages.spoken) if voice.locale is None else None,
    )


def _turn_detection(agent: Agent) -> session_settings.TurnDetection:
    """Turns are found by the service; what follows from them, a reply or a stop, is decided by the bridge."""
    turns = agent.turn_detection
    languages = list(turns.languages)
    if not languages and turns.type == "azure_semantic_vad_multilingual":
        languages = list(dict.fromkeys(primary(language) for language in agent.languages.spoken))
    return session_settings.TurnDetection(
        type=turns.type,
        threshold=turns.threshold,
        prefix_padding_ms=turns.prefix_padding_ms,
        silence_duration_ms=turns.silence_duration_ms,
        speech_duration_ms=turns.speech_duration_ms,
        remove_filler_words=turns.remove_filler_words or None,
        languages=languages or None,
        create_response=False,
        interrupt_response=False,
        end_of_utterance_detection=_end_of_utterance(turns.end_of_utterance),
    )


def _end_of_utterance(end: EndOfUtterance | None) -> session_settings.EndOfUtterance | None:
    if end is None:
        return None
    return session_settings.EndOfUtterance(
        model=end.model, threshold_level=end.threshold_level, timeout_ms=end.timeout_ms
    )


def _interim_response(interim: InterimResponse | None) -> session_settings.InterimResponse | None:
    if interim is None:
        return None
    return session_settings.InterimResponse(
        type=f"{interim.type}_interim_response",
        triggers=list(interim.triggers),
        latency_threshold_ms=interim.latency_threshold_ms,
        texts=list(interim.texts) or None,
        model=interim.model,
        instructions=interim.instructions,
        max_completion_tokens=interim.max_completion_tokens,
    )
