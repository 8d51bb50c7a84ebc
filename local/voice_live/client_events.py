"""The events a client may send, as typed structs (Voice Live reference 2026-07-15, client events)."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from local.voice_live.session_fields import (
    AnyInterimResponse,
    FunctionTool,
    Metadata,
    Modality,
    OpenAIVoiceName,
    OutputFormat,
    SessionFields,
    TokenLimit,
    ToolChoice,
    Voice,
)


class InputText(Struct, tag_field="type", tag="input_text", forbid_unknown_fields=True):
    text: str


class InputAudio(Struct, tag_field="type", tag="input_audio", forbid_unknown_fields=True):
    """Seeded caller speech. What was said is taken from `transcript`."""

    audio: str | None = None
    transcript: str | None = None


class Text(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    text: str


class MessageItem(Struct, tag_field="type", tag="message", forbid_unknown_fields=True, kw_only=True):
    role: Literal["user", "system", "assistant"]
    content: Annotated[list[InputText | InputAudio | Text], Meta(min_length=1)]
    id: str | None = None
    object: str | None = None
    status: Literal["completed", "incomplete"] | None = None


class FunctionCallItem(
    Struct, tag_field="type", tag="function_call", forbid_unknown_fields=True, kw_only=True
):
    name: str
    call_id: str
    arguments: str
    id: str | None = None
    object: str | None = None
    status: Literal["completed", "incomplete"] | None = None


class FunctionCallOutputItem(
    Struct, tag_field="type", tag="function_call_output", forbid_unknown_fields=True, kw_only=True
):
    call_id: str
    output: str
    id: str | None = None
    object: str | None = None
    status: Literal["completed", "incomplete"] | None = None


ClientItem = MessageItem | FunctionCallItem | FunctionCallOutputItem


class AssistantMessage(Struct, tag_field="type", tag="message", forbid_unknown_fields=True, kw_only=True):
    """A reply written by the client, spoken word for word: exactly one text part."""

    content: Annotated[list[Text], Meta(min_length=1, max_length=1)]
    role: Literal["assistant"] = "assistant"
    id: str | None = None
    object: str | None = None
    status: Literal["completed", "incomplete"] | None = None


class ResponseFields(Struct, forbid_unknown_fields=True, kw_only=True):
    """What one response may set for itself; a field left out is taken from the session."""

    commit: bool = True
    cancel_previous: bool = False
    """The reference says true, but a response left running refuses the next one unless this was sent."""
    conversation: Literal["auto", "none"] = "auto"
    append_input_items: list[ClientItem] | None = None
    input_items: list[ClientItem] | None = None
    modalities: Annotated[list[Modality], Meta(min_length=1)] | None = None
    instructions: str | None = None
    voice: OpenAIVoiceName | Voice | None = None
    output_audio_format: OutputFormat | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: ToolChoice | None = None
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    max_output_tokens: TokenLimit | None = None
    max_response_output_tokens: TokenLimit | None = None
    """The reference's spelling; the client library writes `max_output_tokens`, which goes first."""
    pre_generated_assistant_message: AssistantMessage | None = None
    reasoning_effort: str | None = None
    metadata: Metadata | None = None
    interim_response: AnyInterimResponse | None = None
    invoke_input: dict[str, Any] | None = None
    """Input for a hosted agent. There are none here: accepted and ignored, as for a model."""


class _Event(Struct, tag_field="type", forbid_unknown_fields=True, kw_only=True):
    event_id: str | None = None


class SessionUpdate(_Event, tag="session.update"):
    session: SessionFields


class AppendAudio(_Event, tag="input_audio_buffer.append"):
    audio: bytes
    """Base64 on the wire; raw samples in the session's input format here."""


class CommitAudio(_Event, tag="input_audio_buffer.commit"):
    pass


class ClearAudio(_Event, tag="input_audio_buffer.clear"):
    pass


class ClearOutputAudio(_Event, tag="output_audio_buffer.clear"):
    pass


class CreateItem(_Event, tag="conversation.item.create"):
    item: ClientItem
    previous_item_id: str | None = None


class DeleteItem(_Event, tag="conversation.item.delete"):
    item_id: str


class RetrieveItem(_Event, tag="conversation.item.retrieve"):
    item_id: str


class TruncateItem(_Event, tag="conversation.item.truncate"):
    item_id: str
    content_index: Annotated[int, Meta(ge=0)]
    audio_end_ms: Annotated[int, Meta(ge=0)]


class CreateResponse(_Event, tag="response.create"):
    response: ResponseFields | UnsetType | None = UNSET
    additional_instructions: str | None = None


class CancelResponse(_Event, tag="response.cancel"):
    response_id: str | None = None


class ConnectAvatar(_Event, tag="session.avatar.connect"):
    client_sdp: str


ClientEvent = (
    SessionUpdate
    | AppendAudio
    | CommitAudio
    | ClearAudio
    | ClearOutputAudio
    | CreateItem
    | DeleteItem
    | RetrieveItem
    | TruncateItem
    | CreateResponse
    | CancelResponse
    | ConnectAvatar
)

CLIENT_EVENTS: Decoder[ClientEvent] = Decoder(ClientEvent)
