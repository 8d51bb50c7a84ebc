"""The table `bookings`: reads its rows and commits changes to one partition at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from azure.data.tables import TableEntity
from azure.data.tables.aio import TableClient

from shared import ledger
from shared.booking_rows import Entry
from shared.ledger import Operation, Place
from shared.outbox import Outbox
from shared.retention_agenda import Agenda, Kind

TABLE: Final = "bookings"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Holds no state of its own; safe from many tasks and processes."""

    table: TableClient
    outbox: Outbox
    agenda: Agenda

    async def entry(self, place: Place) -> Entry | None:
        """The booking in this row; None when there is no row, or a void one."""
        row = await self.row(place)
        return None if row is None else Entry.read(row)

    async def row(self, place: Place) -> TableEntity | None:
        """The row as it is, if there is one."""
        return await ledger.row(self.table, place)

    async def opens(self, partition: str) -> None:
        """A booking is about to be written in this partition: see that it is found when its time is over."""
        await self.agenda.add(Kind.BOOKINGS, service_day(partition), partition)

    async def slots(self, partition: str) -> dict[int, TableEntity]:
        """All slot rows of a service day by minute: one query of one partition, at most 96 small rows."""
        rows = self.table.query_entities(
            "PartitionKey eq @partition and RowKey ge 'slot-' and RowKey lt 'slot.'",
            parameters={"partition": partition},
        )
        return {int(row["RowKey"].removeprefix("slot-")): row async for row in rows}

    async def commit(
        self, partition: str, operations: Sequence[Operation], event: dict[str, Any] | None = None
    ) -> bool:
        """See `shared.ledger.commit`."""
        return await ledger.commit(self.table, self.outbox, TABLE, partition, operations, event)


def service_day(partition: str) -> date:
    """The day of a partition with bookings."""
    return date.fromisoformat(partition.rpartition("_")[2])
