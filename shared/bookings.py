"""Bookings in Table Storage: never doubled, never lost, never more than the tables hold.

Table `bookings`. A restaurant's service day is one partition, `{restaurant_id}_{service day}`, with

    slot-{minute}       how many tables of each size are taken in that slot (properties `taken_{seats}`)
    booking-{identity}  one booking

so that one transaction changes the slots a party occupies (guarded by their ETags) and inserts its booking:
either all of it stands or none. The row key of a booking is a digest of what was asked for in which call; a
repeated request meets its own row and gets the same booking. Partition `code_{code}` holds one row that
points at the booking. A crash between the two leaves a pointer to nothing, which reads as no booking.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient

from shared import seating
from shared.booking_code import booking_code, read_code
from shared.opening_hours import OpeningHours
from shared.restaurant import Restaurant
from shared.seating import Reason, Seating
from shared.tables import Tables

type _Operation = tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], dict[str, Any]]

_COMMITS = 12
"""Tries of one commit. Each conflict means that somebody else's booking stands, so the house moves on."""

_BACKOFF_S = 0.02
_BACKOFF_MOST_S = 0.4
_CODES = 12
"""Codes tried for one booking; with half of all codes in use, twelve misses are 1 in 4,096."""

_DAYS_TO_LOOK = 7
"""How many days after a full one are searched for a free table."""

_CONFLICTS = (409, 412)
"""A row appeared, or changed since it was read (Table Storage: entity already exists, condition not met)."""


class BookingConflictError(Exception):
    """Too many others booked the same slots at the same moment. Nothing was saved; asking again is safe."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A table that is booked. `on` and `at` are the calendar day and wall time as the caller said them."""

    code: str
    restaurant_id: str
    on: date
    at: time
    party_size: int
    name: str
    call_id: str
    caller: str | None
    """The caller's number as the phone network gave it, so that the restaurant can ring back."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What a caller wants, in wall time of the restaurant."""

    restaurant: Restaurant
    on: date
    at: time
    party_size: int
    name: str
    call_id: str
    caller: str | None = None

    @property
    def identity(self) -> str:
        """Same call and same details, same booking. The name is left out: it may be spelled better later."""
        parts = [self.call_id, self.restaurant.id, self.on.isoformat(), f"{self.at:%H:%M}", self.party_size]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Refused:
    """No booking, and why. `alternatives` are free now, nearest first in time, in the restaurant's zone."""

    reason: Reason
    alternatives: tuple[datetime, ...] = ()


class BookingStore:
    """Reads and writes bookings. Holds no state of its own; safe from many tasks and processes."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def book(self, request: BookingRequest, zone: ZoneInfo, now: datetime) -> Booking | Refused:
        """Book a table, or say why not and what is free instead. `now` is aware.

        Raises:
            BookingConflictError: lost against too many others in a row.
            azure.core.exceptions.AzureError: the store failed. The booking may or may not stand; the same
                request again finds out and cannot double it.
        """
        if request.party_size > request.restaurant.reservations.maximum_party_size:
            return Refused(Reason.PARTY_TOO_LARGE)
        table = await self._tables.table("bookings")
        return await _Attempt(table, request, request.restaurant.hours(zone), now).run()

    async def get(self, code: str) -> Booking | None:
        """The booking with this code, however it is spelled out; None when there is none."""
        known = read_code(code)
        if known is None:
            return None
        table = await self._tables.table("bookings")
        try:
            pointer = await table.get_entity(f"code_{known}", "code")
            return _booking(await table.get_entity(pointer["partition"], pointer["row"]))
        except ResourceNotFoundError:
            return None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One request on its way into the store."""

    table: TableClient
    request: BookingRequest
    hours: OpeningHours
    now: datetime

    async def run(self) -> Booking | Refused:
        asked = self.request
        if (place := self.hours.placed(asked.on, asked.at)) is None:
            reason = seating.outside(asked.on, self.now, self.hours) or Reason.CLOSED
            return await self.refused(reason, asked.on, seating.minute_of(asked.at))
        service_day, minute, span = place
        if standing := await self.standing(self.partition(service_day)):
            return standing
        wanted = seating.seating(asked.restaurant, service_day, minute, span)
        objection = seating.objection(asked.restaurant, self.hours, wanted, span, self.now)
        if objection is not None:
            return await self.refused(objection, service_day, minute)
        return await self.commit(wanted) or await self.refused(Reason.FULL, service_day, minute)

    async def commit(self, wanted: Seating) -> Booking | None:
        """Slots and booking in one transaction; None when no table is free."""
        partition = self.partition(wanted.service_day)
        code: str | None = None
        for attempt in range(_COMMITS):
            if attempt:
                pause = min(_BACKOFF_MOST_S, _BACKOFF_S * 2**attempt)
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads rivals, guards nothing
                if standing := await self.standing(partition):
                    return standing  # our own earlier try was saved although its answer was lost
            rows = await _slot_rows(self.table, partition)
            seats = seating.free_table(self.request.restaurant, wanted, self.request.party_size, _taken(rows))
            if seats is None:
                return None
            code = code or await _claim_code(self.table, partition, self.request, self.now)
            booking = _new_booking(code, self.request, self.now)
            operations = [_seat(partition, slot, rows.get(slot), seats) for slot in wanted.slots]
            operations.append(("create", _entity(partition, self.request, booking, seats)))
            try:
                await self.table.submit_transaction(operations)
            except (TableTransactionError, ResourceExistsError, ResourceModifiedError) as error:
                if error.status_code not in _CONFLICTS:
                    raise
                continue
            return booking
        raise BookingConflictError

    async def standing(self, partition: str) -> Booking | None:
        """The booking this request made before, its name put right if it is spelled otherwise now."""
        row = _booking_row(self.request)
        try:
            entity = await self.table.get_entity(partition, row)
        except ResourceNotFoundError:
            return None
        if entity["name"] != self.request.name:
            change = {"PartitionKey": partition, "RowKey": row, "name": self.request.name}
            await self.table.update_entity(change, mode=UpdateMode.MERGE)
            entity["name"] = self.request.name
        return _booking(entity)

    async def refused(self, reason: Reason, service_day: date, minute: int) -> Refused:
        """The refusal with the nearest free times that day, or else the nearest one of the coming days."""
        if reason is Reason.TOO_FAR_AHEAD:
            return Refused(reason)
        found = await self.free_near(service_day, minute)
        # A time that has passed is more likely a slip of the tongue than a wish for another day.
        days_to_look = 0 if reason is Reason.PAST else _DAYS_TO_LOOK
        for ahead in range(1, days_to_look + 1):
            if found:
                break
            later = await self.free_near(service_day + timedelta(days=ahead), minute)
            found = seating.nearest(later, minute, at_most=1)
        starts = (self.hours.instant(stay.service_day, stay.minute) for stay in found)
        return Refused(reason, tuple(start.astimezone(self.hours.zone) for start in starts))

    async def free_near(self, service_day: date, minute: int) -> list[Seating]:
        """The free stays of a day that begin nearest to a minute of it."""
        restaurant = self.request.restaurant
        if not self.hours.spans(service_day):
            return []
        taken = _taken(await _slot_rows(self.table, self.partition(service_day)))
        free = seating.free_times(
            restaurant, self.hours, service_day, self.request.party_size, taken, self.now
        )
        return seating.nearest(free, minute)

    def partition(self, service_day: date) -> str:
        return f"{self.request.restaurant.id}_{service_day.isoformat()}"


async def _slot_rows(table: TableClient, partition: str) -> dict[int, TableEntity]:
    """All slot rows of a service day by minute: one query of one partition, at most 96 small rows."""
    rows = table.query_entities(
        "PartitionKey eq @partition and RowKey ge 'slot-' and RowKey lt 'slot.'",
        parameters={"partition": partition},
    )
    return {int(row["RowKey"].removeprefix("slot-")): row async for row in rows}


async def _claim_code(table: TableClient, partition: str, request: BookingRequest, now: datetime) -> str:
    """A code that points at this booking and at no other whose meal is still to come."""
    pointer = {"RowKey": "code", "partition": partition, "row": _booking_row(request), "on": f"{request.on}"}
    for attempt in range(_CODES):
        code = booking_code(request.identity, attempt)
        entity = {"PartitionKey": f"code_{code}", **pointer}
        with contextlib.suppress(ResourceExistsError):
            await table.create_entity(entity)
            return code
        holder = await table.get_entity(entity["PartitionKey"], "code")
        if (holder["partition"], holder["row"]) == (partition, pointer["row"]):
            return code  # claimed by an earlier try of the same request
        if date.fromisoformat(holder["on"]) < (now - timedelta(days=2)).date():
            with contextlib.suppress(ResourceModifiedError):
                await table.update_entity(
                    entity,
                    mode=UpdateMode.REPLACE,
                    etag=holder.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
                return code
    raise BookingConflictError


def _booking_row(request: BookingRequest) -> str:
    return f"booking-{request.identity}"


def _taken(rows: Mapping[int, TableEntity]) -> dict[int, dict[int, int]]:
    return {
        minute: {int(key.removeprefix("taken_")): row[key] for key in row if key.startswith("taken_")}
        for minute, row in rows.items()
    }


def _seat(partition: str, slot: int, row: TableEntity | None, seats: int) -> _Operation:
    """One more table of this size taken in a slot, provided the slot is as it was read."""
    column = f"taken_{seats}"
    key = {"PartitionKey": partition, "RowKey": f"slot-{slot:04d}"}
    if row is None:
        return ("create", {**key, column: 1})
    condition = {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
    return ("update", {**key, column: row.get(column, 0) + 1}, {"mode": UpdateMode.MERGE, **condition})


def _new_booking(code: str, request: BookingRequest, now: datetime) -> Booking:
    return Booking(
        code=code,
        restaurant_id=request.restaurant.id,
        on=request.on,
        at=request.at,
        party_size=request.party_size,
        name=request.name,
        call_id=request.call_id,
        caller=request.caller,
        created_at=now.astimezone(UTC),
    )


def _entity(partition: str, request: BookingRequest, booking: Booking, seats: int) -> dict[str, Any]:
    """The booking row. Dates and times are text: they are wall time, which Table Storage has no type for."""
    return {
        "PartitionKey": partition,
        "RowKey": _booking_row(request),
        "code": booking.code,
        "restaurant_id": booking.restaurant_id,
        "on": booking.on.isoformat(),
        "at": f"{booking.at:%H:%M}",
        "party_size": booking.party_size,
        "table_seats": seats,
        "name": booking.name,
        "call_id": booking.call_id,
        "caller": booking.caller or "",
        "created_at": booking.created_at,
    }


def _booking(entity: TableEntity) -> Booking:
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
    )
