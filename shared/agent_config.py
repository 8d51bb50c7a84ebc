"""The agent an operator edits without touching code: `agent.toml` and `prompt.md` in one folder.

The tables are in shared/agent_tables.py and shared/phrases.py; here are the keys outside of them and the
rules across tables. docs/configure.md lists every key.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from shared import config_check, spoken
from shared.agent_tables import (
    Fillers,
    FoundryAgent,
    InterimResponse,
    Keypad,
    Language,
    Languages,
    Limits,
    Orders,
    Recording,
    Silence,
    Talk,
    Temperature,
    Transcription,
    TurnDetection,
    Voice,
)
from shared.config_check import Table
from shared.handover import Targets
from shared.languages import KNOWN, primary
from shared.models import EFFORTS, Effort, Model
from shared.phrases import Phrases

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
    temperature: Temperature | None = None
    reasoning_effort: Effort | None = None
    """For models that reason; left out, as little as the model can: callers wait for it."""
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
    recording: Recording = Recording()
    limits: Limits = Limits()
    orders: Orders = Orders()
    talk: Talk = Talk()
    phrases: dict[Language, Phrases]
    """By language: "en", or "en-GB" where that one differs."""

    @property
    def realtime(self) -> bool:
        """Whether the model hears audio itself, instead of text from speech recognition."""
        return self.model is not None and self.model.startswith("gpt-realtime")

    @property
    def effort(self) -> Effort | None:
        """How much the model is to reason; None when it cannot."""
        return self.reasoning_effort or next(iter(self._efforts), None)

    @property
    def _efforts(self) -> tuple[Effort, ...]:
        return EFFORTS.get(self.model, ()) if self.model is not None else ()

    @property
    def _answering(self) -> str:
        return "foundry_agent" if self.model is None else f'model "{self.model}"'

    def phrases_for(self, language: str) -> Phrases:
        """The fixed phrases in a language, "de" or "de-AT"; in the default one if there are none."""
        table = self._phrases_table(language) or self._phrases_table(self.languages.default)
        return self.phrases[table or self.languages.default]  # the default has one, or this were refused

    def language_for(self, caller: str, called: str) -> str:
        """What to greet a caller in, by the raw ids or numbers (E.164) of both; empty when withheld.

        The number called goes first: a caller chooses it.
        """
        languages = self.languages
        return (
            _by_prefix(languages.called, called) or _by_prefix(languages.callers, caller) or languages.default
        )

    def _phrases_table(self, language: str) -> str | None:
        """The key in `phrases` for a language; None when there is none."""
        return next((tag for tag in (language, primary(language)) if tag in self.phrases), None)

    def __post_init__(self) -> None:
        self._check_who_answers()
        self._check_reasoning()
        self._check_phrases()
        self._check_languages()
        self._check_turn_detection()
        self._check_voice()
        self._check_recognition()
        self._check_interim_response()

    def _check_who_answers(self) -> None:
        if (self.model is None) == (self.foundry_agent is None):
            raise ValueError("model: set it, or foundry_agent, and not both: one of them answers the caller")

    def _check_reasoning(self) -> None:
        if self._efforts and self.temperature is not None:
            raise ValueError(f"temperature: {self._answering} takes none; leave it out")
        if self.reasoning_effort is not None and self.reasoning_effort not in self._efforts:
            listed = ", ".join(f'"{effort}"' for effort in self._efforts)
            raise ValueError(
                f'reasoning_effort: "{self.reasoning_effort}" does not work with {self._answering}; '
                + (f"use one of {listed}" if listed else "leave it out")
            )

    def _check_phrases(self) -> None:
        for language in self.languages.spoken:
            table = self._phrases_table(language)
            if table is None:
                raise ValueError(
                    f"phrases.{primary(language)}: missing; languages.spoken has {language}, so add a table "
                    f"[phrases.{primary(language)}] with the same keys as that of another language"
                )
            wanted = {"announce": "recording_notice", "ask": "recording_question"}.get(self.recording.mode)
            if wanted is not None and not getattr(self.phrases[table], wanted):
                raise ValueError(
                    f'phrases.{table}.{wanted}: missing; recording.mode is "{self.recording.mode}", '
                    f"and callers have to hear of it in {language}"
                )
            for key in self.keypad.menu:
                if key not in self.phrases[table].keys_named:
                    raise ValueError(
                        f"phrases.{table}.press_a_key: does not name key {key}, which keypad.menu has"
                    )

    def _check_languages(self) -> None:
        unknown = [tag for tag in self.languages.spoken if primary(tag) not in KNOWN]
        if unknown and len({primary(tag) for tag in self.languages.spoken}) > 1:
            raise ValueError(
                f"languages.spoken: {unknown[0]} cannot be told apart from the others, so its phrases would "
                f"not be said; use {', '.join(KNOWN)}, or {unknown[0]} alone"
            )

    def _check_turn_detection(self) -> None:
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

    def _check_voice(self) -> None:
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
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise AgentError(f"{toml.name}: not TOML: {error}") from error
    except config_check.ConfigError as error:
        raise AgentError(f"{toml.name}: {error}") from error
    text = _text(prompt)
    check_placeholders(prompt.name, text)
    return Agent(prompt=text, **{name: getattr(config, name) for name in config.__struct_fields__})


def _by_prefix(languages: Mapping[str, str], raw_id: str) -> str | None:
    """The language of the longest prefix that the number has; None for none, and for what is no number."""
    number = raw_id.removeprefix("4:")
    prefix = max(filter(number.startswith, languages), key=len, default=None)
    return None if prefix is None else languages[prefix]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AgentError(f"{path}: cannot be read: {error}") from error


def check_placeholders(file: str, text: str) -> None:
    """Refuse a prompt with a placeholder that there is not.

    Raises:
        AgentError: begins with `file`.
    """
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
