"""Restaurants of their own for tests of bookings, requests to them, and an audit of what the store holds."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

from shared.booking_records import Booking, BookingRequest, Refused, Wish
from shared.bookings import BookingStore
from shared.restaurant import Reservations, Restaurant, TableGroup
from shared.restaurants import Catalogue
from shared.seating import Reason
from shared.settings import DEFAULT_RESTAURANTS_FILE
from shared.tables import Tables

CATALOGUE = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
ZONE = CATALOGUE.zone
NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
FRIDAY, SATURDAY = date(2026, 11, 27), date(2026, 11, 28)
CALLER = "4:+15550100"
_numbers = itertools.count()


def house(tables: dict[int, int], like: str = "napoli-pizza", name: str = "", **rules: int) -> Restaurant:
    """A restaurant of its own for one test, with the given tables (seats to count)."""
    base = CATALOGUE.get(like)
    reservations = Reservations(
        tables=tuple(TableGroup(seats=seats, count=count) for seats, count in tables.items()),
        slot_minutes=30,
        sitting_minutes=rules.get("sitting", 90),
        last_seating_minutes=rules.get("last", 60),
        maximum_party_size=max(tables),
    )
    return msgspec.structs.replace(base, id=name or f"house-{next(_numbers)}", reservations=reservations)


def ask(
    restaurant: Restaurant,
    at: str = "19:30",
    *,
    call: str = "call",
    party: int = 2,
    on: date = FRIDAY,
    name: str = "Kim",
    caller: str | None = CALLER,
    requests: str = "",
) -> BookingRequest:
    return BookingRequest(restaurant, on, time.fromisoformat(at), party, name, call, caller, requests)


def wish(restaurant: Restaurant, at: str = "19:30", *, on: date = FRIDAY, party: int = 2) -> Wish:
    return Wish(restaurant, on, time.fromisoformat(at), party)


async def book(store: BookingStore, request: BookingRequest, now: datetime = NOW) -> Booking | Refused:
    return await store.book(request, ZONE, now)


async def booked(store: BookingStore, request: BookingRequest) -> Booking:
    outcome = await book(store, request)
    assert isinstance(outcome, Booking), outcome
    return outcome


async def moved(store: BookingStore, code: str, to: Wish, requests: str | None = None) -> Booking:
    outcome = await store.move(code, to, ZONE, NOW, requests=requests)
    assert isinstance(outcome, Booking), outcome
    return outcome


async def refused(
    store: BookingStore, request: BookingRequest, now: datetime = NOW
) -> tuple[Reason, list[str]]:
    outcome = await book(store, request, now)
    assert isinstance(outcome, Refused), outcome
    return outcome.reason, [f"{at:%a %H:%M}" for at in outcome.alternatives]


async def rows(tables: Tables, restaurant: Restaurant, kind: str) -> list[Any]:
    """All rows of a restaurant whose key begins with `kind`."""
    table = await tables.table("bookings")
    first, last = f"{restaurant.id}_", f"{restaurant.id}_~"
    found = table.query_entities(
        "PartitionKey ge @first and PartitionKey lt @last", parameters={"first": first, "last": last}
    )
    return [row async for row in found if row["RowKey"].startswith(kind)]


async def events(tables: Tables, *houses: Restaurant) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of each event of the restaurants' bookings that waits, in order of each booking."""
    found = [row for each in houses for row in await rows(tables, each, "outbox-")]
    found.sort(key=lambda row: (row["event_id"].rpartition("-")[0], row["RowKey"]))
    assert len({row["event_id"] for row in found}) == len(found), "an event was made twice"
    return [(row["event_type"], msgspec.json.decode(row["data"])) for row in found]


async def audit(tables: Tables, *houses: Restaurant) -> list[dict[str, Any]]:
    """The bookings that stand, as rows. The tables counted as taken have to be theirs, one for one, every
    code has to be given once, and the events have to be numbered without a gap."""
    standing: list[dict[str, Any]] = []
    for each in houses:
        own = [row for row in await rows(tables, each, "booking-") if row["state"] == "booked"]
        counted: Counter[tuple[str, int, int]] = Counter()
        for row in await rows(tables, each, "slot-"):
            for key in row:
                if key.startswith("taken_"):
                    minute = int(row["RowKey"].removeprefix("slot-"))
                    counted[row["PartitionKey"], minute, int(key.removeprefix("taken_"))] += row[key]
        seated: Counter[tuple[str, int, int]] = Counter()
        for row in own:
            seated.update(
                (row["PartitionKey"], int(slot), row["table_seats"]) for slot in row["slots"].split(",")
            )
        assert +counted == seated
        assert min(counted.values(), default=0) >= 0
        standing += own
    assert len({row["code"] for row in standing}) == len(standing)
    told: dict[str, list[int]] = {}
    for each in houses:
        for event in await rows(tables, each, "outbox-"):
            root, _, sequence = event["event_id"].rpartition("-")
            told.setdefault(root, []).append(int(sequence))
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in told.values())
    for row in standing:
        assert len(told[row["root"]]) == row["sequence"]
    return standing
