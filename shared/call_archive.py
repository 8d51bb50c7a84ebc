"""Calls as they are read afterwards: one with everything said in it, or a whole day at once.

The intent of a call as an operator has corrected it stands in table `turns` beside what was said, partition
call id, row "intent", so that figures built anew from the record keep it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from azure.data.tables import UpdateMode

from shared.call_rows import to_call, to_tool, to_turn
from shared.calls import Call, ToolRun, Turn
from shared.intents import Decision, Intent
from shared.tables import Tables

_DIGITS = "0123456789abcdef"


@dataclass(slots=True)
class Transcript:
    """What was said and done in a call, by rising `seq` each."""

    turns: list[Turn] = field(default_factory=list)
    tools: list[ToolRun] = field(default_factory=list)
    corrected: Decision | None = None
    """The intent as an operator has corrected it."""

    def take(self, row: Mapping[str, Any]) -> None:
        """One row of the call's partition; rows come by rising key."""
        key = row["RowKey"]
        if key.startswith("turn-"):
            self.turns.append(to_turn(row))
        elif key.startswith("tool-"):
            self.tools.append(to_tool(row))
        elif key == "intent":
            self.corrected = Decision(
                intent=Intent(row["intent"]), reached=row["reached"], reason=row["reason"], by=row["by"]
            )


class CallArchive:
    """Reads calls. Every method raises azure.core.exceptions.AzureError when the store fails."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def transcript(self, call_id: str) -> Transcript:
        """Everything said in a call, in one query; empty for a call that there is not."""
        turns = await self._tables.table("turns")
        found = Transcript()
        async for row in turns.query_entities("PartitionKey eq @call", parameters={"call": call_id}):
            found.take(row)
        return found

    async def correct(self, call_id: str, decision: Decision) -> None:
        """Set the intent of a call to what an operator says."""
        turns = await self._tables.table("turns")
        entity = {
            "PartitionKey": call_id,
            "RowKey": "intent",
            "intent": str(decision.intent),
            "reached": decision.reached,
            "reason": decision.reason,
            "by": decision.by,
        }
        await turns.upsert_entity(entity, mode=UpdateMode.REPLACE)

    async def calls_of(self, day: date) -> AsyncIterator[Call]:
        """All calls of a UTC day, in no order."""
        calls = await self._tables.table("calls")
        for digit in _DIGITS:
            rows = calls.query_entities("PartitionKey eq @p", parameters={"p": f"{day:%Y%m%d}-{digit}"})
            async for row in rows:
                yield to_call(row)

    async def transcripts_of(self, day: date) -> dict[str, Transcript]:
        """What was said in all calls of a UTC day, by call id: one query for all of them."""
        turns = await self._tables.table("turns")
        # Call ids begin with their day and "-", which "." follows.
        rows = turns.query_entities(f"PartitionKey ge '{day:%Y%m%d}-' and PartitionKey lt '{day:%Y%m%d}.'")
        found: dict[str, Transcript] = {}
        async for row in rows:
            found.setdefault(row["PartitionKey"], Transcript()).take(row)
        return found
