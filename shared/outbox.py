"""The outbox: events that were committed together with the change they tell of, until they are published.

An event is a row of the partition it is about, put there by the same transaction as the change, so that
neither can stand without the other. `shared.outbox_relay` publishes the rows and deletes them.

| table | partition | row | holds |
|---|---|---|---|
| the change's | the change's | "outbox-{sequence}-{digest of id}" | one event that is not published yet |
| outbox | "pointer-{hex digit}" | digest of table and partition | which partition may hold such rows |
| outbox | "dead" | digest of where the event stood | an event that was given up, with the reason |

Rows and pointers stand in different partitions, so no transaction covers both. Instead the pointer is
written before the transaction, and removed only when no transaction announced by it can still be on its
way: `SETTLE` after its last announcement, and provided nobody announced again meanwhile.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, Final

import msgspec
from azure.data.tables import UpdateMode

from shared.clock import utc_now
from shared.tables import Tables

TABLE: Final = "outbox"
DEAD: Final = "dead"
"""Partition of the dead letters."""
PREFIX: Final = "outbox-"
"""Row keys of pending events begin with it. "outbox." follows all of them."""
SETTLE: Final = timedelta(minutes=5)
"""How long after `announce` a transaction may still commit. One try of it takes 6 s at most (see
`shared.tables`); the rest is for a process that was suspended, and for clocks that differ."""

_DATA_LIMIT: Final = 32_000
"""UTF-16 units of an event's data as JSON; a string property of Table Storage holds 32,768."""
_ID_LIMIT: Final = 200
_SEQUENCE_DIGITS: Final = 19


class Outbox:
    """Announces partitions that are about to get events. Safe from many tasks and processes."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def announce(self, table: str, partition_key: str) -> None:
        """Say that a transaction with an outbox row in this partition follows. Await it BEFORE each try.

        An announcement that no transaction follows does no harm.

        Raises:
            azure.core.exceptions.AzureError: the store failed. Do not commit: nobody would find the event.
        """
        outbox = await self._tables.table(TABLE)
        await outbox.upsert_entity(pointer(table, partition_key), mode=UpdateMode.REPLACE)


def row(
    event_type: str,
    subject: str,
    data: dict[str, Any],
    *,
    event_id: str,
    sequence: int,
    follows: str | None = None,
) -> dict[str, Any]:
    """The outbox row of one event, to be created in the transaction of its change; PartitionKey is for you.

    Args:
        event_type: CloudEvents `type`, such as "booking.created".
        subject: CloudEvents `subject`: what the event is about, such as "orders/" and its id. Events of one
            subject are published in the order of their `sequence`.
        data: what happened, JSON types only; at most 32,000 UTF-16 units of JSON.
        event_id: CloudEvents `id`, at most 200 characters. The same change gets the same id, however often
            it is tried, and no other event has it.
        sequence: 0 or more; every event of a subject has a higher one than the event before it.
        follows: partition of the same table where the event before this one of the subject was written, when
            that is another partition (a booking moved to another day).

    Raises:
        ValueError: an argument is empty, too long or no JSON; the message names it.
    """
    for name, text in (("event_type", event_type), ("subject", subject), ("event_id", event_id)):
        if not 1 <= len(text) <= _ID_LIMIT:
            raise ValueError(f"{name}: {len(text)} characters; must be 1 to {_ID_LIMIT}")
    if not 0 <= sequence < 10**_SEQUENCE_DIGITS:
        raise ValueError(f"sequence: {sequence} is not a number from 0 to {_SEQUENCE_DIGITS} digits")
    try:
        text = msgspec.json.encode(data).decode()
    except TypeError as error:
        raise ValueError(f"data: {error}; use JSON types only") from None
    units = len(text.encode("utf-16-le")) // 2
    if units > _DATA_LIMIT:
        raise ValueError(f"data: {units} UTF-16 units of JSON; at most {_DATA_LIMIT}")
    entity = {
        "RowKey": f"{PREFIX}{sequence:0{_SEQUENCE_DIGITS}d}-{digest(event_id)}",
        "event_type": event_type,
        "subject": subject,
        "event_id": event_id,
        "data": text,
        "created_at": utc_now(),
    }
    return entity if follows is None else entity | {"follows": follows}


def pointer(table: str, partition_key: str) -> dict[str, Any]:
    """The row of table `outbox` that leads to a partition; the same for every announcement of it."""
    key = digest(table, partition_key)
    return {
        "PartitionKey": f"pointer-{key[0]}",
        "RowKey": key,
        "table": table,
        "partition": partition_key,
    }


def digest(*parts: str) -> str:
    """A row key of some strings, in order."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
