"""How bookings are found when they move: `shared.pointers`, and a list of the moves that may be half done.

| partition | row | leads to |
|---|---|---|
| "moves" | digest of the new place | a move between partitions that may be half done |

After a move to another partition a pointer lags behind; the rows themselves lead on.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Final

from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from shared.booking_rows import Entry
from shared.ledger import TRIES, ConflictError, Place, pause
from shared.pointers import caller_key, code_key, digest, pointer, replace

_MOVES: Final = "moves"


async def repoint(table: TableClient, entry: Entry, number: str | None) -> None:
    """Lead both pointers of a booking to where it has moved, unless they lead further already."""
    keys = [code_key(entry.booking.code)]
    if number is not None:
        keys.append(caller_key(number, entry.root))
    for key in keys:
        await _lead(table, key, entry)


async def note_move(table: TableClient, entry: Entry, target: Place, now: datetime) -> None:
    """Write down that a move of a booking may be half done."""
    key = _move_key(target)
    links = {"old_partition": entry.place.partition, "old_row": entry.place.row, "target": target.text}
    await table.upsert_entity(key | links | {"since": now}, mode=UpdateMode.REPLACE)


async def forget_move(table: TableClient, target: Place) -> None:
    """The move to this place is done, or was given up."""
    key = _move_key(target)
    await table.delete_entity(key["PartitionKey"], key["RowKey"])


async def open_moves(table: TableClient, before: datetime) -> list[tuple[Place, Place]]:
    """Old and new place of each move that was begun before a moment and may be half done."""
    rows = table.query_entities(
        "PartitionKey eq @partition and since lt @before", parameters={"partition": _MOVES, "before": before}
    )
    found = [(Place(row["old_partition"], row["old_row"]), Place.read(row["target"])) async for row in rows]
    return [(old, target) for old, target in found if target is not None]


async def _lead(table: TableClient, key: dict[str, str], entry: Entry) -> None:
    for attempt in range(TRIES):
        await pause(attempt)
        try:
            found = await table.get_entity(key["PartitionKey"], key["RowKey"])
        except ResourceNotFoundError:
            return
        if found["root"] != entry.root or found["moves"] >= entry.moves:
            return
        with contextlib.suppress(ResourceModifiedError):
            moved = pointer(entry.place, entry.root, entry.moves, entry.booking.on)
            await replace(table, found, key | moved)
            return
    raise ConflictError


def _move_key(target: Place) -> dict[str, str]:
    return {"PartitionKey": _MOVES, "RowKey": digest(target.text)}
