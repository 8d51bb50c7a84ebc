"""Changes to one partition at a time: read, decide, commit all of it with its event, or lose and read again.

Bookings and orders are kept this way.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient

from shared.outbox import Outbox

type Operation = tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], dict[str, Any]]
"""One operation of a transaction, as azure-data-tables takes it."""

TRIES: Final = 12
"""Tries of one change. Each conflict means that somebody else's change stands, so the house moves on."""

BACKOFF_S: Final = 0.02
BACKOFF_MOST_S = 0.4

_CONFLICTS: Final = (409, 412)
"""A row appeared, or changed since it was read (Table Storage: entity already exists, condition not met)."""


class ConflictError(Exception):
    """Too many others changed the same rows at the same moment. Nothing was saved; asking again is safe."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in its table."""

    partition: str
    row: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The opposite of `text`; None for an empty text."""
        return cls(*text.split(" ")) if text else None

    @property
    def text(self) -> str:
        return f"{self.partition} {self.row}"

    @property
    def key(self) -> dict[str, str]:
        return {"PartitionKey": self.partition, "RowKey": self.row}


def unchanged(etag: str | None) -> dict[str, Any]:
    """The condition that a row is as it was read."""
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def merge(place: Place, etag: str | None, changes: dict[str, Any]) -> Operation:
    """Change properties of a row, provided it is as it was read."""
    return "update", place.key | changes, {"mode": UpdateMode.MERGE, **unchanged(etag)}


async def row(table: TableClient, place: Place) -> TableEntity | None:
    """The row as it is, if there is one."""
    try:
        return await table.get_entity(place.partition, place.row)
    except ResourceNotFoundError:
        return None


async def commit(
    table: TableClient,
    outbox: Outbox,
    name: str,
    partition: str,
    operations: Sequence[Operation],
    event: dict[str, Any] | None = None,
) -> bool:
    """All of it in one transaction, `event` (an outbox row) with it; False when a row was not as expected.

    False is also the answer to a transaction that was saved, lost its answer and was sent again by the
    client: read again before giving up. `name` is that of the table, without prefix.
    """
    changes = list(operations)
    if event is not None:
        changes.append(("create", {"PartitionKey": partition, **event}))
        await outbox.announce(name, partition)
    try:
        await table.submit_transaction(changes)
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
