"""What becomes of callers in line: announcements, a place, a person or a goodbye.

Nothing waits in a process: what is due stands in the rows of the queue, and whoever hears of anything, or the
timer, does it. See `shared.waiting_queue` for the rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from azure.core.exceptions import AzureError

from control.admitting import Gate
from control.answering import Line, follow
from control.waiting import GOODBYE, PERSON, Queue, announcement
from shared.acs_events import Callback, played
from shared.admission import Channel
from shared.admission_store import Seen
from shared.call_store import UpdateConflictError
from shared.calls import Call, CallEvent, CallState, EventKind, is_given_up, is_waiting
from shared.handover import transfer_context
from shared.telephony import TelephonyError
from shared.waiting_queue import (
    Act,
    News,
    Stage,
    Step,
    Waiting,
    context_of,
    heard,
    is_context,
    put_back,
    steps,
)

_log = logging.getLogger(__name__)

_ROUNDS: Final = 4
"""Looks at the queue in one go: what was done may make something else due."""
_LOOKS_FOR: Final = timedelta(seconds=15)
"""Whoever has looked for so long, because the phone network is slow, leaves the rest to the next."""
_FREED_LOOKS: Final = 3
_FREED_EVERY: Final = 0.4
"""A call that has ended frees its place when its bridge says so, which is a moment after the callback."""

_TOO_LONG: Final = "no place in time"
_PERSON_KEY: Final = "zero"
"""As callbacks name it; `phrases.press_zero` names it to callers."""


async def hear(line: Line, call: Call, callbacks: Sequence[Callback]) -> None:
    """Take in what callbacks say about a call in line, or that a call has made room for one in line.

    Args:
        call: as `follow` has it after the same callbacks.
    """
    queue = line.queue
    if queue is None:
        return
    if call.state is CallState.ENDED:
        if call.queued_at is not None:
            await leave(queue, call.id)
        for _ in range(_FREED_LOOKS):
            if not await advance(line):
                return  # nobody waits
            await asyncio.sleep(_FREED_EVERY)
    elif is_waiting(call):
        now = line.clock()
        for news, context, connection in _news(callbacks):
            told = partial(heard, news=news, now=now, context=context, connection=connection)
            one = await queue.store.update(call.id, told)
            if news is News.CONNECTED and one is None:
                await _end(line, call, connection)
            elif news is News.CONNECTED and one is not None and one.offers_person:
                await _hear_keys(line, one, call.caller)
        await advance(line)


async def _end(line: Line, call: Call, connection: str) -> None:
    """A call is up that has no seat, having come too late: nobody would ever speak in it.

    Unless its turn came meanwhile: that is on record before the seat is free.
    """
    known = await line.calls.get(call.id)
    if known is None or not is_waiting(known) or is_given_up(known):
        return
    _log.error("call %s: is up and has no seat in line; ended", call.id)
    await follow(line, call.id, [CallEvent(EventKind.FAILED, line.clock(), "no seat", connection)])
    try:
        await line.telephony.hang_up(connection)
    except TelephonyError as error:
        _log.warning("call %s: %s; the sweep hangs up", call.id, error)


async def _hear_keys(line: Line, one: Waiting, caller: str, *, hears: bool = True) -> None:
    """Be told of the keys that the caller presses, or no longer. Without it they go on waiting."""
    try:
        await line.telephony.hear_keys(one.connection, caller, hears=hears)
    except TelephonyError as error:
        _log.warning("call %s: %s", one.call_id, error)


def _news(callbacks: Sequence[Callback]) -> list[tuple[News, str, str]]:
    """News, operation context and call connection id."""
    found: list[tuple[News, str, str]] = []
    for callback in callbacks:
        connection = callback.data.call_connection_id or ""
        match callback.type.removeprefix("Microsoft.Communication."):
            case "CallConnected":
                found.append((News.CONNECTED, "", connection))
            case "ContinuousDtmfRecognitionToneReceived" if callback.data.tone == _PERSON_KEY:
                found.append((News.PRESSED, "", connection))
            case "CallTransferFailed":
                found.append((News.NOBODY_THERE, "", connection))
    ends = [end for end in played(callbacks) if is_context(end.context)]
    return found + [(News.PLAYED if end.heard else News.NOT_PLAYED, end.context, "") for end in ends]


async def leave(queue: Queue, call_id: str) -> None:
    """A call is in line no more, if it was."""
    one = await queue.store.find(call_id)
    if one is not None:
        await queue.store.leave(one)


async def advance(line: Line) -> bool:
    """Do what is due for those in line; whether anybody is left in it."""
    queue, gate = line.queue, line.gate
    if queue is None or gate is None:
        return False
    until = line.clock() + _LOOKS_FOR
    for _ in range(_ROUNDS):
        seen = await gate.channels.seen()
        if not seen.waiting:
            return False
        now = line.clock()
        due = steps(seen.waiting, seen.places(now), now, queue.rules(now))
        if not due:
            break
        mover = _Mover(line, queue, gate, seen)
        async with asyncio.TaskGroup() as group:
            for step in due:
                group.create_task(mover.take(step))
        if line.clock() >= until:
            break
    return True


@dataclass(frozen=True, slots=True)
class _Mover:
    """Does what is due, by what was seen of the queue."""

    line: Line
    queue: Queue
    gate: Gate
    seen: Seen

    async def take(self, step: Step) -> None:
        """Do it, unless somebody else does. What fails is due again."""
        one = step.after
        try:
            if step.act is Act.FORGET:
                await self.queue.store.forget(self.seen, one)
            elif await self.queue.store.change(self.seen, step.before, one):
                await self._do(step, one)
        except TelephonyError as error:
            if error.gone:
                await self._lost(one)
            else:
                _log.warning("call %s: %s: %s; once more soon", one.call_id, step.act, error)
        except (AzureError, UpdateConflictError) as error:
            _log.warning("call %s: %s: %s", one.call_id, step.act, type(error).__name__)

    async def _do(self, step: Step, one: Waiting) -> None:
        match step.act:
            case Act.ANNOUNCE:
                # Who has heard none yet hears what only the first of them says.
                first = one.failures >= one.rounds - 1
                await self._play(one, announcement(1 if first else one.rounds, step.place))
            case Act.CALL:
                await self._call(step)
            case Act.HAND_OVER:
                _log.warning("call %s: a person is called", one.call_id)
                await self._stop_playing(one)
                await self._play(one, PERSON)
            case Act.RING:
                await self._ring(one)
            case Act.GOODBYE:
                _log.warning("call %s: waited too long", one.call_id)
                await self._play(one, GOODBYE)
            case Act.HANG_UP:
                await self._record(one, EventKind.HUNG_UP, _TOO_LONG)
                await self.line.telephony.hang_up(one.connection)
                await self.queue.store.leave(one)

    async def _play(self, one: Waiting, file: str) -> None:
        try:
            await self.line.telephony.play(
                one.connection, self.queue.url(one, file), operation_context=context_of(one)
            )
        except TelephonyError as error:
            if error.gone:
                raise
            _log.warning("call %s: %s", one.call_id, error)
            await self._heard(one, News.NOT_PLAYED)

    async def _call(self, step: Step) -> None:
        """Begin the audio of a caller whose turn it is."""
        one, telephony = step.after, self.line.telephony
        channel = await self.gate.channels.admit(one.call_id, self.line.clock())
        if not isinstance(channel, Channel):
            await self._put_back(step)
            return
        await self._stop_playing(one)
        if one.offers_person and (call := await self.line.calls.get(one.call_id)) is not None:
            await _hear_keys(self.line, one, call.caller, hears=False)  # the bridge hears them from now on
        try:
            await telephony.start_media(one.connection)
        except TelephonyError as error:
            if error.gone:
                await self.gate.give_back(channel)
                raise
            if error.transient or not await self._has_begun(one):
                _log.warning("call %s: %s", one.call_id, error)
                await self._heard(one, News.NOT_BEGUN)
                return
        await self._has_place(one)

    async def _has_place(self, one: Waiting) -> None:
        await self._record(one, EventKind.CALLED)
        await self.queue.store.leave(one)
        _log.info("call %s: has a place after %d announcements", one.call_id, one.rounds)

    async def _put_back(self, step: Step) -> None:
        """Somebody else has got the place: the caller is in line again, where they were."""
        one = step.after
        if step.before.stage is Stage.CALLED:  # who called them before may have got further
            call = await self.line.calls.get(one.call_id)
            if call is None or call.media_connected_at is not None:
                await self._has_place(one)
                return
            if one.offers_person:
                await _hear_keys(self.line, one, call.caller)
        back = put_back(step, self.line.clock())
        await self.queue.store.update(one.call_id, lambda known: back if known == one else known)

    async def _stop_playing(self, one: Waiting) -> None:
        with contextlib.suppress(TelephonyError):  # the tone under other words is the least of evils
            await self.line.telephony.stop_playing(one.connection)

    async def _has_begun(self, one: Waiting) -> bool:
        """Whether a bridge has the call already: who began its audio did not live to write it down."""
        call = await self.line.calls.get(one.call_id)
        return call is not None and call.media_connected_at is not None

    async def _ring(self, one: Waiting) -> None:
        """Call the person for a caller who has waited too long."""
        call, target = await self.line.calls.get(one.call_id), self.queue.files.person(self.line.clock())
        if call is None or target is None:
            await self._heard(one, News.NOBODY_THERE)
            return
        number = call.transfer + 1
        begun = CallEvent(EventKind.TRANSFER_STARTED, self.line.clock(), transfer=number)
        await follow(self.line, one.call_id, [begun])
        try:
            await self.line.telephony.transfer(
                one.connection,
                target,
                summary="",
                operation_context=transfer_context(number),
                source=call.called,
            )
        except TelephonyError as error:
            if error.gone:
                raise
            _log.warning("call %s: %s", one.call_id, error)
            refused = CallEvent(
                EventKind.TRANSFER_FAILED, self.line.clock(), "request refused", transfer=number
            )
            await follow(self.line, one.call_id, [refused])
            await self._heard(one, News.NOBODY_THERE)

    async def _heard(self, one: Waiting, news: News) -> None:
        now, context = self.line.clock(), context_of(one)
        await self.queue.store.update(one.call_id, lambda known: heard(known, news, now, context=context))

    async def _lost(self, one: Waiting) -> None:
        """Call Automation knows the call no more: the caller has gone, and nobody told us."""
        await self._record(one, EventKind.LOST)
        await self.queue.store.leave(one)

    async def _record(self, one: Waiting, kind: EventKind, detail: str = "") -> None:
        await follow(self.line, one.call_id, [CallEvent(kind, self.line.clock(), detail)])
