"""Trouble on request: what can be made to go wrong in a session, and which sessions it hits."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

_Wait = Annotated[int, Meta(ge=0, le=600_000)]


class Faults(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What goes wrong in one session. Nothing does unless set. `FAULT_HELP` says what each field does."""

    connect_delay_ms: _Wait = 0
    refuse_status: Literal[0, 401, 403, 404, 429, 500, 503] = 0
    expire_after_ms: _Wait | None = None
    drop_after_ms: _Wait | None = None
    drop_after_audio_deltas: Annotated[int, Meta(ge=1)] | None = None
    event_latency_ms: _Wait = 0
    response_latency_ms: _Wait = 0
    error_code: str | None = None
    error_on: str = "response.create"
    error_times: Annotated[int, Meta(ge=1)] = 1
    transcription_failed: bool = False
    no_reply: bool = False


FAULT_HELP = {
    "connect_delay_ms": "wait this long before answering the handshake",
    "refuse_status": "refuse the handshake with this HTTP status (401, 403, 404, 429, 500 or 503)",
    "expire_after_ms": "end the session, as its `expires_at` says, this long after the handshake",
    "drop_after_ms": "drop the socket, without a close frame, this long after the handshake",
    "drop_after_audio_deltas": "drop the socket, in the middle of a response, after this many audio deltas",
    "event_latency_ms": "hold every server event back this long",
    "response_latency_ms": "think this much longer before each response the client did not write itself",
    "error_code": "answer the client event named by error_on with an `error` event of this code",
    "error_on": "the client event error_code is for; response.create also covers replies started by speech",
    "error_times": "how many times in a session error_code is given",
    "transcription_failed": "report each transcription as failed; the reply still comes",
    "no_reply": "start no response at all",
}
"""One sentence a field, for `--help`."""

NO_FAULTS = Faults()


class FaultOrder(Faults, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of `POST /faults`: the faults, and the next how many sessions they hit."""

    sessions: Annotated[int, Meta(ge=1)] | Literal["all"] = "all"
    drop_now: bool = False
    """Whether the sockets of all sessions that run are dropped, without a close frame."""


class FaultPlan:
    """Which faults the next session gets: orders for a number of sessions first, then the standing order."""

    def __init__(self, standing: Faults = NO_FAULTS) -> None:
        self._at_start = standing
        self.standing = standing
        self._counted: list[tuple[int, Faults]] = []

    def order(self, order: FaultOrder) -> None:
        faults = Faults(**{name: getattr(order, name) for name in Faults.__struct_fields__})
        if order.sessions == "all":
            self.standing = faults
        else:
            self._counted.append((order.sessions, faults))

    def clear(self) -> None:
        """Back to the faults given on the command line."""
        self.standing = self._at_start
        self._counted.clear()

    def take(self) -> Faults:
        """The faults of a session that begins now; it has been admitted and can be upgraded."""
        if not self._counted:
            return self.standing
        left, faults = self._counted[0]
        if left == 1:
            del self._counted[0]
        else:
            self._counted[0] = (left - 1, faults)
        return faults
