"""Bookings in Table Storage: never doubled, never lost, never more than the tables hold.

Table `bookings`. A restaurant's service day is one partition, `{restaurant_id}_{service day}`, with

    slot-{minute}       how many tables of each size are taken in that slot (properties `taken_{seats}`)
    booking-{identity}  one booking
    outbox-...          one event that is not published yet (`shared.outbox`)

so that one transaction changes the slots a party occupies (guarded by their ETags), its booking and the
event that tells of it: either all of it stands or none. The row key of a booking is a digest of what was
asked for in which call; a repeated request meets its own row and gets the same booking. Moving and
cancelling say what shall be, so that repeating them changes nothing more. `shared.booking_moves` tells how
a booking changes partitions, `shared.pointers` how it is found.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from azure.core.exceptions import AzureError

from shared import booking_rows, pointers
from shared.booking_access import own_number
from shared.booking_availability import Availability
from shared.booking_code import read_code
from shared.booking_ledger import TABLE, Ledger
from shared.booking_moves import Moves
from shared.booking_records import Booking, BookingRequest, Refused, Status, Wish
from shared.booking_rows import Change, Entry, State
from shared.clock import utc_now
from shared.ledger import TRIES, ConflictError, Place, pause
from shared.outbox import Outbox
from shared.retention_agenda import Agenda
from shared.seating import Reason, Seating, unbookable
from shared.tables import Tables


class BookingStore:
    """Reads and writes bookings. Holds no state of its own; safe from many tasks and processes.

    All methods raise azure.core.exceptions.AzureError when the store fails. A change may stand or not then;
    the same request again finds out and cannot double it. Changes raise ConflictError when they lost
    against too many others in a row.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._outbox = Outbox(tables)
        self._agenda = Agenda(tables)

    async def book(self, request: BookingRequest, zone: ZoneInfo, now: datetime) -> Booking | Refused:
        """Book a table, or say why not and what is free instead. `now` is aware."""
        if (never := unbookable(request.restaurant, request.party_size)) is not None:
            return Refused(never)
        ledger = await self._ledger()
        house = Availability.of(ledger, request, zone, now)
        wanted = house.wanted()
        partition = house.partition(wanted.service_day)
        standing, place = await _standing(ledger, request, partition)
        if standing is not None:
            return await _put_right(ledger, standing, request)
        if (reason := house.objection(wanted)) is not None:
            return await house.refused(reason, wanted)
        booked = await _create(house, request, place, wanted)
        return booked or await house.refused(Reason.FULL, wanted)

    async def refusal(self, wish: Wish, zone: ZoneInfo, now: datetime) -> Reason | None:
        """Why a table cannot be had as wished for; None when one is free now. Books nothing."""
        if (never := unbookable(wish.restaurant, wish.party_size)) is not None:
            return never
        house = Availability.of(await self._ledger(), wish, zone, now)
        wanted = house.wanted()
        if (reason := house.objection(wanted)) is not None:
            return reason
        stay, _ = await house.free_stay(wanted)
        return Reason.FULL if stay is None else None

    async def made_by(self, request: BookingRequest, zone: ZoneInfo) -> Booking | None:
        """The booking that stands because of this very request, whatever came of it then."""
        ledger = await self._ledger()
        wanted = Availability.of(ledger, request, zone, utc_now())
        entry, _ = await _standing(ledger, request, wanted.partition(wanted.wanted().service_day))
        return None if entry is None else entry.booking

    async def get(self, code: str) -> Booking | None:
        """The booking with this code, however it is spelled out; None when there is none."""
        ledger = await self._ledger()
        entry = await _by_code(ledger, code)
        return None if entry is None else (await Moves(ledger).follow(entry)).booking

    async def of_caller(self, caller: str | None, since: date) -> list[Booking]:
        """The bookings that stand, made from this number for `since` or later, in order of time.

        Empty for a number that is withheld.
        """
        number = own_number(caller)
        if number is None:
            return []
        ledger = await self._ledger()
        found: list[Booking] = []
        for place in await pointers.places_of(ledger.table, number, since):
            if (entry := await ledger.entry(place)) is not None:
                booking = (await Moves(ledger).follow(entry)).booking
                if booking.status is Status.BOOKED and booking.on >= since:
                    found.append(booking)
        return sorted(found, key=lambda booking: (booking.on, booking.at))

    async def move(
        self, code: str, wish: Wish, zone: ZoneInfo, now: datetime, *, requests: str | None = None
    ) -> Booking | Refused | None:
        """Change a booking into what is wished for; None when no booking has the code.

        A cancelled booking is returned as it is. `requests` replaces what was asked for; None keeps it.
        """
        if (never := unbookable(wish.restaurant, wish.party_size)) is not None:
            return Refused(never)
        ledger = await self._ledger()
        for attempt in range(TRIES):
            await pause(attempt)
            entry = await _settled(ledger, code)
            if entry is None or entry.state is State.CANCELLED:
                return None if entry is None else entry.booking
            changed = _changed(entry.booking, wish, requests)
            if changed == entry.booking:
                return changed
            if replace(changed, requests=entry.booking.requests) == entry.booking:
                saved = await _correct(ledger, entry, changed)
            else:
                house = Availability.of(ledger, wish, zone, now, entry)
                outcome = await _move(house, entry, changed)
                if isinstance(outcome, Refused):
                    return outcome
                saved = outcome
            if saved:
                return changed
        raise ConflictError

    async def cancel(self, code: str) -> Booking | None:
        """Cancel a booking and give its table back; None when no booking has the code."""
        ledger = await self._ledger()
        for attempt in range(TRIES):
            await pause(attempt)
            entry = await _settled(ledger, code)
            if entry is None or entry.state is State.CANCELLED:
                return None if entry is None else entry.booking
            if await _cancel(ledger, entry):
                return replace(entry.booking, status=Status.CANCELLED)
        raise ConflictError

    async def finish_moves(self, before: datetime) -> int:
        """Settle the moves to another day or restaurant that were begun before this moment (aware) and whose
        process did not come to the end of them; says how many. To be called from time to time."""
        return await Moves(await self._ledger()).sweep(before.astimezone(UTC))

    async def _ledger(self) -> Ledger:
        return Ledger(await self._tables.table(TABLE), self._outbox, self._agenda)


async def _standing(ledger: Ledger, request: BookingRequest, partition: str) -> tuple[Entry | None, Place]:
    """The booking this request made before, or else where to make one.

    A booking that was cancelled or moved away is not what is asked for now, so the next row key is free.
    """
    row = f"booking-{request.identity}"
    for again in range(TRIES):
        place = Place(partition, f"{row}.{again}" if again else row)
        entry = await ledger.entry(place)
        if entry is None:
            return None, place
        entry = await Moves(ledger).settled(entry)
        if entry.place == place and entry.state is State.BOOKED and _grants(entry.booking, request):
            return entry, place
    raise ConflictError


def _grants(booking: Booking, request: BookingRequest) -> bool:
    return _changed(booking, request, None) == booking


async def _create(
    house: Availability, request: BookingRequest, place: Place, wanted: Seating
) -> Booking | None:
    """Slots, booking and event in one transaction; None when no table is free."""
    ledger, booking = house.ledger, None
    await ledger.opens(place.partition)
    for attempt in range(TRIES):
        await pause(attempt)
        stay, rows = await house.free_stay(wanted)
        if (attempt or stay is None) and (standing := await ledger.entry(place)) is not None:
            return standing.booking  # an earlier try of this request was saved although its answer was lost
        if stay is None:
            return None
        if booking is None:
            booking = _new(
                request, await pointers.claim_code(ledger.table, place, request.on, house.now), house.now
            )
            if (number := own_number(request.caller)) is not None:
                await pointers.add_to_caller(ledger.table, number, place, request.on)
        operations = booking_rows.seat(place.partition, rows, takes=stay)
        operations.append(booking_rows.new_row(place, booking, stay))
        event = booking_rows.event(Change.CREATED, booking, root=place.row, sequence=1)
        if await ledger.commit(place.partition, operations, event):
            return booking
    raise ConflictError


async def _put_right(ledger: Ledger, entry: Entry, request: BookingRequest) -> Booking:
    """The name as it is spelled now, and requests if there are any now."""
    for attempt in range(TRIES):
        await pause(attempt)
        booking = entry.booking
        right = replace(booking, name=request.name, requests=request.requests or booking.requests)
        if right == booking or await _correct(ledger, entry, right):
            return right
        entry = await Moves(ledger).current(entry.place)
    raise ConflictError


async def _correct(ledger: Ledger, entry: Entry, changed: Booking) -> bool:
    """The same table under another name or with other requests."""
    row = booking_rows.changed_row(entry, changed, entry.stay)
    event = booking_rows.event(Change.CORRECTED, changed, root=entry.root, sequence=entry.sequence + 1)
    return await ledger.commit(entry.place.partition, [row], event)


async def _move(house: Availability, entry: Entry, changed: Booking) -> bool | Refused:
    """Another table, time, day or restaurant; False when somebody else was quicker."""
    wanted = house.wanted()
    if (reason := house.objection(wanted)) is not None:
        return await house.refused(reason, wanted)
    ledger, partition = house.ledger, house.partition(wanted.service_day)
    stay, rows = await house.free_stay(wanted)
    if stay is None:
        seen = await ledger.entry(entry.place)
        if seen is None or seen.etag != entry.etag:
            return False  # perhaps it is our own earlier try that has the table
        return await house.refused(Reason.FULL, wanted)
    if partition != entry.place.partition:
        return await Moves(ledger).move(entry, changed, partition, lambda: house.free_stay(wanted), house.now)
    operations = booking_rows.seat(partition, rows, takes=stay, leaves=entry.stay)
    operations.append(booking_rows.changed_row(entry, changed, stay))
    event = booking_rows.event(
        Change.MOVED, changed, root=entry.root, sequence=entry.sequence + 1, previous=entry.booking
    )
    return await ledger.commit(partition, operations, event)


async def _cancel(ledger: Ledger, entry: Entry) -> bool:
    partition, sequence = entry.place.partition, entry.sequence + 1
    rows = await ledger.slots(partition)
    operations = booking_rows.seat(partition, rows, leaves=entry.stay)
    gone = {"state": State.CANCELLED.value, "sequence": sequence}
    operations.append(booking_rows.updated_row(entry, **gone))
    event = booking_rows.event(Change.CANCELLED, entry.booking, root=entry.root, sequence=sequence)
    if not await ledger.commit(partition, operations, event):
        return False
    if (number := own_number(entry.booking.caller)) is not None:
        with contextlib.suppress(AzureError):  # a list that still has it is put right when it is read
            await pointers.cancel_for_caller(ledger.table, number, entry.root)
    return True


async def _by_code(ledger: Ledger, code: str) -> Entry | None:
    known = read_code(code)
    place = await pointers.place_of(ledger.table, known) if known is not None else None
    return await ledger.entry(place) if place is not None else None


async def _settled(ledger: Ledger, code: str) -> Entry | None:
    entry = await _by_code(ledger, code)
    return None if entry is None else await Moves(ledger).settled(entry)


def _changed(booking: Booking, wish: Wish, requests: str | None) -> Booking:
    return replace(
        booking,
        restaurant_id=wish.restaurant.id,
        on=wish.on,
        at=wish.at,
        party_size=wish.party_size,
        requests=booking.requests if requests is None else requests,
    )


def _new(request: BookingRequest, code: str, now: datetime) -> Booking:
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
        requests=request.requests,
    )
