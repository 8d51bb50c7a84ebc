"""The rows of a service day as values: slots, bookings and the events of their changes. No I/O and no clock.

Dates and times are text: they are wall time, which Table Storage has no type for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any, Final, Self

from azure.data.tables import TableEntity

from shared import outbox
from shared.booking_records import Booking, Status
from shared.ledger import Operation, Place, merge

_VOID = "void"
"""State of a row that keeps a move from ever being decided for it."""


class Change(StrEnum):
    """Type of the event that tells of a change."""

    CREATED = "booking.created"
    MOVED = "booking.moved"
    """Another table, time, day, restaurant or party size."""
    CORRECTED = "booking.corrected"
    """The same table under another name or with other requests."""
    CANCELLED = "booking.cancelled"


class State(StrEnum):
    """What a booking row stands for."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    MOVED = "moved"
    """The booking stands in another partition now; `moved_to` says where."""


NOBODY: Final = {"name": "", "caller": "", "requests": ""}
"""The properties that say whose booking it is, for a row that shall not say so any more."""


@dataclass(frozen=True, slots=True)
class Stay:
    """The slots a booking occupies, at a table of this many seats."""

    slots: tuple[int, ...]
    seats: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking row as it was read."""

    place: Place
    etag: str | None
    state: State
    booking: Booking
    stay: Stay
    sequence: int
    """Events of this booking so far."""
    root: str
    """Row key under which the booking was first written: names it for good, wherever it moves."""
    moves: int
    """Moves to another partition that were begun."""
    moving_to: Place | None
    moved_to: Place | None

    @classmethod
    def read(cls, entity: TableEntity) -> Self | None:
        """None for a void row."""
        if entity["state"] == _VOID:
            return None
        state = State(entity["state"])
        return cls(
            place=Place(entity["PartitionKey"], entity["RowKey"]),
            etag=entity.metadata["etag"],
            state=state,
            booking=_booking(entity, Status.CANCELLED if state is State.CANCELLED else Status.BOOKED),
            stay=Stay(tuple(int(slot) for slot in entity["slots"].split(",")), entity["table_seats"]),
            sequence=entity["sequence"],
            root=entity["root"],
            moves=entity["moves"],
            moving_to=Place.read(entity["moving_to"]),
            moved_to=Place.read(entity["moved_to"]),
        )


def new_row(
    place: Place, booking: Booking, stay: Stay, *, sequence: int = 1, root: str = "", moves: int = 0
) -> Operation:
    """Insert a booking, provided its row is not there yet."""
    entity = {
        "state": State.BOOKED.value,
        "created_at": booking.created_at,
        "code": booking.code,
        "call_id": booking.call_id,
        "caller": booking.caller or "",
        "root": root or place.row,
        "moves": moves,
        "moving_to": "",
        "moved_to": "",
        **_details(booking, stay, sequence),
    }
    return "create", place.key | entity


def changed_row(entry: Entry, booking: Booking, stay: Stay) -> Operation:
    """Change a booking where it stands, provided its row is as it was read; counts one event."""
    return updated_row(entry, **_details(booking, stay, entry.sequence + 1))


def updated_row(entry: Entry, **changes: Any) -> Operation:
    """Change properties of a booking row, provided it is as it was read."""
    return merge(entry.place, entry.etag, changes)


def void_row(place: Place) -> dict[str, Any]:
    """The row that takes the place of a booking which is not to come."""
    return place.key | {"state": _VOID}


def event(
    change: Change,
    booking: Booking,
    *,
    root: str,
    sequence: int,
    previous: Booking | None = None,
    follows: str | None = None,
) -> dict[str, Any]:
    """The outbox row of a change. `follows`: the partition of the event before, if it is another one."""
    data: dict[str, Any] = {"code": booking.code, **_told(booking), "party_size": booking.party_size}
    data |= {"name": booking.name, "requests": booking.requests}
    if previous is not None:
        data["previous"] = _told(previous)
    return outbox.row(
        change.value,
        f"bookings/{root}",  # not by the code, which is given out again
        data,
        event_id=f"{root}-{sequence}",
        sequence=sequence,
        follows=follows,
    )


def taken(rows: Mapping[int, TableEntity], leaving: Stay | None = None) -> dict[int, dict[int, int]]:
    """Slot to seats to tables taken; `leaving` is counted as gone."""
    found = {
        minute: {int(key.removeprefix("taken_")): row[key] for key in row if key.startswith("taken_")}
        for minute, row in rows.items()
    }
    if leaving is not None:
        for slot in leaving.slots:
            found[slot][leaving.seats] -= 1
    return found


def seat(
    partition: str,
    rows: Mapping[int, TableEntity],
    *,
    takes: Stay | None = None,
    leaves: Stay | None = None,
) -> list[Operation]:
    """Count a stay in, a stay out, or both, provided each slot that changes is as it was read."""
    counts: dict[int, dict[str, int]] = {}
    for stay, step in ((takes, 1), (leaves, -1)):
        for slot in stay.slots if stay is not None else ():
            column = f"taken_{stay.seats}" if stay is not None else ""
            change = counts.setdefault(slot, {})
            change[column] = change.get(column, 0) + step
    operations: list[Operation] = []
    for slot, change in counts.items():
        if not any(change.values()):
            continue
        place = Place(partition, f"slot-{slot:04d}")
        row = rows.get(slot)
        if row is None:
            operations.append(("create", place.key | change))
            continue
        values = {column: row.get(column, 0) + step for column, step in change.items()}
        operations.append(merge(place, row.metadata["etag"], values))
    return operations


def _details(booking: Booking, stay: Stay, sequence: int) -> dict[str, Any]:
    """The properties that a change may change."""
    return {
        "restaurant_id": booking.restaurant_id,
        "on": booking.on.isoformat(),
        "at": f"{booking.at:%H:%M}",
        "party_size": booking.party_size,
        "name": booking.name,
        "requests": booking.requests,
        "slots": ",".join(map(str, stay.slots)),
        "table_seats": stay.seats,
        "sequence": sequence,
    }


def _told(booking: Booking) -> dict[str, str]:
    return {
        "restaurant": booking.restaurant_id,
        "date": booking.on.isoformat(),
        "time": f"{booking.at:%H:%M}",
    }


def _booking(entity: TableEntity, status: Status) -> Booking:
    return Booking(
        code=entity["code"],
        restaurant_id=entity["restaurant_id"],
        on=date.fromisoformat(entity["on"]),
        at=time.fromisoformat(entity["at"]),
        party_size=entity["party_size"],
        name=entity["name"],
        call_id=entity["call_id"],
        caller=entity["caller"] or None,
        created_at=entity["created_at"],
        requests=entity["requests"],
        status=status,
    )
