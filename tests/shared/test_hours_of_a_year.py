"""Open or closed over a whole year, compared with two implementations that know nothing of ours.

The library for the opening_hours grammar of OpenStreetMap is asked the same question about the same hours,
written as text. It reads the wall clock only, and sees the nights before and after a day with a rule of its
own differently: it ends the one at midnight, and lets the hours that the rule replaces go on in the other. So
around clock changes, and around Christmas with its holidays, we are compared instead with a walk along the
clock, minute by minute.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours as Written

from shared import spoken
from shared.opening_hours import DAY
from shared.public_holidays import is_public_holiday
from shared.restaurant import Restaurant, SpecialOpeningHours
from tests.shared.booking_house import CATALOGUE

DUBLIN = ZoneInfo("Europe/Dublin")
FIRST = date(2026, 11, 20)
MINUTES = 400 * DAY
MINUTE = timedelta(minutes=1)
CHRISTMAS = datetime(2026, 12, 26, tzinfo=UTC)
EARLIEST = time(7)
"""No restaurant here opens before, and none is open still."""
CHANGES = (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC))

NIGHT = {"opens": "00:30", "closes": "02:30"}

type Pair = tuple[str, str]


def pairs(draw: st.DrawFn) -> list[Pair]:
    """At most two spans of a day, the last one perhaps past midnight."""
    cuts = sorted(draw(st.lists(st.integers(9 * 4, 24 * 4 - 1), min_size=2, max_size=4, unique=True)))
    cuts[-1] += draw(st.sampled_from([0, 0, 8]))
    return [(_clock(a), _clock(b)) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]


def _clock(quarters: int) -> str:
    return f"{quarters // 4 % 24:02}:{quarters % 4 * 15:02}"


@st.composite
def houses(draw: st.DrawFn) -> Restaurant:
    """A restaurant with a week, perhaps hours of its own on public holidays, and some dates."""
    entries: list[dict[str, Any]] = []
    days = [*spoken.WEEKDAYS, *draw(st.sampled_from([[], ["PublicHolidays"]]))]
    for day in days:
        of_day = pairs(draw) if draw(st.booleans()) else []
        entries += [{"dayOfWeek": [day], "opens": a, "closes": b} for a, b in of_day]
        if day == "PublicHolidays" and not of_day:
            entries.append({"dayOfWeek": [day]})
    special = []
    for at in sorted(draw(st.sets(st.integers(0, 399), max_size=4))):
        on = (FIRST + timedelta(days=at)).isoformat()
        dates = {"validFrom": on, "validThrough": on}
        of_day = pairs(draw) if draw(st.booleans()) else []
        special += [{**dates, "opens": a, "closes": b} for a, b in of_day] or [dates]
    return msgspec.convert(
        {
            "@id": "house",
            "name": "House",
            "address": {"addressCountry": "IE"},
            "openingHoursSpecification": entries,
            "specialOpeningHoursSpecification": special,
        },
        Restaurant,
    )


def as_text(restaurant: Restaurant) -> str:
    """The same hours in the grammar of OpenStreetMap: the days of the week add up, what follows replaces."""
    week: list[str] = []
    rules: list[str] = []
    for day in (*spoken.WEEKDAYS, "PublicHolidays"):
        entries = [e for e in restaurant.opening_hours_specification if day in e.day_of_week]
        spans = [f"{e.opens}-{e.closes}" for e in entries if e.opens]
        name = "PH" if day == "PublicHolidays" else day[:2]
        if spans or (entries and name == "PH"):
            (rules if name == "PH" else week).append(f"{name} {','.join(spans) or 'off'}")
    by_date: dict[date, list[str]] = {}
    for special in restaurant.special_opening_hours_specification:
        for on in special.days:
            of_day = by_date.setdefault(on, [])
            of_day += [f"{special.opens}-{special.closes}"] if special.opens else []
    rules += [f"{on:%Y %b %d} {','.join(spans) or 'off'}" for on, spans in sorted(by_date.items())]
    return "; ".join([", ".join(week) or "off", *rules])


def is_own(restaurant: Restaurant, day: date) -> bool:
    """Whether a date has hours of its own."""
    entries = restaurant.opening_hours_specification
    on_holidays = any("PublicHolidays" in entry.day_of_week for entry in entries)
    dates = {day for special in restaurant.special_opening_hours_specification for day in special.days}
    return day in dates or (on_holidays and is_public_holiday("IE", day))


def differences(restaurant: Restaurant, zone: ZoneInfo, samples: int, seed: int) -> list[str]:
    """Moments of the year on which we and the library do not agree."""
    ours, theirs = restaurant.hours(zone), Written(as_text(restaurant), country="IE")
    rng, found = random.Random(seed), []
    for _ in range(samples):
        wall = datetime.combine(FIRST, time()) + rng.randrange(MINUTES) * MINUTE
        at = wall.replace(tzinfo=zone)
        if any(abs(at - change) < timedelta(days=1) for change in CHANGES):
            continue
        nights = wall.date(), wall.date() - timedelta(days=1)
        if wall.time() < EARLIEST and any(is_own(restaurant, day) for day in nights):
            continue
        if ours.is_open(at) != theirs.is_open(wall):
            found.append(f"{wall:%a %Y-%m-%d %H:%M}: we say {ours.is_open(at)}; {as_text(restaurant)}")
    return found


@pytest.mark.parametrize("restaurant", CATALOGUE.restaurants, ids=lambda restaurant: restaurant.id)
def test_the_shipped_restaurants_are_open_when_the_library_says_so(restaurant: Restaurant) -> None:
    assert differences(restaurant, DUBLIN, 600, 1) == []


@settings(max_examples=60, deadline=None)
@given(restaurant=houses(), seed=st.integers(0, 2**32))
def test_any_restaurant_is_open_when_the_library_says_so(restaurant: Restaurant, seed: int) -> None:
    assert differences(restaurant, DUBLIN, 300, seed) == []


def walked(restaurant: Restaurant, zone: ZoneInfo, first: date, days: int) -> set[datetime]:
    """By walking along the clock on the wall: each date's timetable is looked up as a guest would, and a span
    lasts from the first minute that shows its opening time to the first that shows its closing time."""
    shown: dict[datetime, datetime] = {}
    at = datetime.combine(first - timedelta(days=2), time(), UTC)
    before = None
    for _ in range((days + 5) * DAY):
        wall = at.astimezone(zone).replace(tzinfo=None)
        if before is not None:
            skipped, late = before + MINUTE, at
            while skipped < wall:  # the hands jumped: these times come as if they had not
                shown.setdefault(skipped, late)
                skipped, late = skipped + MINUTE, late + MINUTE
        shown.setdefault(wall, at)
        before, at = wall, at + MINUTE
    found: set[datetime] = set()
    for ahead in range(-1, days + 1):
        day = first + timedelta(days=ahead)
        for opens, closes in timetable(restaurant, day):
            until = day if closes > opens else day + timedelta(days=1)
            start = shown[datetime.combine(day, time.fromisoformat(opens))]
            end = shown[datetime.combine(until, time.fromisoformat(closes))]
            found.update(start + n * MINUTE for n in range(int((end - start) / MINUTE)))
    return found


def timetable(restaurant: Restaurant, day: date) -> list[Pair]:
    """What is on the door for a date."""
    dated = [
        special
        for special in restaurant.special_opening_hours_specification
        if special.valid_from <= day <= special.valid_through
    ]
    if dated:
        return [(special.opens, special.closes) for special in dated if special.opens and special.closes]
    entries = restaurant.opening_hours_specification
    holidays = [entry for entry in entries if "PublicHolidays" in entry.day_of_week]
    if not (holidays and is_public_holiday("IE", day)):
        holidays = [entry for entry in entries if spoken.WEEKDAYS[day.weekday()] in entry.day_of_week]
    return [(entry.opens, entry.closes) for entry in holidays if entry.opens and entry.closes]


@pytest.mark.parametrize("change", [*CHANGES, CHRISTMAS], ids=["forward", "back", "christmas"])
@settings(max_examples=6, deadline=None)
@given(restaurant=houses())
def test_around_clock_changes_and_holidays_every_minute_is_right(
    change: datetime, restaurant: Restaurant
) -> None:
    first = change.date() - timedelta(days=1)
    on_the_day = {"validFrom": change.date(), "validThrough": change.date()} | NIGHT
    nightly = msgspec.structs.replace(
        restaurant,
        special_opening_hours_specification=(
            *(
                special
                for special in restaurant.special_opening_hours_specification
                if abs((special.valid_from - change.date()).days) > 2
            ),
            msgspec.convert(on_the_day, SpecialOpeningHours),
        ),
    )
    for house in (restaurant, nightly):
        hours, expected = house.hours(DUBLIN), walked(house, DUBLIN, first, 3)
        start = datetime.combine(first, time(), DUBLIN).astimezone(UTC)
        for n in range(3 * DAY):
            at = start + n * MINUTE
            assert hours.is_open(at) == (at in expected), at.astimezone(DUBLIN)
