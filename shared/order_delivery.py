"""Whether, when and until when a restaurant brings an order to a door. No I/O and no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from shared.opening_hours import OpeningHours
from shared.places import GeoCoordinates, distance_km
from shared.restaurant import Delivery, Restaurant

DAYS_AHEAD: Final = 7
"""How long before the meal an order may be placed."""

_STEP: Final = timedelta(minutes=5)
"""Times are told to the next five minutes."""


class Reason(StrEnum):
    """Why an order is not delivered."""

    NO_DELIVERY = "no_delivery"
    OUT_OF_AREA = "out_of_area"
    KITCHEN_CLOSED = "kitchen_closed"
    PAST = "past"
    TOO_SOON = "too_soon"
    TOO_FAR_AHEAD = "too_far_ahead"


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An order that is not delivered, and the nearest time at which it would be, if there is one."""

    reason: Reason
    instead: datetime | None = None
    """In the restaurant's zone."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """When the food is at the door and when the kitchen begins, in the restaurant's zone."""

    due: datetime
    begins: datetime


def plan(
    restaurant: Restaurant, to: GeoCoordinates, wished: datetime | None, now: datetime, zone: ZoneInfo
) -> Delivered | Undelivered:
    """When an order placed now would be there: at the wished time, or as soon as possible.

    `wished` and `now` are aware, `zone` is that of the restaurant.
    """
    terms, home = restaurant.delivery, restaurant.geo
    if terms is None or home is None or restaurant.has_menu is None:
        return Undelivered(Reason.NO_DELIVERY)
    if distance_km(home, to) > terms.radius_km:
        return Undelivered(Reason.OUT_OF_AREA)
    return when(restaurant, terms, wished, now, zone)


def when(
    restaurant: Restaurant, terms: Delivery, wished: datetime | None, now: datetime, zone: ZoneInfo
) -> Delivered | Undelivered:
    """The same for an address that is known to be within the area."""
    kitchen, way = restaurant.kitchen_hours(zone), timedelta(minutes=terms.minutes)
    last = timedelta(minutes=terms.last_order_minutes)
    begins = now if wished is None else wished - way
    latest = now + timedelta(days=DAYS_AHEAD)

    def from_then_on(at: datetime) -> datetime | None:
        found = _earliest(kitchen, at, way, last)
        return None if found is None or found - way > latest else found

    if wished is not None and wished <= now:
        return Undelivered(Reason.PAST, from_then_on(now))
    if begins < now:
        return Undelivered(Reason.TOO_SOON, from_then_on(now))
    if begins > latest:
        return Undelivered(Reason.TOO_FAR_AHEAD)
    if not _cooks(kitchen, begins, last):
        return Undelivered(Reason.KITCHEN_CLOSED, from_then_on(begins))
    due = _rounded_up(now + way) if wished is None else wished
    return Delivered(due.astimezone(zone), begins.astimezone(zone))


def cancel_until(delivered: Delivered, now: datetime, minutes: int) -> datetime:
    """Until when the caller may cancel: some minutes after placing, or until the kitchen begins."""
    return max(now + timedelta(minutes=minutes), delivered.begins)


def _cooks(kitchen: OpeningHours, at: datetime, last: timedelta) -> bool:
    closes = kitchen.open_until(at)
    return closes is not None and at <= closes - last


def _earliest(kitchen: OpeningHours, at: datetime, way: timedelta, last: timedelta) -> datetime | None:
    """When food would be there that is cooked as soon as possible from `at` on."""
    begins: datetime | None = at
    for _ in range(8):  # spans too short for any order are passed over
        if begins is None or _cooks(kitchen, begins, last):
            break
        begins = kitchen.next_opening(begins)
    else:
        return None
    return None if begins is None else _rounded_up(begins + way).astimezone(kitchen.zone)


def _rounded_up(at: datetime) -> datetime:
    minute = at.replace(second=0, microsecond=0)
    if minute < at:
        minute += timedelta(minutes=1)
    return minute + (-minute.minute % (_STEP.seconds // 60)) * timedelta(minutes=1)
