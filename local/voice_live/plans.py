"""What one response runs on: the session's settings with the response's own laid over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from local.voice_live.client_events import ResponseFields
from local.voice_live.conversation import Conversation, Item
from local.voice_live.session_fields import (
    AnyInterimResponse,
    AzureVoice,
    NamedFunction,
    OpenAIVoice,
    OpenAIVoiceName,
    StaticInterimResponse,
    Voice,
)
from local.voice_live.settings import Settings

_SLOWEST, _FASTEST = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Interim:
    """Words for a wait."""

    after_ms: int
    """How long thinking may take without them."""
    texts: list[str]


@dataclass(frozen=True, slots=True)
class Plan:
    modalities: list[str]
    voice: dict[str, Any]
    speech_rate: float
    output_audio_format: str
    instructions: str
    tools: list[dict[str, Any]]
    tool_choice: str | dict[str, Any]
    temperature: float | None
    max_output_tokens: int | str
    metadata: dict[str, str] | None
    joins_conversation: bool
    """False: nothing of the response is kept (`conversation: none`, or `commit: false`)."""
    context: list[Item] | None
    """Read in place of the conversation, when given."""
    appended: list[Item]
    """Read after the conversation, and not kept."""
    fixed_text: str | None
    """Spoken word for word, without asking the mind."""
    interim: Interim | None
    """Spoken when thinking takes long; None: nothing is."""

    @property
    def speaks(self) -> bool:
        return "audio" in self.modalities

    @property
    def token_limit(self) -> int | None:
        """Tokens of words and calls the mind may give; None: as many as it likes.

        Sound is not counted: a reply is cut before it is spoken. Nor is text that the client wrote itself.
        """
        limit = self.max_output_tokens
        return limit if isinstance(limit, int) and self.fixed_text is None else None


def make_plan(
    settings: Settings,
    conversation: Conversation,
    response: ResponseFields | None = None,
    additional_instructions: str | None = None,
) -> Plan:
    """Raises `ClientError` for input items that could not stand in a conversation."""
    own = response or ResponseFields()
    of_session = settings.fields
    instructions = _first(own.instructions, settings.instructions)
    if additional_instructions:
        instructions = f"{instructions}\n\n{additional_instructions}"
    voice: OpenAIVoiceName | Voice = _first(own.voice, of_session.voice)
    if isinstance(voice, str):
        voice = OpenAIVoice(name=voice)
    choice = _first(own.tool_choice, of_session.tool_choice)
    fixed = own.pre_generated_assistant_message
    input_items = own.input_items
    return Plan(
        modalities=list(_first(own.modalities, of_session.modalities)),
        voice=msgspec.to_builtins(voice),
        speech_rate=speech_rate(voice),
        output_audio_format=own.output_audio_format or of_session.output_audio_format or "pcm16",
        instructions=instructions,
        tools=msgspec.to_builtins(_first(own.tools, of_session.tools)),
        tool_choice=msgspec.to_builtins(choice) if isinstance(choice, NamedFunction) else choice,
        temperature=_first(own.temperature, of_session.temperature or None),
        max_output_tokens=_first(
            own.max_output_tokens, own.max_response_output_tokens, of_session.max_response_output_tokens
        ),
        metadata=own.metadata,
        joins_conversation=own.commit and own.conversation == "auto",
        context=None if input_items is None else [conversation.build(item) for item in input_items],
        appended=[conversation.build(item) for item in own.append_input_items or ()],
        fixed_text=fixed.content[0].text if fixed else None,
        interim=_interim(_first(own.interim_response, of_session.interim_response or None)),
    )


def _interim(given: AnyInterimResponse | None) -> Interim | None:
    if isinstance(given, StaticInterimResponse) and "latency" in given.triggers:
        return Interim(given.latency_threshold_ms, given.texts)
    return None


def speech_rate(voice: Voice) -> float:
    """The factor in a voice's `rate`: "1.1", "+10%" or nothing. Words such as "fast" count as normal."""
    text = voice.rate if isinstance(voice, AzureVoice) else None
    try:
        if text is None:
            rate = 1.0
        elif text.endswith("%"):
            rate = 1 + float(text[:-1]) / 100
        else:
            rate = float(text)
    except ValueError:
        rate = 1.0
    return min(max(rate, _SLOWEST), _FASTEST)


def _first(*choices: Any) -> Any:  # noqa: ANN401 - fields of every type pass through
    """The first choice that was made; the session's own, which comes last, may be null itself."""
    return next((choice for choice in choices if choice is not None), None)
