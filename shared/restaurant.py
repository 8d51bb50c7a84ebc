"""What is known about one restaurant: typed, checked when read, named as schema.org names it where it can.

schema.org `Restaurant` gives name, servesCuisine, address, telephone, priceRange, aggregateRating,
paymentAccepted, openingHoursSpecification and hasMenu (Menu, MenuSection, MenuItem with offers and
suitableForDiet). Ours are `area` (a part of the city as callers say it), `stepFreeAccess`, `allergens` of a
dish and `reservations`.
"""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from shared import spoken
from shared.opening_hours import OpeningHours, Span

type Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
type WallTime = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Diet(StrEnum):
    """schema.org RestrictedDiet values that callers ask for."""

    VEGETARIAN = "VegetarianDiet"
    VEGAN = "VeganDiet"
    GLUTEN_FREE = "GlutenFreeDiet"
    HALAL = "HalalDiet"
    KOSHER = "KosherDiet"
    LOW_LACTOSE = "LowLactoseDiet"

    @property
    def said(self) -> str:
        """As a caller says it: "gluten-free"."""
        return self.name.lower().replace("_", "-")


class Allergen(StrEnum):
    """The fourteen substances that must be declared (Regulation (EU) No 1169/2011, annex II)."""

    CELERY = "celery"
    CRUSTACEANS = "crustaceans"
    EGGS = "eggs"
    FISH = "fish"
    GLUTEN = "gluten"
    LUPIN = "lupin"
    MILK = "milk"
    MOLLUSCS = "molluscs"
    MUSTARD = "mustard"
    NUTS = "nuts"
    PEANUTS = "peanuts"
    SESAME = "sesame"
    SOYA = "soya"
    SULPHITES = "sulphites"


_FORBIDDEN = {
    Diet.VEGETARIAN: {Allergen.FISH, Allergen.CRUSTACEANS, Allergen.MOLLUSCS},
    Diet.VEGAN: {Allergen.FISH, Allergen.CRUSTACEANS, Allergen.MOLLUSCS, Allergen.MILK, Allergen.EGGS},
    Diet.GLUTEN_FREE: {Allergen.GLUTEN},
}
"""A dish that claims the diet and lists one of these contradicts itself: somebody could get ill."""


class _Part(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Base of all parts: unknown fields are refused, because a misspelt field is a lost fact."""


class Offer(_Part, frozen=True, kw_only=True):
    price: Decimal

    def __post_init__(self) -> None:
        exponent = self.price.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -2 or not 0 < self.price < 1000:
            raise ValueError(f"{self.price} is not an amount from 0.01 to 999.99 with at most two decimals")


class Dish(_Part, frozen=True, kw_only=True):
    """schema.org MenuItem."""

    name: Text
    description: Text
    offers: Offer
    suitable_for_diet: tuple[Diet, ...] = ()
    allergens: tuple[Allergen, ...] | None = None
    """None means not recorded, which is not the same as none."""

    def __post_init__(self) -> None:
        for diet in self.suitable_for_diet:
            if clash := _FORBIDDEN.get(diet, set()) & set(self.allergens or ()):
                raise ValueError(f"{self.name!r} claims {diet.value} but lists {', '.join(sorted(clash))}")

    @property
    def price(self) -> Decimal:
        return self.offers.price


class MenuSection(_Part, frozen=True, kw_only=True):
    name: Text
    has_menu_item: Annotated[tuple[Dish, ...], msgspec.Meta(min_length=1)]


class Menu(_Part, frozen=True, kw_only=True):
    has_menu_section: Annotated[tuple[MenuSection, ...], msgspec.Meta(min_length=1)]


class Address(_Part, frozen=True, kw_only=True):
    street_address: Text
    area: Text
    postal_code: Text


class Rating(_Part, frozen=True, kw_only=True):
    rating_value: Annotated[float, msgspec.Meta(ge=1, le=5)]
    review_count: Annotated[int, msgspec.Meta(ge=1)]


class OpeningHoursSpecification(_Part, frozen=True, kw_only=True):
    day_of_week: Annotated[
        tuple[Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"], ...],
        msgspec.Meta(min_length=1),
    ]
    opens: WallTime
    closes: WallTime
    """At or before `opens`: on the next day."""

    @property
    def span(self) -> Span:
        return Span.of(time.fromisoformat(self.opens), time.fromisoformat(self.closes))


class TableGroup(_Part, frozen=True, kw_only=True):
    """`count` tables that each seat a party of up to `seats`."""

    seats: Annotated[int, msgspec.Meta(ge=1, le=50)]
    count: Annotated[int, msgspec.Meta(ge=1, le=500)]


class Reservations(_Part, frozen=True, kw_only=True):
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


class City(_Part, frozen=True, kw_only=True):
    """The one city a catalogue covers."""

    name: Text
    address_country: Text
    time_zone: Text
    """IANA name, such as Europe/Dublin."""
    currency: str
    areas: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]

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


class Restaurant(_Part, frozen=True, kw_only=True):
    """schema.org Restaurant."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)] = msgspec.field(
        name="@id"
    )
    name: Text
    alternate_name: tuple[Text, ...] = ()
    description: Text
    serves_cuisine: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    address: Address
    telephone: Annotated[str, msgspec.Meta(pattern=r"^\+\d[\d ]{6,18}$")]
    price_range: Literal["€", "€€", "€€€", "€€€€"]
    aggregate_rating: Rating
    payment_accepted: tuple[Text, ...] = ()
    step_free_access: bool | None = None
    opening_hours_specification: Annotated[tuple[OpeningHoursSpecification, ...], msgspec.Meta(min_length=1)]
    reservations: Reservations
    has_menu: Menu

    def __post_init__(self) -> None:
        self.hours(ZoneInfo("UTC"))  # refuses overlapping hours; the zone does not matter for that

    @property
    def price_level(self) -> int:
        """1 (cheap) to 4."""
        return len(self.price_range)

    @property
    def sections(self) -> tuple[MenuSection, ...]:
        return self.has_menu.has_menu_section

    @property
    def dishes(self) -> tuple[Dish, ...]:
        return tuple(dish for section in self.sections for dish in section.has_menu_item)

    def suited(self, diet: Diet) -> list[Dish]:
        """The dishes that suit a diet, in menu order."""
        return [dish for dish in self.dishes if diet in dish.suitable_for_diet]

    def hours(self, zone: ZoneInfo) -> OpeningHours:
        week: dict[int, list[Span]] = {}
        for entry in self.opening_hours_specification:
            for day in entry.day_of_week:
                week.setdefault(spoken.WEEKDAYS.index(day), []).append(entry.span)
        return OpeningHours(week, zone)

    def address_said(self) -> str:
        """The address for the ear: "fourteen Lantern Street, in the Old Town area"."""
        house, _, street = self.address.street_address.partition(" ")
        number = spoken.number(int(house)) if re.fullmatch(r"\d{1,4}", house) else house
        return f"{number} {street}, in the {self.address.area} area"
