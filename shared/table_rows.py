"""Many rows of one partition at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient

BATCH: Final = 100
"""Most operations of one transaction."""

_NOT_FOUND: Final = 404


async def delete_rows(table: TableClient, partition: str, keys: Sequence[str]) -> None:
    """Delete rows, whether or not they are still there."""
    for begin in range(0, len(keys), BATCH):
        batch = keys[begin : begin + BATCH]
        try:
            await table.submit_transaction(
                [("delete", {"PartitionKey": partition, "RowKey": key}) for key in batch]
            )
        except (TableTransactionError, ResourceNotFoundError) as error:
            if error.status_code != _NOT_FOUND:
                raise
            for key in batch:  # somebody else is deleting them, too
                await table.delete_entity(partition, key)


async def merge_rows(table: TableClient, partition: str, changes: Sequence[Mapping[str, Any]]) -> None:
    """Change some properties of rows that are there; each change has its RowKey."""
    for begin in range(0, len(changes), BATCH):
        rows = [{"PartitionKey": partition, **change} for change in changes[begin : begin + BATCH]]
        await table.submit_transaction([("update", row, {"mode": UpdateMode.MERGE}) for row in rows])


async def upsert_rows(table: TableClient, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of one partition, whether or not they are there; each row once."""
    for begin in range(0, len(rows), BATCH):
        batch = rows[begin : begin + BATCH]
        await table.submit_transaction([("upsert", row, {"mode": UpdateMode.REPLACE}) for row in batch])
