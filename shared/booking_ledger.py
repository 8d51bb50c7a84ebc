"""The table `bookings`: reads its rows and commits changes to one partition at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, TableTransactionError
from azure.data.tables.aio import TableClient

from shared.booking_rows import Entry, Operation, Place
from shared.outbox import Outbox

TABLE: Final = "bookings"

TRIES: Final = 12
"""Tries of one change. Each conflict means that somebody else's change stands, so the house moves on."""

BACKOFF_S: Final = 0.02
BACKOFF_MOST_S = 0.4

_CONFLICTS: Final = (409, 412)
"""A row appeared, or changed since it was read (Table Storage: entity already exists, condition not met)."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Holds no state of its own; safe from many tasks and processes."""

    table: TableClient
    outbox: Outbox

    async def entry(self, place: Place) -> Entry | None:
        """The booking in this row; None when there is no row, or a void one."""
        row = await self.row(place)
        return None if row is None else Entry.read(row)

    async def row(self, place: Place) -> TableEntity | None:
        """The row as it is, if there is one."""
        try:
            return await self.table.get_entity(place.partition, place.row)
        except ResourceNotFoundError:
            return None

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
        """All of it in one transaction, `event` (an outbox row) with it; False when a row was not as
        expected.

        False is also the answer to a transaction that was saved, lost its answer and was sent again by the
        client: read again before giving up.
        """
        changes = list(operations)
        if event is not None:
            changes.append(("create", {"PartitionKey": partition, **event}))
            await self.outbox.announce(TABLE, partition)
        try:
            await self.table.submit_transaction(changes)
        except (TableTransactionError, ResourceExistsError, ResourceModifiedError) as error:
            if error.status_code not in _CONFLICTS:
                raise
            return False
        return True


async def pause(attempt: int) -> None:
    """Wait before try `attempt` of a change; nothing before try 0."""
    if attempt:
        longest = min(BACKOFF_MOST_S, BACKOFF_S * 2**attempt)
        await asyncio.sleep(longest * random.uniform(0.5, 1))  # noqa: S311 - spreads rivals, guards nothing
