"""Voice Live messages as typed values, api-version 2026-07-15.

Only what the bridge sends or acts on is named here. A server event of another type decodes to None: the
service adds event types without a new api-version, and an unknown one must never end a call.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bridge.voicelive.session_settings import SessionSettings, SessionTools
from shared.json_errors import NOT_JSON, where

# --- what the bridge sends ---------------------------------------------------------------------------


class ClientEvent(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="type"):
    """One message to Voice Live. `event_id` is echoed by an `error` event that it caused."""

    event_id: str


class SessionUpdate(ClientEvent, tag="session.update", kw_only=True):
    session: SessionSettings | SessionTools


class TextPart(msgspec.Struct):
    type: Literal["text", "input_text"]
    text: str


type Role = Literal["user", "assistant", "system"]


class MessageItem(msgspec.Struct, tag="message", tag_field="type", omit_defaults=True):
    """`id` is made by the service unless it is given."""

    role: Role
    content: list[TextPart]
    id: str | None = None


class FunctionCallItem(msgspec.Struct, tag="function_call", tag_field="type", omit_defaults=True):
    """A call that the model made in another session."""

    call_id: str
    name: str
    arguments: str
    id: str | None = None


class FunctionOutputItem(msgspec.Struct, tag="function_call_output", tag_field="type"):
    call_id: str
    output: str


type HistoryItem = MessageItem | FunctionCallItem | FunctionOutputItem
"""What a client may put into a conversation."""


class ItemCreate(ClientEvent, tag="conversation.item.create", kw_only=True):
    """`previous_item_id` is the item to put it after; without one it comes last."""

    previous_item_id: str | None = None
    item: HistoryItem


class ItemTruncate(ClientEvent, tag="conversation.item.truncate", kw_only=True):
    """Cut an agent item to the `audio_end_ms` that the caller heard, so that the model knows it too."""

    item_id: str
    audio_end_ms: int
    content_index: int


class ItemDelete(ClientEvent, tag="conversation.item.delete", kw_only=True):
    item_id: str


class ResponseOptions(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`pre_generated_assistant_message` is spoken word for word and enters the history."""

    pre_generated_assistant_message: MessageItem | None = None


class ResponseCreate(ClientEvent, tag="response.create", kw_only=True):
    response: ResponseOptions | None = None


class ResponseCancel(ClientEvent, tag="response.cancel", kw_only=True):
    """The service cancels nothing by itself (`interrupt_response` is off). With nothing active, an error."""

    response_id: str


_encoder = msgspec.json.Encoder()


def encode(event: ClientEvent) -> str:
    """One client event as the text frame to send."""
    return _encoder.encode(event).decode()


def append_frame(event_id: str, base64_audio: str) -> str:
    """`input_audio_buffer.append` around audio that is already base64; neither needs escaping."""
    return f'{{"type":"input_audio_buffer.append","event_id":"{event_id}","audio":"{base64_audio}"}}'


# --- what Voice Live sends ---------------------------------------------------------------------------


# A field that nobody reads is not named: its type could only make a needed event unreadable.


class SessionLife(msgspec.Struct):
    """Of the session only its end is acted on: `expires_at` is in seconds since 1970."""

    expires_at: float | None = None


class SessionCreated(msgspec.Struct):
    """The session is open."""

    session: SessionLife = msgspec.field(default_factory=SessionLife)


class SessionUpdated(msgspec.Struct):
    """The session has taken its settings."""

    session: SessionLife = msgspec.field(default_factory=SessionLife)


class SpeechStarted(msgspec.Struct):
    """`audio_start_ms` counts milliseconds of audio appended in the session, prefix padding included."""

    item_id: str
    audio_start_ms: int


class SpeechStopped(msgspec.Struct):
    """`audio_end_ms` counts milliseconds of audio appended, the closing silence included."""

    item_id: str
    audio_end_ms: int


class InputCommitted(msgspec.Struct):
    """What the caller said has become an item of the history."""

    item_id: str


class TranscriptionDelta(msgspec.Struct):
    """Words recognised since the delta before, while the caller still speaks."""

    item_id: str
    delta: str = ""


class TranscriptionCompleted(msgspec.Struct):
    item_id: str
    transcript: str = ""


class TranscriptionFailed(msgspec.Struct):
    item_id: str


class ResponseId(msgspec.Struct):
    id: str


class ResponseCreated(msgspec.Struct):
    response: ResponseId


class OutputItem(msgspec.Struct):
    id: str
    type: str


class OutputItemAdded(msgspec.Struct):
    response_id: str
    item: OutputItem


class AudioDelta(msgspec.Struct):
    """`delta` is PCM16LE at the session's output rate, base64 on the wire."""

    response_id: str
    item_id: str
    delta: bytes


class AudioDone(msgspec.Struct):
    """All audio of an item has come."""

    response_id: str
    item_id: str


class AudioTimestamp(msgspec.Struct):
    """One word of an item, and where in the item's audio it is said."""

    item_id: str
    audio_offset_ms: int
    audio_duration_ms: int
    text: str


class AudioTranscriptDelta(msgspec.Struct):
    response_id: str
    item_id: str
    delta: str = ""


class AudioTranscriptDone(msgspec.Struct):
    response_id: str
    item_id: str
    transcript: str = ""


class FunctionCallDone(msgspec.Struct):
    """`arguments` is JSON text written by a model: not to be trusted."""

    response_id: str
    item_id: str
    call_id: str
    name: str
    arguments: str


class InputTokens(msgspec.Struct):
    cached_tokens: int = 0


class Usage(msgspec.Struct):
    """Tokens of one response. The cached ones are part of the input and cost less."""

    input_tokens: int = 0
    output_tokens: int = 0
    input_token_details: InputTokens | None = None


class FinishedResponse(msgspec.Struct):
    id: str
    status: str = "completed"
    usage: Usage | None = None


class ResponseDone(msgspec.Struct):
    response: FinishedResponse


class ErrorDetails(msgspec.Struct):
    """Most errors leave the session open; `event_id` names the client event at fault."""

    message: str = ""
    type: str | None = None
    code: str | int | None = None
    event_id: str | None = None


class Error(msgspec.Struct):
    error: ErrorDetails


class ServiceWarning(msgspec.Struct):
    """Something of our making that the service works around."""

    warning: ErrorDetails


ServerEvent = (
    SessionCreated
    | SessionUpdated
    | SpeechStarted
    | SpeechStopped
    | InputCommitted
    | TranscriptionDelta
    | TranscriptionCompleted
    | TranscriptionFailed
    | ResponseCreated
    | OutputItemAdded
    | AudioDelta
    | AudioDone
    | AudioTimestamp
    | AudioTranscriptDelta
    | AudioTranscriptDone
    | FunctionCallDone
    | ResponseDone
    | Error
    | ServiceWarning
)

_TRANSCRIPTION = "conversation.item.input_audio_transcription"
_EVENT_TYPES: dict[str, type[ServerEvent]] = {
    "session.created": SessionCreated,
    "session.updated": SessionUpdated,
    "input_audio_buffer.speech_started": SpeechStarted,
    "input_audio_buffer.speech_stopped": SpeechStopped,
    "input_audio_buffer.committed": InputCommitted,
    f"{_TRANSCRIPTION}.delta": TranscriptionDelta,
    f"{_TRANSCRIPTION}.completed": TranscriptionCompleted,
    f"{_TRANSCRIPTION}.failed": TranscriptionFailed,
    "response.created": ResponseCreated,
    "response.output_item.added": OutputItemAdded,
    "response.audio.delta": AudioDelta,
    "response.audio.done": AudioDone,
    "response.audio_timestamp.delta": AudioTimestamp,
    "response.audio_transcript.delta": AudioTranscriptDelta,
    "response.audio_transcript.done": AudioTranscriptDone,
    "response.function_call_arguments.done": FunctionCallDone,
    "response.done": ResponseDone,
    "error": Error,
    "warning": ServiceWarning,
}


class _Head(msgspec.Struct):
    type: str


_head = msgspec.json.Decoder(_Head)
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(event) for name, event in _EVENT_TYPES.items()
}


class WireError(ValueError):
    """A frame that is no Voice Live event; the message names the field."""


def decode(frame: str | bytes) -> ServerEvent | None:
    """One text frame as an event; None for a type that the bridge does not act on.

    Raises:
        WireError: not JSON, or a field that the event must have is missing or of another type.
    """
    try:
        decoder = _decoders.get(_head.decode(frame).type)
        event: ServerEvent | None = decoder.decode(frame) if decoder is not None else None
    except NOT_JSON as error:
        raise WireError(where(error)) from error
    return event
