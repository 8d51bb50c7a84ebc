"""Callbacks as CloudEvents, the way the service words them.

Wire facts: events recorded by the SDK's own live tests (api-version 2026-03-12), "Call Automation webhook
events", and the SDK's event models. `operationContext` is absent when it was not set; `time` has seven
fractional digits.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from local.acs.identifiers import Identifier

PREFIX = "Microsoft.Communication."


@dataclass(frozen=True, slots=True)
class Result:
    """`resultInformation`: why, as a status, a sub code and words."""

    code: int = 200
    sub_code: int = 0
    message: str = ""


COMPLETED = Result(message="Action completed successfully.")
ENDED_BY_CALLER = Result(200, 7000, "The conversation has ended. DiagCode: 0#7000.@")
ENDED_BY_APP = Result(
    200,
    7000,
    "Call was ended by Azure Communication Service Call Automation API or a server bot. DiagCode: 0#7000.@",
)
BAD_FILE = Result(400, 8535, "Action failed, file format is invalid.")
DOWNLOAD_FAILED = Result(400, 8536, "Action failed, file could not be downloaded.")
CANNOT_SPEAK = Result(400, 8565, "Action failed due to a Cognitive Services error: no speech synthesis here.")
PLAY_CANCELED = Result(400, 8508, "Action failed, the operation was canceled.")
UNREACHABLE = Result(480, 10037, "The callee could not be reached. DiagCode: 480#10037.@")
CANCELLED_BY_CALLER = Result(487, 0, "The caller hung up before the call was connected.")
STREAM_TROUBLE = Result(500, 0, "The media stream failed.")


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One event of a call: `type` without its prefix, and the data beyond what every event carries."""

    type: str
    result: Result = Result()
    context: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallIds:
    """What every event of a call says about it. `version` is the api-version the app last used."""

    call_connection_id: str
    server_call_id: str
    correlation_id: str
    version: str


def cloud_event(event: CallEvent, ids: CallIds, at: datetime, *, source: str | None = None) -> dict[str, Any]:
    """The event on the wire. `source` differs from the call's only for recordings."""
    source = source or f"calling/callConnections/{ids.call_connection_id}"
    context = {} if event.context is None else {"operationContext": event.context}
    return {
        "id": str(uuid4()),
        "source": source,
        "type": PREFIX + event.type,
        "data": {
            **event.data,
            **context,
            "version": ids.version,
            "resultInformation": {
                "code": event.result.code,
                "subCode": event.result.sub_code,
                "message": event.result.message,
            },
            "callConnectionId": ids.call_connection_id,
            "serverCallId": ids.server_call_id,
            "correlationId": ids.correlation_id,
            "publicEventType": PREFIX + event.type,
        },
        "time": timestamp(at),
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "subject": source,
    }


def timestamp(at: datetime) -> str:
    """UTC with seven fractional digits and `+00:00`."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def media_update(status: str, details: str) -> dict[str, Any]:
    """The data of MediaStreamingStarted, Stopped and Failed; `contentType` has its capital on the wire."""
    return {
        "mediaStreamingUpdate": {
            "contentType": "Audio",
            "mediaStreamingStatus": status,
            "mediaStreamingStatusDetails": details,
        }
    }


@dataclass(slots=True)
class Participant:
    """Somebody on the call."""

    identifier: Identifier
    is_muted: bool = False
    is_on_hold: bool = False

    def wire(self) -> dict[str, Any]:
        """As events and the participants' list write it."""
        return {"identifier": self.identifier, "isMuted": self.is_muted, "isOnHold": self.is_on_hold}
