"""What is to be looked at again when a day is over: how old data is found without reading all there is.

| table | partition | row | says |
|---|---|---|---|
| retention | "{kind}-{yyyymmdd}" | target | something of this kind is as old as this day |

Days of one kind follow each other in the order of partitions, so what is due is one range, however much is
not. A row is written before what it leads to: one that leads to nothing is no harm, something that nothing
leads to would be kept for ever. The setting of a kind is applied when its rows are read, so a change of it
counts at once for all there is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from azure.data.tables import UpdateMode

from shared.table_rows import upsert_rows
from shared.tables import Tables

TABLE: Final = "retention"
_DAY: Final = "%Y%m%d"


class Kind(StrEnum):
    """What an entry leads to, and what its day and target are."""

    CALLER_CALLS = "callercalls"
    """A caller who called on the day; their name (`shared.caller_key`)."""
    CALLER_MEMORY = "callermemory"
    """A caller whose memory was last used on the day, or who refused one then; their name."""
    BOOKINGS = "bookings"
    """A partition of table `bookings` with a service day."""
    ORDERS = "orders"
    """A cart that was begun on the day; its id, which is that of the order it may have become."""
    TAPES = "tapes"
    """A call that was recorded on the day, or whose caller did not want that; its id."""
    FORGET_CALL = "forgetcall"
    """A call to be made nobody's from the day on; its id."""
    FORGET_BOOKING = "forgetbooking"
    """A booking to be made nobody's from the day on; its partition and row."""
    FORGET_ORDER = "forgetorder"
    """An order to be made nobody's from the day on, or a cart to be deleted; its id."""
    FORGET_TAPE = "forgettape"
    """A call whose sound is to be deleted from the day on; its id."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the agenda."""

    kind: Kind
    day: date
    target: str
    """A row key: without the characters / \\ # ?."""


class Agenda:
    """Reads and writes the table `retention`. Safe from many tasks and processes.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, kind: Kind, day: date, target: str) -> None:
        """Note something. Await it BEFORE what it leads to is written."""
        table = await self._tables.table(TABLE)
        await table.upsert_entity(_key(Entry(kind, day, target)), mode=UpdateMode.REPLACE)

    async def add_all(self, entries: Iterable[Entry]) -> None:
        """Note many things; see `add`."""
        days: dict[str, list[dict[str, Any]]] = {}
        for entry in entries:
            key = _key(entry)
            days.setdefault(key["PartitionKey"], []).append(key)
        table = await self._tables.table(TABLE)
        for rows in days.values():
            await upsert_rows(table, rows)

    async def before(self, kind: Kind, day: date) -> AsyncIterator[Entry]:
        """The entries of a kind that are older than `day`, the oldest first."""
        table = await self._tables.table(TABLE)
        rows = table.query_entities(
            "PartitionKey ge @first and PartitionKey lt @end",
            parameters={"first": f"{kind}-", "end": f"{kind}-{day.strftime(_DAY)}"},
        )
        async for row in rows:
            on = datetime.strptime(row["PartitionKey"].rpartition("-")[2], _DAY).date()  # noqa: DTZ007 - a day
            yield Entry(kind, on, row["RowKey"])

    async def done(self, entry: Entry) -> None:
        """Take an entry off; no matter whether it is there."""
        table = await self._tables.table(TABLE)
        key = _key(entry)
        await table.delete_entity(key["PartitionKey"], key["RowKey"])


def _key(entry: Entry) -> dict[str, Any]:
    return {"PartitionKey": f"{entry.kind}-{entry.day.strftime(_DAY)}", "RowKey": entry.target}
