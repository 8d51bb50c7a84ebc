"""How a booking is found: by its code, or by the number it was made from.

| partition | row | leads to |
|---|---|---|
| "code_{code}" | "code" | the booking with this code |
| "caller_{digest of the number}" | root of the booking | one booking made from this number |
| "moves" | digest of the new place | a move between partitions that may be half done |

The number itself is in no key: keys stand in addresses, and addresses in logs. A pointer is written before
its booking, so a crash leaves one that leads to nothing, which reads as no booking. After a move to another
partition a pointer lags behind; the rows themselves lead on.
"""

from __future__ import annotations

import contextlib
import hashlib
from datetime import date, datetime, timedelta
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared.booking_code import booking_code
from shared.booking_ledger import TRIES, pause
from shared.booking_records import BookingConflictError
from shared.booking_rows import Entry, Place

_CODES: Final = 12
"""Codes tried for one booking; with half of all codes in use, twelve misses are 1 in 4,096."""

_MOST_LISTED: Final = 50
"""Bookings of one number that are looked at: nobody has more to come, unless to do harm."""

_MOVES: Final = "moves"


async def claim_code(table: TableClient, place: Place, until: date, now: datetime) -> str:
    """A code that points at this booking and at no other whose meal is still to come.

    Raises:
        BookingConflictError: too many codes were taken.
    """
    for attempt in range(_CODES):
        code = booking_code(place.row.removeprefix("booking-"), attempt)
        entity = _code_key(code) | _pointer(place, place.row, 0, until)
        with contextlib.suppress(ResourceExistsError):
            await table.create_entity(entity)
            return code
        holder = await table.get_entity(entity["PartitionKey"], entity["RowKey"])
        if holder["root"] == place.row:
            return code  # claimed by an earlier try of the same request
        if date.fromisoformat(holder["until"]) < (now - timedelta(days=2)).date():
            with contextlib.suppress(ResourceModifiedError):
                await _replace(table, holder, entity)
                return code
    raise BookingConflictError


async def place_of(table: TableClient, code: str) -> Place | None:
    """Where a code points, if it was ever given out."""
    try:
        return _place(await table.get_entity(f"code_{code}", "code"))
    except ResourceNotFoundError:
        return None


async def add_to_caller(table: TableClient, number: str, place: Place, until: date) -> None:
    """List a booking that is about to be made under the number of its caller."""
    with contextlib.suppress(ResourceExistsError):
        await table.create_entity(_caller_key(number, place.row) | _pointer(place, place.row, 0, until))


async def drop_from_caller(table: TableClient, number: str, root: str) -> None:
    """Take a booking that is cancelled off the list of its caller."""
    key = _caller_key(number, root)
    await table.delete_entity(key["PartitionKey"], key["RowKey"])


async def places_of(table: TableClient, number: str, since: date) -> list[Place]:
    """Where the bookings stand that were made from a number for `since` or later."""
    rows = table.query_entities(
        "PartitionKey eq @partition and until ge @since",
        parameters={"partition": _caller_key(number, "")["PartitionKey"], "since": since.isoformat()},
    )
    found: list[Place] = []
    async for row in rows:
        found.append(_place(row))
        if len(found) == _MOST_LISTED:
            break
    return found


async def repoint(table: TableClient, entry: Entry, number: str | None) -> None:
    """Lead both pointers of a booking to where it has moved, unless they lead further already."""
    keys = [_code_key(entry.booking.code)]
    if number is not None:
        keys.append(_caller_key(number, entry.root))
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
            pointer = await table.get_entity(key["PartitionKey"], key["RowKey"])
        except ResourceNotFoundError:
            return
        if pointer["root"] != entry.root or pointer["moves"] >= entry.moves:
            return
        with contextlib.suppress(ResourceModifiedError):
            moved = _pointer(entry.place, entry.root, entry.moves, entry.booking.on)
            await _replace(table, pointer, key | moved)
            return
    raise BookingConflictError


async def _replace(table: TableClient, read: TableEntity, entity: dict[str, Any]) -> None:
    await table.update_entity(
        entity,
        mode=UpdateMode.REPLACE,
        etag=read.metadata["etag"],
        match_condition=MatchConditions.IfNotModified,
    )


def _pointer(place: Place, root: str, moves: int, until: date) -> dict[str, Any]:
    """`until` is the day of the meal, after which nobody asks for the booking."""
    return {
        "partition": place.partition,
        "row": place.row,
        "root": root,
        "moves": moves,
        "until": until.isoformat(),
    }


def _place(pointer: TableEntity) -> Place:
    return Place(pointer["partition"], pointer["row"])


def _code_key(code: str) -> dict[str, str]:
    return {"PartitionKey": f"code_{code}", "RowKey": "code"}


def _caller_key(number: str, root: str) -> dict[str, str]:
    return {"PartitionKey": f"caller_{_digest(number)}", "RowKey": root}


def _move_key(target: Place) -> dict[str, str]:
    return {"PartitionKey": _MOVES, "RowKey": _digest(target.text)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
