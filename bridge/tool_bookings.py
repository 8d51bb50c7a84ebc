"""The booking tools of one call: book, find, move, cancel. They act for this caller and this call only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

from azure.core.exceptions import AzureError

from bridge import tool_booking_answers as answers
from bridge.tool_parameters import BookTable, CancelBooking, FindBookings, MoveBooking
from bridge.tool_proof import Proof
from bridge.tool_results import ToolFailureError, ToolResult, failure, result
from bridge.tool_schema import ToolArgumentError
from bridge.tool_values import read_date, read_name, read_time
from shared import spoken
from shared.booking_access import own_number
from shared.booking_records import Booking, BookingRequest, Refused, Status, Wish
from shared.bookings import BookingStore
from shared.handover import paragraph
from shared.ledger import ConflictError
from shared.restaurant import Restaurant
from shared.restaurants import Catalogue

_MOST_BOOKINGS: Final = 5
"""Bookings made in one call: more is for a person, or somebody filling a restaurant with nobody."""

_MOST_NAME: Final = 60
_MOST_REQUESTS: Final = 200


class BookingTools:
    """Keeps what was booked in this call, and nothing beyond it."""

    def __init__(
        self,
        catalogue: Catalogue,
        bookings: BookingStore,
        *,
        call_id: str,
        caller: str | None,
        now: Callable[[], datetime],
        proof: Proof,
        person: bool,
    ) -> None:
        """`caller` is the number as the phone network gave it; `now` returns an aware time. `person`: callers
        can be put through to one."""
        self._catalogue = catalogue
        self._bookings = bookings
        self._call_id = call_id
        self._caller = caller
        self._now = now
        self._proof = proof
        self._person = person
        self._made: set[str] = set()
        self._running: set[str] = set()
        self._unsure: dict[str, BookingRequest] = {}
        self._standing: list[str] = []

    async def book(self, wanted: BookTable) -> ToolResult:
        """book_table"""
        request = BookingRequest(
            restaurant=self._catalogue.get(wanted.restaurant),
            on=read_date(wanted.date),
            at=read_time(wanted.time),
            party_size=wanted.party_size,
            name=read_name(paragraph(wanted.name, _MOST_NAME)),
            call_id=self._call_id,
            caller=self._caller,
            requests=paragraph(wanted.requests or "", _MOST_REQUESTS),
        )
        if self._is_too_many(request):
            await self._look_again()
            if self._is_too_many(request):
                raise ToolFailureError("too_many_bookings", self._too_many())
        self._running.add(request.identity)
        try:
            outcome = await self._bookings.book(request, self._catalogue.zone, self._local_now())
        except (AzureError, asyncio.CancelledError):
            self._unsure[request.identity] = request
            raise
        finally:
            self._running.discard(request.identity)
        self._unsure.pop(request.identity, None)
        if isinstance(outcome, Refused):
            return self._refused(outcome, request, "Nothing was booked.")
        self._made.add(request.identity)
        await self._look_again()
        others = [code for code in self._standing if code != outcome.code]
        self._standing = [*others, outcome.code]
        return result(answers.booked(outcome, request.restaurant, self._local_now().date(), others))

    async def find(self, asked: FindBookings) -> ToolResult:
        """find_bookings"""
        if asked.code is not None:
            found = [await self._proved(asked.code, asked.name)]
        else:
            found = await self._own()
        named = [(booking, self._restaurant_name(booking)) for booking in found]
        return result(answers.listed(named, self._local_now().date()))

    async def move(self, wanted: MoveBooking) -> ToolResult:
        """move_booking"""
        booking = await self._to_come(wanted.code, wanted.name)
        wish = Wish(
            restaurant=self._wished_restaurant(wanted, booking),
            on=booking.on if wanted.date is None else read_date(wanted.date),
            at=booking.at if wanted.time is None else read_time(wanted.time),
            party_size=booking.party_size if wanted.party_size is None else wanted.party_size,
        )
        requests = None if wanted.requests is None else paragraph(wanted.requests, _MOST_REQUESTS)
        now = self._local_now()
        outcome = await self._bookings.move(booking.code, wish, self._catalogue.zone, now, requests=requests)
        if isinstance(outcome, Refused):
            return self._refused(outcome, wish, "Nothing was changed: the booking stands as it was.")
        if outcome is None or outcome.status is Status.CANCELLED:
            raise ToolFailureError("cancelled", _CANCELLED)
        return result(answers.moved(outcome, wish.restaurant, now.date()))

    async def cancel(self, wanted: CancelBooking) -> ToolResult:
        """cancel_booking"""
        booking = await self._proved(wanted.code, wanted.name)
        if booking.status is Status.BOOKED:
            self._refuse_begun(booking)
            booking = await self._bookings.cancel(booking.code) or booking
        self._standing = [code for code in self._standing if code != booking.code]
        name = self._restaurant_name(booking)
        return result(answers.cancelled(booking, name, self._local_now().date()))

    def _is_too_many(self, request: BookingRequest) -> bool:
        """Also when many are booked at once, or nobody knows what became of them."""
        others = (self._made | self._running | self._unsure.keys()) - {request.identity}
        return request.identity not in self._made and len(others) >= _MOST_BOOKINGS

    async def _look_again(self) -> None:
        """Whether requests whose answer was lost were saved after all: a caller who was told to try again may
        have asked for something else instead."""
        for identity, request in list(self._unsure.items()):
            with contextlib.suppress(AzureError, ConflictError):  # then the next time
                made = await self._bookings.made_by(request, self._catalogue.zone)
                self._unsure.pop(identity, None)
                if made is not None:
                    self._made.add(identity)
                    self._standing = [*self._standing, made.code]

    async def _own(self) -> list[Booking]:
        """The bookings to come of this number and of this call; at least one."""
        await self._look_again()
        today = self._local_now().date()
        found = {found.code: found for found in await self._bookings.of_caller(self._caller, today)}
        for code in self._standing:
            booking = await self._bookings.get(code)
            if booking is not None and booking.status is Status.BOOKED:
                found[code] = booking
        if found:
            return sorted(found.values(), key=lambda booking: (booking.on, booking.at))
        if own_number(self._caller) is None:
            raise ToolFailureError(
                "number_withheld",
                "This call shows no number to look under. Ask the caller for the booking code, and for the "
                "name on the booking.",
            )
        raise ToolFailureError(
            "none_found",
            "No booking to come was made from the number of this call. Say so. If there may be one from "
            "another number, ask for its booking code and the name on it.",
        )

    async def _proved(self, said: str, name: str | None) -> Booking:
        """The booking with this code, if it is the caller's."""
        return await self._proof.shown(self._bookings.get, said, name, "booking")

    async def _to_come(self, code: str, name: str | None) -> Booking:
        """The caller's booking with this code, provided that it can still be changed."""
        booking = await self._proved(code, name)
        if booking.status is Status.CANCELLED:
            raise ToolFailureError("cancelled", _CANCELLED)
        self._refuse_begun(booking)
        return booking

    def _refuse_begun(self, booking: Booking) -> None:
        begins = datetime.combine(booking.on, booking.at, self._catalogue.zone)
        if begins <= self._local_now():
            raise ToolFailureError(
                "begun",
                "The time of that booking has come, so it can no longer be changed. "
                + self._proof.offer_person(),
            )

    def _wished_restaurant(self, wanted: MoveBooking, booking: Booking) -> Restaurant:
        if not any((wanted.restaurant, wanted.date, wanted.time, wanted.party_size, wanted.requests)):
            raise ToolArgumentError("Nothing to change was given. Ask the caller what should be different.")
        if wanted.restaurant is not None:
            return self._catalogue.get(wanted.restaurant)
        restaurant = self._restaurant(booking)
        if restaurant is None:
            raise ToolFailureError(
                "not_listed", f"That restaurant is no longer with us. {self._proof.offer_person()}"
            )
        return restaurant

    def _refused(self, outcome: Refused, wish: Wish, kept: str) -> ToolResult:
        today = self._local_now().date()
        message = answers.refused(outcome, wish, today, kept=kept, person=self._person)
        alternatives = [f"{at:%Y-%m-%d %H:%M}" for at in outcome.alternatives]
        return failure(outcome.reason.value, message, alternatives=alternatives)

    def _restaurant(self, booking: Booking) -> Restaurant | None:
        """By its id alone: a name only nearly like it is another restaurant."""
        return next((r for r in self._catalogue.restaurants if r.id == booking.restaurant_id), None)

    def _restaurant_name(self, booking: Booking) -> str:
        restaurant = self._restaurant(booking)
        return "a restaurant that is no longer with us" if restaurant is None else restaurant.name

    def _too_many(self) -> str:
        return (
            f"In one call {spoken.number(_MOST_BOOKINGS)} tables can be booked, and they are. Nothing was "
            f"booked. {self._proof.offer_person()}"
        )

    def _local_now(self) -> datetime:
        return self._now().astimezone(self._catalogue.zone)


_CANCELLED: Final = (
    "That booking is cancelled and cannot be changed. Say so, and offer to book a new table with book_table."
)
