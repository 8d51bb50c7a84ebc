"""Calls that are over: deleted by day, or made nobody's for a caller who wants to be forgotten."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from shared import insights
from shared.call_store import CallStore
from shared.calls import Call, CallState, partition_of, rang_at
from shared.ledger import unchanged
from shared.table_rows import delete_rows, merge_rows
from shared.tables import Tables
from shared.tapes import TapeStore

_SETTLED: Final = timedelta(minutes=2)
"""After the end of a call nothing more is written about it, and it is counted: both take seconds."""
_AT_ONCE: Final = 8
_LONGEST: Final = timedelta(hours=2)
"""A call that rang so long ago is over, whatever its record says."""


class CallRemoval:
    """Removes calls, and who made them. Each step may be done twice, and by several at once.

    Sums over calls (`shared.insights`) stay as they are: they tell of nobody. Every method raises
    azure.core.exceptions.AzureError when the store fails; do the same again later.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._calls = CallStore(tables)
        self._tapes = TapeStore(tables)

    async def make_nobodys(self, call_id: str, now: datetime) -> bool:
        """Take the number, every word and all sound out of a call; when, how long and how fast it was stays.

        False when the call is not over, or only just: then later.
        """
        call = await self._calls.get(call_id)
        if call is not None and not _is_over(call, now.astimezone(UTC)):
            return False
        if call is not None:
            # First, so that whoever still writes words of the call sees it before or after (`SpillKeeper`).
            # Not by `CallStore.update`: that has a call counted anew, and one without words would count as a
            # call in which nothing was wanted.
            nobodys = {"RowKey": call_id, "caller": "", "summary": "", "forgotten": True}
            await merge_rows(await self._tables.table("calls"), partition_of(call_id), [nobodys])
        await self._tapes.erase(call_id)
        turns = await self._tables.table("turns")
        keys = await _row_keys(turns, call_id)
        await merge_rows(turns, call_id, [change for key in keys for change in _wordless(key)])
        await self._forget_in_figures(call_id)
        return True

    async def delete_before(self, day: date, most: int) -> int:
        """Delete the calls of the days (UTC) before this one with all that was said and recorded, the oldest
        first, at most so many; says how many. They are ranges of partitions, so it costs what is due."""
        figures = await self._due(insights.TABLE, day, most, " and RowKey ge 'call-' and RowKey lt 'call.'")
        for partition in dict.fromkeys(partition for partition, _ in figures):
            keys = [key for of, key in figures if of == partition]
            await delete_rows(await self._tables.table(insights.TABLE), partition, keys)
        found = await self._due("calls", day, most)
        for begin in range(0, len(found), _AT_ONCE):
            await asyncio.gather(*(self._delete(*key) for key in found[begin : begin + _AT_ONCE]))
        return len(found)

    async def _due(self, name: str, day: date, most: int, which: str = "") -> list[tuple[str, str]]:
        """Partition and row of what is older than a day, in a table with partitions that begin with one."""
        table = await self._tables.table(name)
        rows = table.query_entities(
            # Partitions that begin with a letter, such as "open-...", come behind all days.
            f"PartitionKey ge '0' and PartitionKey lt @day{which}",
            parameters={"day": f"{day:%Y%m%d}"},
            select=["PartitionKey", "RowKey"],
        )
        found: list[tuple[str, str]] = []
        async for row in rows:
            if len(found) == most:
                break
            found.append((row["PartitionKey"], row["RowKey"]))
        return found

    async def _delete(self, partition: str, call_id: str) -> None:
        """Turns and sound first: a crash in between leaves the call, by which they are found again."""
        await self._tapes.delete(call_id)
        turns, calls = await self._tables.table("turns"), await self._tables.table("calls")
        await delete_rows(turns, call_id, await _row_keys(turns, call_id))
        await calls.delete_entity(partition, call_id)

    async def _forget_in_figures(self, call_id: str) -> None:
        """The facts of a call hold its number, codes, words, and why it was corrected. Days of figures are
        those of the restaurants' zone."""
        table, key = await self._tables.table(insights.TABLE), insights.row_key(call_id)
        for day in (-1, 0, 1):
            partition = f"{rang_at(call_id) + timedelta(days=day):%Y%m%d}"
            try:
                row = await table.get_entity(partition, key)
            except ResourceNotFoundError:
                continue
            known = insights.read_facts(row)
            decision = msgspec.structs.replace(known.decision, reason="")
            facts = msgspec.structs.replace(
                known, caller="", bookings=(), orders=(), decision=decision, words=""
            )
            change = {"PartitionKey": partition, "RowKey": key, **insights.stored(facts)}
            await table.update_entity(change, mode=UpdateMode.MERGE, **unchanged(row.metadata["etag"]))


async def _row_keys(turns: TableClient, call_id: str) -> list[str]:
    rows = turns.query_entities("PartitionKey eq @call", parameters={"call": call_id}, select=["RowKey"])
    return [row["RowKey"] async for row in rows]


def _is_over(call: Call, now: datetime) -> bool:
    if call.state is CallState.ENDED and call.ended_at is not None:
        return call.ended_at < now - _SETTLED
    return call.rang_at < now - _LONGEST


def _wordless(row_key: str) -> list[dict[str, Any]]:
    """How a row changes that may hold words of the caller."""
    if row_key.startswith("tool-"):
        return [{"RowKey": row_key, "arguments": "{}", "result": "{}"}]
    if row_key == "intent":  # why it was corrected is somebody's own words about the call
        return [{"RowKey": row_key, "reason": ""}]
    return [{"RowKey": row_key, "text": ""}] if row_key.startswith("turn-") else []
