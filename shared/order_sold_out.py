"""What a restaurant has run out of, in Table Storage: marked by whoever runs it, asked at every order.

Table `orders`, partition "soldout_{restaurant}", one row for each dish that was ever marked.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from azure.data.tables import UpdateMode

from shared.ledger import Place
from shared.order_carts import TABLE
from shared.tables import Tables

FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)

_NIGHT: Final = time(5)
"""Kitchens buy in the morning: what is sold out today is back the next day from this time on."""


class SoldOut:
    """Safe from many tasks and processes. All methods raise azure.core.exceptions.AzureError when the store
    fails."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def mark(self, restaurant_id: str, item: str, until: datetime) -> None:
        """The dish is sold out until this moment (aware); a moment that has passed means it is there."""
        table = await self._tables.table(TABLE)
        row = Place(f"soldout_{restaurant_id}", item).key | {"until": until.astimezone(UTC)}
        await table.upsert_entity(row, mode=UpdateMode.REPLACE)

    async def of(self, restaurant_id: str, now: datetime) -> dict[str, datetime]:
        """The dishes that are sold out at `now` (aware), and until when."""
        table = await self._tables.table(TABLE)
        rows = table.query_entities(
            "PartitionKey eq @partition and until gt @now",
            parameters={"partition": f"soldout_{restaurant_id}", "now": now.astimezone(UTC)},
        )
        return {row["RowKey"]: row["until"] async for row in rows}


def tonight(now: datetime, zone: ZoneInfo) -> datetime:
    """The end of the day of a kitchen: the next five o'clock in the morning. `now` is aware."""
    local = now.astimezone(zone)
    day = local.date() if local.time() < _NIGHT else local.date() + timedelta(days=1)
    return datetime.combine(day, _NIGHT, zone)
