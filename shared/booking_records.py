"""What a booking is, what a caller may ask for, and why it may be refused. No I/O and no clock."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from shared.restaurant import Restaurant
from shared.seating import Reason


class Status(StrEnum):
    """Whether a booking stands."""

    BOOKED = "booked"
    CANCELLED = "cancelled"


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
    requests: str = ""
    """What the caller asks of the restaurant, in a few words: "a high chair"."""
    status: Status = Status.BOOKED


@dataclass(frozen=True, slots=True)
class Wish:
    """The table a caller wants, in wall time of the restaurant."""

    restaurant: Restaurant
    on: date
    at: time
    party_size: int


@dataclass(frozen=True, slots=True)
class BookingRequest(Wish):
    """A table that is to be booked, and for whom."""

    name: str
    call_id: str
    caller: str | None = None
    requests: str = ""

    @property
    def identity(self) -> str:
        """Same call and same details, same booking. What may be put better later is left out: the name, the
        requests."""
        parts = [self.call_id, self.restaurant.id, self.on.isoformat(), f"{self.at:%H:%M}", self.party_size]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Refused:
    """No table, and why. `alternatives` are free now, nearest first in time, in the restaurant's zone."""

    reason: Reason
    alternatives: tuple[datetime, ...] = ()
