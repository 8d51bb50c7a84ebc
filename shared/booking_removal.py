"""Bookings that are over: deleted by day, or made nobody's for a caller who wants to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from azure.data.tables.aio import TableClient

from shared import booking_rows, pointers
from shared.booking_access import own_number
from shared.booking_ledger import TABLE, Ledger
from shared.booking_moves import Moves
from shared.booking_records import Booking, Status
from shared.booking_rows import Entry
from shared.ledger import Place
from shared.outbox import Outbox
from shared.outbox_removal import drop_events
from shared.retention_agenda import Agenda
from shared.table_rows import delete_rows
from shared.tables import Tables


@dataclass(frozen=True, slots=True)
class Owned:
    """A booking of a caller, and where it was found."""

    place: Place
    booking: Booking


class BookingRemoval:
    """Removes bookings, and who made them. Each step may be done twice, and by several at once.

    Every method raises azure.core.exceptions.AzureError when the store fails, and ConflictError when
    others keep changing a booking; do the same again later.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._outbox = Outbox(tables)
        self._agenda = Agenda(tables)

    async def of_caller(self, number: str) -> list[Owned]:
        """All bookings made from a number, whatever became of them."""
        ledger = await self._ledger()
        found: list[Owned] = []
        for place in await pointers.all_places_of(ledger.table, number):
            if (entry := await ledger.entry(place)) is not None:
                entry = await Moves(ledger).follow(entry)
                found.append(Owned(entry.place, entry.booking))
        return found

    async def make_nobodys(self, place: Place, today: date) -> date | None:
        """Take name, number and requests out of a booking that is over, and out of events that tell of it.

        Returns the day from which that can be done when the booking is still to come; else None.
        """
        ledger = await self._ledger()
        if (entry := await ledger.entry(place)) is None:
            return None
        entry = await Moves(ledger).settled(entry)
        if (due := over_on(entry.booking)) > today:
            return due
        await drop_events(self._tables, TABLE, entry.place.partition, f"bookings/{entry.root}")
        await self._drop_caller(ledger.table, entry)
        await ledger.commit(entry.place.partition, [booking_rows.updated_row(entry, **booking_rows.NOBODY)])
        seen = await ledger.entry(entry.place)
        # Somebody else changed it meanwhile: today is a good day to try again.
        return None if seen is None or not seen.booking.name else today

    async def delete_day(self, partition: str) -> int:
        """Delete a service day of a restaurant with all that leads to it; says how many bookings it had."""
        ledger = await self._ledger()
        bookings, keys = 0, []
        rows = ledger.table.query_entities("PartitionKey eq @partition", parameters={"partition": partition})
        async for row in rows:
            keys.append(row["RowKey"])
            entry = Entry.read(row) if row["RowKey"].startswith("booking-") else None
            if entry is not None and entry.moved_to is None:
                bookings += 1
                await pointers.drop_code(ledger.table, entry.booking.code, entry.root)
                await self._drop_caller(ledger.table, entry)
        await delete_rows(ledger.table, partition, keys)
        return bookings

    async def _drop_caller(self, table: TableClient, entry: Entry) -> None:
        if (number := own_number(entry.booking.caller)) is not None:
            await pointers.drop_from_caller(table, number, entry.root)

    async def _ledger(self) -> Ledger:
        return Ledger(await self._tables.table(TABLE), self._outbox, self._agenda)


def over_on(booking: Booking) -> date:
    """The first day (UTC) on which nobody needs to know any more whose booking it was, wherever that is."""
    if booking.status is Status.CANCELLED:
        return date.min
    return booking.on + timedelta(days=2)
