"""What a call is, and how its record follows what happens to it.

No I/O and no clock. `apply` folds one `CallEvent` into a `Call`. Callbacks arrive at least once and in no
order (Call Automation promises neither), so every fact is merged by a rule that ignores order: the earliest
time wins, the more telling end reason wins, and state and outcome are worked out anew from the facts. Two
processes that saw the same events in another order hold the same record.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from shared.call_ids import derive_call_id as derive_call_id  # ids are part of what a call is
from shared.call_ids import is_call_id as is_call_id
from shared.call_ids import partition_of as partition_of
from shared.call_ids import rang_at as rang_at


class CallState(StrEnum):
    """How far a call has come. ENDED is final."""

    CLAIMED = "claimed"
    ANSWERED = "answered"
    CONNECTED = "connected"
    ENDED = "ended"


class Outcome(StrEnum):
    """What an ended call came to."""

    COMPLETED = "completed"
    MISSED = "missed"
    TRANSFERRED = "transferred"
    """A person took the call."""
    REJECTED = "rejected"
    """We turned it away: before the answer, or after it had waited in line for as long as it may."""
    GAVE_UP = "gave_up"
    """The caller hung up while they waited in line for a place."""
    FAILED = "failed"


class TransferState(StrEnum):
    """How far the latest hand-over to a person has come, in that order. ACCEPTED takes the call from us."""

    NONE = ""
    STARTED = "started"
    FAILED = "failed"
    ACCEPTED = "accepted"


class EventKind(StrEnum):
    """What can happen to a call."""

    ANSWERED = "answered"
    """Call Automation accepted our answer."""
    CONNECTED = "connected"
    """Callback CallConnected."""
    QUEUED = "queued"
    """It is about to be answered without its audio, and waits in line for a place."""
    CALLED = "called"
    """It has a place: its turn in line has come."""
    MEDIA_CONNECTED = "media_connected"
    """The bridge took the media socket; `detail` names the model that answers."""
    MEDIA_FAILED = "media_failed"
    """Callback MediaStreamingFailed: the call is up and silent, somebody must hang up."""
    FAILED = "failed"
    """We gave the call up; `detail` says why. It ends when Call Automation says so."""
    HUNG_UP = "hung_up"
    """We hung up on purpose, after a goodbye. It ends when Call Automation says so."""
    REJECTED = "rejected"
    """We turned the call away before answering."""
    CALLER_LEFT = "caller_left"
    """The caller hung up before we had answered."""
    RING_ENDED = "ring_ended"
    """Nobody answered within the ring."""
    ANSWER_FAILED = "answer_failed"
    """Call Automation refused our answer, or callback AnswerFailed."""
    DISCONNECTED = "disconnected"
    """Callback CallDisconnected; `detail` is "code/subCode"."""
    MEDIA_CLOSED = "media_closed"
    """The media socket closed, so the bridge hung up; `detail` is its close code, "no pong" or "no frames".
    Mostly the caller left."""
    LOST = "lost"
    """Call Automation knows the call no more and no callback told us."""
    MOVED = "moved"
    """Another bridge has the call now. Changes nothing on the record."""
    GREETED = "greeted"
    """The first audio of the greeting was written to the carrier; `ms` says how long that took."""
    TRANSFER_STARTED = "transfer_started"
    """The bridge asks Call Automation for a hand-over; `transfer` numbers it, `summary` goes with it."""
    TRANSFER_FAILED = "transfer_failed"
    """Callback CallTransferFailed, or the request was refused: the caller is still with us."""
    TRANSFER_ACCEPTED = "transfer_accepted"
    """Callback CallTransferAccepted: a person has the caller, and our side of the call ends."""


_ENDS = frozenset(
    {
        EventKind.REJECTED,
        EventKind.CALLER_LEFT,
        EventKind.RING_ENDED,
        EventKind.ANSWER_FAILED,
        EventKind.DISCONNECTED,
        EventKind.LOST,
    }
)

_REASONS = (
    EventKind.TRANSFER_ACCEPTED,
    EventKind.REJECTED,
    EventKind.FAILED,
    EventKind.HUNG_UP,
    EventKind.MEDIA_FAILED,
    EventKind.ANSWER_FAILED,
    EventKind.CALLER_LEFT,
    EventKind.DISCONNECTED,
    EventKind.MEDIA_CLOSED,
    EventKind.RING_ENDED,
    EventKind.LOST,
)
"""Kinds that explain an end, the most telling first. What we did on purpose goes before what Call
Automation then reports, because hanging up makes it report a disconnect and sometimes a broken media
stream. A person taking the call goes before everything, because that takes the media stream away."""

_FAULTS = frozenset({EventKind.FAILED, EventKind.MEDIA_FAILED, EventKind.ANSWER_FAILED})

_TRANSFERS = {
    EventKind.TRANSFER_STARTED: TransferState.STARTED,
    EventKind.TRANSFER_FAILED: TransferState.FAILED,
    EventKind.TRANSFER_ACCEPTED: TransferState.ACCEPTED,
}


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One thing that happened to a call."""

    kind: EventKind
    at: datetime
    """Aware, any zone."""
    detail: str = ""
    """A short reason for the record; never personal data."""
    call_connection_id: str = ""
    transfer: int = 0
    """TRANSFER_ kinds: which hand-over of the call this is about, from 1; 0 when that is not known."""
    summary: str = field(default="", repr=False)
    """TRANSFER_STARTED: what the person is told about the call."""
    ms: int | None = None
    """GREETED: from the media socket to the first audio of the greeting."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What somebody who talks from the page has chosen. A call has one exactly if it came from there."""

    user: str = field(repr=False)
    """Who was given the token of the media socket."""
    origin: str
    """Where the page came from: "https://host". The browser tells it when it opens the socket."""
    language: str = ""
    """Of the greeting; empty for the agent's default."""
    voice: str = ""
    """Name of the voice; empty for the agent's."""
    prompt: str = field(default="", repr=False)
    """In place of prompt.md; empty for that."""


@dataclass(frozen=True, slots=True)
class Call:
    """The record of one call, as stored."""

    id: str
    rang_at: datetime
    """Time of the IncomingCall event, UTC."""
    claimed_at: datetime
    """When the present holder of the claim took it, UTC."""
    caller: str = field(default="", repr=False)
    """Raw id, such as 4:+15550100 or 8:acs:...; empty when withheld."""
    called: str = field(default="", repr=False)
    correlation_id: str = ""
    server_call_id: str = ""
    call_connection_id: str = ""
    secret_hashes: tuple[str, ...] = ()
    """sha256 of the URL secrets of this call, the newest first."""
    state: CallState = CallState.CLAIMED
    outcome: Outcome | None = None
    """Set once the call has ended."""
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    queued_at: datetime | None = None
    """When it was put in line, for want of a place."""
    called_at: datetime | None = None
    """When it had a place after that."""
    media_connected_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str = ""
    """"kind" or "kind: detail". May stand before the end: then it says why the call is about to end."""
    greeting_ms: int | None = None
    """From the media socket to the first audio of the greeting written to the carrier."""
    transfer: int = 0
    """Number of the latest hand-over to a person; 0 when there was none. The next one is this plus one."""
    transfer_state: TransferState = TransferState.NONE
    """How far that hand-over has come."""
    transfer_detail: str = ""
    """Why it failed: "code/subCode" of the callback, or what Call Automation said to our request."""
    transferred_at: datetime | None = None
    """When a person took the call."""
    summary: str = field(default="", repr=False)
    """What the person was told about the call with that hand-over."""
    talk: Talk | None = None
    """Set when the call came from the page."""
    model: str = ""
    """What answered: a model of Voice Live, or an agent of Foundry."""
    media_owner: str = ""
    """The bridge that has, or last had, the media socket."""
    media_epoch: int = 0
    """How often a bridge has taken the call: who took it last speaks in it, and nobody else."""
    media_restarts: int = 0
    """How often the media stream was begun anew after it had failed for good."""
    media_failed_at: datetime | None = None
    """When it failed, the last time it was begun anew."""
    forgotten: bool = False
    """Its caller wanted to be forgotten: no word of the call may be written any more."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said in one go. Times are UTC; `seq` counts from 0 over turns and tools together."""

    seq: int
    role: Literal["caller", "agent"]
    text: str = field(repr=False)
    started_at: datetime
    ended_at: datetime
    latency_ms: int | None = None
    """Agent turns: from the caller's last speech to the first audio frame written to the carrier."""
    interrupted: bool = False
    heard_ms: int | None = None
    """Agent turns: how much the caller heard before talking over it."""
    item_id: str = ""
    first_audio_ms: int | None = None
    """Agent turns: from the caller's last speech to the first audio received from the model."""
    transcript_ms: int | None = None
    """Caller turns: from the end of speech to its transcript."""
    tool_ms: int | None = None
    """Agent turns: how long the tools took that the turn waited for."""
    filler: bool | None = None
    """Agent turns: whether the wait for them was bridged with a filler."""
    interrupted_ms: int | None = None
    """Agent turns: from the beginning of its audio to where the caller talked over it."""
    input_tokens: int | None = None
    """Agent turns: tokens the response took in, cached ones included."""
    output_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One tool the model ran. `arguments` and `result` are JSON texts."""

    seq: int
    name: str
    arguments: str = field(repr=False)
    result: str = field(repr=False)
    ms: int
    started_at: datetime


def apply(call: Call, event: CallEvent) -> Call:
    """The record after `event`. Order and repetition of events do not matter to the final record."""
    kind, at = event.kind, event.at.astimezone(UTC)
    merged = replace(
        call,
        call_connection_id=call.call_connection_id or event.call_connection_id,
        answered_at=_earliest(call.answered_at, at, kind is EventKind.ANSWERED),
        connected_at=_earliest(call.connected_at, at, kind is EventKind.CONNECTED),
        queued_at=_earliest(call.queued_at, at, kind is EventKind.QUEUED),
        called_at=_earliest(call.called_at, at, kind is EventKind.CALLED),
        media_connected_at=_earliest(call.media_connected_at, at, kind is EventKind.MEDIA_CONNECTED),
        ended_at=_earliest(call.ended_at, at, kind in _ENDS),
        transferred_at=_earliest(call.transferred_at, at, kind is EventKind.TRANSFER_ACCEPTED),
        end_reason=_more_telling(call.end_reason, event),
        greeting_ms=_least(call.greeting_ms, event.ms if kind is EventKind.GREETED else None),
        model=max(call.model, event.detail if kind is EventKind.MEDIA_CONNECTED else ""),
    )
    merged = _with_transfer(merged, event)
    return replace(merged, state=_state(merged), outcome=_outcome(merged))


def never_called(call: Call) -> bool:
    """Whether the call was put in line and has had no place since."""
    return call.queued_at is not None and call.called_at is None and call.media_connected_at is None


def talks_from(call: Call) -> datetime | None:
    """When the conversation began; None while there is none. Who waits in line talks with nobody yet."""
    return call.media_connected_at or (call.connected_at if call.queued_at is None else None)


def is_waiting(call: Call) -> bool:
    """Whether the call waits in line for a place."""
    return call.state is not CallState.ENDED and never_called(call)


def is_silent(call: Call) -> bool:
    """Whether the call is up but nobody can be heard on it, so that somebody has to hang up.

    Not while a person may be about to take it: the media stream may go before the callback that says so.
    """
    settled = call.transfer_state is not TransferState.STARTED
    return settled and is_given_up(call) and _reason_kind(call.end_reason) is EventKind.MEDIA_FAILED


def is_given_up(call: Call) -> bool:
    """Whether somebody decided to end the call and it has not ended yet: a hang-up may have got lost.

    A call that a person took is theirs: hanging up for everyone would cut the caller off from them.
    """
    return call.state is not CallState.ENDED and call.end_reason != "" and call.transferred_at is None


def _earliest(known: datetime | None, at: datetime, applies: bool) -> datetime | None:
    if not applies:
        return known
    return at if known is None else min(known, at)


def _least(known: int | None, other: int | None) -> int | None:
    return min((n for n in (known, other) if n is not None), default=None)


def _with_transfer(call: Call, event: CallEvent) -> Call:
    """The record after what `event` says about a hand-over. The latest one counts: a higher number starts
    anew, a lower one is over. Within one, the later state, the summary and a reason each stay."""
    state = _TRANSFERS.get(event.kind)
    if state is None or event.transfer < call.transfer:
        return call
    same = event.transfer == call.transfer
    why = event.detail if event.kind is EventKind.TRANSFER_FAILED else ""
    return replace(
        call,
        transfer=event.transfer,
        transfer_state=max(call.transfer_state, state, key=list(TransferState).index) if same else state,
        transfer_detail=max(call.transfer_detail, why) if same else why,
        summary=max(call.summary, event.summary) if same else event.summary,
    )


def _more_telling(known: str, event: CallEvent) -> str:
    if event.kind not in _REASONS:
        return known
    reason = f"{event.kind}: {event.detail}" if event.detail else str(event.kind)
    # The text breaks ties between two reasons of one kind, so that the winner does not depend on order.
    return min((r for r in (known, reason) if r), key=lambda r: (_REASONS.index(_reason_kind(r)), r))


def _reason_kind(reason: str) -> EventKind:
    """The kind a stored reason begins with; LOST, the least telling, for an empty one."""
    return EventKind(reason.partition(":")[0]) if reason else EventKind.LOST


def _state(call: Call) -> CallState:
    if call.ended_at is not None:
        return CallState.ENDED
    if call.connected_at is not None or call.media_connected_at is not None:
        return CallState.CONNECTED
    return CallState.CLAIMED if call.answered_at is None else CallState.ANSWERED


def _outcome(call: Call) -> Outcome | None:
    """What the call came to, judged from the facts alone.

    A disconnect counts as a call that had been connected even when CallConnected never reached us: Call
    Automation sends it to the callback address, which it only has from our answer.
    """
    if call.ended_at is None:
        return None
    if call.transferred_at is not None:
        return Outcome.TRANSFERRED
    kind = _reason_kind(call.end_reason)
    if kind is EventKind.REJECTED:
        return Outcome.REJECTED
    if kind in _FAULTS:
        return Outcome.FAILED
    connected = call.connected_at is not None or call.media_connected_at is not None
    if never_called(call) and kind is EventKind.HUNG_UP:
        return Outcome.REJECTED
    if never_called(call) and (connected or kind is EventKind.DISCONNECTED):
        return Outcome.GAVE_UP
    if connected or kind in (EventKind.DISCONNECTED, EventKind.HUNG_UP):
        return Outcome.COMPLETED
    answered_in_vain = call.answered_at is not None and kind is not EventKind.CALLER_LEFT
    return Outcome.FAILED if answered_in_vain else Outcome.MISSED


if __name__ == "__main__":
    import sys

    from shared.calls_cli import main

    sys.exit(main(sys.argv[1:]))
