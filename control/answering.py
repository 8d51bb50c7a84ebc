"""What the control plane does about calls: answer them, follow them to their end, close what was left open.

Plain functions; the store, the phone network and the time are handed in.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from azure.core.exceptions import AzureError

from control.admitting import Gate
from control.waiting import Queue
from shared.acs_events import IncomingCall
from shared.admission import Channel, Full
from shared.auth import new_secret, secret_hash
from shared.call_claim import RING, release, ring_left, take_over
from shared.call_media import MOST_RESTARTS, is_answered, is_mute, is_restartable, restarted
from shared.call_store import CallStore, UpdateConflictError
from shared.calls import Call, CallEvent, CallState, EventKind, apply, is_given_up, is_silent
from shared.clock import utc_now
from shared.telephony import Telephony, TelephonyError
from shared.tracing import NO_TRACES, Traces
from shared.waiting_queue import Waiting

_log = logging.getLogger(__name__)

_REQUEST_IDS: Final = uuid.UUID("6f1c2a52-0d0c-5b39-9c39-6a0b7d1c9e44")
"""Name space of the repeatability ids: one call, one id, whichever process answers."""

SWEEP_AFTER: Final = RING + timedelta(seconds=30)
"""Age at which a call that has not connected is looked into: the ring, and time for a late callback."""
SWEEP_CONNECTED_AFTER: Final = timedelta(minutes=2)
"""Age at which a connected call is looked into. Its end is normally reported by callback within a second."""
LONGEST_CALL: Final = timedelta(minutes=60)
"""Nobody is on the line any more: Voice Live ends a session before that, and the bridge earlier still."""
_SWEEP_AT_ONCE: Final = 8


class Answer(StrEnum):
    """What became of an IncomingCall event."""

    ANSWERED = "answered"
    QUEUED = "queued"
    """No bridge can hold the call: it is answered, and waits in line."""
    DUPLICATE = "duplicate"
    """Somebody else has it: answered, being answered, or over."""
    TOO_LATE = "too late"
    """The event came after the ring; the call is on record as missed."""
    GONE = "gone"
    """The caller had hung up."""
    REFUSED = "refused"
    """Call Automation does not accept our answer."""
    REJECTED = "rejected"
    """No bridge can hold the call: the caller hears that the line is busy."""
    REDIRECTED = "redirected"
    """No bridge can hold the call: it rings elsewhere."""


class AnsweredUnseenError(Exception):
    """The call is answered, and the store could not be told: `note_answered` tells it."""

    def __init__(self, answered: CallEvent, *, queued: bool) -> None:
        super().__init__("answered, and not on record so")
        self.answered = answered
        self.queued = queued


@dataclass(frozen=True, slots=True)
class Line:
    """The store, the phone network, the time, and where both planes are reached from outside."""

    calls: CallStore
    telephony: Telephony
    callback_base_url: str
    media_base_url: str
    clock: Callable[[], datetime] = utc_now
    traces: Traces = NO_TRACES
    gate: Gate | None = None
    """Left out, every call is let in."""
    queue: Queue | None = None
    """Left out, nobody waits in line."""


async def answer_incoming(line: Line, incoming: IncomingCall, secret: str = "") -> Answer:
    """Answer a ringing phone once, however often and wherever its event is delivered.

    The record is inserted first: who inserts it, answers. A claim whose holder died is taken over by a later
    delivery; both send one repeatability id, so that Call Automation answers once even if the first got
    through.

    Args:
        secret: of the addresses that the answer carries; the same again, for who tries again.

    Raises:
        TelephonyError: Call Automation has trouble of its own. The claim is given up, and the error asks
            Event Grid to deliver again, which it does within the ring.
        azure.core.exceptions.AzureError, UpdateConflictError: the store has trouble, and the call is not
            answered; try again.
        AnsweredUnseenError: the store has trouble, and the call is answered.
    """
    now = line.clock()
    secret = secret or new_secret()
    call = Call(
        id=incoming.call_id,
        rang_at=incoming.rang_at,
        claimed_at=now,
        caller=incoming.caller,
        called=incoming.called,
        correlation_id=incoming.correlation_id,
        server_call_id=incoming.server_call_id,
        secret_hashes=(secret_hash(secret),),
    )
    if ring_left(call, now) <= timedelta(0):
        missed = apply(call, CallEvent(EventKind.RING_ENDED, call.rang_at + RING))
        return Answer.TOO_LATE if await line.calls.claim(missed) else Answer.DUPLICATE
    first = await line.calls.claim(call)
    if not first and not await _take_over(line, call):
        return Answer.DUPLICATE
    waiting = None if first else await _seat_of(line, call)
    admitted = None if line.gate is None or waiting is not None else await line.gate.admit(call.id, now)
    if line.gate is not None and isinstance(admitted, Full):
        waiting = None if line.queue is None else await line.queue.join(call, now)
        if waiting is None:
            return await _turn_away(line, line.gate, incoming, call, admitted, first=first)
    if waiting is not None:
        # First, callbacks may be fast; and whoever took the seat may not have lived to write it down.
        await follow(line, call.id, [CallEvent(EventKind.QUEUED, now)])
    try:
        connection = await line.telephony.answer(
            incoming_call_context=incoming.context,
            callback_url=f"{line.callback_base_url}/api/calls/{call.id}/events/{secret}",
            transport_url=f"{line.media_base_url}/acs/{call.id}/{secret}",
            operation_context=call.id,
            request_id=str(uuid.uuid5(_REQUEST_IDS, call.id)),
            first_sent=call.rang_at,
            streams=waiting is None,
        )
    except TelephonyError as error:
        if line.gate is not None and isinstance(admitted, Channel) and not error.transient:
            await line.gate.give_back(admitted)
        if line.queue is not None and waiting is not None and not error.transient:
            await line.queue.store.leave(waiting)
        return await _not_answered(line, call, error, first=first)
    answered = CallEvent(EventKind.ANSWERED, line.clock(), call_connection_id=connection)
    try:
        await note_answered(line, call.id, answered, queued=waiting is not None)
    except (AzureError, UpdateConflictError) as error:
        raise AnsweredUnseenError(answered, queued=waiting is not None) from error
    return Answer.ANSWERED if waiting is None else Answer.QUEUED


async def note_answered(line: Line, call_id: str, answered: CallEvent, *, queued: bool) -> None:
    """Write down that a call is answered. Twice is once."""
    connection = answered.call_connection_id
    await follow(line, call_id, [answered])
    if line.queue is not None and queued:
        await line.queue.store.update(
            call_id, lambda one: replace(one, connection=one.connection or connection)
        )


async def follow(line: Line, call_id: str, events: Sequence[CallEvent]) -> Call | None:
    """Bring the record up to date with `events`, and end a call that is up but silent.

    A media stream that failed for good is begun anew, a few times: the failure is then not on record.

    Returns the record; None when there is no such call.
    """
    if any(event.kind is EventKind.MEDIA_FAILED for event in events):
        events = await _without_restarted(line, call_id, events)
    call = await line.calls.update(call_id, lambda known: functools.reduce(apply, events, known))
    if call is not None and is_silent(call):
        await _hang_up(line, call)
    return call


async def _without_restarted(line: Line, call_id: str, events: Sequence[CallEvent]) -> list[CallEvent]:
    """The events but for failures of the media stream after which it could be begun anew, now or before: a
    callback that comes twice or late begins nothing, and ends nothing."""
    call = await line.calls.get(call_id)
    if call is None:
        return list(events)
    events = [event for event in events if not is_answered(call, event)]
    failures = [event for event in events if is_restartable(call, event)]
    connection = next((event.call_connection_id for event in failures), "") or call.call_connection_id
    if not failures or not connection:
        return list(events)
    failed_at, ours = max(event.at for event in failures), False

    def count(known: Call) -> Call:
        nonlocal ours
        counted = restarted(known, failed_at)
        ours = counted is not known
        return counted

    await line.calls.update(call_id, count)  # first, so that it stays bounded whatever comes of it
    if not ours:  # a duplicate was quicker
        return [event for event in events if event not in failures]
    try:
        await line.telephony.start_media(connection)
    except TelephonyError as error:
        _log.warning("call %s: media stream not begun anew: %s", call_id, error)
        return list(events)
    _log.warning("call %s: media stream begun anew", call_id)
    return [event for event in events if event not in failures]


async def sweep(line: Line) -> None:
    """Close the records of calls that ended without telling us, and end those that should have ended.

    Reads the index of open calls, so it costs what is open now.

    Raises:
        azure.core.exceptions.AzureError: the index cannot be read.
    """
    now = line.clock()
    at_once = asyncio.Semaphore(_SWEEP_AT_ONCE)

    async def look_into(call_id: str) -> None:
        async with at_once:
            try:
                call = await line.calls.open_call(call_id)
                if call is not None and _is_due(call, now):
                    await _look_into(line, call)
            except (AzureError, TelephonyError, UpdateConflictError) as error:
                # The next sweep comes in a minute; the other calls do not wait for it.
                _log.warning("call %s: not swept: %s", call_id, type(error).__name__)
            except Exception:
                _log.exception("call %s: not swept", call_id)  # a row that nobody understands

    async with asyncio.TaskGroup() as group:
        for call_id in await line.calls.open_ids(now - SWEEP_AFTER):
            group.create_task(look_into(call_id))


async def _take_over(line: Line, call: Call) -> bool:
    """Whether the claim on the call is now ours: its holder's time had run out and nobody had answered."""
    ours = call.secret_hashes
    held = await line.calls.update(call.id, lambda known: take_over(known, ours[0], call.claimed_at))
    return held is not None and held.secret_hashes[:1] == ours


async def _seat_of(line: Line, call: Call) -> Waiting | None:
    """The seat that whoever held the claim before us had for the call: it may have been answered for it."""
    return None if line.queue is None else await line.queue.store.find(call.id)


async def _turn_away(
    line: Line, gate: Gate, incoming: IncomingCall, call: Call, full: Full, *, first: bool
) -> Answer:
    """The call cannot be held: it ends before it is answered."""
    try:
        redirected = await gate.turn_away(incoming)
    except TelephonyError as error:
        return await _not_answered(line, call, error, first=first)
    answer = Answer.REDIRECTED if redirected else Answer.REJECTED
    _log.warning("call %s: %s, %s", call.id, full, answer)
    await follow(line, call.id, [CallEvent(EventKind.REJECTED, line.clock(), f"{full}, {answer}")])
    return answer


async def _not_answered(line: Line, call: Call, error: TelephonyError, *, first: bool) -> Answer:
    """Put a failed answer on record, or leave the call to the next delivery of its event."""
    if error.transient:
        await line.calls.update(call.id, lambda known: release(known, call.secret_hashes[0]))
        raise error
    _log.warning("call %s: %s", call.id, error)
    if not first:
        # The holder before us may have been answered and not lived to record it, which would explain a
        # refusal. Callbacks or the sweep know better than we do.
        return Answer.REFUSED
    kind = EventKind.CALLER_LEFT if error.gone else EventKind.ANSWER_FAILED
    await follow(line, call.id, [CallEvent(kind, line.clock(), f"HTTP {error.status}")])
    return Answer.GONE if error.gone else Answer.REFUSED


async def _hang_up(line: Line, call: Call) -> None:
    if not call.call_connection_id:
        return  # the answer is still on its way; `follow` comes here again when it is recorded
    try:
        await line.telephony.hang_up(call.call_connection_id)
    except TelephonyError as error:
        _log.warning("call %s: still up: %s; the sweep tries again", call.id, error)


def _is_due(call: Call, now: datetime) -> bool:
    """Whether the sweep looks into an open call that is older than SWEEP_AFTER."""
    well = call.state is CallState.CONNECTED and not is_given_up(call)
    return not well or call.rang_at < now - SWEEP_CONNECTED_AFTER


async def _look_into(line: Line, call: Call) -> None:
    """Ask Call Automation about a call and record its end if it is over."""
    if call.talk is not None and call.state is CallState.CONNECTED:
        # It knows nothing of talks from the page: the bridge tells their end, unless it died.
        if call.rang_at < line.clock() - LONGEST_CALL:
            await follow(line, call.id, [CallEvent(EventKind.LOST, line.clock())])
    elif not call.call_connection_id:
        await follow(line, call.id, [CallEvent(EventKind.RING_ENDED, call.rang_at + RING)])
    elif (state := await line.telephony.state(call.call_connection_id)) in (None, "disconnected"):
        await follow(line, call.id, [CallEvent(EventKind.LOST, line.clock())])
    elif is_given_up(call) or call.rang_at < line.clock() - LONGEST_CALL:
        await _hang_up(line, call)
    elif state == "connected" and is_mute(call):
        await _give_voice(line, call)


async def _give_voice(line: Line, call: Call) -> None:
    """Begin the media stream of a call in which nobody has ever spoken; end the call when that does not help.

    It may have been up all the time, and not on record yet: then Call Automation refuses, which is no harm.
    """
    if call.media_restarts >= MOST_RESTARTS:
        _log.error("call %s: nobody ever spoke in it", call.id)
        given_up = await follow(line, call.id, [CallEvent(EventKind.FAILED, line.clock(), "no media")])
        if given_up is not None and is_given_up(given_up):
            await _hang_up(line, given_up)
        return
    known = await line.calls.update(call.id, lambda one: restarted(one, None) if is_mute(one) else one)
    if known is not None and is_mute(known):
        _log.warning("call %s: no media yet, begun anew", call.id)
        await line.telephony.start_media(call.call_connection_id)
