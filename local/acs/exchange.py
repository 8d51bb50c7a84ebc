"""All calls of the stand-in: who is ringing, who is connected, and which contexts may still be answered."""

import base64
import hashlib
import json
import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from local.acs import bodies
from local.acs.call import Call, CallSettings, CallState, Outside
from local.acs.errors import ServiceError
from local.acs.identifiers import Identifier, complete, identify
from local.acs.recording import Recording
from local.decoding import FieldError

MAX_CALLS = 200
"""Calls at once; a dial above it is refused."""

_REMEMBERED = 200


class Exchange:
    """Connects phones and the app. Call `tick` every 20 ms."""

    def __init__(
        self,
        settings: CallSettings,
        outside: Outside,
        now: Callable[[], datetime],
        numbers: frozenset[str] = frozenset(),
    ) -> None:
        self._settings = settings
        self._outside = outside
        self._now = now
        self._numbers = numbers
        self._active: dict[str, Call] = {}
        self._ended: deque[Call] = deque()
        self._by_context: dict[str, Call] = {}
        self._context_of: dict[str, str] = {}

    # -- phones

    def dial(self, caller: str, callee: str) -> tuple[Call, str]:
        """A phone calls the app.

        Returns the ringing call and its incomingCallContext. Raises `FieldError`.
        """
        source, target = identify(caller, "from"), identify(callee, "to")
        if self._numbers and callee not in self._numbers:
            raise FieldError("to", f"is not a number of this resource: {', '.join(sorted(self._numbers))}")
        call = self._new_call(source, target)
        context = _new_context()
        digest = _digest(context)
        self._by_context[digest] = call
        self._context_of[call.id] = digest
        return call, context

    def _new_call(self, caller: Identifier, callee: Identifier) -> Call:
        if len(self._active) >= MAX_CALLS:
            raise FieldError("to", f"is busy: {MAX_CALLS} calls are up")
        call = Call(
            caller,
            callee,
            settings=self._settings,
            outside=self._outside,
            server_call_id=_new_server_call_id(),
            now=self._now,
        )
        self._active[call.id] = call
        return call

    # -- the app, before a call is connected

    def answer(self, body: bodies.Answer, version: str) -> Call:
        """Answer a ringing call."""
        call = self._ringing(body.incoming_call_context)
        call.answer(body, version)
        return call

    def reject(self, body: bodies.Reject) -> None:
        """Decline a ringing call."""
        self._ringing(body.incoming_call_context).reject(body.call_reject_reason)

    def redirect(self, body: bodies.Redirect) -> None:
        """Send a ringing call to another target."""
        complete(body.target, "target")
        self._ringing(body.incoming_call_context).redirect()

    def create(self, body: bodies.Create, version: str) -> Call:
        """Call a simulated callee, who picks up unless the number is set not to."""
        target = complete(body.targets[0], "targets[0]")
        number = body.source_caller_id_number
        if target.phone_number is not None and number is None:
            raise FieldError("sourceCallerIdNumber", "is needed to call a phone number")
        source = (
            self._settings.app if number is None else identify(number.value, "sourceCallerIdNumber.value")
        )
        call = self._new_call(target, source)
        call.create(body, version)
        return call

    def _ringing(self, context: str) -> Call:
        call = self._by_context.get(_digest(context))
        if call is None:
            raise ServiceError.of_field(FieldError("incomingCallContext", "is no context of this resource"))
        if call.ended:
            raise ServiceError.call_not_found(f"It has ended: {call.end_reason}.")
        if call.state is not CallState.RINGING:
            raise ServiceError.call_not_found("It was answered already.")
        return call

    # -- the app, during a call

    def get(self, call_connection_id: str) -> Call:
        """A call that is up. Raises `ServiceError` 404."""
        call = self._active.get(call_connection_id)
        if call is None or call.ended or call.state is CallState.RINGING:
            raise ServiceError.call_not_found()
        return call

    def record(self, body: bodies.StartRecording) -> Recording:
        """Start a recording of the call the body points at."""
        if body.call_connection_id is not None:
            call = self.get(body.call_connection_id)
        elif body.call_locator is not None:
            call = self._with_server_id(body.call_locator.server_call_id)
        else:
            raise FieldError("callLocator", "missing; give it or callConnectionId")
        call.require_connected()
        return call.record(body)

    def recording(self, recording_id: str) -> tuple[Call, Recording]:
        """A recording that runs or ran, and its call. Raises `ServiceError` 404."""
        for call in (*self._active.values(), *self._ended):
            if recording_id in call.recordings:
                return call, call.recordings[recording_id]
        raise ServiceError(404, "8522", "Recording not found.", "recordingId")

    def _with_server_id(self, server_call_id: str) -> Call:
        for call in self._active.values():
            if call.server_call_id == server_call_id:
                return self.get(call.id)
        raise ServiceError.call_not_found()

    # -- time and inspection

    def tick(self) -> None:
        """20 ms pass for every call. The last 200 that ended are remembered."""
        for call in tuple(self._active.values()):
            call.tick()
            if call.ended:
                del self._active[call.id]
                self._ended.append(call)
        while len(self._ended) > _REMEMBERED:
            gone = self._ended.popleft()
            self._by_context.pop(self._context_of.pop(gone.id, ""), None)

    @property
    def active(self) -> tuple[Call, ...]:
        """The calls that ring or are up."""
        return tuple(self._active.values())

    def inspect(self) -> list[dict[str, Any]]:
        """State and counters of every call known, the newest first.

        For tests and for a look from a laptop.
        """
        return [_inspect(call) for call in reversed((*self._ended, *self._active.values()))]


def _inspect(call: Call) -> dict[str, Any]:
    line, stream = call.line, call.stream
    return {
        "call_connection_id": call.id,
        "correlation_id": call.correlation_id,
        "server_call_id": call.server_call_id,
        "state": call.state.value,
        "end_reason": call.end_reason,
        "ticks": line.ticks,
        "caller_gaps": line.gaps,
        "caller_queued_ms": line.caller.queued_ms,
        "caller_dropped_bytes": line.caller.dropped_bytes,
        "agent_queued_ms": line.agent.queued_ms,
        "agent_dropped_bytes": line.agent.dropped_bytes,
        "agent_played_bytes": line.played_bytes,
        "media": None if stream is None else {"up": stream.up, **stream.subscription(), **stream.counters},
        "transfers": call.transfers,
        "recordings": {recording.id: str(recording.path) for recording in call.recordings.values()},
    }


def _digest(context: str) -> str:
    # The context is a credential: it is looked up by its hash, and never kept.
    return hashlib.sha256(context.encode()).hexdigest()


def _new_context() -> str:
    """A token like the service's.

    An unsigned JWT around opaque parts, about 9 kB, worth nothing elsewhere.
    """
    header = _segment({"alg": "none", "typ": "JWT"})
    payload = _segment({"cc": secrets.token_urlsafe(3000), "shrToken": secrets.token_urlsafe(1800)})
    return f"{header}.{payload}.{secrets.token_urlsafe(256)}"


def _segment(value: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _new_server_call_id() -> str:
    """Base64url text around an address of the conversation, as the service's are."""
    address = f"https://conversation.local/conv/{secrets.token_urlsafe(16)}?i=0&e={secrets.randbelow(10**18)}"
    return base64.urlsafe_b64encode(address.encode()).decode()
