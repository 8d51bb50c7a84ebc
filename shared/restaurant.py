"""What is known about one restaurant: typed, checked when read, named as schema.org names it where it can.

schema.org `Restaurant` gives name, servesCuisine, address, geo, telephone, priceRange, aggregateRating,
paymentAccepted, openingHoursSpecification, openingHours, specialOpeningHoursSpecification and hasMenu (see
`shared.menu`). Ours are `area` (a part of the city as callers say it), `stepFreeAccess`, `atmosphere`,
`gettingThere`, `reservations` and `delivery`.

A restaurant that was imported from a map may have no more than a name. What it lacks is not known, and
without `reservations` it gives its tables by itself.
"""

from __future__ import annotations

import itertools
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from shared import spoken
from shared.menu import Diet, Dish, Menu, MenuSection
from shared.opening_hours import OpeningHours, Span
from shared.osm_hours import written_spans
from shared.parts import Part, Slug, Text, amount
from shared.places import GeoCoordinates, Landmark, Street, address_said
from shared.public_holidays import is_public_holiday

type WallTime = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")]

_MOST_SPECIAL_DAYS = 400
"""Days from validFrom to validThrough: more is a slip in a year."""


class Atmosphere(StrEnum):
    """What a place is like, in the words callers choose by."""

    QUIET = "quiet"
    LIVELY = "lively"
    ROMANTIC = "romantic"
    COSY = "cosy"
    ELEGANT = "elegant"
    CASUAL = "casual"
    FAMILY_FRIENDLY = "family friendly"
    GOOD_FOR_GROUPS = "good for groups"
    OUTDOOR_SEATING = "outdoor seating"
    WATERSIDE = "waterside"
    LIVE_MUSIC = "live music"


class Address(Part, frozen=True, kw_only=True):
    """schema.org PostalAddress."""

    street_address: Text | None = None
    area: Text | None = None
    postal_code: Text | None = None
    address_country: Text | None = None
    """ISO 3166-1. Left out, the country of the city; it says which days are public holidays."""


class Rating(Part, frozen=True, kw_only=True):
    rating_value: Annotated[float, msgspec.Meta(ge=1, le=5)]
    review_count: Annotated[int, msgspec.Meta(ge=1)]


class OpeningHoursSpecification(Part, frozen=True, kw_only=True):
    """On these days open from `opens` to `closes`; without both, closed. Public holidays keep the hours of
    their weekday unless they are named."""

    day_of_week: Annotated[
        tuple[
            Literal[
                "Monday",
                "Tuesday",
                "Wednesday",
                "Thursday",
                "Friday",
                "Saturday",
                "Sunday",
                "PublicHolidays",
            ],
            ...,
        ],
        msgspec.Meta(min_length=1),
    ]
    opens: WallTime | None = None
    closes: WallTime | None = None
    """At or before `opens`: on the next day."""

    def __post_init__(self) -> None:
        span_of(self.opens, self.closes)

    @property
    def span(self) -> Span | None:
        return span_of(self.opens, self.closes)


class SpecialOpeningHours(Part, frozen=True, kw_only=True):
    """Other hours on some dates, first and last included; without `opens` and `closes`, closed. Several
    entries for a date are several spans of it."""

    name: Text | None = None
    """The occasion: "Christmas Day"."""
    valid_from: date
    valid_through: date
    opens: WallTime | None = None
    closes: WallTime | None = None

    def __post_init__(self) -> None:
        span_of(self.opens, self.closes)
        if not 0 <= (self.valid_through - self.valid_from).days < _MOST_SPECIAL_DAYS:
            raise ValueError(
                f"validThrough {self.valid_through} is before validFrom {self.valid_from}, or "
                f"{_MOST_SPECIAL_DAYS} days or more after it"
            )

    @property
    def span(self) -> Span | None:
        return span_of(self.opens, self.closes)

    @property
    def days(self) -> list[date]:
        """The dates it holds on."""
        length = (self.valid_through - self.valid_from).days + 1
        return [self.valid_from + timedelta(days=n) for n in range(length)]


class TableGroup(Part, frozen=True, kw_only=True):
    """`count` tables that each seat a party of up to `seats`."""

    seats: Annotated[int, msgspec.Meta(ge=1, le=50)]
    count: Annotated[int, msgspec.Meta(ge=1, le=500)]


class Reservations(Part, frozen=True, kw_only=True):
    """How a restaurant gives out its tables."""

    tables: Annotated[tuple[TableGroup, ...], msgspec.Meta(min_length=1)]
    slot_minutes: Literal[15, 30]
    sitting_minutes: Annotated[int, msgspec.Meta(ge=30, le=300)]
    """How long a party keeps its table."""
    last_seating_minutes: Annotated[int, msgspec.Meta(ge=0, le=240)]
    """The last party sits down this long before closing."""
    maximum_party_size: Annotated[int, msgspec.Meta(ge=1)]

    def __post_init__(self) -> None:
        seats = [group.seats for group in self.tables]
        if len(set(seats)) != len(seats):
            raise ValueError(
                "two entries in tables have the same seats; give one with the sum of their count"
            )
        if self.maximum_party_size > max(seats):
            raise ValueError(
                f"maximumPartySize {self.maximum_party_size} is more than the largest table ({max(seats)})"
            )


class Delivery(Part, frozen=True, kw_only=True):
    """On which terms a restaurant brings food to the door."""

    radius_km: Annotated[float, msgspec.Meta(gt=0, le=50)]
    """As the crow flies, from `geo` of the restaurant."""
    minimum_order: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    free_from: Decimal | None = None
    """Orders of this much or more are brought free of charge."""
    minutes: Annotated[int, msgspec.Meta(ge=5, le=240)]
    """Usual time from the order to the door."""
    last_order_minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] = 30
    """The last order is taken this long before the kitchen closes."""
    kitchen_hours: tuple[OpeningHoursSpecification, ...] | None = None
    """When the kitchen cooks for deliveries; left out, during opening hours."""

    def __post_init__(self) -> None:
        for value in (self.minimum_order, self.fee, self.free_from or Decimal(0)):
            amount(value, least="0")


class City(Part, frozen=True, kw_only=True):
    """The one city a catalogue covers."""

    name: Text
    address_country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
    """ISO 3166-1, such as IE: it says which days are public holidays."""
    time_zone: Text
    """IANA name, such as Europe/Dublin."""
    currency: str
    areas: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    streets: tuple[Street, ...] = ()
    """For finding addresses of callers: what is near, and what is delivered to."""
    landmarks: tuple[Landmark, ...] = ()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"timeZone {self.time_zone!r} is not a known IANA time zone") from error
        if self.currency not in spoken.CURRENCIES:
            raise ValueError(f"currency {self.currency!r} is not one of {', '.join(spoken.CURRENCIES)}")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Restaurant(Part, frozen=True, kw_only=True):
    """schema.org Restaurant. None and empty mean not known."""

    id: Slug = msgspec.field(name="@id")
    name: Text
    alternate_name: tuple[Text, ...] = ()
    description: Text | None = None
    serves_cuisine: tuple[Text, ...] = ()
    address: Address = Address()
    geo: GeoCoordinates | None = None
    getting_there: Text | None = None
    """A sentence: "The tram stop Market Square is around the corner"."""
    telephone: Annotated[str, msgspec.Meta(pattern=r"^\+\d[\d ]{6,18}\Z")] | None = None
    price_range: Literal["€", "€€", "€€€", "€€€€"] | None = None
    aggregate_rating: Rating | None = None
    payment_accepted: tuple[Text, ...] = ()
    step_free_access: bool | None = None
    atmosphere: tuple[Atmosphere, ...] = ()
    opening_hours_specification: tuple[OpeningHoursSpecification, ...] = ()
    opening_hours: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)] | None = None
    """Instead of the specification, in the grammar of OpenStreetMap, for what a week cannot say."""
    special_opening_hours_specification: tuple[SpecialOpeningHours, ...] = ()
    reservations: Reservations | None = None
    """None: tables are not given through this line; callers ring the restaurant."""
    delivery: Delivery | None = None
    """None: orders are not taken through this line."""
    offers_delivery: bool | None = None
    """Whether it delivers by itself, where there is no `delivery`."""
    suitable_for_diet: tuple[Diet, ...] = ()
    """Diets it says it cooks for, where no menu tells more."""
    has_menu: Menu | None = None

    def __post_init__(self) -> None:
        self.hours(ZoneInfo("UTC"))  # refuses overlapping hours; the zone does not matter for that
        if self.opening_hours is not None and self.opening_hours_specification:
            raise ValueError(
                "openingHours and openingHoursSpecification are both given; leave one of them out"
            )
        if self.delivery is not None:
            self.kitchen_hours(ZoneInfo("UTC"))
            if self.geo is None:
                raise ValueError("delivery needs geo: give latitude and longitude, or leave delivery out")
        if self.reservations is not None and not self.hours_known:
            raise ValueError("reservations need opening hours: give them, or leave reservations out")

    @property
    def price_level(self) -> int | None:
        """1 (cheap) to 4."""
        return None if self.price_range is None else len(self.price_range)

    @property
    def rating(self) -> float | None:
        """Out of five."""
        return None if self.aggregate_rating is None else self.aggregate_rating.rating_value

    @property
    def sections(self) -> tuple[MenuSection, ...]:
        """Of the menu; none when it is not known."""
        return () if self.has_menu is None else self.has_menu.has_menu_section

    @property
    def dishes(self) -> tuple[Dish, ...]:
        """All dishes, in menu order."""
        return tuple(dish for section in self.sections for dish in section.has_menu_item)

    def dish(self, dish_id: str) -> Dish | None:
        """The dish with this id."""
        return next((dish for dish in self.dishes if dish.id == dish_id), None)

    def suited(self, diet: Diet) -> list[Dish]:
        """The dishes that suit a diet, in menu order."""
        return [dish for dish in self.dishes if diet in dish.suitable_for_diet]

    @property
    def hours_known(self) -> bool:
        """Whether anything is known of its opening hours; otherwise `hours` are always closed."""
        return bool(self.opening_hours_specification) or self.opening_hours is not None

    def hours(self, zone: ZoneInfo) -> OpeningHours:
        """When guests are let in."""
        return self._hours(self.opening_hours_specification, zone)

    def kitchen_hours(self, zone: ZoneInfo) -> OpeningHours:
        """When deliveries are cooked. Special days hold for the kitchen as well."""
        own = self.delivery.kitchen_hours if self.delivery is not None else None
        return self.hours(zone) if own is None else self._hours(own, zone)

    def occasion(self, day: date) -> str | None:
        """Why the hours of a day may differ: "Christmas Day". None on a day like any other."""
        for special in self.special_opening_hours_specification:
            if special.valid_from <= day <= special.valid_through and special.name is not None:
                return special.name
        return "a public holiday" if is_public_holiday(self.address.address_country, day) else None

    def address_said(self) -> str | None:
        """The address for the ear: "fourteen Lantern Street, in the Old Town area"; None when unknown."""
        street, area = self.address.street_address, self.address.area
        parts = [address_said(street)] if street else []
        return ", ".join([*parts, f"in the {area} area"] if area else parts) or None

    def _hours(self, entries: tuple[OpeningHoursSpecification, ...], zone: ZoneInfo) -> OpeningHours:
        week, holidays = _week(entries)
        special = _special(self.special_opening_hours_specification)
        country, written = self.address.address_country, self.opening_hours
        if entries or written is None:
            written = None

        def on(day: date) -> tuple[Span, ...] | None:
            if day in special:
                return special[day]
            if written is not None:
                return written_spans(written, country, day)
            return holidays if holidays is not None and is_public_holiday(country, day) else None

        if written is not None:
            written_spans(written, country, date(2024, 1, 1))  # refuses what the grammar does not have
        plain = not special and holidays is None and written is None
        return OpeningHours(week, zone, None if plain else on)


def span_of(opens: str | None, closes: str | None) -> Span | None:
    """A span, or None for closed.

    Raises:
        ValueError: only one of the two is given.
    """
    if opens is None and closes is None:
        return None
    if opens is None or closes is None:
        raise ValueError("opens and closes belong together: give both, or neither for closed")
    return Span.of(time.fromisoformat(opens), time.fromisoformat(closes))


@lru_cache(maxsize=65_536)
def _week(
    entries: tuple[OpeningHoursSpecification, ...],
) -> tuple[dict[int, list[Span]], tuple[Span, ...] | None]:
    """Spans by weekday, and those of public holidays where they have their own. Not to be changed."""
    week: dict[int, list[Span]] = {}
    holidays: list[Span] | None = None
    for entry in entries:
        for day in entry.day_of_week:
            if day == "PublicHolidays":
                holidays = (holidays or []) + ([entry.span] if entry.span else [])
            elif entry.span is not None:
                week.setdefault(spoken.WEEKDAYS.index(day), []).append(entry.span)
    return week, None if holidays is None else tuple(sorted(holidays))


@lru_cache(maxsize=65_536)
def _special(entries: tuple[SpecialOpeningHours, ...]) -> dict[date, tuple[Span, ...]]:
    """Spans by date. Not to be changed.

    Raises:
        ValueError: two spans of a date overlap.
    """
    found: dict[date, list[Span]] = {}
    for entry in entries:
        for day in entry.days:
            found.setdefault(day, []).extend([entry.span] if entry.span else [])
    for day, spans in found.items():
        spans.sort()
        for earlier, later in itertools.pairwise(spans):
            if later.opens < earlier.closes:
                raise ValueError(f"specialOpeningHoursSpecification: two spans of {day} overlap")
    return {day: tuple(spans) for day, spans in found.items()}
