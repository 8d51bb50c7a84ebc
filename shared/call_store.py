"""Calls, their turns and their tool runs in Table Storage.

| table | partition | row | holds |
|---|---|---|---|
| calls | "{day}-{hex digit}" | call id | the record; 16 partitions a day, all derivable from the id |
| calls | "open-{hex digit}" | call id | nothing else: an index of the calls that have not ended |
| uncounted | hex digit | call id | nothing else: calls to be counted (`shared.uncounted`) |
| turns | call id | "turn-{seq}" | one turn |
| turns | call id | "tool-{seq}" | one tool run |

The open index lets the sweep cost what is open now, not what was ever stored. It stands in other
partitions than the records, so no transaction covers both; instead it is written before a claim and
removed after the end. A crash between the two leaves an index row too many, which `open_call` removes,
never an open call without one. A call is put among those to be counted before its index row goes, so that
none is missed either.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from shared.call_ids import newest_first
from shared.call_rows import from_call, from_tool, from_turn, present, to_call, to_tool, to_turn
from shared.calls import Call, CallState, ToolRun, Turn, derive_call_id, partition_of
from shared.tables import Tables
from shared.uncounted import UncountedCalls

_DIGITS: Final = "0123456789abcdef"
_UPDATE_TRIES: Final = 10
_UPDATE_PAUSE: Final = 0.02
"""Seconds; the pause before try n is random between 0 and n times this."""


class UpdateConflictError(Exception):
    """Others changed the record each time we were about to: nothing was written."""


class CallStore:
    """Reads and writes calls. Safe to use from several tasks and processes at once.

    Every method raises azure.core.exceptions.AzureError when the store cannot be reached or refuses.

    Args:
        on_end: is told of each call that ends here: by the one writer who ended it, of all processes.
    """

    def __init__(self, tables: Tables, on_end: Callable[[Call], None] = lambda _: None) -> None:
        self._tables = tables
        self._on_end = on_end
        self._uncounted = UncountedCalls(tables)

    async def claim(self, call: Call) -> bool:
        """Store `call` unless it is there already; True for the one who stored it."""
        calls = await self._tables.table("calls")
        if call.state is CallState.ENDED:
            await self._uncounted.put(call.id)
        else:
            await calls.upsert_entity(_open_key(call.id), mode=UpdateMode.REPLACE)
        try:
            await calls.create_entity(from_call(call))
        except ResourceExistsError:
            return False
        return True

    async def get(self, call_id: str) -> Call | None:
        """The call, found by its id in one read; None when there is none."""
        calls = await self._tables.table("calls")
        try:
            return to_call(await calls.get_entity(partition_of(call_id), call_id))
        except ResourceNotFoundError:
            return None

    async def update(self, call_id: str, change: Callable[[Call], Call]) -> Call | None:
        """Read the call, change it, and put it back if nobody changed it meanwhile; else once more.

        `change` is pure and may run several times. Nothing is written when it changes nothing.

        Returns:
            the call as it now stands; None when there is none.

        Raises:
            UpdateConflictError: still beaten by others after ten tries.
        """
        calls = await self._tables.table("calls")
        for tried in range(_UPDATE_TRIES):
            await asyncio.sleep(tried * _UPDATE_PAUSE * random.random())  # noqa: S311 - spreads writers, no secret
            try:
                entity = await calls.get_entity(partition_of(call_id), call_id)
            except ResourceNotFoundError:
                return None
            before = to_call(entity)
            after = change(before)
            if after == before:
                return before
            try:
                await calls.update_entity(
                    from_call(after),
                    mode=UpdateMode.REPLACE,
                    etag=entity.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
            except ResourceModifiedError:
                continue
            if after.state is CallState.ENDED:
                if before.state is not CallState.ENDED:
                    self._on_end(after)
                await self._close(calls, call_id)
            return after
        raise UpdateConflictError(f"call {call_id}: changed by others {_UPDATE_TRIES} times in a row")

    async def add_turn(self, call_id: str, turn: Turn) -> None:
        """Store a turn; the same `seq` again replaces it."""
        await self._put(call_id, f"turn-{turn.seq:05d}", from_turn(turn))

    async def add_tool(self, call_id: str, run: ToolRun) -> None:
        """Store a tool run; the same `seq` again replaces it."""
        await self._put(call_id, f"tool-{run.seq:05d}", from_tool(run))

    async def turns(self, call_id: str) -> list[Turn]:
        """The turns of a call by rising `seq`."""
        return [to_turn(row) async for row in self._rows(call_id, "turn-")]

    async def tools(self, call_id: str) -> list[ToolRun]:
        """The tool runs of a call by rising `seq`."""
        return [to_tool(row) async for row in self._rows(call_id, "tool-")]

    async def day(self, day: date, limit: int = 50) -> list[Call]:
        """The newest `limit` calls of a UTC day, the newest first."""
        calls = await self._tables.table("calls")
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(_first(calls, f"{day:%Y%m%d}-{d}", limit)) for d in _DIGITS]
        merged = heapq.merge(*(part.result() for part in parts), key=lambda call: call.id)
        return list(itertools.islice(merged, limit))

    async def open_call(self, call_id: str) -> Call | None:
        """A call that stands in the index, if it has not ended; one that has, or was never claimed, is taken
        out. It must have rung longer ago than the ring takes, so that no claim is under way."""
        call = await self.get(call_id)
        if call is None or call.state is CallState.ENDED:
            await self._close(await self._tables.table("calls"), call_id)
            return None
        return call

    async def open_ids(self, rang_before: datetime | None = None) -> list[str]:
        """The ids in the index of open calls, the newest first, or of those that rang before a time; a few
        may have ended."""
        calls = await self._tables.table("calls")
        rows = calls.query_entities("PartitionKey ge 'open-' and PartitionKey lt 'open.'", select=["RowKey"])
        ids = [row["RowKey"] async for row in rows]
        if rang_before is not None:
            ids = [call_id for call_id in ids if not _rang_at_or_after(call_id, rang_before)]
        return sorted(ids, key=newest_first)

    async def recount(self, call_id: str) -> None:
        """Have a call counted anew, because something was written to it after its end."""
        await self._uncounted.put(call_id)

    async def _close(self, calls: TableClient, call_id: str) -> None:
        await self._uncounted.put(call_id)
        await calls.delete_entity(_open_key(call_id))

    async def _put(self, call_id: str, row_key: str, properties: Mapping[str, Any]) -> None:
        turns = await self._tables.table("turns")
        entity = {"PartitionKey": call_id, "RowKey": row_key, **present(properties)}
        await turns.upsert_entity(entity, mode=UpdateMode.REPLACE)

    async def _rows(self, call_id: str, prefix: str) -> AsyncIterator[Mapping[str, Any]]:
        turns = await self._tables.table("turns")
        rows = turns.query_entities(
            "PartitionKey eq @call and RowKey ge @first and RowKey lt @end",
            parameters={"call": call_id, "first": prefix, "end": prefix[:-1] + "."},  # "." follows "-"
        )
        async for row in rows:
            yield row


async def _first(calls: TableClient, partition: str, limit: int) -> list[Call]:
    """The first `limit` calls of a partition by key, which is newest first."""
    rows = calls.query_entities("PartitionKey eq @p", parameters={"p": partition}, results_per_page=limit)
    found: list[Call] = []
    async for row in rows:
        found.append(to_call(row))
        if len(found) == limit:
            break
    return found


def _rang_at_or_after(call_id: str, moment: datetime) -> bool:
    """Compares by id, which holds the time to the millisecond; later calls of a day have smaller ids."""
    day, remaining, _ = call_id.split("-")
    border_day, border, _ = derive_call_id(moment, "").split("-")
    return day > border_day or (day == border_day and remaining <= border)


def _open_key(call_id: str) -> dict[str, Any]:
    return {"PartitionKey": f"open-{partition_of(call_id)[-1]}", "RowKey": call_id}
