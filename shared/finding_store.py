"""What each bridge found out about itself, kept for who asks.

| table | partition | row | holds |
|---|---|---|---|
| checks | "bridge" | replica | what a bridge found, as JSON, and when |

The bridge alone can tell whether its identity may open a Voice Live session, and the planes never call each
other: so it writes that down here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from shared.findings import Finding
from shared.tables import Tables

_PARTITION: Final = "bridge"


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What one process found."""

    replica: str
    at: datetime
    findings: tuple[Finding, ...]


class FindingStore:
    """Keeps the latest findings of each bridge.

    Every method raises azure.core.exceptions.AzureError when the store cannot be reached or refuses.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def save(self, found: Findings) -> None:
        """In place of what this replica found before."""
        table = await self._tables.table("checks")
        text = msgspec.json.encode(found.findings).decode()
        await table.upsert_entity(
            {"PartitionKey": _PARTITION, "RowKey": found.replica, "findings": text, "at": found.at}
        )

    async def forget(self, replica: str) -> None:
        """The replica ends."""
        table = await self._tables.table("checks")
        await table.delete_entity(_PARTITION, replica)

    async def all(self) -> list[Findings]:
        """Of every replica that is up or died without saying so, the latest first."""
        table = await self._tables.table("checks")
        query = table.query_entities("PartitionKey eq @partition", parameters={"partition": _PARTITION})
        found: list[Findings] = []
        async for row in query:
            findings = msgspec.json.decode(row["findings"], type=tuple[Finding, ...])
            found.append(Findings(replica=row["RowKey"], at=row["at"], findings=findings))
        return sorted(found, key=lambda one: one.at, reverse=True)
