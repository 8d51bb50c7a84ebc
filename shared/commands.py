"""What an operator wants done with a live call, from the control plane to the bridge that holds it.

Table `commands`, partition "live", row the call id; one command a call, the last one counts. A bridge that
holds calls looks at the partition every second: it is empty but for the second in which somebody clicked.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError
from azure.data.tables import UpdateMode

from shared.tables import Tables

TABLE: Final = "commands"
_PARTITION: Final = "live"
GOOD_FOR: Final = timedelta(minutes=1)
"""After which a command is thrown away: its call has ended, or nobody holds it."""


class Order(StrEnum):
    """What can be wanted."""

    END = "end"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class CallCommand:
    """One thing to do with one call."""

    call_id: str
    order: Order
    at: datetime
    to: str = field(default="", repr=False)
    """TRANSFER: to whom, as configured; empty for whom the agent would choose."""
    summary: str = field(default="", repr=False)
    """TRANSFER: what the person is told; empty for a summary of the call."""
    etag: str = ""


class Commands:
    """Hands commands over. Safe from many tasks and processes.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def give(self, command: CallCommand) -> None:
        """Have it done. It takes the place of an earlier one that is not done yet."""
        table = await self._tables.table(TABLE)
        await table.upsert_entity(
            {
                "PartitionKey": _PARTITION,
                "RowKey": command.call_id,
                "order": str(command.order),
                "at": command.at,
                "to": command.to,
                "summary": command.summary,
            },
            mode=UpdateMode.REPLACE,
        )

    async def waiting(self) -> list[CallCommand]:
        """All that are not done."""
        table = await self._tables.table(TABLE)
        rows = table.query_entities("PartitionKey eq @p", parameters={"p": _PARTITION})
        return [
            CallCommand(
                call_id=row["RowKey"],
                order=Order(row["order"]),
                at=row["at"],
                to=row["to"],
                summary=row["summary"],
                etag=row.metadata["etag"] or "",
            )
            async for row in rows
        ]

    async def throw_away(self, now: datetime) -> int:
        """Take away what is too old, for it holds what a person is told of a caller; says how many."""
        old = [command for command in await self.waiting() if command.at < now - GOOD_FOR]
        for command in old:
            await self.done(command)
        return len(old)

    async def done(self, command: CallCommand) -> None:
        """Take it away, unless another has come in its place."""
        table = await self._tables.table(TABLE)
        with contextlib.suppress(ResourceModifiedError):
            await table.delete_entity(
                _PARTITION, command.call_id, etag=command.etag, match_condition=MatchConditions.IfNotModified
            )
