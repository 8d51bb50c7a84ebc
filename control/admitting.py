"""Whether a call that rings is let in, and turning away those that are not."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from azure.core.exceptions import AzureError

from shared.acs_events import IncomingCall
from shared.admission import Channel, Full
from shared.admission_store import AdmissionStore
from shared.settings import AdmissionSettings, WhenFull
from shared.telephony import Telephony, TelephonyError

_log = logging.getLogger(__name__)

_REQUEST_IDS: Final = uuid.UUID("0f6d0a0e-7a50-5b5c-8f3e-3a1f9f1b6a52")
"""Name space of the repeatability ids: one call, one id for each thing that is done to it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets calls in while there is room for them.

    Nobody is turned away for want of knowing: when no bridge reports, or the store does not answer in time,
    a call is answered, and the bridge itself takes it or not.
    """

    channels: AdmissionStore
    telephony: Telephony
    settings: AdmissionSettings
    within: float = 2.0
    """Seconds that a channel may take to be had: the phone rings meanwhile, and the claim on the call runs
    out."""

    async def admit(self, call_id: str, now: datetime) -> Channel | Full | None:
        """A channel for the call, or why there is none; None when nobody can tell, or it does not matter."""
        if self.settings.when_full is WhenFull.ANSWER:
            return None
        try:
            async with asyncio.timeout(self.within):
                return await self.channels.admit(call_id, now)
        except (AzureError, TimeoutError) as error:
            _log.warning("call %s: let in unseen: %s", call_id, type(error).__name__)
            return None

    async def give_back(self, channel: Channel) -> None:
        """The call is not answered after all. A channel that cannot be given back lapses."""
        try:
            async with asyncio.timeout(self.within):
                await self.channels.give_back(channel)
        except (AzureError, TimeoutError) as error:
            _log.warning("call %s: keeps its channel: %s", channel.call_id, type(error).__name__)

    async def turn_away(self, incoming: IncomingCall) -> bool:
        """Have the call ring elsewhere, or the caller hear that the line is busy; whether it was the former.

        Raises:
            TelephonyError: Call Automation did neither.
        """
        elsewhere = self.settings.when_full in (WhenFull.REDIRECT, WhenFull.QUEUE)
        target = self.settings.redirect_to if elsewhere else ""
        return await turn_away(self.telephony, incoming, target)


async def turn_away(telephony: Telephony, incoming: IncomingCall, target: str) -> bool:
    """Have a call ring at `target`, or the caller hear that the line is busy; whether it was the former.

    Done twice, or by two processes, it is done once.

    Args:
        target: E.164, or a raw id; empty for none.

    Raises:
        TelephonyError: Call Automation did neither.
    """
    call_id = incoming.call_id
    if target:
        try:
            await telephony.redirect(
                incoming_call_context=incoming.context,
                target=target,
                request_id=str(uuid.uuid5(_REQUEST_IDS, f"redirect {call_id}")),
                first_sent=incoming.rang_at,
            )
        except TelephonyError as error:
            if error.transient or error.gone:
                raise
            # Better than to let it ring until the caller gives up.
            _log.error("call %s: %s: rejected instead", call_id, error)
        else:
            return True
    await telephony.reject(
        incoming_call_context=incoming.context,
        request_id=str(uuid.uuid5(_REQUEST_IDS, f"reject {call_id}")),
        first_sent=incoming.rang_at,
    )
    return False
