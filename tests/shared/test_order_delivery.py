"""Where and when an order is brought."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.order_delivery import Delivered, Reason, Undelivered, cancel_until, plan, when
from shared.order_sold_out import tonight
from shared.places import GeoCoordinates
from shared.restaurant import Delivery, OpeningHoursSpecification, Restaurant
from tests.shared.order_house import KITCHENS, NAPOLI, NOW

ZONE = KITCHENS.zone
NEAR = KITCHENS.place("14 Lantern Street").geo


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def terms(**changes: Any) -> Delivery:
    assert NAPOLI.delivery is not None
    return msgspec.structs.replace(NAPOLI.delivery, **changes)


def told(found: Delivered | Undelivered) -> tuple[str, str]:
    if isinstance(found, Delivered):
        return "due", f"{found.due:%a %H:%M}"
    return found.reason.value, "" if found.instead is None else f"{found.instead:%a %H:%M}"


@pytest.mark.parametrize(
    ("now", "wished", "expected"),
    [
        ("2026-11-22T18:04", None, ("due", "Sun 18:35")),
        ("2026-11-22T18:05", None, ("due", "Sun 18:35")),
        ("2026-11-22T18:04", "2026-11-22T20:00", ("due", "Sun 20:00")),
        ("2026-11-22T18:04", "2026-11-22T18:34", ("due", "Sun 18:34")),
        ("2026-11-22T18:04", "2026-11-22T18:33", ("too_soon", "Sun 18:35")),
        ("2026-11-22T18:04", "2026-11-22T18:00", ("past", "Sun 18:35")),
        ("2026-11-22T22:30", None, ("due", "Sun 23:00")),
        ("2026-11-22T22:31", None, ("kitchen_closed", "Mon 12:30")),
        ("2026-11-22T22:00", "2026-11-22T23:30", ("kitchen_closed", "Mon 12:30")),
        ("2026-11-22T09:00", None, ("kitchen_closed", "Sun 12:30")),
        ("2026-11-22T09:00", "2026-11-22T12:30", ("due", "Sun 12:30")),
        ("2026-11-22T09:00", "2026-11-22T12:29", ("kitchen_closed", "Sun 12:30")),
        ("2026-11-22T18:04", "2026-11-29T18:34", ("due", "Sun 18:34")),
        ("2026-11-22T18:04", "2026-11-29T18:35", ("too_far_ahead", "")),
    ],
)
def test_when_it_is_there(now: str, wished: str | None, expected: tuple[str, str]) -> None:
    """The kitchen of the tests cooks from noon, takes the last order half an hour before eleven."""
    found = plan(NAPOLI, NEAR, None if wished is None else at(wished), at(now), ZONE)
    assert told(found) == expected


def test_kitchen_hours_go_before_opening_hours() -> None:
    evening = OpeningHoursSpecification(day_of_week=("Sunday",), opens="19:00", closes="21:00")
    restaurant = msgspec.structs.replace(NAPOLI, delivery=terms(kitchen_hours=(evening,)))
    assert told(plan(restaurant, NEAR, None, NOW, ZONE)) == ("kitchen_closed", "Sun 19:30")


@pytest.mark.parametrize(
    "restaurant", [KITCHENS.get("sakura-house"), msgspec.structs.replace(NAPOLI, has_menu=None)]
)
def test_who_does_not_deliver_or_has_no_menu(restaurant: Restaurant) -> None:
    assert plan(restaurant, NEAR, None, NOW, ZONE) == Undelivered(Reason.NO_DELIVERY)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 8.0), st.floats(0.1, 8.0))
def test_the_area_is_a_circle_around_the_restaurant(km: float, radius: float) -> None:
    north = GeoCoordinates(latitude=52.900 + km / 111.195, longitude=-6.050)  # a degree is 111.195 km
    restaurant = msgspec.structs.replace(NAPOLI, delivery=terms(radius_km=radius))
    if abs(km - radius) > 0.01:
        reached = isinstance(plan(restaurant, north, None, NOW, ZONE), Delivered)
        assert reached == (km < radius)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 14 * 24 * 60),
    st.none() | st.integers(-600, 8 * 24 * 60),
    st.integers(5, 120),
    st.integers(0, 90),
)
@example(0, 7 * 24 * 60 + 5, 5, 0)  # the kitchen opens next when it is too far ahead
def test_what_is_promised_can_be_cooked(ahead: int, wished: int | None, minutes: int, last: int) -> None:
    """At any time, over a change of the clocks as well; what is offered instead is taken when asked for."""
    now = at("2026-10-20T00:00") + timedelta(minutes=ahead)
    now = now.astimezone(ZoneInfo("UTC"))
    wish = None if wished is None else now + timedelta(minutes=wished)
    own = terms(minutes=minutes, last_order_minutes=last)
    restaurant = msgspec.structs.replace(NAPOLI, delivery=own)
    found = when(restaurant, own, wish, now, ZONE)
    if isinstance(found, Undelivered) and found.instead is not None:
        found = when(restaurant, own, found.instead, now, ZONE)
        assert isinstance(found, Delivered)
    if isinstance(found, Delivered):
        closes = restaurant.kitchen_hours(ZONE).open_until(found.begins)
        assert closes is not None
        assert found.begins + timedelta(minutes=last) <= closes
        assert now <= found.begins
        assert timedelta(minutes=minutes) <= found.due - found.begins < timedelta(minutes=minutes + 6)


def test_the_window_for_cancelling() -> None:
    """Some minutes after placing, and for a later meal until the kitchen begins."""
    soon = Delivered(NOW + timedelta(minutes=30), NOW)
    later = Delivered(NOW + timedelta(hours=3), NOW + timedelta(hours=2))
    assert cancel_until(soon, NOW, 5) == NOW + timedelta(minutes=5)
    assert cancel_until(soon, NOW, 0) == NOW
    assert cancel_until(later, NOW, 5) == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("now", "until"),
    [("2026-11-22T18:04", "23 05:00"), ("2026-11-22T23:59", "23 05:00"), ("2026-11-23T01:00", "23 05:00")],
)
def test_a_day_of_a_kitchen_ends_early_in_the_morning(now: str, until: str) -> None:
    assert f"{tonight(at(now), ZONE):%d %H:%M}" == until
