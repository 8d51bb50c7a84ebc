"""What the relay reads and writes: pointers, pending events, dead letters."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, UpdateMode

from shared.outbox import DEAD, PREFIX, TABLE, digest
from shared.outbox_topic import OutgoingEvent
from shared.tables import Tables

_POINTERS_MOST: Final = 1000
"""Pointers read at a time: one page."""
_ROWS_MOST: Final = 1000
"""Pending events read from one partition at a time: one page. Rows come by rising sequence, so these hold
the earliest events of each subject."""


class UnreadableError(Exception):
    """A pending row is not one that `shared.outbox.row` made; the message names the property."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A partition that may hold pending events."""

    table: str
    partition: str
    announced_at: datetime
    """By the store's clock: when somebody announced last."""
    shard: str
    digest: str
    etag: str


@dataclass(frozen=True, slots=True)
class Pending:
    """One event that is not published."""

    table: str
    entity: Mapping[str, Any]
    """As stored."""
    created_at: datetime
    subject: str
    attempts: int
    """Failed tries so far."""
    not_before: datetime | None
    """When to try again after a failure."""
    follows: str | None
    """Partition of the subject's event before this one, if another."""

    @property
    def partition(self) -> str:
        return str(self.entity["PartitionKey"])

    @property
    def row(self) -> str:
        return str(self.entity["RowKey"])

    def event(self) -> OutgoingEvent:
        """The event as it goes out.

        Raises:
            UnreadableError: a property is missing or spoilt.
        """
        try:
            return OutgoingEvent(
                id=self.entity["event_id"],
                source=f"/tabletalk/{self.table}",
                type=self.entity["event_type"],
                subject=self.entity["subject"],
                time=self.created_at,
                sequence=int(self.row.split("-")[1]),
                data=msgspec.json.decode(self.entity["data"]),
            )
        except KeyError as error:
            raise UnreadableError(f"{error.args[0]}: missing") from None
        except (ValueError, TypeError, IndexError):  # msgspec's error for broken JSON is a ValueError
            raise UnreadableError("sequence or data: spoilt") from None


class OutboxRows:
    """The outbox as the relay sees it. Safe from many tasks and processes; one run at a time each.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        # Where to go on reading pointers; in the beginning anywhere, so that processes seldom meet.
        self._start = f"{random.getrandbits(128):032x}"

    async def pointers(self) -> list[Pointer]:
        """A thousand pointers at most, in no order; a query or two, however many partitions they are in.

        When there are more, the next call goes on where this one ended, so each has its turn.
        """
        found = await self._pointers("RowKey ge @start", _POINTERS_MOST)
        if len(found) < _POINTERS_MOST:
            found += await self._pointers("RowKey lt @start", _POINTERS_MOST - len(found))
        if len(found) == _POINTERS_MOST:
            self._start = f"{found[-1].digest}0"  # the first text behind it
        random.shuffle(found)
        return found

    async def _pointers(self, half: str, most: int) -> list[Pointer]:
        """The first pointers before or from `_start`; partitions and rows are both in order of the digest."""
        outbox = await self._tables.table(TABLE)
        rows = outbox.query_entities(
            f"PartitionKey ge 'pointer-' and PartitionKey lt 'pointer.' and {half}",
            parameters={"start": self._start},
            results_per_page=most,
        )
        return [_pointer(row) async for row in _first(rows, most)]

    async def pending(self, pointer: Pointer) -> list[Pending]:
        """The pending events of a partition, the earliest of each subject first; [] when there are none."""
        table = await self._tables.table(pointer.table)
        rows = table.query_entities(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @end",
            parameters={"partition": pointer.partition, "first": PREFIX, "end": f"{PREFIX[:-1]}."},
            results_per_page=_ROWS_MOST,
        )
        return [_pending(pointer.table, entity) async for entity in _first(rows, _ROWS_MOST)]

    async def waits_elsewhere(self, event: Pending) -> bool:
        """Whether an earlier event of the subject is still pending in the partition that it follows."""
        if event.follows is None:
            return False
        table = await self._tables.table(event.table)
        rows = table.query_entities(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @row and subject eq @subject",
            parameters={
                "partition": event.follows,
                "first": PREFIX,
                "row": event.row,
                "subject": event.subject,
            },
        )
        async for _ in rows:
            return True
        return False

    async def remove(self, event: Pending) -> None:
        """Delete a row whose event was accepted, or moved aside; no matter if another relay did before."""
        table = await self._tables.table(event.table)
        await table.delete_entity(event.partition, event.row)

    async def failed(self, event: Pending, reason: str, not_before: datetime) -> None:
        """Note one more failed try."""
        table = await self._tables.table(event.table)
        change = {
            "PartitionKey": event.partition,
            "RowKey": event.row,
            "attempts": event.attempts + 1,
            "not_before": not_before,
            "reason": reason,
        }
        # Not found: another relay had more luck with it meanwhile.
        with contextlib.suppress(ResourceNotFoundError):
            await table.update_entity(change, mode=UpdateMode.MERGE)

    async def move_aside(self, event: Pending, reason: str, now: datetime) -> None:
        """Make a dead letter of an event. It is written before the row goes, so a crash leaves both."""
        outbox = await self._tables.table(TABLE)
        letter = {
            **event.entity,
            "PartitionKey": DEAD,
            "RowKey": digest(event.table, event.partition, event.row),
            "table": event.table,
            "partition": event.partition,
            "row": event.row,
            "reason": reason,
            "gave_up_at": now,
        }
        await outbox.upsert_entity(letter, mode=UpdateMode.REPLACE)
        await self.remove(event)

    async def retire(self, pointer: Pointer) -> None:
        """Remove a pointer, unless somebody has announced since it was read."""
        outbox = await self._tables.table(TABLE)
        with contextlib.suppress(ResourceModifiedError):
            await outbox.delete_entity(
                pointer.shard,
                pointer.digest,
                etag=pointer.etag,
                match_condition=MatchConditions.IfNotModified,
            )


async def _first(rows: AsyncIterable[TableEntity], most: int) -> AsyncIterator[TableEntity]:
    """The first `most` rows of a query, and no request for more."""
    left = most
    async for row in rows:
        yield row
        left -= 1
        if not left:
            return


def _pointer(row: TableEntity) -> Pointer:
    announced_at, etag = _written(row)
    return Pointer(
        table=row["table"],
        partition=row["partition"],
        announced_at=announced_at,
        shard=row["PartitionKey"],
        digest=row["RowKey"],
        etag=etag,
    )


def _written(row: TableEntity) -> tuple[datetime, str]:
    """When the store wrote a row, and its ETag; the client's types know of stores that send neither."""
    timestamp, etag = row.metadata["timestamp"], row.metadata["etag"]
    if timestamp is None or etag is None:
        raise ValueError(f"row {row['RowKey']}: without timestamp or ETag; not from Table Storage")
    return timestamp, etag


def _pending(table: str, entity: TableEntity) -> Pending:
    """Reads what the relay needs before it looks inside; a spoilt row gets values that do no harm."""
    created_at, attempts, not_before = (entity.get(n) for n in ("created_at", "attempts", "not_before"))
    return Pending(
        table=table,
        entity=entity,
        created_at=created_at if isinstance(created_at, datetime) else _written(entity)[0],
        subject=str(entity.get("subject", "")),
        attempts=attempts if isinstance(attempts, int) else 0,
        not_before=not_before if isinstance(not_before, datetime) else None,
        follows=entity.get("follows"),
    )
