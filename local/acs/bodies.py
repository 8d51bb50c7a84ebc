"""Request bodies of the Call Automation REST API, typed. Unknown fields are ignored, as by the service.

Wire fact: the models of Call Automation REST 2026-03-12, as azure-communication-callautomation 1.6.0 sends
them.
"""

from typing import Annotated, Literal

import msgspec

from local.acs.identifiers import Identifier, PhoneNumber, User

HttpUrl = Annotated[str, msgspec.Meta(pattern="^https?://[^/]+")]
WebSocketUrl = Annotated[str, msgspec.Meta(pattern="^wss?://[^/]+")]
Filled = Annotated[str, msgspec.Meta(min_length=1)]
SipKey = Annotated[str, msgspec.Meta(pattern=r"^(X-[A-Za-z0-9.!%*_+~-]{1,62}|User-To-User)$")]
SipValue = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9=;.!%*_+~-]{0,256}$")]
VoipKey = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
VoipValue = Annotated[str, msgspec.Meta(max_length=1024)]
Tone = Literal[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "a", "b", "c", "d", "pound", "asterisk",
]  # fmt: skip


class Body(msgspec.Struct, rename="camel"):
    """What every request body here has in common: camel case on the wire."""


class Operation(Body):
    """Fields any mid-call operation may carry; also the whole body of start and stop media streaming."""

    operation_context: str | None = None
    operation_callback_uri: HttpUrl | None = None


class MediaStreamingOptions(Body):
    """How the media websocket is to run."""

    transport_type: Literal["websocket"]
    audio_channel_type: Literal["mixed", "unmixed"]
    transport_url: WebSocketUrl
    content_type: Literal["audio"] = "audio"
    start_media_streaming: bool = False
    enable_bidirectional: bool = False
    audio_format: Literal["pcm16KMono", "pcm24KMono"] = "pcm16KMono"
    enable_dtmf_tones: bool = False

    @property
    def sample_rate(self) -> int:
        """Hertz on the socket, both ways."""
        return 24_000 if self.audio_format == "pcm24KMono" else 16_000


class Answer(Body):
    """POST /calling/callConnections:answer"""

    incoming_call_context: Filled
    callback_uri: HttpUrl
    operation_context: str | None = None
    answered_by: User | None = None
    media_streaming_options: MediaStreamingOptions | None = None


class Reject(Body):
    """POST /calling/callConnections:reject"""

    incoming_call_context: Filled
    call_reject_reason: Literal["none", "busy", "forbidden"] = "none"


class Redirect(Body):
    """POST /calling/callConnections:redirect"""

    incoming_call_context: Filled
    target: Identifier


class Create(Body):
    """POST /calling/callConnections"""

    targets: Annotated[list[Identifier], msgspec.Meta(min_length=1, max_length=1)]
    callback_uri: HttpUrl
    source_caller_id_number: PhoneNumber | None = None
    source_display_name: str | None = None
    operation_context: str | None = None
    media_streaming_options: MediaStreamingOptions | None = None


class CustomCallingContext(Body):
    """What the other side is told: SIP headers for phones, VoIP headers for users.

    Wire fact: "How to pass contextual data between calls": five custom SIP headers and User-To-User, 1000
    VoIP headers; lengths and signs as in the patterns.
    """

    sip_headers: dict[SipKey, SipValue] = {}
    voip_headers: Annotated[dict[VoipKey, VoipValue], msgspec.Meta(max_length=1000)] = {}

    def __post_init__(self) -> None:
        if len(self.sip_headers.keys() - {"User-To-User"}) > 5:
            raise ValueError("at most 5 custom SIP headers")


class Transfer(Operation, kw_only=True):
    """POST /calling/callConnections/{id}:transferToParticipant"""

    target_participant: Identifier
    transferee: Identifier | None = None
    source_caller_id_number: PhoneNumber | None = None
    custom_calling_context: CustomCallingContext | None = None


class AddParticipant(Operation, kw_only=True):
    """POST /calling/callConnections/{id}/participants:add"""

    participant_to_add: Identifier
    custom_calling_context: CustomCallingContext | None = None
    invitation_timeout_in_seconds: Annotated[int, msgspec.Meta(ge=0, le=180)] | None = None


class RemoveParticipant(Operation, kw_only=True):
    """POST /calling/callConnections/{id}/participants:remove"""

    participant_to_remove: Identifier


class MuteParticipants(Operation, kw_only=True):
    """POST /calling/callConnections/{id}/participants:mute"""

    target_participants: Annotated[list[Identifier], msgspec.Meta(min_length=1, max_length=1)]


class CancelAddParticipant(Operation, kw_only=True):
    """POST /calling/callConnections/{id}/participants:cancelAddParticipant"""

    invitation_id: Filled


class TargetOperation(Operation, kw_only=True):
    """Hold, unhold, start and stop continuous DTMF recognition: an operation on one participant."""

    target_participant: Identifier


class SendDtmfTones(TargetOperation, kw_only=True):
    """POST /calling/callConnections/{id}:sendDtmfTones"""

    tones: Annotated[list[Tone], msgspec.Meta(min_length=1, max_length=100)]


class FileSource(Body):
    """A WAV file to fetch."""

    uri: HttpUrl


class TextSource(Body):
    """Words to speak."""

    text: Filled
    voice_name: str | None = None


class PlaySource(Body):
    """One thing to play; `kind` says which member counts."""

    kind: Literal["file", "text", "ssml"]
    file: FileSource | None = None
    text: TextSource | None = None


class PlayOptions(Body):
    """Whether the media repeats until it is cancelled."""

    loop: bool = False


class Play(Operation, kw_only=True):
    """POST /calling/callConnections/{id}:play"""

    play_sources: Annotated[list[PlaySource], msgspec.Meta(min_length=1, max_length=10)]
    play_to: list[Identifier] = []
    interrupt_call_media_operation: bool = False
    play_options: PlayOptions = msgspec.field(default_factory=PlayOptions)


class CallLocator(Body):
    """Which call to record, by its server call id."""

    kind: Literal["serverCallLocator"]
    server_call_id: Filled


class StartRecording(Body):
    """POST /calling/recordings. The stand-in writes WAV only."""

    call_connection_id: str | None = None
    call_locator: CallLocator | None = None
    recording_state_callback_uri: HttpUrl | None = None
    recording_content_type: Literal["audio"] = "audio"
    recording_channel_type: Literal["mixed", "unmixed"] = "mixed"
    recording_format_type: Literal["wav"] = "wav"
    pause_on_start: bool = False
