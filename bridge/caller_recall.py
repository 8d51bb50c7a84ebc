"""What a call knows about its caller when it begins. The store has a moment to say so; a call never waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from azure.core.exceptions import AzureError

from bridge import caller_words
from bridge.caller_words import Standing
from bridge.tools import ToolBox
from shared.allergy_words import allergens_named
from shared.booking_access import own_number
from shared.call_store import CallStore
from shared.caller_calls import GO_ON_WITHIN, Past, to_go_on_with
from shared.callers import CallerStore, Known
from shared.calls import Call, rang_at
from shared.languages import detect
from shared.menu import Allergen
from shared.restaurants import Catalogue

SECONDS: Final = 0.3
"""Time that the greeting may come later for it; a table of Azure answers in a tenth of that."""

_LONGEST_CALL: Final = timedelta(hours=1)
_MOST_CALLS: Final = 3
"""Earlier calls that are looked at."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recall:
    """What is known when a call begins."""

    number: str | None
    """The caller's own; None when it is withheld."""
    known: Known | None = None
    """None when there is no number, or the store did not say in time."""
    earlier: Sequence[Past] = ()
    """The call that was cut off and that this one may go on with, the oldest part first."""

    def words(self, catalogue: Catalogue, now: datetime) -> str:
        """For the model."""
        standing = Standing(has_number=self.number is not None, looked_up=self.known is not None)
        if self.known is not None:
            standing = replace(standing, memory=self.known.memory, refused=self.known.refused)
        said = caller_words.about(standing, {place.id: place.name for place in catalogue.restaurants})
        if self.earlier:
            said += "\n" + caller_words.cut_off(now - (self.earlier[-1].over_at or now))
        return said

    @property
    def allergies(self) -> frozenset[Allergen]:
        """What the caller must not eat, as far as it is kept."""
        memory = None if self.known is None else self.known.memory
        return frozenset() if memory is None else allergens_named(" ".join(memory.allergies))

    def language(self, spoken: Sequence[str]) -> str | None:
        """Which of the languages spoken here the caller is to be greeted in, if that is known."""
        said = " ".join(turn.text for past in self.earlier for turn in past.turns if turn.role == "caller")
        if (heard := detect(said, spoken)) is not None:
            return heard
        memory = None if self.known is None else self.known.memory
        return memory.language if memory is not None and memory.language in spoken else None


async def recall(callers: CallerStore, calls: CallStore, record: Call, now: datetime) -> Recall:
    """Look the caller of a call up. Takes SECONDS at most, and never fails: what is not known in time is not
    known."""
    found = Recall(own_number(record.caller))
    if found.number is None:
        return found
    try:
        async with asyncio.timeout(SECONDS):
            found = replace(found, known=await callers.look(found.number, now))
            found = replace(found, earlier=await _earlier(calls, record, found, now))
    except (TimeoutError, AzureError) as error:
        log.warning("caller not looked up", extra={"reason": type(error).__name__})
    except Exception:
        log.exception("caller not looked up")  # a row that nobody understands must not cost the call
    return found


async def know_cart(tools: ToolBox) -> None:
    """A call that goes on with another one may have its cart. Takes SECONDS at most, and never fails: without
    it the model has to name dishes in its own words."""
    try:
        async with asyncio.timeout(SECONDS):
            await tools.know_cart()
    except (TimeoutError, AzureError) as error:
        log.warning("cart not looked up", extra={"reason": type(error).__name__})


async def _earlier(calls: CallStore, record: Call, found: Recall, now: datetime) -> Sequence[Past]:
    since = now - GO_ON_WITHIN - _LONGEST_CALL
    ids = [] if found.known is None else [known for known in found.known.calls if known != record.id]
    recent = [call_id for call_id in ids if rang_at(call_id) >= since][:_MOST_CALLS]
    pasts = await asyncio.gather(*(_past(calls, call_id) for call_id in recent))
    return to_go_on_with([past for past in pasts if past is not None], now)


async def _past(calls: CallStore, call_id: str) -> Past | None:
    call, turns, tools = await asyncio.gather(calls.get(call_id), calls.turns(call_id), calls.tools(call_id))
    return None if call is None else Past(call, turns, tools)
