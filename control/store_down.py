"""Answering the phone while the store is away.

A call is answered by whoever has claimed it in the store, and the bridge lets in who shows the secret that
stands there. So without the store no call can be answered: two processes could both do it, and the bridge
would know neither. What is left is to wait for the store as long as the caller can, and then to have the call
ring elsewhere or the caller hear that the line is busy: both can be done twice, and to a call that another
process has answered Call Automation does neither.

Event Grid is told that its event arrived, whatever came of it: it would deliver again when the ring is over,
and hold back the events of other calls from who answers with errors.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from azure.core.exceptions import AzureError

from control.admitting import turn_away
from control.answering import Answer, AnsweredUnseenError, Line, answer_incoming, note_answered
from shared.acs_events import IncomingCall
from shared.auth import new_secret
from shared.call_claim import RING
from shared.call_store import UpdateConflictError
from shared.settings import AdmissionSettings, WhenStoreDown
from shared.telephony import TelephonyError

_log = logging.getLogger(__name__)

_PATIENCE: Final = {
    WhenStoreDown.REJECT: timedelta(seconds=20),
    WhenStoreDown.REDIRECT: timedelta(seconds=8),
}
"""How long after the ring the store may come back. Whoever the call goes to must have time to pick up."""
_NOTED_WITHIN: Final = timedelta(minutes=3)
"""The same to write down that a call is answered, without which the sweep cannot look after it. Event Grid
does not wait for so long: it delivers again, and hears that somebody has the call."""
_PAUSE: Final = 0.5


async def answer_when_store_answers(
    line: Line, incoming: IncomingCall, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> Answer:
    """As `answer_incoming`; while the store is away the phone rings on, and then the call is turned away.

    Raises:
        TelephonyError: Call Automation has trouble of its own; the error asks Event Grid to deliver again.
    """
    settings = AdmissionSettings() if line.gate is None else line.gate.settings
    until = incoming.rang_at + _PATIENCE[settings.when_store_down]
    # One for all tries: a claim that was written before its answer got lost is then our own.
    secret = new_secret()
    while True:
        try:
            return await answer_incoming(line, incoming, secret)
        except AnsweredUnseenError as unseen:
            return await _note(line, incoming, unseen, sleep)
        except (AzureError, UpdateConflictError) as error:
            _log.warning("call %s: the store is away: %s", incoming.call_id, type(error).__name__)
        if line.clock() >= until:
            break
        await sleep(_PAUSE)
    if line.clock() >= incoming.rang_at + RING:
        _log.error("call %s: store down, missed and not on record", incoming.call_id)
        return Answer.TOO_LATE
    return await _turn_away(line, incoming, settings)


async def _note(
    line: Line,
    incoming: IncomingCall,
    unseen: AnsweredUnseenError,
    sleep: Callable[[float], Awaitable[object]],
) -> Answer:
    """The store went away just when the call was answered: tell it when it is back."""
    while line.clock() < incoming.rang_at + _NOTED_WITHIN:
        await sleep(_PAUSE)
        try:
            await note_answered(line, incoming.call_id, unseen.answered, queued=unseen.queued)
            break
        except (AzureError, UpdateConflictError) as error:
            _log.warning("call %s: the store is away: %s", incoming.call_id, type(error).__name__)
    else:
        _log.error("call %s: answered, and not on record so; callbacks may tell it", incoming.call_id)
    return Answer.QUEUED if unseen.queued else Answer.ANSWERED


async def _turn_away(line: Line, incoming: IncomingCall, settings: AdmissionSettings) -> Answer:
    target = settings.redirect_to if settings.when_store_down is WhenStoreDown.REDIRECT else ""
    try:
        redirected = await turn_away(line.telephony, incoming, target)
    except TelephonyError as error:
        if error.transient:
            raise
        # Somebody else has answered it, or the caller has left.
        _log.warning("call %s: not turned away: %s", incoming.call_id, error)
        return Answer.GONE if error.gone else Answer.REFUSED
    answer = Answer.REDIRECTED if redirected else Answer.REJECTED
    _log.error("call %s: store down, %s", incoming.call_id, answer)
    return answer
