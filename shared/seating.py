"""Which table a party gets: slots of the service day, tables taken in each, and the times still free.

A party keeps its table for the restaurant's sitting time, or until closing. The day is cut into slots; in
each slot we count, for every size of table, how many are taken. Counting is enough: parties that overlap
never outnumber the tables of their size, so the tables can always be laid out (interval graph colouring).
No I/O and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from shared.opening_hours import OpeningHours, Span
from shared.restaurant import Reservations, Restaurant

DAYS_AHEAD = 90
"""How far ahead a table can be booked, in days."""

ALTERNATIVES = 3
"""Most other times offered: more cannot be kept in mind by ear."""

type Taken = Mapping[int, Mapping[int, int]]
"""Slot (minute of the service day) to size of table (seats) to how many of that size are taken."""


class Reason(StrEnum):
    """Why a party cannot have the table it asked for."""

    PAST = "past"
    TOO_FAR_AHEAD = "too_far_ahead"
    CLOSED = "closed"
    LAST_SEATING = "last_seating"
    NOT_A_SLOT = "not_a_slot"
    NO_SUCH_TIME = "no_such_time"
    """The clocks go forward over it that night."""
    PARTY_TOO_LARGE = "party_too_large"
    NOT_BOOKED_HERE = "not_booked_here"
    """The restaurant gives its tables by itself."""
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Seating:
    """A party's stay: it begins at `minute` of the service day and occupies `slots`."""

    service_day: date
    minute: int
    slots: tuple[int, ...]


def rules_of(restaurant: Restaurant) -> Reservations:
    """How it gives out its tables.

    Raises:
        ValueError: it does so by itself, which callers of this have to have found out.
    """
    if restaurant.reservations is None:
        raise ValueError(f"{restaurant.id} gives out its tables by itself")
    return restaurant.reservations


def unbookable(restaurant: Restaurant, party_size: int) -> Reason | None:
    """Why this line can never give the party a table there, whatever the time; None when it can."""
    if restaurant.reservations is None:
        return Reason.NOT_BOOKED_HERE
    too_large = party_size > restaurant.reservations.maximum_party_size
    return Reason.PARTY_TOO_LARGE if too_large else None


def seating(restaurant: Restaurant, service_day: date, minute: int, span: Span) -> Seating:
    """The stay that begins at `minute` within `span`."""
    rules = rules_of(restaurant)
    leaves = min(minute + rules.sitting_minutes, span.closes)
    return Seating(service_day, minute, tuple(range(minute, leaves, rules.slot_minutes)))


def objection(
    restaurant: Restaurant, hours: OpeningHours, wanted: Seating, span: Span, now: datetime
) -> Reason | None:
    """Why the rules of the house forbid a stay, whatever tables are free; None when they allow it."""
    rules = rules_of(restaurant)
    if (reason := outside(wanted.service_day, now, hours)) is not None:
        return reason
    if hours.instant(wanted.service_day, wanted.minute) <= now:
        return Reason.PAST
    if hours.is_skipped(wanted.service_day, wanted.minute):
        return Reason.NO_SUCH_TIME
    if wanted.minute > span.closes - rules.last_seating_minutes:
        return Reason.LAST_SEATING
    if (wanted.minute - span.opens) % rules.slot_minutes:
        return Reason.NOT_A_SLOT
    return None


def outside(service_day: date, now: datetime, hours: OpeningHours) -> Reason | None:
    """Whether a day lies before yesterday's service (its late hours reach into today) or too far ahead."""
    today = now.astimezone(hours.zone).date()
    if service_day < today - timedelta(days=1):
        return Reason.PAST
    return Reason.TOO_FAR_AHEAD if service_day > today + timedelta(days=DAYS_AHEAD) else None


def free_table(restaurant: Restaurant, wanted: Seating, party_size: int, taken: Taken) -> int | None:
    """Seats of the smallest table that is free for the whole stay; None when there is none."""
    for group in sorted(rules_of(restaurant).tables, key=lambda group: group.seats):
        busiest = max(taken.get(slot, {}).get(group.seats, 0) for slot in wanted.slots)
        if group.seats >= party_size and busiest < group.count:
            return group.seats
    return None


def free_times(
    restaurant: Restaurant,
    hours: OpeningHours,
    service_day: date,
    party_size: int,
    taken: Taken,
    now: datetime,
) -> list[Seating]:
    """All stays of the service day that can still be booked, in order of time."""
    rules = rules_of(restaurant)
    stays = [
        (seating(restaurant, service_day, minute, span), span)
        for span in hours.spans(service_day)
        for minute in range(span.opens, span.closes - rules.last_seating_minutes + 1, rules.slot_minutes)
        if minute < span.closes
    ]
    return [
        stay
        for stay, span in stays
        if objection(restaurant, hours, stay, span, now) is None
        and free_table(restaurant, stay, party_size, taken) is not None
    ]


def nearest(stays: list[Seating], minute: int, at_most: int = ALTERNATIVES) -> list[Seating]:
    """The stays nearest to a minute of the service day, on both sides of it if there are, in order of
    time."""

    def distance(stay: Seating) -> int:
        return abs(stay.minute - minute)

    sides = ([s for s in stays if s.minute <= minute], [s for s in stays if s.minute > minute])
    first = sorted((min(side, key=distance) for side in sides if side), key=distance)
    others = sorted((stay for stay in stays if stay not in first), key=distance)
    return sorted([*first, *others][:at_most], key=lambda stay: stay.minute)


def minute_of(at: time) -> int:
    """Minutes from midnight."""
    return at.hour * 60 + at.minute
