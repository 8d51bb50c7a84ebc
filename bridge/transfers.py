"""Carrying out a hand-over: asks Call Automation, then waits for the outcome in the store.

The outcome is a callback to the control plane, which writes it into the call's record; the planes do not
call each other.
"""

from __future__ import annotations

import asyncio
import logging

from azure.core.exceptions import AzureError

from bridge.recorder import Recorder
from shared.call_store import CallStore
from shared.calls import Call, CallEvent, EventKind, TransferState
from shared.clock import utc_now
from shared.handover import transfer_context
from shared.telephony import Telephony, TelephonyError

_LOOK_EVERY = 0.3
"""Seconds between two looks at the record: a caller whose hand-over failed hears nothing meanwhile."""
_LOOK_WITHIN = 1.0
"""Seconds a look may take; with one that is lost, the agent is still back within two of the failure."""
_OUTCOME_WITHIN = 65.0
"""Seconds until a hand-over of unknown outcome has failed; the service gives one up after 60."""
_UNANSWERED_WITHIN = 30.0
"""The same for an order without a clear answer: long enough for most people to pick up when it was taken,
short enough for a caller who waits in silence when it was lost."""
_THROTTLED = 429
"""HTTP status of an order that was turned away before anybody looked at it."""

_NOT_YET = 403
"""The same when the call is in no state for it ("Action is invalid when the call is ..."): audio may come
some moments before the service has the call as connected."""
_CONNECTS_WITHIN = 1.5
_TRIES_EVERY = 0.3
"""Seconds for which an order that came too early is repeated, and between two of them."""

log = logging.getLogger(__name__)


class Transfers:
    """The hand-overs of one call.

    Args:
        call_connection_id: the carrier's id of the call; empty for a browser, which has no hand-overs.
        called: the raw id that was called, which the person is shown when it is a number.
        made: how many hand-overs the call's record has seen already.
    """

    def __init__(
        self,
        telephony: Telephony,
        store: CallStore,
        recorder: Recorder,
        *,
        call_id: str,
        call_connection_id: str,
        called: str,
        made: int,
    ) -> None:
        self._telephony = telephony
        self._store = store
        self._recorder = recorder
        self._call_id = call_id
        self._call_connection_id = call_connection_id
        self._called = called
        self._made = made
        self.may_have_taken_it = False
        """Whether a person has the call or may be getting it: then it is not ours to hang up."""
        self._unsettled = False
        """Whether no record has told yet how the last hand-over went. A refusal tells little: it may be the
        answer to a repetition, after the first order was taken."""

    async def run(self, target: str, summary: str) -> bool:
        """Hand the call over; True when a person took it, False when the caller is still with us."""
        self._made += 1
        number = self._made
        self._record(EventKind.TRANSFER_STARTED, number, summary=summary)
        # From here on the network may be moving the call, whether or not its answer reaches us.
        self.may_have_taken_it = self._unsettled = True
        try:
            async with asyncio.timeout(_OUTCOME_WITHIN) as patience, asyncio.TaskGroup() as group:
                # The record is watched from the start: it may tell before an answer that got lost would.
                order = group.create_task(self._order(number, target, summary, patience))
                self._settle(taken=await self._is_accepted(number))
                order.cancel()
        except* TelephonyError as refusals:
            log.warning("hand-over refused", extra={"reason": str(refusals.exceptions[0])})
            self._record(EventKind.TRANSFER_FAILED, number, detail="request refused")
        except* TimeoutError:
            log.warning("nobody told how the hand-over went")
        if self._unsettled:
            self.may_have_taken_it = False  # as far as we know; the end of the call brings a last look
        return self.may_have_taken_it

    async def taken_after_all(self) -> bool:
        """A last look when the call is over: the media may go before the record says who has the caller."""
        record = await self._look() if self._unsettled else None
        if record is None:
            return False
        if record.transferred_at is not None:
            self._settle(taken=True)
        elif record.transfer == self._made and record.transfer_state is TransferState.FAILED:
            self._settle(taken=False)
        return record.transferred_at is not None

    async def _order(self, number: int, target: str, summary: str, patience: asyncio.Timeout) -> None:
        """Ask for the hand-over.

        Raises:
            TelephonyError: refused. An order without a clear answer may have been taken: the record tells.
        """
        try:
            await self._ask(number, target, summary)
        except TelephonyError as error:
            asked = self._call_connection_id != ""
            if not (asked and error.transient) or error.status == _THROTTLED:
                raise
            log.warning("no clear answer to a hand-over", extra={"reason": str(error)})
            patience.reschedule(asyncio.get_running_loop().time() + _UNANSWERED_WITHIN)

    async def _ask(self, number: int, target: str, summary: str) -> None:
        until = asyncio.get_running_loop().time() + _CONNECTS_WITHIN
        while True:
            try:
                await self._telephony.transfer(
                    self._call_connection_id,
                    target,
                    summary=summary,
                    operation_context=transfer_context(number),
                    source=self._called,
                )
            except TelephonyError as error:
                if error.status != _NOT_YET or asyncio.get_running_loop().time() >= until:
                    raise
            else:
                return
            await asyncio.sleep(_TRIES_EVERY)

    async def _is_accepted(self, number: int) -> bool:
        while True:
            record = await self._look()
            if record is not None and record.transfer == number:
                if record.transfer_state is TransferState.ACCEPTED:
                    return True
                if record.transfer_state is TransferState.FAILED:
                    log.info("nobody took the call", extra={"codes": record.transfer_detail})
                    return False
            await asyncio.sleep(_LOOK_EVERY)

    async def _look(self) -> Call | None:
        try:
            async with asyncio.timeout(_LOOK_WITHIN):
                return await self._store.get(self._call_id)
        except (AzureError, TimeoutError) as error:
            log.warning("cannot read how the hand-over went", extra={"reason": type(error).__name__})
            return None

    def _settle(self, *, taken: bool) -> None:
        self.may_have_taken_it, self._unsettled = taken, False

    def _record(self, kind: EventKind, number: int, *, detail: str = "", summary: str = "") -> None:
        self._recorder.event(CallEvent(kind, utc_now(), detail, transfer=number, summary=summary))
