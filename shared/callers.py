"""Callers in Table Storage: what is kept about them, and which calls were theirs.

| table | partition | row | holds |
|---|---|---|---|
| callers | name of the caller | "memory" | what the caller let us keep (`shared.caller_memory`), as JSON |
| callers | name of the caller | "refused" | nothing else: the caller said no, and is not asked again |
| callers | name of the caller | "call-{call id}" | nothing else: a call of theirs |

The name is an HMAC of the number (`shared.caller_key`); the number is nowhere in this table. The rows of
calls last as long as the calls, which hold the number: they say no more than these do, and let a call that
was cut off be found when the caller rings again, and all calls when the caller wants to be forgotten.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared.call_ids import newest_first
from shared.caller_key import CallerKeys
from shared.caller_memory import Memory
from shared.ledger import TRIES, ConflictError, pause, unchanged
from shared.retention_agenda import Agenda, Kind
from shared.table_rows import delete_rows
from shared.tables import Tables

TABLE: Final = "callers"
CALL: Final = "call-"
MEMORY: Final = "memory"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has about a caller."""

    memory: Memory | None = None
    refused: bool = False
    """The caller does not want anything kept."""
    calls: tuple[str, ...] = ()
    """Ids of the calls of today and yesterday (UTC), the latest first."""


class CallerStore:
    """Reads and writes callers. Safe from many tasks and processes.

    `number` is always one that `shared.booking_access.own_number` gave: a withheld one is nobody's. Every
    method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables, keys: CallerKeys) -> None:
        self._tables = tables
        self._keys = keys
        self._agenda = Agenda(tables)

    async def look(self, number: str, now: datetime) -> Known:
        """What is known, also under a previous key. One small query for each key. Changes nothing."""
        since = now.astimezone(UTC).date() - timedelta(days=1)
        table = await self._tables.table(TABLE)
        rows: dict[str, TableEntity] = {}
        for name in reversed(self._names(number)):  # what the current key has goes before
            rows |= {row["RowKey"]: row for row in await _rows(table, name, f"{CALL}{since:%Y%m%d}")}
        calls = [key.removeprefix(CALL) for key in rows if key.startswith(CALL)]
        return Known(
            memory=_memory(rows[MEMORY]) if MEMORY in rows else None,
            refused=REFUSED in rows,
            calls=tuple(sorted(calls, key=newest_first)),
        )

    async def called(self, number: str, call_id: str, now: datetime) -> None:
        """Note a call that begins, and that a memory is in use."""
        await self._rename(number)
        name, today = self._keys.name(number), now.astimezone(UTC).date()
        await self._agenda.add(Kind.CALLER_CALLS, today, name)
        table = await self._tables.table(TABLE)
        await table.upsert_entity(
            {"PartitionKey": name, "RowKey": f"{CALL}{call_id}"}, mode=UpdateMode.REPLACE
        )
        await self.change(number, lambda memory: memory, now)

    async def change(
        self, number: str, change: Callable[[Memory | None], Memory | None], now: datetime
    ) -> Memory | None:
        """Read the memory, change it and put it back if nobody changed it meanwhile; else once more.

        `change` is pure and may run several times. It may make a memory out of None, and leaves one that it
        does not want changed as it is. That the memory was used today is noted by itself.

        Raises:
            ConflictError: still beaten by others after some tries.
        """
        await self._rename(number)
        name, today = self._keys.name(number), now.astimezone(UTC).date()
        table = await self._tables.table(TABLE)
        for attempt in range(TRIES):
            await pause(attempt)
            row = await _row(table, name, MEMORY)
            before = None if row is None else _memory(row)
            after = change(before)
            if after is None:
                return None
            after = msgspec.structs.replace(after, used_on=max(today, after.used_on))
            if after == before:
                return after
            if before is None or before.used_on != after.used_on:
                await self._agenda.add(Kind.CALLER_MEMORY, after.used_on, name)
            if await _put(table, name, after, row):
                await table.delete_entity(name, REFUSED)
                return after
        raise ConflictError

    async def refuse(self, number: str, now: datetime) -> None:
        """Note that the caller does not want anything kept, so that they are not asked again."""
        await self._rename(number)
        name, today = self._keys.name(number), now.astimezone(UTC).date()
        await self._agenda.add(Kind.CALLER_MEMORY, today, name)
        table = await self._tables.table(TABLE)
        row = {"PartitionKey": name, "RowKey": REFUSED, "on": today.isoformat()}
        await table.upsert_entity(row, mode=UpdateMode.REPLACE)

    async def calls(self, number: str) -> list[str]:
        """Ids of all calls of theirs that are stored."""
        table = await self._tables.table(TABLE)
        rows = [row for name in self._names(number) for row in await _rows(table, name, CALL)]
        return [row["RowKey"].removeprefix(CALL) for row in rows if row["RowKey"].startswith(CALL)]

    async def forget(self, number: str) -> None:
        """Delete every row about a caller."""
        table = await self._tables.table(TABLE)
        for name in self._names(number):
            keys = [row["RowKey"] for row in await _rows(table, name, "")]
            await delete_rows(table, name, keys)

    def _names(self, number: str) -> list[str]:
        return [self._keys.name(number), *self._keys.earlier_names(number)]

    async def _rename(self, number: str) -> None:
        """Bring rows that stand under the name of a previous key under the present one."""
        table = await self._tables.table(TABLE)
        name = self._keys.name(number)
        for old in self._keys.earlier_names(number):
            rows = await _rows(table, old, "")
            for row in rows:
                await self._agenda.add(*_due(row), name)
                with contextlib.suppress(ResourceExistsError):  # newer, or an earlier try of this
                    await table.create_entity({**row, "PartitionKey": name})
            await delete_rows(table, old, [row["RowKey"] for row in rows])


async def _rows(table: TableClient, name: str, first: str) -> list[TableEntity]:
    rows = table.query_entities(
        "PartitionKey eq @name and RowKey ge @first", parameters={"name": name, "first": first}
    )
    return [row async for row in rows]


async def _row(table: TableClient, name: str, key: str) -> TableEntity | None:
    try:
        return await table.get_entity(name, key)
    except ResourceNotFoundError:
        return None


async def _put(table: TableClient, name: str, memory: Memory, read: TableEntity | None) -> bool:
    """Write a memory, provided that the row is as it was read; False when it is not."""
    entity: dict[str, Any] = {
        "PartitionKey": name,
        "RowKey": MEMORY,
        "memory": msgspec.json.encode(memory).decode(),
    }
    try:
        if read is None:
            await table.create_entity(entity)
        else:
            await table.update_entity(
                entity,
                mode=UpdateMode.REPLACE,
                **unchanged(read.metadata["etag"]),
            )
    except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
        return False
    return True


def _memory(row: TableEntity) -> Memory:
    return msgspec.json.decode(row["memory"], type=Memory)


def _due(row: TableEntity) -> tuple[Kind, date]:
    """Where on the agenda a row belongs."""
    key = row["RowKey"]
    if key.startswith(CALL):
        return Kind.CALLER_CALLS, date.fromisoformat(key.removeprefix(CALL).partition("-")[0])
    if key == REFUSED:
        return Kind.CALLER_MEMORY, date.fromisoformat(row["on"])
    return Kind.CALLER_MEMORY, _memory(row).used_on


class CallerRemoval:
    """Deletes what is kept about callers by name, without any key. Each step may be done twice.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def drop_calls(self, name: str, before: date) -> None:
        """Delete the rows of a caller's calls of the days (UTC) before this one."""
        table = await self._tables.table(TABLE)
        rows = table.query_entities(
            "PartitionKey eq @name and RowKey ge @first and RowKey lt @end",
            parameters={"name": name, "first": CALL, "end": f"{CALL}{before:%Y%m%d}"},
            select=["RowKey"],
        )
        await delete_rows(table, name, [row["RowKey"] async for row in rows])

    async def drop_memory(self, name: str, before: date) -> None:
        """Delete what is kept about a caller if it was last used before this day."""
        table = await self._tables.table(TABLE)
        for key in (MEMORY, REFUSED):
            row = await _row(table, name, key)
            if row is not None and _due(row)[1] < before:
                # Whoever calls at this very moment is known, and stays so.
                with contextlib.suppress(ResourceModifiedError):
                    await table.delete_entity(row, **unchanged(row.metadata["etag"]))
