"""What a Voice Live session is told of itself: the `session` of `session.update`, api-version 2026-07-15.

Only what the bridge sends is named here.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Voice(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`azure-standard`, `azure-custom`, `azure-personal` or `openai` voice. `rate` is text such as "1.1".

    Without `locale` the voice follows the language of the text; `prefer_locales` picks the accents.
    """

    type: str
    name: str
    endpoint_id: str | None = None
    model: str | None = None
    temperature: float | None = None
    rate: str | None = None
    style: str | None = None
    pitch: str | None = None
    locale: str | None = None
    prefer_locales: list[str] | None = None


class EndOfUtterance(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Waits for a finished sentence before a turn ends; `azure_semantic_vad` types only."""

    model: str
    threshold_level: str | None = None
    timeout_ms: int | None = None


class TurnDetection(msgspec.Struct, kw_only=True, omit_defaults=True):
    """When the service takes the caller's turn as begun and as ended. Durations in milliseconds."""

    type: str
    threshold: float | None = None
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None
    speech_duration_ms: int | None = None
    remove_filler_words: bool | None = None
    languages: list[str] | None = None
    end_of_utterance_detection: EndOfUtterance | None = None
    create_response: bool
    interrupt_response: bool


class Transcription(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Recognition of the caller's words. `phrase_list` biases it, fewer than 500 entries."""

    model: str
    language: str | None = None
    phrase_list: list[str] | None = None


class InterimResponse(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`static_interim_response` (one of `texts`) or `llm_interim_response`; text models and agents only."""

    type: str
    triggers: list[str]
    latency_threshold_ms: int
    texts: list[str] | None = None
    model: str | None = None
    instructions: str | None = None
    max_completion_tokens: int | None = None


class Typed(msgspec.Struct):
    """An option that is only a type: noise reduction, echo cancellation."""

    type: str


class SessionSettings(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The `session` of `session.update`. A Foundry agent has instructions and tools of its own."""

    instructions: str | None = None
    voice: Voice
    turn_detection: TurnDetection
    input_audio_transcription: Transcription
    tools: list[dict[str, Any]] | None = None
    modalities: tuple[str, ...]
    input_audio_format: str
    output_audio_format: str
    """`pcm16` is 24 kHz."""
    output_audio_timestamp_types: tuple[str, ...] | None = None
    """`word`: when each word is said. Azure voices only."""
    input_audio_sampling_rate: int
    input_audio_noise_reduction: Typed | None = None
    input_audio_echo_cancellation: Typed | None = None
    tool_choice: str | None = None
    interim_response: InterimResponse | None = None
    temperature: float | None = None
    reasoning_effort: str | None = None
    max_response_output_tokens: int | None = None


class SessionTools(msgspec.Struct, kw_only=True):
    """A `session` of `session.update` that changes the tools alone: what is left out stays as it is."""

    tools: list[dict[str, Any]]
