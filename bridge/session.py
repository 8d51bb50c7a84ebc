"""The settings of a Voice Live session, from what an operator configured."""

from __future__ import annotations

from datetime import datetime

from bridge.carriers import SAMPLE_RATE
from bridge.tools import ToolBox
from bridge.voicelive import wire
from shared.agent_config import Agent, EndOfUtterance, TurnDetection
from shared.restaurants import Catalogue

_MOST_PHRASES = 499
"""A phrase list has fewer than 500 entries (Voice Live FAQ)."""


def session_for(agent: Agent, tools: ToolBox, catalogue: Catalogue, now: datetime) -> wire.Session:
    """What one call's session is told in `session.update`; `now` (aware) is when the call begins."""
    return wire.Session(
        instructions=agent.instructions(now, city=catalogue.city.name, time_zone=catalogue.zone),
        voice=_voice(agent),
        turn_detection=_turn_detection(agent.turn_detection),
        input_audio_transcription=wire.Transcription(
            model=agent.transcription.model,
            language=agent.transcription.language,
            # Only the service's own recognisers take a phrase list.
            phrase_list=None if agent.realtime else _phrases(agent, tools),
        ),
        tools=tools.definitions(),
        tool_choice="auto",
        modalities=("text", "audio"),
        input_audio_format="pcm16",
        output_audio_format="pcm16",
        input_audio_sampling_rate=SAMPLE_RATE,
        input_audio_noise_reduction=(
            None if agent.noise_reduction == "off" else wire.Typed(agent.noise_reduction)
        ),
        input_audio_echo_cancellation=(
            wire.Typed("server_echo_cancellation") if agent.echo_cancellation else None
        ),
        temperature=agent.temperature,
        max_response_output_tokens=agent.max_response_output_tokens,
    )


def _phrases(agent: Agent, tools: ToolBox) -> list[str]:
    """What the operator listed first, then the names in the catalogue, each once."""
    return list(dict.fromkeys([*agent.transcription.phrases, *tools.phrases()]))[:_MOST_PHRASES]


def _voice(agent: Agent) -> wire.Voice:
    voice = agent.voice
    if voice.type == "openai":
        return wire.Voice(type=voice.type, name=voice.name)  # these voices take no options
    return wire.Voice(
        type=voice.type,
        name=voice.name,
        endpoint_id=voice.endpoint_id,
        temperature=voice.temperature,
        rate=None if voice.rate == 1.0 else f"{voice.rate:g}",
        style=voice.style,
    )


def _turn_detection(turns: TurnDetection) -> wire.TurnDetection:
    return wire.TurnDetection(
        type=turns.type,
        threshold=turns.threshold,
        prefix_padding_ms=turns.prefix_padding_ms,
        silence_duration_ms=turns.silence_duration_ms,
        speech_duration_ms=turns.speech_duration_ms,
        remove_filler_words=turns.remove_filler_words or None,
        languages=list(turns.languages) or None,
        create_response=True,
        interrupt_response=True,
        end_of_utterance_detection=_end_of_utterance(turns.end_of_utterance),
    )


def _end_of_utterance(end: EndOfUtterance | None) -> wire.EndOfUtterance | None:
    if end is None:
        return None
    return wire.EndOfUtterance(
        model=end.model, threshold_level=end.threshold_level, timeout_ms=end.timeout_ms
    )
