"""One call as Call Automation sees it, from ringing to its end; it is told what happens.

No sockets and no clock: time is counted in ticks of 20 ms, so a whole call runs in a test without waiting.
What the call wants done outside goes through `Outside`.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from local.acs import bodies
from local.acs.errors import ServiceError
from local.acs.events import (
    CANCELLED_BY_CALLER,
    COMPLETED,
    ENDED_BY_APP,
    ENDED_BY_CALLER,
    UNREACHABLE,
    CallEvent,
    CallIds,
    Result,
    timestamp,
)
from local.acs.identifiers import Identifier, complete
from local.acs.line import TICK_MS, Line
from local.acs.operations import MediaOperations
from local.acs.recording import Recording
from local.acs.roster import REACH_TICKS, Roster
from local.acs.streaming import MediaStream
from local.acs.tones import TONE_OF_KEY
from local.acs.transfers import Transfer

CONNECT_TICKS = 3
LEAVE_TICKS = 5
NO_ANSWER = Result(487, 10004, "Nobody answered in time.")
REDIRECTED = Result(200, 0, "The call went to another target.")
REJECTED = {
    "none": Result(603, 0, "The call was declined."),
    "busy": Result(486, 0, "The line is busy."),
    "forbidden": Result(403, 0, "The call is not allowed."),
}


class CallState(StrEnum):
    """`callConnectionState`, and ringing, for which the API has no connection yet."""

    RINGING = "ringing"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    TRANSFERRING = "transferring"
    DISCONNECTED = "disconnected"


class Outside(Protocol):
    """What a call wants done beyond itself. Every method returns at once."""

    def callback(self, call: "Call", event: CallEvent, uri: str, source: str | None) -> None:
        """Send an event to the app."""

    def to_phone(self, call: "Call", message: dict[str, Any]) -> None:
        """Send a text frame to the phone. `ended` is the last one."""

    def phone_audio(self, call: "Call", frame: bytes) -> None:
        """Send the phone its 20 ms: what it said, then what it heard."""

    def open_media(self, call: "Call") -> None:
        """Open the media websocket and report to `call.stream`."""

    def close_media(self, call: "Call") -> None:
        """Close it in good order; report nothing more."""

    def to_media(self, call: "Call", frame: str) -> None:
        """Send a frame on the media websocket."""


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What all calls of a stand-in share."""

    app: Identifier
    ring_ticks: int
    unreachable: frozenset[str]
    recordings: Path


class Call:
    """State and rules of one call."""

    def __init__(
        self,
        caller: Identifier,
        callee: Identifier,
        *,
        settings: CallSettings,
        outside: Outside,
        server_call_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self.caller, self.callee = caller, callee
        self.id = str(uuid4())
        self.server_call_id = server_call_id
        self.correlation_id = str(uuid4())
        self.state = CallState.RINGING
        self.end_reason = ""
        self.line = Line()
        self.operations = MediaOperations(self._emit)
        self.roster = Roster(self.line, self._emit, self.later, settings.unreachable)
        self.stream: MediaStream | None = None
        self.recordings: dict[str, Recording] = {}
        self.transfers: list[Transfer] = []
        self.ticks = 0
        self.version = ""
        self._settings = settings
        self._outside = outside
        self._now = now
        self._callback_uri = ""
        self._context: str | None = None
        self._timers: list[tuple[int, int, Callable[[], None]]] = []
        self._timer_order = count()
        self._connected_at = now()
        self._outbound = False
        self._dtmf: bodies.TargetOperation | None = None
        self._dtmf_sequence = 0
        self.later(settings.ring_ticks, self._ring_out)

    @property
    def ids(self) -> CallIds:
        """What every event of this call carries."""
        return CallIds(self.id, self.server_call_id, self.correlation_id, self.version)

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return self.state is CallState.DISCONNECTED

    def properties(self) -> dict[str, Any]:
        """`CallConnectionProperties`."""
        number = self.callee.phone_number
        if self._outbound:
            sides = {"targets": [self.caller], "source": self._settings.app, "sourceCallerIdNumber": number}
        else:
            sides = {"targets": [self.callee], "source": self.caller, "answeredFor": number}
        return {
            "callConnectionId": self.id,
            "serverCallId": self.server_call_id,
            "callConnectionState": self.state.value,
            "callbackUri": self._callback_uri,
            "sourceDisplayName": "",
            "correlationId": self.correlation_id,
            "answeredBy": self._settings.app.communication_user,
            **{name: value for name, value in sides.items() if value is not None},
            **({} if self.stream is None else {"mediaStreamingSubscription": self.stream.subscription()}),
        }

    # -- time

    def later(self, ticks: int, action: Callable[[], None]) -> None:
        """Run `action` after so many ticks, unless the call has ended by then."""
        heapq.heappush(self._timers, (self.ticks + ticks, next(self._timer_order), action))

    def tick(self) -> None:
        """20 ms pass."""
        self.ticks += 1
        while self._timers and self._timers[0][0] <= self.ticks and not self.ended:
            heapq.heappop(self._timers)[2]()
        if self.state not in {CallState.CONNECTED, CallState.TRANSFERRING}:
            return
        spoken_at = self._connected_at + timedelta(milliseconds=self.line.ticks * TICK_MS)
        tick = self.line.tick(self.operations.tick())
        if self.stream is not None and self.stream.up:
            self._outside.to_media(self, self.stream.frame(tick, spoken_at))
        for recording in self.recordings.values():
            recording.write(tick)
        self._outside.phone_audio(self, tick.said + tick.heard)

    # -- before the call

    def answer(
        self, body: bodies.Answer | bodies.Create, version: str, *, connect_ticks: int = CONNECT_TICKS
    ) -> None:
        """The app takes the call. It is connected a little later; the media socket may be first."""
        self.version = version
        self._callback_uri = body.callback_uri
        self._context = body.operation_context
        self.state = CallState.CONNECTING
        options = body.media_streaming_options
        if options is not None:
            self.stream = MediaStream(options, self.line, self.caller.key, self._emit)
            if options.start_media_streaming:
                self.stream.start(self._context, None)
                self._outside.open_media(self)
        self.later(connect_ticks, self._connect)

    def create(self, body: bodies.Create, version: str) -> None:
        """The app calls somebody, who is simulated: they pick up, unless they cannot be reached.

        They take the caller's place on this call: theirs is the voice the app's stream carries.
        """
        self._outbound = True
        if self.caller.address in self._settings.unreachable:
            self.version, self._callback_uri = version, body.callback_uri
            self._context = body.operation_context
            self.state = CallState.CONNECTING
            self.later(REACH_TICKS, lambda: self._fail("CreateCallFailed", UNREACHABLE))
        else:
            self.answer(body, version, connect_ticks=REACH_TICKS)

    def reject(self, reason: str) -> None:
        """The app does not want the call. No event says so."""
        self._finish("rejected", REJECTED[reason])

    def redirect(self) -> None:
        """The app sends the call elsewhere. No event says so."""
        self._finish("redirected", REDIRECTED)

    def unroutable(self) -> None:
        """The call could not be announced to the app."""
        self._finish("failed", UNREACHABLE)

    def _ring_out(self) -> None:
        if self.state is CallState.RINGING:
            self._finish("no_answer", NO_ANSWER)

    def _connect(self) -> None:
        self.state = CallState.CONNECTED
        self._connected_at = self._now()
        self._emit(CallEvent("CallConnected", context=self._context))
        self.roster.open(self.caller, self._settings.app)
        self._outside.to_phone(self, {"type": "answered", "call_connection_id": self.id})

    # -- what the phone does

    def phone_said(self, pcm: bytes) -> None:
        """Audio from the phone: PCM16LE 24 kHz mono, any length."""
        self.line.caller.put(pcm)

    def phone_pressed(self, keys: str) -> None:
        """Keys of the phone. Unknown ones are left out."""
        for key in keys.upper():
            tone = TONE_OF_KEY.get(key)
            if tone is None or self.state is not CallState.CONNECTED:
                continue
            frame = None if self.stream is None else self.stream.dtmf(key)
            if frame is not None:
                self._outside.to_media(self, frame)
            if self._dtmf is not None:
                self._dtmf_sequence += 1
                data = {"sequenceId": self._dtmf_sequence, "tone": tone}
                event = CallEvent(
                    "ContinuousDtmfRecognitionToneReceived", COMPLETED, self._dtmf.operation_context, data
                )
                self._emit(event, self._dtmf.operation_callback_uri)

    def phone_hung_up(self) -> None:
        """The caller hangs up, or the phone is gone."""
        if self.state is CallState.CONNECTING:
            self._fail("AnswerFailed", CANCELLED_BY_CALLER, reason="caller_hung_up")
        else:
            self._finish("caller_hung_up", ENDED_BY_CALLER)

    # -- what the app does to a connected call

    def require_connected(self) -> None:
        """Raise `ServiceError` unless mid-call operations are possible now."""
        if self.state is not CallState.CONNECTED:
            raise ServiceError(403, "8501", f"Action is invalid when the call is {self.state.value}.")

    def hang_up(self) -> None:
        """The app leaves or ends the call. With one phone on it, both end it."""
        self._finish("agent_hung_up", ENDED_BY_APP)

    def transfer(self, body: bodies.Transfer, *, picked_up: bool = True) -> None:
        """Hand the caller to somebody else, who picks up unless they cannot be reached; the app is off the
        call when that works."""
        target = complete(body.target_participant, "targetParticipant")
        context = body.custom_calling_context or bodies.CustomCallingContext()
        attempt = Transfer(target.address, context.sip_headers, context.voip_headers)
        self.transfers.append(attempt)
        self.state = CallState.TRANSFERRING

        def settle() -> None:
            if not picked_up or target.address in self._settings.unreachable:
                attempt.state, self.state = "failed", CallState.CONNECTED
                event = CallEvent("CallTransferFailed", UNREACHABLE, body.operation_context)
                self._emit(event, body.operation_callback_uri)
                return
            attempt.state = "accepted"
            data = {"transferTarget": target, "transferee": self.caller}
            event = CallEvent("CallTransferAccepted", COMPLETED, body.operation_context, data)
            self._emit(event, body.operation_callback_uri)
            self.later(LEAVE_TICKS, lambda: self._finish("transferred", ENDED_BY_CALLER))

        self.later(REACH_TICKS, settle)

    def remove(self, identifier: Identifier, body: bodies.RemoveParticipant) -> None:
        """Take somebody off the call; without the caller it ends."""
        self.roster.remove(identifier, body)
        if self.roster.is_caller(identifier):
            self.hang_up()

    def start_dtmf(self, body: bodies.TargetOperation) -> None:
        """Report keys as events from now on."""
        self._dtmf = body

    def stop_dtmf(self, body: bodies.TargetOperation) -> None:
        """Report keys no longer; the event confirms it."""
        self._dtmf = None
        event = CallEvent("ContinuousDtmfRecognitionStopped", COMPLETED, body.operation_context)
        self._emit(event, body.operation_callback_uri)

    def start_streaming(self, body: bodies.Operation) -> None:
        """Open the media socket the app described when it answered."""
        if self.stream is None:
            raise ServiceError(
                400, "BadRequest", "Media streaming was not set up when the call was answered."
            )
        if not self.stream.start(body.operation_context, body.operation_callback_uri):
            raise ServiceError(400, "BadRequest", "Media streaming is active already.")
        self._outside.open_media(self)

    def stop_streaming(self, body: bodies.Operation) -> None:
        """Close the media socket; the call goes on."""
        if self.stream is None or not self.stream.wanted:
            raise ServiceError(400, "BadRequest", "Media streaming is not active.")
        self._outside.close_media(self)
        self.stream.stop(body.operation_context, body.operation_callback_uri)

    # -- recordings

    def record(self, body: bodies.StartRecording) -> Recording:
        """Start a recording of this call."""
        recording = Recording(
            self._settings.recordings,
            call_connection_id=self.id,
            callback_uri=body.recording_state_callback_uri,
            channels=body.recording_channel_type,
            paused=body.pause_on_start,
            started_at=timestamp(self._now()),
        )
        self.recordings[recording.id] = recording
        self.report_recording(recording)
        return recording

    def report_recording(self, recording: Recording) -> None:
        """Send RecordingStateChanged, when the app gave an address for it."""
        if recording.callback_uri is None:
            return
        data = {
            "recordingId": recording.id,
            "state": recording.state,
            "startDateTime": recording.started_at,
            "recordingKind": "azureCommunicationServices",
        }
        source = f"calling/recordings/{self.server_call_id}/{recording.id}/RecordingStateChanged"
        event = CallEvent("RecordingStateChanged", data=data)
        self._outside.callback(self, event, recording.callback_uri, source)

    # -- the end

    def _fail(self, kind: str, why: Result, *, reason: str = "failed") -> None:
        """The call never came about: one event says so in place of CallDisconnected."""
        self._emit(CallEvent(kind, why, self._context))
        self._callback_uri = ""
        self._finish(reason, why)

    def _finish(self, reason: str, why: Result) -> None:
        if self.ended:
            return
        self.operations.cancel_all()
        for recording in self.recordings.values():
            if recording.stop():
                self.report_recording(recording)
        if self.stream is not None and self.stream.wanted:
            self._outside.close_media(self)
            self.stream.stop()
        self.state = CallState.DISCONNECTED
        self.end_reason = reason
        self._emit(CallEvent("CallDisconnected", why, self._context))
        message = {"type": "ended", "reason": reason, "code": why.code, "sub_code": why.sub_code}
        self._outside.to_phone(self, message)

    def _emit(self, event: CallEvent, uri: str | None = None) -> None:
        # A call that was never answered, or has failed, has nobody to tell.
        if self._callback_uri:
            self._outside.callback(self, event, uri or self._callback_uri, None)
