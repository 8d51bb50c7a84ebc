"""Calls that are over: deleted by day, or made nobody's for a caller who wants to be forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from shared.call_store import CallStore
from shared.calls import Call, CallState
from shared.table_rows import delete_rows, merge_rows
from shared.tables import Tables

_SETTLED: Final = timedelta(minutes=2)
"""After the end of a call nothing more is written about it: a bridge gives up long before."""
_LONGEST: Final = timedelta(hours=2)
"""A call that rang so long ago is over, whatever its record says."""


class CallRemoval:
    """Removes calls, and who made them. Each step may be done twice, and by several at once.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._calls = CallStore(tables)

    async def make_nobodys(self, call_id: str, now: datetime) -> bool:
        """Take the number and every word out of a call; when, how long and how fast it was stays.

        False when the call is not over, or only just: then later.

        Raises:
            shared.call_store.UpdateConflictError: the record is being changed; do the same again later.
        """
        call = await self._calls.get(call_id)
        if call is not None and not _is_over(call, now.astimezone(UTC)):
            return False
        turns = await self._tables.table("turns")
        rows = turns.query_entities("PartitionKey eq @call", parameters={"call": call_id}, select=["RowKey"])
        silent = [_wordless(row["RowKey"]) async for row in rows]
        await merge_rows(turns, call_id, silent)
        await self._calls.update(call_id, lambda known: replace(known, caller="", summary=""))
        return True

    async def delete_before(self, day: date, most: int) -> int:
        """Delete the calls of the days (UTC) before this one with their turns, the oldest first, at most so
        many; says how many. One range of partitions, so it costs what is due."""
        calls = await self._tables.table("calls")
        due = calls.query_entities(
            "PartitionKey ge '0' and PartitionKey lt @day",  # "open-..." comes behind all days
            parameters={"day": f"{day:%Y%m%d}"},
            select=["PartitionKey", "RowKey"],
        )
        deleted = 0
        async for row in due:
            if deleted == most:
                break
            await self._delete(row["PartitionKey"], row["RowKey"])
            deleted += 1
        return deleted

    async def _delete(self, partition: str, call_id: str) -> None:
        """The turns first: a crash in between leaves the call, by which they are found again."""
        turns, calls = await self._tables.table("turns"), await self._tables.table("calls")
        rows = turns.query_entities("PartitionKey eq @call", parameters={"call": call_id}, select=["RowKey"])
        await delete_rows(turns, call_id, [row["RowKey"] async for row in rows])
        await calls.delete_entity(partition, call_id)


def _is_over(call: Call, now: datetime) -> bool:
    if call.state is CallState.ENDED and call.ended_at is not None:
        return call.ended_at < now - _SETTLED
    return call.rang_at < now - _LONGEST


def _wordless(row_key: str) -> dict[str, Any]:
    if row_key.startswith("tool-"):
        return {"RowKey": row_key, "arguments": "{}", "result": "{}"}
    return {"RowKey": row_key, "text": ""}
