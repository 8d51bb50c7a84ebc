"""A call that another bridge has begun: what the store has of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bridge.going_on import history
from bridge.voicelive import wire
from shared.call_store import CallStore
from shared.caller_calls import Past
from shared.calls import Call, ToolRun, Turn

_MOST_ITEMS: Final = 200
"""Turns and tool runs that are told, the last ones."""
_OVERTIME: Final = 60.0
"""Seconds beyond its longest time in which a call may still be on its way to the end."""
_GAP: Final = 500
"""Places in the order of turns that are left to whatever the bridge before has still to write."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """What was said and done in a call so far."""

    call: Call
    turns: Sequence[Turn]
    tools: Sequence[ToolRun]

    @property
    def items(self) -> list[wire.HistoryItem]:
        """For the model."""
        return history([Past(self.call, self.turns, self.tools)], most=_MOST_ITEMS)

    @property
    def first_seq(self) -> int:
        """The place of what comes next in the order of turns."""
        places = [turn.seq for turn in self.turns] + [run.seq for run in self.tools]
        return max(places, default=-1) + _GAP

    def seconds(self, now: datetime, most: float) -> float:
        """How long the call has been going; `most` is as long as one may.

        A time that cannot be counts for nothing: then the clocks of two bridges differ, and it is not the
        caller who pays for it.
        """
        begun = self.call.media_connected_at or now
        seconds = (now - begun).total_seconds()
        return seconds if 0.0 <= seconds <= most + _OVERTIME else 0.0


async def load(store: CallStore, call: Call) -> Resumed:
    """Read what the store has of a call.

    Raises:
        AzureError: it does not answer.
    """
    turns, tools = await asyncio.gather(store.turns(call.id), store.tools(call.id))
    return Resumed(call, turns, tools)
