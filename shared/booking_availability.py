"""Which table a wish gets at its restaurant, or why none and what is free instead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from azure.data.tables import TableEntity

from shared import booking_rows, seating
from shared.booking_ledger import Ledger
from shared.booking_records import Refused, Wish
from shared.booking_rows import Entry, Stay
from shared.opening_hours import OpeningHours
from shared.seating import Reason, Seating

_DAYS_TO_LOOK: Final = 7
"""How many days after a full one are searched for a free table."""


@dataclass(frozen=True, slots=True)
class Availability:
    """The tables of one restaurant for one wish, at one moment."""

    ledger: Ledger
    wish: Wish
    hours: OpeningHours
    now: datetime
    own: Entry | None = None
    """The booking that is to move: its own table counts as free for it."""

    @classmethod
    def of(
        cls, ledger: Ledger, wish: Wish, zone: ZoneInfo, now: datetime, own: Entry | None = None
    ) -> Availability:
        """`now` is aware; `zone` is that of the restaurant."""
        return cls(ledger, wish, wish.restaurant.hours(zone), now, own)

    def wanted(self) -> Seating:
        """The stay that is wished for; without slots when the restaurant is closed then."""
        placed = self.hours.placed(self.wish.on, self.wish.at)
        if placed is None:
            return Seating(self.wish.on, seating.minute_of(self.wish.at), ())
        return seating.seating(self.wish.restaurant, *placed)

    def objection(self, wanted: Seating) -> Reason | None:
        """Why the rules of the house forbid the stay, whatever tables are free; None when they allow it."""
        placed = self.hours.placed(self.wish.on, self.wish.at)
        if placed is None:
            return seating.outside(wanted.service_day, self.now, self.hours) or Reason.CLOSED
        _, _, span = placed
        return seating.objection(self.wish.restaurant, self.hours, wanted, span, self.now)

    async def free_stay(self, wanted: Seating) -> tuple[Stay | None, dict[int, TableEntity]]:
        """A table for the stay, None when there is none; and the slot rows it was found in."""
        partition = self.partition(wanted.service_day)
        rows = await self.ledger.slots(partition)
        taken = booking_rows.taken(rows, self._leaving(partition))
        seats = seating.free_table(self.wish.restaurant, wanted, self.wish.party_size, taken)
        return None if seats is None else Stay(wanted.slots, seats), rows

    async def refused(self, reason: Reason, wanted: Seating) -> Refused:
        """The refusal with the nearest free times that day, or else the nearest one of the coming days."""
        if reason is Reason.TOO_FAR_AHEAD:
            return Refused(reason)
        found = await self._free_near(wanted.service_day, wanted.minute)
        # A time that has passed is more likely a slip of the tongue than a wish for another day.
        days_to_look = 0 if reason is Reason.PAST else _DAYS_TO_LOOK
        for ahead in range(1, days_to_look + 1):
            if found:
                break
            later = await self._free_near(wanted.service_day + timedelta(days=ahead), wanted.minute)
            found = seating.nearest(later, wanted.minute, at_most=1)
        starts = (self.hours.instant(stay.service_day, stay.minute) for stay in found)
        return Refused(reason, tuple(start.astimezone(self.hours.zone) for start in starts))

    def partition(self, service_day: date) -> str:
        """Where the slots and bookings of a service day stand."""
        return f"{self.wish.restaurant.id}_{service_day.isoformat()}"

    async def _free_near(self, service_day: date, minute: int) -> list[Seating]:
        """The free stays of a day that begin nearest to a minute of it."""
        if not self.hours.spans(service_day):
            return []
        partition = self.partition(service_day)
        taken = booking_rows.taken(await self.ledger.slots(partition), self._leaving(partition))
        free = seating.free_times(
            self.wish.restaurant, self.hours, service_day, self.wish.party_size, taken, self.now
        )
        return seating.nearest(free, minute)

    def _leaving(self, partition: str) -> Stay | None:
        if self.own is None or self.own.place.partition != partition:
            return None
        return self.own.stay
