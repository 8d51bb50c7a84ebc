"""What the booking tools answer: short facts for the model with `spoken`, a sentence or two for the ear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final

from shared import spoken
from shared.booking_records import Booking, Refused, Status, Wish
from shared.restaurant import Restaurant
from shared.seating import DAYS_AHEAD, Reason

type Facts = dict[str, Any]

_LISTED: Final = 3
"""Most bookings told in one breath."""


def booked(booking: Booking, restaurant: Restaurant, today: date, others: Sequence[str]) -> Facts:
    """A booking that stands. `others` are codes of other bookings made in this call."""
    said = (
        f"Your table for {spoken.number(booking.party_size)} at {restaurant.name} is booked for "
        f"{_when(booking, today)}, under the name {booking.name}.{_asked(booking)} "
        f"Your booking code is {spoken.letters(booking.code)}."
    )
    if others:
        codes = spoken.listing([spoken.letters(code) for code in others])
        said += f" Your earlier booking, {codes}, stands as well."
    return {"booked": True, **_facts(booking, restaurant.name), "spoken": said}


def moved(booking: Booking, restaurant: Restaurant, today: date) -> Facts:
    """A booking as it stands after a change."""
    said = (
        f"Your booking is changed. It is now a table for {spoken.number(booking.party_size)} at "
        f"{restaurant.name} for {_when(booking, today)}, under the name {booking.name}.{_asked(booking)} "
        f"The code is still {spoken.letters(booking.code)}."
    )
    return {"changed": True, **_facts(booking, restaurant.name), "spoken": said}


def cancelled(booking: Booking, name: str, today: date) -> Facts:
    """A booking that stands no more; `name` is that of the restaurant."""
    said = f"Your table at {name} for {_when(booking, today)} is cancelled."
    return {"cancelled": True, **_facts(booking, name), "spoken": said}


def listed(bookings: Sequence[tuple[Booking, str]], today: date) -> Facts:
    """Bookings with the names of their restaurants; at least one."""
    said = [_told(booking, name, today) for booking, name in bookings[:_LISTED]]
    if len(bookings) > 1:
        said.insert(0, f"There are {spoken.number(len(bookings))} bookings.")
    if len(bookings) > _LISTED:
        said.append("The others are later.")
    facts = [_facts(booking, name) | {"status": booking.status.value} for booking, name in bookings]
    return {"bookings": facts, "spoken": " ".join(said)}


def refused(outcome: Refused, wish: Wish, today: date, *, kept: str, person: bool) -> str:
    """Why there is no table and what to ask the caller, for the model.

    Args:
        kept: what the refusal leaves as it was: "Nothing was booked."
        person: callers can be put through to a person.
    """
    what = _reason(outcome.reason, wish, today)
    if outcome.reason in (Reason.PARTY_TOO_LARGE, Reason.NOT_BOOKED_HERE):
        telephone = wish.restaurant.telephone
        number = "not known to us" if telephone is None else spoken.digits(telephone)
        if not person or outcome.reason is Reason.NOT_BOOKED_HERE:
            return f"{what} {kept} Offer the caller the restaurant's number: {number}."
        return (
            f"{what} {kept} Offer to put the caller through with transfer_to_person, naming the restaurant; "
            f"or give its number: {number}."
        )
    if not outcome.alternatives:
        return f"{what} {kept} Ask the caller for another day or time."
    return f"{what} {kept} Offer the caller a table {_times(outcome.alternatives, today)}."


def _reason(reason: Reason, wish: Wish, today: date) -> str:
    name, rules = wish.restaurant.name, wish.restaurant.reservations
    if rules is None:
        return f"{name} gives its tables by itself, not through this line."
    day, at = spoken_day(wish.on, today), spoken.clock_of_day(wish.at)
    every = "on the quarter hours" if rules.slot_minutes == 15 else "on the half hours"
    return {
        Reason.PAST: f"{day[0].upper()}{day[1:]} at {at} has already passed.",
        Reason.TOO_FAR_AHEAD: f"Tables can be booked up to {spoken.number(DAYS_AHEAD)} days ahead.",
        Reason.CLOSED: f"{name} is closed {day} at {at}.",
        Reason.LAST_SEATING: f"{name} seats nobody as late as {at} {day}.",
        Reason.NOT_A_SLOT: f"{name} begins its tables {every}, counted from opening.",
        Reason.NO_SUCH_TIME: f"The clocks go forward {day}, and there is no {at}.",
        Reason.PARTY_TOO_LARGE: (
            f"{name} books at most {spoken.number(rules.maximum_party_size)} people this way; a person there "
            "arranges larger parties."
        ),
        Reason.FULL: f"{name} has no table for {spoken.number(wish.party_size)} left {day} at {at}.",
    }[reason]


def spoken_day(day: date, today: date) -> str:
    """A day within a sentence: "tomorrow", "on Friday"."""
    said = spoken.day(day, today)
    return said if said in ("today", "tomorrow") else f"on {said}"


def _told(booking: Booking, name: str, today: date) -> str:
    when = f"{spoken_day(booking.on, today)} at {spoken.clock_of_day(booking.at)}"
    state = " is cancelled" if booking.status is Status.CANCELLED else ""
    return (
        f"A table for {spoken.number(booking.party_size)} at {name} {when}, "
        f"under the name {booking.name}{',' * bool(state)}{state}.{_asked(booking)}"
    )


def _facts(booking: Booking, restaurant: str) -> Facts:
    facts: Facts = {
        "code": booking.code,
        "restaurant": restaurant,
        "id": booking.restaurant_id,
        "date": booking.on.isoformat(),
        "time": f"{booking.at:%H:%M}",
        "party_size": booking.party_size,
        "name": booking.name,
    }
    return facts | {"requests": booking.requests} if booking.requests else facts


def _when(booking: Booking, today: date) -> str:
    return f"{spoken.day(booking.on, today)} at {spoken.clock_of_day(booking.at)}"


def _asked(booking: Booking) -> str:
    return f" The restaurant is asked: {booking.requests.rstrip('.')}." if booking.requests else ""


def _times(alternatives: Sequence[datetime], today: date) -> str:
    """Times for the ear, the day said once for each day."""
    days: dict[date, list[time]] = {}
    for at in alternatives:
        days.setdefault(at.date(), []).append(at.time())
    return " or ".join(
        f"{spoken_day(day, today)} at {spoken.clocks_of_day(times)}" for day, times in days.items()
    )
