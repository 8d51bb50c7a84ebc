"""Carrying out a hand-over: asks Call Automation, then waits for the outcome in the store.

The outcome is a callback to the control plane, which writes it into the call's record; the planes do not
call each other.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from azure.core.exceptions import AzureError

from bridge.recorder import Recorder
from shared.call_store import CallStore
from shared.calls import CallEvent, EventKind, TransferState, transfer_context
from shared.telephony import Telephony, TelephonyError

_LOOK_EVERY = 0.3
"""Seconds between two looks at the record: a caller whose hand-over failed hears nothing meanwhile."""
_OUTCOME_WITHIN = 65.0
"""Seconds until a hand-over of unknown outcome has failed; the service gives one up after 60."""

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

    async def run(self, target: str, summary: str) -> bool:
        """Hand the call over; True when a person took it, False when the caller is still with us."""
        self._made += 1
        number = self._made
        self._record(EventKind.TRANSFER_STARTED, number, summary=summary)
        # From here on the network may be moving the call, whether or not its answer reaches us.
        self.may_have_taken_it = True
        try:
            await self._telephony.transfer(
                self._call_connection_id,
                target,
                summary=summary,
                operation_context=transfer_context(number),
                source=self._called,
            )
        except TelephonyError as error:
            log.warning("hand-over refused", extra={"reason": str(error)})
            self._record(EventKind.TRANSFER_FAILED, number, detail="request refused")
            self.may_have_taken_it = False
            return False
        try:
            async with asyncio.timeout(_OUTCOME_WITHIN):
                self.may_have_taken_it = await self._is_accepted(number)
        except TimeoutError:
            log.warning("nobody told how the hand-over went")
            self.may_have_taken_it = False
        return self.may_have_taken_it

    async def _is_accepted(self, number: int) -> bool:
        while True:
            try:
                record = await self._store.get(self._call_id)
            except AzureError as error:
                log.warning("cannot read how the hand-over went", extra={"reason": type(error).__name__})
                record = None
            if record is not None and record.transfer == number:
                if record.transfer_state is TransferState.ACCEPTED:
                    return True
                if record.transfer_state is TransferState.FAILED:
                    log.info("nobody took the call", extra={"codes": record.transfer_detail})
                    return False
            await asyncio.sleep(_LOOK_EVERY)

    def _record(self, kind: EventKind, number: int, *, detail: str = "", summary: str = "") -> None:
        self._recorder.event(CallEvent(kind, datetime.now(UTC), detail, transfer=number, summary=summary))
