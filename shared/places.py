"""Where things are: coordinates, distances and the streets of a city that callers name.

`Places` is all that the tools know of addresses. Ours reads the streets in the catalogue; a city that has
outgrown them puts a geocoder such as Azure Maps behind the same method.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

import msgspec

from shared import spoken
from shared.name_matching import key_words, likeness, match, words
from shared.parts import Part, Text

_OWN = 0.8
"""How like the own part of a street's name has to be: Nowhere Lane is not Brewery Lane."""

_MOST_NUMBER_WORDS = 5
"""One hundred and twenty two."""

_EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""


class GeoCoordinates(Part, frozen=True, kw_only=True):
    """schema.org GeoCoordinates: degrees, WGS 84."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Street(Part, frozen=True, kw_only=True):
    """A street from house number 1 at `begins` to `last_number` at `ends`."""

    name: Text
    area: Text
    begins: GeoCoordinates
    ends: GeoCoordinates
    last_number: Annotated[int, msgspec.Meta(ge=1, le=9999)]

    def at(self, number: int | None) -> GeoCoordinates:
        """Where a house stands; the middle of the street without a number."""
        share = 0.5 if number is None else min(number / self.last_number, 1.0)
        return GeoCoordinates(
            latitude=round(self.begins.latitude + share * (self.ends.latitude - self.begins.latitude), 6),
            longitude=round(self.begins.longitude + share * (self.ends.longitude - self.begins.longitude), 6),
        )


class Landmark(Part, frozen=True, kw_only=True):
    """What callers say instead of an address: the station, the opera."""

    name: Text
    alternate_name: tuple[Text, ...] = ()
    area: Text
    geo: GeoCoordinates


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the city."""

    name: str
    """With its house number: "14 Lantern Street"."""
    area: str
    geo: GeoCoordinates
    number: int | None = None
    """The house number; None for a street as a whole, a landmark and an area."""

    @property
    def said(self) -> str:
        """For the ear: "fourteen Lantern Street"."""
        return address_said(self.name)


class UnknownPlaceError(LookupError):
    """No place was clearly meant."""

    def __init__(self, said: str, nearest: Sequence[str]) -> None:
        super().__init__(f"no place is clearly meant by {said!r}; nearest are {', '.join(nearest)}")
        self.said = said
        self.nearest = tuple(nearest)


class Places(Protocol):
    """Finds places by what callers say."""

    def place(self, said: str) -> Place:
        """The place meant by an address, a street, a landmark or a part of the city.

        Raises:
            UnknownPlaceError: none, or more than one could be meant; carries the nearest names.
        """


class Gazetteer:
    """`Places` from the streets, landmarks and areas of one city."""

    def __init__(self, streets: Sequence[Street], landmarks: Sequence[Landmark]) -> None:
        self._streets = {street.name: street for street in streets}
        self._landmarks = {landmark.name: landmark for landmark in landmarks}
        self._areas = _middles([*streets, *landmarks])
        self._names: dict[str, tuple[str, ...]] = {
            **{name: (name,) for name in (*self._areas, *self._streets)},
            **{name: (name, *landmark.alternate_name) for name, landmark in self._landmarks.items()},
        }

    def place(self, said: str) -> Place:
        """See `Places`."""
        number, name = _numbered(said)
        found = match(name, self._names)
        if found.key is None or not _is_own(name, self._names[found.key]):
            raise UnknownPlaceError(said, found.nearest)
        if (street := self._streets.get(found.key)) is not None:
            if number is not None and not 1 <= number <= street.last_number:
                raise UnknownPlaceError(said, (f"{street.name} with a number up to {street.last_number}",))
            written = street.name if number is None else f"{number} {street.name}"
            return Place(written, street.area, street.at(number), number)
        if (landmark := self._landmarks.get(found.key)) is not None:
            return Place(landmark.name, landmark.area, landmark.geo)
        return Place(found.key, found.key, self._areas[found.key])


def distance_km(a: GeoCoordinates, b: GeoCoordinates) -> float:
    """As the crow flies (haversine)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    north, east = lat_b - lat_a, math.radians(b.longitude - a.longitude)
    h = math.sin(north / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(east / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(h))


def address_said(written: str) -> str:
    """A house number in words: "14 Lantern Street" -> "fourteen Lantern Street"."""
    house, _, street = written.partition(" ")
    return f"{spoken.number(int(house))} {street}" if re.fullmatch(r"\d{1,4}", house) and street else written


def _numbered(said: str) -> tuple[int | None, str]:
    """The house number, in digits or words, and the rest: "fourteen, Lantern Street" is 14 there."""
    heard = list(words(said))
    for size in range(min(len(heard) - 1, _MOST_NUMBER_WORDS), 0, -1):  # the longest that is a number
        if (number := _number(heard[:size])) is not None:
            return number, " ".join(heard[size:])
        if (number := _number(heard[-size:])) is not None:
            return number, " ".join(heard[:-size])
    return None, said


def _number(heard: Sequence[str]) -> int | None:
    written = " ".join(heard)
    if re.fullmatch(r"\d{1,4}", written):
        return int(written)
    return _NUMBERS.get(re.sub(r"^a (?=hundred)", "one ", written))


def _is_own(said: str, names: Sequence[str]) -> bool:
    """Whether a name was meant by more than the kind of street it is."""
    return any(likeness(_own_part(said), _own_part(name)) >= _OWN for name in names)


def _own_part(name: str) -> str:
    """What tells a street from others: without "street", "lane" and the like, which make all alike."""
    own = [word for word in key_words(name) if word not in _KINDS]
    return " ".join(own) or name


_KINDS = frozenset(
    {"avenue", "close", "court", "drive", "hill", "lane", "park", "place", "quay", "road", "row", "square"}
    | {"street", "terrace", "walk", "way", "yard"}
)
_NUMBERS = {" ".join(words(spoken.number(n))): n for n in range(1, 1000)}
"""House numbers as recognisers write them when they write words."""


def _middles(points: Sequence[Street | Landmark]) -> dict[str, GeoCoordinates]:
    """Each area's middle: the mean of what lies in it."""
    inside: dict[str, list[GeoCoordinates]] = {}
    for point in points:
        inside.setdefault(point.area, []).append(point.at(None) if isinstance(point, Street) else point.geo)
    return {
        area: GeoCoordinates(
            latitude=sum(geo.latitude for geo in found) / len(found),
            longitude=sum(geo.longitude for geo in found) / len(found),
        )
        for area, found in inside.items()
    }
