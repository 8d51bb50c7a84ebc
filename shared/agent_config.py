"""The agent an operator edits without touching code: `agent.toml` and `prompt.md` in one folder.

The tables are in shared/agent_tables.py and shared/phrases.py; here are the keys outside of them and the
rules across tables. docs/configure.md lists every key.
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
from shared.agent_tables import (
    Fillers,
    FoundryAgent,
    Fraction,
    InterimResponse,
    Keypad,
    Language,
    Languages,
    Limits,
    Silence,
    Transcription,
    TurnDetection,
    Voice,
)
from shared.config_check import Table
from shared.handover import Targets
from shared.languages import primary
from shared.phrases import Phrases

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

FILES = ("agent.toml", "prompt.md")
"""What an agent consists of."""

PLACEHOLDERS = ("city", "date", "time", "time_zone")
"""What prompt.md may have filled in."""


class AgentError(ValueError):
    """The agent cannot be used; the message names the file, the key, the value and what is allowed."""


class AgentConfig(Table, frozen=True, kw_only=True):
    """The keys of agent.toml."""

    model: Model | None = None
    """What answers; None when `foundry_agent` does."""
    foundry_agent: FoundryAgent | None = None
    temperature: Fraction = 0.7
    max_response_output_tokens: Annotated[int, msgspec.Meta(ge=50, le=4096)] = 800
    noise_reduction: Literal["azure_deep_noise_suppression", "near_field", "far_field", "off"] = (
        "azure_deep_noise_suppression"
    )
    echo_cancellation: bool = False
    languages: Languages = Languages()
    voice: Voice
    turn_detection: TurnDetection = TurnDetection()
    transcription: Transcription = Transcription()
    interim_response: InterimResponse | None = None
    silence: Silence = Silence()
    fillers: Fillers = Fillers()
    keypad: Keypad = Keypad()
    transfer: Targets = Targets()
    limits: Limits = Limits()
    phrases: dict[Language, Phrases]
    """By language: "en", or "en-GB" where that one differs."""

    @property
    def realtime(self) -> bool:
        """Whether the model hears audio itself, instead of text from speech recognition."""
        return self.model is not None and self.model.startswith("gpt-realtime")

    @property
    def _answering(self) -> str:
        return "foundry_agent" if self.model is None else f'model "{self.model}"'

    def phrases_for(self, language: str) -> Phrases:
        """The fixed phrases in a language, "de" or "de-AT"; in the default one if there are none."""
        table = self._phrases_table(language) or self._phrases_table(self.languages.default)
        return self.phrases[table or self.languages.default]  # the default has one, or this were refused

    def _phrases_table(self, language: str) -> str | None:
        """The key in `phrases` for a language; None when there is none."""
        return next((tag for tag in (language, primary(language)) if tag in self.phrases), None)

    def __post_init__(self) -> None:
        self._check_who_answers()
        self._check_phrases()
        self._check_languages()
        self._check_recognition()
        self._check_interim_response()

    def _check_who_answers(self) -> None:
        if (self.model is None) == (self.foundry_agent is None):
            raise ValueError("model: set it, or foundry_agent, and not both: one of them answers the caller")

    def _check_phrases(self) -> None:
        for language in self.languages.spoken:
            table = self._phrases_table(language)
            if table is None:
                raise ValueError(
                    f"phrases.{primary(language)}: missing; languages.spoken has {language}, so add a table "
                    f"[phrases.{primary(language)}] with the same keys as that of another language"
                )
            for key in self.keypad.menu:
                if key not in self.phrases[table].press_a_key:
                    raise ValueError(
                        f"phrases.{table}.press_a_key: does not name key {key}, which keypad.menu has"
                    )

    def _check_languages(self) -> None:
        turns, eou = self.turn_detection, self.turn_detection.end_of_utterance
        other = next((tag for tag in self.languages.spoken if primary(tag) != "en"), None)
        if other is not None and turns.type in ("azure_semantic_vad", "azure_semantic_vad_en"):
            raise ValueError(
                f'turn_detection.type: "{turns.type}" knows English only and languages.spoken has {other}; '
                'use "azure_semantic_vad_multilingual" or "server_vad"'
            )
        if other is not None and eou is not None and eou.model == "semantic_detection_v1_en":
            raise ValueError(
                f'turn_detection.end_of_utterance.model: "{eou.model}" knows English only and '
                f'languages.spoken has {other}; use "semantic_detection_v1_multilingual"'
            )
        locale = self.voice.locale
        for tag in self.languages.spoken:
            if locale is not None and primary(tag) != primary(locale):
                raise ValueError(
                    f"voice.locale: with {locale} the voice cannot speak {tag} of languages.spoken; "
                    "leave voice.locale out, then it follows the language of the text"
                )

    def _check_recognition(self) -> None:
        model = self.transcription.model
        if not model.startswith("mai-") and (model == "azure-speech") == self.realtime:
            fitting = "whisper-1, a gpt-4o" if self.realtime else "azure-speech"
            raise ValueError(
                f'transcription.model: "{model}" does not work with {self._answering}; '
                f"use {fitting} or a mai transcription model"
            )
        if self.noise_reduction in ("near_field", "far_field") and not self.realtime:
            raise ValueError(
                f'noise_reduction: "{self.noise_reduction}" does not work with {self._answering}; '
                'use "azure_deep_noise_suppression" or "off"'
            )

    def _check_interim_response(self) -> None:
        if self.interim_response is None:
            return
        if self.realtime:
            raise ValueError(
                f"interim_response: does not work with {self._answering}; leave it out, or use a text model"
            )
        if self.voice.type == "openai":
            raise ValueError('interim_response: needs an Azure voice, not voice.type "openai"; leave it out')


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
    toml, prompt = (folder / name for name in FILES)
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
