"""Calls that have ended and are not in the figures yet.

Table `uncounted`: partition a hex digit of the call id, row the call id. Whoever ends a call, or writes
something to it after its end, puts it here; the counter takes it out once the figures have it. Put in again
meanwhile, it stays: the row has another ETag then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.calls import partition_of
from shared.tables import Tables

TABLE: Final = "uncounted"


@dataclass(frozen=True, slots=True)
class Uncounted:
    """One call that is to be counted, or counted anew."""

    call_id: str
    put_at: datetime
    """By the store's clock."""
    etag: str


class UncountedCalls:
    """The queue. Safe from many tasks and processes.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def put(self, call_id: str) -> None:
        """Have a call counted. One that has not ended is passed over; its end puts it in again."""
        table = await self._tables.table(TABLE)
        await table.upsert_entity(_key(call_id), mode=UpdateMode.REPLACE)

    async def waiting(self, most: int) -> list[Uncounted]:
        """Calls that wait, `most` at most, in no order."""
        table = await self._tables.table(TABLE)
        found: list[Uncounted] = []
        async for row in table.list_entities(results_per_page=min(most, 1000)):
            put_at, etag = row.metadata["timestamp"], row.metadata["etag"]
            if put_at is not None and etag is not None:
                found.append(Uncounted(row["RowKey"], put_at, etag))
            if len(found) == most:
                break
        return found

    async def done(self, counted: Sequence[Uncounted]) -> None:
        """Take out what was counted, unless it was put in again since."""
        table = await self._tables.table(TABLE)
        for item in counted:
            key = _key(item.call_id)
            with contextlib.suppress(ResourceModifiedError, ResourceNotFoundError):
                await table.delete_entity(
                    key["PartitionKey"],
                    key["RowKey"],
                    etag=item.etag,
                    match_condition=MatchConditions.IfNotModified,
                )


def _key(call_id: str) -> dict[str, Any]:
    return {"PartitionKey": partition_of(call_id)[-1], "RowKey": call_id}
