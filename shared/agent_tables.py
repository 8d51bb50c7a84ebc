"""The tables of agent.toml.

Names and ranges are those of the Voice Live session (api-version 2026-07-15) where it has them, so that a
value can be looked up in its documentation. docs/configure.md lists every key.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from shared.config_check import Table
from shared.phrases import Line

type Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
type Temperature = Annotated[float, msgspec.Meta(ge=0.6, le=1)]
"""What the session reference (0.6 to 1.2) and the client library (0 to 1) both allow: refused by neither."""
type Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=5000)]
type Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
type Language = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$",
        description='a language such as "en-US"',
    ),
]
type NumberPrefix = Annotated[
    str,
    msgspec.Meta(pattern=r"^\+[1-9]\d{0,14}\Z", description='the beginning of a phone number such as "+49"'),
]
type MenuKey = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9"]

OPENAI_VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
"""Voices of type "openai" (session reference)."""


class Languages(Table, frozen=True, kw_only=True):
    """What callers may speak."""

    default: Language = "en-US"
    """Of callers of whom nothing else is known, until they have said something."""
    spoken: Annotated[tuple[Language, ...], msgspec.Meta(min_length=1, max_length=10)] = ("en-US",)
    """All that are told apart by themselves; the service tells at most ten apart."""
    callers: dict[NumberPrefix, Language] = msgspec.field(default_factory=dict)
    """How the caller's number begins, to the language they are greeted in. The longest beginning counts."""
    called: dict[NumberPrefix, Language] = msgspec.field(default_factory=dict)
    """The same for the number that was called. It goes before the caller's."""

    def __post_init__(self) -> None:
        self._check("default", self.default)
        for key in ("callers", "called"):
            for prefix, language in getattr(self, key).items():
                self._check(f"{key}.{prefix}", language)

    def _check(self, key: str, language: str) -> None:
        if language not in self.spoken:
            listed = ", ".join(f'"{language}"' for language in self.spoken)
            raise ValueError(f'{key}: "{language}" is not in languages.spoken; use one of {listed}')


class Voice(Table, frozen=True, kw_only=True):
    """How the agent sounds."""

    type: Literal["azure-standard", "azure-custom", "azure-personal", "openai"] = "azure-standard"
    name: Name
    endpoint_id: Name | None = None
    """Deployment of a custom voice."""
    model: (
        Literal[
            "DragonLatestNeural",
            "PhoenixLatestNeural",
            "PhoenixV2Neural",
            "DragonHDOmniLatestNeural",
            "MAI-Voice-1",
        ]
        | None
    ) = None
    """What a personal voice is spoken with."""
    temperature: Fraction | None = None
    """Variation of HD voices."""
    rate: Annotated[float, msgspec.Meta(ge=0.5, le=1.5)] = 1.0
    style: Name | None = None
    pitch: (
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^(x-low|low|medium|high|x-high|default|[+-]\d+(\.\d+)?(%|Hz|st)|\d+(\.\d+)?Hz)$",
                description='a pitch such as "low", "high", "+5%" or "-2st"',
            ),
        ]
        | None
    ) = None
    locale: Language | None = None
    """Speaks everything in this language; left out, the voice follows the language of the text."""

    def __post_init__(self) -> None:
        if (self.type == "azure-custom") != (self.endpoint_id is not None):
            raise ValueError('endpoint_id: belongs to type "azure-custom"; set both or neither')
        if (self.type == "azure-personal") != (self.model is not None):
            raise ValueError('model: belongs to type "azure-personal"; set both or neither')
        if self.type == "openai":
            self._check_openai()

    def _check_openai(self) -> None:
        if self.name not in OPENAI_VOICES:
            listed = ", ".join(f'"{name}"' for name in OPENAI_VOICES)
            raise ValueError(f'name: "{self.name}" is no "openai" voice; use one of {listed}')
        for name in ("temperature", "rate", "style", "pitch", "locale"):
            if getattr(self, name) not in (None, 1.0):
                raise ValueError(f'{name}: needs an Azure voice, not type "openai"')


class EndOfUtterance(Table, frozen=True, kw_only=True):
    """Waits for a sentence that sounds finished before the caller's turn ends."""

    model: Literal[
        "semantic_detection_v1", "semantic_detection_v1_en", "semantic_detection_v1_multilingual"
    ] = "semantic_detection_v1"
    threshold_level: Literal["low", "medium", "high", "default"] = "default"
    timeout_ms: Milliseconds = 1000


class TurnDetection(Table, frozen=True, kw_only=True):
    """When a caller's turn begins and ends, and what happens when it begins over the agent's."""

    type: Literal[
        "azure_semantic_vad", "azure_semantic_vad_en", "azure_semantic_vad_multilingual", "server_vad"
    ] = "azure_semantic_vad"
    threshold: Fraction = 0.5
    prefix_padding_ms: Milliseconds = 420
    speech_duration_ms: Milliseconds = 80
    silence_duration_ms: Annotated[int, msgspec.Meta(ge=100, le=5000)] = 500
    remove_filler_words: bool = False
    languages: tuple[Name, ...] = ()
    """ISO 639-1; left out, the multilingual type is told `languages.spoken`."""
    interruption: Literal["adaptive", "immediate", "off"] = "adaptive"
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
                    f'{given[0]}: needs a type that begins with azure_semantic_vad, not "server_vad"'
                )


class Transcription(Table, frozen=True, kw_only=True):
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
    language: Name | None = None
    """BCP-47, or several with commas for automatic detection; left out, it is `languages.spoken`."""
    phrases: Annotated[tuple[Name, ...], msgspec.Meta(max_length=100)] = ()
    """Words that callers of this line use; names of restaurants, cuisines and dishes come by themselves."""


class InterimResponse(Table, frozen=True, kw_only=True):
    """What Voice Live itself says while an answer takes long."""

    type: Literal["static", "llm"] = "llm"
    triggers: Annotated[tuple[Literal["latency", "tool"], ...], msgspec.Meta(min_length=1, max_length=2)] = (
        "latency",
    )
    latency_threshold_ms: Annotated[int, msgspec.Meta(ge=200, le=10_000)] = 2000
    texts: Annotated[tuple[Line, ...], msgspec.Meta(max_length=10)] = ()
    """For "static": one is picked at random."""
    model: Name | None = None
    instructions: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)] | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=10, le=200)] | None = None

    def __post_init__(self) -> None:
        if (self.type == "static") != bool(self.texts):
            raise ValueError('texts: belongs to type "static"; set both or neither')
        if self.type == "static":
            for name in ("model", "instructions", "max_completion_tokens"):
                if getattr(self, name) is not None:
                    raise ValueError(f'{name}: needs type "llm", not "static"')


class FoundryAgent(Table, frozen=True, kw_only=True):
    """An agent of a Foundry project that answers instead of a model with prompt.md."""

    name: Name
    project: Name
    version: Name | None = None
    """Left out: the newest."""


type Wait = Annotated[float, msgspec.Meta(ge=1, le=60)]


class Silence(Table, frozen=True, kw_only=True):
    """What happens when nobody speaks."""

    waits: tuple[Wait, Wait, Wait] = (8.0, 8.0, 6.0)
    """Seconds from the end of the agent's speech to the first check, the second, and the goodbye."""


class Fillers(Table, frozen=True, kw_only=True):
    """What is heard while a tool runs."""

    after_ms: Annotated[int, msgspec.Meta(ge=300, le=5000)] = 800
    """Silence after which a filler is said."""


class Keypad(Table, frozen=True, kw_only=True):
    """What the keys of the telephone do. 0 asks for a person, # ends what is typed, * clears it."""

    pause_ms: Annotated[int, msgspec.Meta(ge=500, le=5000)] = 1500
    """Without another key for so long, what was pressed is complete."""
    menu: dict[MenuKey, Name] = msgspec.field(default_factory=dict)
    """What each key means, in words for the model, when the caller could not be understood."""


class Talk(Table, frozen=True, kw_only=True):
    """What can be chosen for a talk from the page."""

    voices: Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)] = ()
    """Names of voices of the kind of `voice`, beside that one."""


type RecordingMode = Literal["off", "announce", "ask"]


class Recording(Table, frozen=True, kw_only=True):
    """Whether the sound of calls is kept."""

    mode: RecordingMode = "off"
    """"announce": after the caller was told so; "ask": after their yes. Either way a no ends it."""


class Limits(Table, frozen=True, kw_only=True):
    """Where patience ends."""

    max_call_minutes: Annotated[int, msgspec.Meta(ge=1, le=55)] = 15
    """Voice Live ends a session after 60 minutes; the goodbye needs room before that."""
    tool_timeout_seconds: Annotated[float, msgspec.Meta(ge=1, le=30)] = 8.0


class Orders(Table, frozen=True, kw_only=True):
    """What is taken and taken back by telephone of orders for delivery."""

    cancel_minutes: Annotated[int, msgspec.Meta(ge=0, le=120)] = 5
    """How long after placing it a caller may cancel an order that the kitchen has not begun. An order for
    later may be cancelled until the kitchen begins."""
    question_above: Annotated[int, msgspec.Meta(ge=1, le=500)] = 12
    """More of one thing than this is asked about: it was misheard, or somebody plays."""
    most_portions: Annotated[int, msgspec.Meta(ge=1, le=500)] = 60
    """Of everything together; larger orders are for a person."""
