"""How bookings and orders are found: by their code, or by the number they were made from.

| partition | row | leads to |
|---|---|---|
| "code_{code}" | "code" | the booking or order with this code |
| "caller_{digest of the number}" | its root | one booking or order made from this number |

The number itself is in no key: keys stand in addresses, and addresses in logs. A pointer is written before
what it leads to, so a crash leaves one that leads to nothing, which reads as if there were none.
"""

from __future__ import annotations

import contextlib
import hashlib
from datetime import date, datetime, timedelta
from typing import Any, Final

from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared.booking_code import booking_code
from shared.ledger import ConflictError, Place, unchanged

_CODES: Final = 12
"""Codes tried for one booking; with half of all codes in use, twelve misses are 1 in 4,096."""

_MOST_LISTED: Final = 50
"""Bookings of one number that are looked at: nobody has more to come, unless to do harm."""


async def claim_code(table: TableClient, place: Place, until: date, now: datetime) -> str:
    """A code that points at this row and at no other whose meal (`until`) is still to come.

    Raises:
        ConflictError: too many codes were taken.
    """
    for attempt in range(_CODES):
        code = booking_code(place.row.partition("-")[2], attempt)
        entity = code_key(code) | pointer(place, place.row, 0, until)
        with contextlib.suppress(ResourceExistsError):
            await table.create_entity(entity)
            return code
        holder = await table.get_entity(entity["PartitionKey"], entity["RowKey"])
        if holder["root"] == place.row:
            return code  # claimed by an earlier try of the same request
        if date.fromisoformat(holder["until"]) < (now - timedelta(days=2)).date():
            with contextlib.suppress(ResourceModifiedError):
                await replace(table, holder, entity)
                return code
    raise ConflictError


async def place_of(table: TableClient, code: str) -> Place | None:
    """Where a code points, if it was ever given out."""
    try:
        return _place(await table.get_entity(f"code_{code}", "code"))
    except ResourceNotFoundError:
        return None


async def add_to_caller(table: TableClient, number: str, place: Place, until: date) -> None:
    """List what is about to be made under the number of its caller."""
    with contextlib.suppress(ResourceExistsError):
        await table.create_entity(caller_key(number, place.row) | pointer(place, place.row, 0, until))


async def cancel_for_caller(table: TableClient, number: str, root: str) -> None:
    """Take what is cancelled off the list of what its caller has to come."""
    with contextlib.suppress(ResourceNotFoundError):
        await table.update_entity(caller_key(number, root) | {"until": ""}, mode=UpdateMode.MERGE)


async def drop_from_caller(table: TableClient, number: str, root: str) -> None:
    """Take something off the list of its caller for good."""
    key = caller_key(number, root)
    await table.delete_entity(key["PartitionKey"], key["RowKey"])


async def drop_code(table: TableClient, code: str, root: str) -> None:
    """Take the code from what has it, unless it was given away again meanwhile."""
    key = code_key(code)
    with contextlib.suppress(ResourceNotFoundError, ResourceModifiedError):
        pointer = await table.get_entity(key["PartitionKey"], key["RowKey"])
        if pointer["root"] == root:
            await table.delete_entity(pointer, **unchanged(pointer.metadata["etag"]))


async def places_of(table: TableClient, number: str, since: date) -> list[Place]:
    """Where the rows stand that were made from a number for `since` or later."""
    rows = table.query_entities(
        "PartitionKey eq @partition and until ge @since",
        parameters={"partition": caller_key(number, "")["PartitionKey"], "since": since.isoformat()},
    )
    found: list[Place] = []
    async for row in rows:
        found.append(_place(row))
        if len(found) == _MOST_LISTED:
            break
    return found


async def all_places_of(table: TableClient, number: str) -> list[Place]:
    """Where everything stands that was ever made from a number: to come, over or cancelled."""
    partition = caller_key(number, "")["PartitionKey"]
    rows = table.query_entities("PartitionKey eq @partition", parameters={"partition": partition})
    return [_place(row) async for row in rows]


async def replace(table: TableClient, read: TableEntity, entity: dict[str, Any]) -> None:
    """Write a row anew, provided it is as it was read."""
    await table.update_entity(entity, mode=UpdateMode.REPLACE, **unchanged(read.metadata["etag"]))


def pointer(place: Place, root: str, moves: int, until: date) -> dict[str, Any]:
    """The properties of a pointer. `until` is the day of the meal, after which nobody asks for it."""
    return {
        "partition": place.partition,
        "row": place.row,
        "root": root,
        "moves": moves,
        "until": until.isoformat(),
    }


def code_key(code: str) -> dict[str, str]:
    """Of the pointer of a code."""
    return {"PartitionKey": f"code_{code}", "RowKey": "code"}


def caller_key(number: str, root: str) -> dict[str, str]:
    """Of a pointer of a number."""
    return {"PartitionKey": f"caller_{digest(number)}", "RowKey": root}


def digest(text: str) -> str:
    """A part of a key that tells nothing of the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _place(pointer: TableEntity) -> Place:
    return Place(pointer["partition"], pointer["row"])
