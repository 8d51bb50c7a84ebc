"""The agent an operator edits without touching code: `agent.toml` and `prompt.md` in one folder.

Names and ranges are those of the Voice Live session (api-version 2026-07-15), so that a value can be looked
up in its documentation. docs/configure.md lists every key.
"""

from __future__ import annotations

import string
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from shared import config_check, spoken

type Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
type Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=5000)]
type Line = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
type Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]

type Model = Literal[
    "gpt-realtime",
    "gpt-realtime-1.5",
    "gpt-realtime-2.1",
    "gpt-realtime-mini",
    "gpt-realtime-2.1-mini",
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-5.1",
    "gpt-5.2",
    "gpt-5.4",
    "gpt-5.6-terra",
    "gpt-5.6-luna",
]
"""Models of Voice Live (supported models and regions, 2026-09-29) whose voices and transcription we know."""

PLACEHOLDERS = ("city", "date", "time", "time_zone")
"""What prompt.md may have filled in."""


class AgentError(ValueError):
    """The agent cannot be used; the message names the file, the key, the value and what is allowed."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables of agent.toml."""


class Voice(_Table, frozen=True, kw_only=True):
    """How the agent sounds."""

    type: Literal["azure-standard", "azure-custom", "openai"] = "azure-standard"
    name: Name
    endpoint_id: Name | None = None
    """Deployment of a custom voice."""
    temperature: Fraction | None = None
    """Variation of HD voices."""
    rate: Annotated[float, msgspec.Meta(ge=0.5, le=1.5)] = 1.0
    style: Name | None = None

    def __post_init__(self) -> None:
        if (self.type == "azure-custom") != (self.endpoint_id is not None):
            raise ValueError('endpoint_id belongs to type "azure-custom": set both or neither')


class EndOfUtterance(_Table, frozen=True, kw_only=True):
    """Waits for a sentence that sounds finished before the caller's turn ends."""

    model: Literal[
        "semantic_detection_v1", "semantic_detection_v1_en", "semantic_detection_v1_multilingual"
    ] = "semantic_detection_v1"
    threshold_level: Literal["low", "medium", "high", "default"] = "default"
    timeout_ms: Milliseconds = 1000


class TurnDetection(_Table, frozen=True, kw_only=True):
    """When a caller's turn begins and ends."""

    type: Literal[
        "azure_semantic_vad", "azure_semantic_vad_en", "azure_semantic_vad_multilingual", "server_vad"
    ] = "azure_semantic_vad"
    threshold: Fraction = 0.5
    prefix_padding_ms: Milliseconds = 420
    speech_duration_ms: Milliseconds = 80
    silence_duration_ms: Annotated[int, msgspec.Meta(ge=100, le=5000)] = 500
    remove_filler_words: bool = False
    languages: tuple[Name, ...] = ()
    end_of_utterance: EndOfUtterance | None = None

    def __post_init__(self) -> None:
        if self.type == "server_vad":
            extras = {
                "remove_filler_words": self.remove_filler_words,
                "languages": self.languages,
                "end_of_utterance": self.end_of_utterance,
            }
            if given := [name for name, value in extras.items() if value]:
                raise ValueError(
                    f'{given[0]} needs a type that begins with azure_semantic_vad, not "server_vad"'
                )


class Transcription(_Table, frozen=True, kw_only=True):
    """Recognition of what the caller says."""

    model: Literal[
        "azure-speech",
        "mai-transcribe",
        "mai-transcribe-2",
        "whisper-1",
        "gpt-4o-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-4o-transcribe-diarize",
    ] = "azure-speech"
    language: Name = "en-US"
    """BCP-47, or several with commas for automatic detection."""
    phrases: Annotated[tuple[Name, ...], msgspec.Meta(max_length=100)] = ()
    """Words that callers of this line use; names of restaurants, cuisines and dishes come by themselves."""


class Limits(_Table, frozen=True, kw_only=True):
    """Where patience ends."""

    max_call_minutes: Annotated[int, msgspec.Meta(ge=1, le=55)] = 15
    """Voice Live ends a session after 60 minutes; the goodbye needs room before that."""
    tool_timeout_seconds: Annotated[float, msgspec.Meta(ge=1, le=30)] = 8.0


class AgentConfig(_Table, frozen=True, kw_only=True):
    """The keys of agent.toml."""

    model: Model
    greeting: Line
    """Spoken first, word for word. Says that an AI speaks and ends with a question."""
    apology: Line = "I am sorry, I have lost the thread. Could you say that again, please?"
    """Spoken word for word when a reply does not come; ends with a question."""
    farewell: Line
    """Spoken word for word when the call has reached its longest time."""
    temperature: Fraction = 0.7
    max_response_output_tokens: Annotated[int, msgspec.Meta(ge=50, le=4096)] = 800
    noise_reduction: Literal["azure_deep_noise_suppression", "near_field", "far_field", "off"] = (
        "azure_deep_noise_suppression"
    )
    echo_cancellation: bool = False
    voice: Voice
    turn_detection: TurnDetection = TurnDetection()
    transcription: Transcription = Transcription()
    limits: Limits = Limits()

    @property
    def realtime(self) -> bool:
        """Whether the model hears audio itself, instead of text from speech recognition."""
        return self.model.startswith("gpt-realtime")

    def __post_init__(self) -> None:
        azure = self.transcription.model in ("azure-speech", "mai-transcribe", "mai-transcribe-2")
        if azure == self.realtime:
            fitting = "whisper-1 or a gpt-4o transcription model" if self.realtime else "azure-speech"
            raise ValueError(
                f'transcription.model: "{self.transcription.model}" does not work with model "{self.model}"; '
                f"use {fitting}"
            )
        if self.noise_reduction in ("near_field", "far_field") and not self.realtime:
            raise ValueError(
                f'noise_reduction: "{self.noise_reduction}" does not work with model "{self.model}"; '
                'use "azure_deep_noise_suppression" or "off"'
            )


class Agent(AgentConfig, frozen=True, kw_only=True):
    """The keys of agent.toml with the text of prompt.md."""

    prompt: str

    def instructions(self, now: datetime, *, city: str, time_zone: ZoneInfo) -> str:
        """The system prompt of a call that begins at `now` (aware), in the wall time of the city."""
        local = now.astimezone(time_zone)
        return self.prompt.format(
            city=city, date=spoken.full_date(local.date()), time=f"{local:%H:%M}", time_zone=time_zone.key
        )


def load_agent(folder: Path) -> Agent:
    """Read `agent.toml` and `prompt.md`.

    Raises:
        AgentError: a file is missing or unreadable, or a key or placeholder is wrong.
    """
    toml, prompt = folder / "agent.toml", folder / "prompt.md"
    try:
        config = config_check.convert(tomllib.loads(_text(toml)), AgentConfig)
    except tomllib.TOMLDecodeError as error:
        raise AgentError(f"{toml.name}: not TOML: {error}") from error
    except config_check.ConfigError as error:
        raise AgentError(f"{toml.name}: {error}") from error
    text = _text(prompt)
    _check_placeholders(prompt.name, text)
    return Agent(prompt=text, **{name: getattr(config, name) for name in config.__struct_fields__})


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AgentError(f"{path}: cannot be read: {error}") from error


def _check_placeholders(file: str, text: str) -> None:
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in string.Formatter().parse(text)]
    except ValueError as error:
        raise AgentError(
            f"{file}: {error}; write a brace that is no placeholder twice: {{{{ or }}}}"
        ) from error
    for name, spec, conversion in fields:
        if name is not None and (name not in PLACEHOLDERS or spec or conversion):
            written = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise AgentError(f"{file}: {{{written}}} is not a placeholder; there are {known}")
