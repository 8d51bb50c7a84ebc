"""Handing a caller over to a person: whom to call, when somebody is there, and what they are told.

No I/O and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Annotated
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

import msgspec

from shared.config_check import Table
from shared.opening_hours import OpeningHours, Span
from shared.restaurant import Restaurant

_TARGET = r"^((4:)?\+[1-9]\d{6,14}|8:(acs|orgid):\S{1,290})\Z"

type Target = Annotated[
    str,
    msgspec.Meta(
        pattern=_TARGET,
        description='a phone number such as "+15550100", or a raw id that begins with "8:acs:" or "8:orgid:"',
    ),
]
"""Whom Call Automation can call: E.164, or the raw id of a phone number, of a user of Communication Services
or of a Teams user."""

type Hours = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d\Z",
        description='a span such as "09:00-17:30", and "00:00-00:00" for the whole day',
    ),
]
"""An end at or before the beginning is on the next day."""

type RestaurantId = Annotated[
    str,
    msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z", description="the @id of a restaurant"),
]

MOST_SUMMARY = 800
"""Characters in a summary: a long paragraph, which the headers carry whole in most languages."""

_SIP_KEY = "X-MS-Custom-Summary"
_SIP_HEADERS = 5
_SIP_VALUE = 256
_VOIP_VALUE = 1024
"""Most headers, and most characters in a value (Call Automation: custom calling context)."""

_CONTEXT = re.compile(r"transfer-([1-9]\d{0,3})")


def is_target(text: str) -> bool:
    """Whether it names somebody whom Call Automation can call."""
    return re.match(_TARGET, text) is not None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A hand-over to carry out."""

    target: str = field(repr=False)
    """As configured: E.164, or a raw id."""
    summary: str = field(repr=False)
    """What the person is told about the call: one paragraph, white space plain."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """No person can be reached now."""

    until: datetime | None
    """When somebody is there again, in the zone of the restaurants; None when that is never."""


class Week(Table, frozen=True, kw_only=True):
    """When people answer, in the time zone of the restaurants; a day without hours has nobody."""

    monday: tuple[Hours, ...] = ()
    tuesday: tuple[Hours, ...] = ()
    wednesday: tuple[Hours, ...] = ()
    thursday: tuple[Hours, ...] = ()
    friday: tuple[Hours, ...] = ()
    saturday: tuple[Hours, ...] = ()
    sunday: tuple[Hours, ...] = ()

    def __post_init__(self) -> None:
        try:
            self.opening_hours(ZoneInfo("UTC"))  # refuses overlaps; the zone does not matter for that
        except ValueError as error:
            where = next(day for day in self.__struct_fields__ if day.capitalize() in str(error))
            raise ValueError(f"{where}: {error}") from error

    @property
    def empty(self) -> bool:
        """Whether no day has hours."""
        return not any(getattr(self, day) for day in self.__struct_fields__)

    def opening_hours(self, zone: ZoneInfo) -> OpeningHours:
        """The same as `OpeningHours` in `zone`."""
        days = enumerate(getattr(self, day) for day in self.__struct_fields__)
        return OpeningHours({weekday: [_span(hours) for hours in spans] for weekday, spans in days}, zone)


class Targets(Table, frozen=True, kw_only=True):
    """The table `transfer` of agent.toml: to whom callers are handed over."""

    to: Target | None = None
    """The people who answer for all restaurants."""
    hours: Week = Week()
    """When they answer. With no hours on any day: always."""
    restaurants: dict[RestaurantId, Target] = msgspec.field(default_factory=dict)
    """The people who answer at one restaurant, while it is open."""

    def __post_init__(self) -> None:
        if self.to is None and not self.hours.empty:
            raise ValueError("to: missing; hours are set, so say who answers in these hours")

    @property
    def any(self) -> bool:
        """Whether callers can be handed over at all."""
        return self.to is not None or bool(self.restaurants)

    @property
    def everybody(self) -> list[str]:
        """All to whom callers can be handed over, those for all restaurants first."""
        return list(dict.fromkeys([*([self.to] if self.to else []), *self.restaurants.values()]))


def check_restaurants(targets: Targets, known: Collection[str]) -> None:
    """Refuse restaurant ids that the catalogue does not have.

    Raises:
        ValueError: names the key and the fix.
    """
    for name in targets.restaurants:
        if name not in known:
            raise ValueError(
                f"transfer.restaurants.{name}: there is no such restaurant; use the @id of one that there is"
            )


def choose(targets: Targets, restaurant: Restaurant | None, zone: ZoneInfo, now: datetime) -> str | Nobody:
    """Whom to call at `now` (aware) for a caller who wants a person, at `restaurant` if they named one.

    The restaurant's own people while it is open; otherwise those who answer for all. `zone` is that of the
    restaurants.
    """
    openings: list[datetime | None] = []
    if restaurant is not None and (own := targets.restaurants.get(restaurant.id)) is not None:
        opening_hours = restaurant.hours(zone)
        if opening_hours.is_open(now):
            return own
        openings.append(opening_hours.next_opening(now))
    if targets.to is not None:
        answered = targets.hours.opening_hours(zone)
        if targets.hours.empty or answered.is_open(now):
            return targets.to
        openings.append(answered.next_opening(now))
    return Nobody(min((opening for opening in openings if opening is not None), default=None))


def paragraph(text: str, most: int = MOST_SUMMARY) -> str:
    """`text` as one paragraph of at most `most` characters, cut between words, without control characters."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(plain) <= most:
        return plain
    whole, _, _ = plain[:most].rpartition(" ")  # room for the sign that something is left out
    return f"{whole or plain[: most - 1]}…"


def sip_headers(summary: str) -> dict[str, str]:
    """The summary for a person on the phone network: "X-MS-Custom-Summary", "X-MS-Custom-Summary-2" ...

    A value may hold letters, digits and a few signs only, so the text is form-encoded (a space is "+");
    joined in order and decoded, the values give the summary back. What does not fit is left out.
    """
    room = [""]
    for character in summary:
        encoded = quote_plus(character)
        if len(room[-1]) + len(encoded) <= _SIP_VALUE:
            room[-1] += encoded
        elif len(room) < _SIP_HEADERS:
            room.append(encoded)
        else:
            break
    return {f"{_SIP_KEY}-{n}" if n > 1 else _SIP_KEY: value for n, value in enumerate(room, 1) if value}


def voip_headers(summary: str) -> dict[str, str]:
    """The summary for a user of Communication Services or Teams: "Summary", plain text."""
    return {"Summary": summary[:_VOIP_VALUE]} if summary else {}


def transfer_context(number: int) -> str:
    """The operation context of the `number`th hand-over of a call, from 1; callbacks bring it back."""
    return f"transfer-{number}"


def transfer_number(operation_context: str | None) -> int:
    """Which hand-over an operation context stands for; 0 for one that is not from `transfer_context`."""
    found = _CONTEXT.fullmatch(operation_context or "")
    return int(found[1]) if found else 0


def _span(hours: str) -> Span:
    opens, _, closes = hours.partition("-")
    return Span.of(time.fromisoformat(opens), time.fromisoformat(closes))
