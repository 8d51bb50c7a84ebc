"""What Azure Communication Services tells us: the IncomingCall event and the callbacks of a call.

Wire shapes: Event Grid "Microsoft.Communication.IncomingCall" and Call Automation REST 2026-03-12
callbacks. In callbacks every data field is optional: older service versions leave out `resultInformation`,
and `operationContext` is absent unless set. Unknown fields are ignored, unknown callback types are not
events of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from shared.calls import CallEvent, EventKind, derive_call_id
from shared.handover import transfer_number
from shared.json_errors import NOT_JSON, where

INCOMING_CALL: Final = "Microsoft.Communication.IncomingCall"

_CALLER_CANCELLED: Final = 487
"""SIP 487 Request Terminated (RFC 3261): the caller hung up while the phone rang."""

_MAY_COME_BACK: Final = "streamConnectionInterrupted"
"""The one media failure after which the service tries again by itself (`streamConnectionReestablished`)."""


class EventError(ValueError):
    """An event is not what the service documents; the message names the field and what was expected."""


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """A ringing phone."""

    rang_at: datetime
    caller: str = field(repr=False)
    """Raw id, such as 4:+15550100; empty when withheld."""
    called: str = field(repr=False)
    correlation_id: str
    server_call_id: str
    context: str = field(repr=False)
    """Opaque, several kB. Whoever holds it can answer the call: neither stored nor logged."""

    @property
    def call_id(self) -> str:
        """The id of its record: the same however often the event is delivered."""
        return derive_call_id(self.rang_at, self.correlation_id or self.server_call_id)


# Fields that a call can be answered without may be absent or null: a phone must not ring out for their sake.


class _Identifier(msgspec.Struct, rename="camel"):
    raw_id: str | None = None


class _IncomingCallData(msgspec.Struct, rename="camel"):
    incoming_call_context: str
    to: _Identifier | None = None
    from_: _Identifier | None = msgspec.field(name="from", default=None)
    correlation_id: str | None = None
    server_call_id: str | None = None


class _ResultInformation(msgspec.Struct, rename="camel"):
    code: int | None = None
    sub_code: int | None = None


class _MediaStreamingUpdate(msgspec.Struct, rename="camel"):
    media_streaming_status_details: str | None = None


class _CallbackData(msgspec.Struct, rename="camel"):
    call_connection_id: str | None = None
    operation_context: str | None = None
    result_information: _ResultInformation | None = None
    media_streaming_update: _MediaStreamingUpdate | None = None
    tone: str | None = None
    """Of ContinuousDtmfRecognitionToneReceived: the key, as a word."""


class Callback(msgspec.Struct, frozen=True):
    """One callback: a CloudEvent 1.0."""

    type: str
    """With its prefix: Microsoft.Communication.CallConnected."""
    data: _CallbackData = msgspec.field(default_factory=_CallbackData)
    time: datetime | None = None
    """Seven fractional digits on the wire, kept to the microsecond."""


MOST_CALLBACKS: Final = 100
"""In one request. Call Automation sends them one by one, or a few at once."""

_callbacks = msgspec.json.Decoder(
    Annotated[list[Callback], msgspec.Meta(max_length=MOST_CALLBACKS)] | Callback
)


def parse_incoming_call(time: datetime | None, data: object) -> IncomingCall:
    """Read the `data` of an IncomingCall event, in either Event Grid schema, and its time.

    Raises:
        EventError: something we cannot do without is missing or of the wrong type.
    """
    if time is None:
        raise EventError("IncomingCall eventTime: missing; expected an ISO 8601 time")
    if not _is_of_our_days(time):
        raise EventError(f"IncomingCall eventTime: of the year {time.year}; expected the time of the ring")
    try:
        parsed = msgspec.convert(data, _IncomingCallData)
        # What has no Unicode can neither be hashed into an id nor stored, nor sent back.
        msgspec.json.encode(parsed)
    except NOT_JSON as error:
        raise EventError(f"IncomingCall data: {where(error)}") from error
    if not parsed.incoming_call_context:
        raise EventError(
            "IncomingCall data.incomingCallContext: empty; the call cannot be answered without it"
        )
    if not (parsed.correlation_id or parsed.server_call_id):
        raise EventError("IncomingCall data: correlationId and serverCallId are both missing; one is needed")
    return IncomingCall(
        # The Functions worker gives a naive time for one without an offset; Event Grid times are UTC.
        rang_at=time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC),
        caller=_raw_id(parsed.from_),
        called=_raw_id(parsed.to),
        correlation_id=parsed.correlation_id or "",
        server_call_id=parsed.server_call_id or "",
        context=parsed.incoming_call_context,
    )


def _is_of_our_days(time: datetime) -> bool:
    """Whether it is a time that ids and rows are made for; Table Storage has none before 1601."""
    return 2000 <= time.year < 3000


def _raw_id(identifier: _Identifier | None) -> str:
    return (identifier.raw_id if identifier is not None else None) or ""


def parse_callbacks(body: bytes) -> list[Callback]:
    """Read the body of a callback request: an array of CloudEvents, or one of them.

    Raises:
        EventError: not JSON, or not CloudEvents.
    """
    try:
        parsed = _callbacks.decode(body)
    except msgspec.ValidationError as error:
        raise EventError(f"callback: {where(error)}; expected CloudEvents of Call Automation") from error
    except NOT_JSON as error:
        raise EventError(f"callback: the body is not JSON, or {where(error)}") from error
    return parsed if isinstance(parsed, list) else [parsed]


def call_events(callbacks: Iterable[Callback], received_at: datetime) -> list[CallEvent]:
    """What the callbacks mean for the record of the call; those that mean nothing to it are left out.

    `received_at` stands in for a time the service left out.
    """
    found = (_call_event(callback, received_at) for callback in callbacks)
    return [event for event in found if event is not None]


@dataclass(frozen=True, slots=True)
class Played:
    """What Call Automation played is over."""

    context: str
    """Operation context of the order to play it."""
    heard: bool
    """False when it could not be played."""


def played(callbacks: Iterable[Callback]) -> list[Played]:
    """What the callbacks say about files that were to be played; one that was broken off counts as heard."""
    ends = {"PlayCompleted": True, "PlayCanceled": True, "PlayFailed": False}
    kinds = ((callback, callback.type.removeprefix("Microsoft.Communication.")) for callback in callbacks)
    return [
        Played(callback.data.operation_context or "", ends[kind]) for callback, kind in kinds if kind in ends
    ]


def _call_event(callback: Callback, received_at: datetime) -> CallEvent | None:
    meaning = _meaning(callback)
    if meaning is None:
        return None
    kind, detail = meaning
    return CallEvent(
        kind,
        callback.time if callback.time is not None and _is_of_our_days(callback.time) else received_at,
        detail,
        callback.data.call_connection_id or "",
        transfer=transfer_number(callback.data.operation_context),
    )


def _meaning(callback: Callback) -> tuple[EventKind, str] | None:
    """Kind and detail of the event a callback stands for."""
    result = callback.data.result_information or _ResultInformation()
    codes = f"{result.code or 0}/{result.sub_code or 0}"
    match callback.type.removeprefix("Microsoft.Communication."):
        case "CallConnected":
            return EventKind.CONNECTED, ""
        case "CallDisconnected":
            return EventKind.DISCONNECTED, codes
        case "AnswerFailed" if result.code == _CALLER_CANCELLED:
            return EventKind.CALLER_LEFT, codes
        case "AnswerFailed":
            return EventKind.ANSWER_FAILED, codes
        case "CallTransferAccepted":
            return EventKind.TRANSFER_ACCEPTED, ""
        case "CallTransferFailed":
            return EventKind.TRANSFER_FAILED, codes
        case "MediaStreamingFailed":
            update = callback.data.media_streaming_update or _MediaStreamingUpdate()
            details = update.media_streaming_status_details or "no details"
            return None if details == _MAY_COME_BACK else (EventKind.MEDIA_FAILED, details)
    return None
