"""Imported restaurants put into a catalogue: by id, and so that importing twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from shared.exchange import jsonld, osm
from shared.exchange.values import Notes
from shared.places import GeoCoordinates, distance_km
from shared.restaurant import City, Restaurant

type Item = dict[str, Any]

_IN_AREA_KM = 1.2
"""A restaurant nearer than this to a street or landmark of the city is in its area."""


@dataclass(slots=True)
class Report:
    """What an import did, in counts and lines that name file, item, field and fix."""

    added: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def counts(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.same} same, {self.refused} refused"


class Merge:
    """The restaurants of a catalogue while others are put into it."""

    def __init__(self, city: City, restaurants: Iterable[Restaurant]) -> None:
        self.city = city
        self.report = Report()
        self._by_id = {restaurant.id: restaurant for restaurant in restaurants}

    @property
    def restaurants(self) -> list[Restaurant]:
        """All of them, new ones last."""
        return list(self._by_id.values())

    def document(self, file: str, document: object) -> None:
        """Put in all restaurants of one document; what is wrong goes to the report."""
        read: Callable[[Item, City, Notes], Item]
        if osm.is_extract(document):
            items, read = list(osm.restaurants(document)), osm.read
        elif isinstance(document, dict) and isinstance(document.get("restaurants"), list):
            items, read = [one for one in document["restaurants"] if isinstance(one, dict)], jsonld.read
        else:
            items, read = list(jsonld.restaurants(document)), jsonld.read
        if not items:
            self._refuse(
                f"{file}: no restaurant in it; expected schema.org JSON-LD with @type Restaurant, or an "
                "extract of OpenStreetMap (Overpass JSON or GeoJSON) with amenity restaurant"
            )
        for index, item in enumerate(items):
            self._put(file, index, item, read)

    def _put(self, file: str, index: int, item: Item, read: Callable[[Item, City, Notes], Item]) -> None:
        notes, name = Notes(), _name(item)
        label = f"{file}: item {index + 1}{f' ({name})' if name else ''}"
        try:
            raw = read(item, self.city, notes)
            before = self._by_id.get(raw["@id"])
            merged = _convert(self._placed(_over(before, raw)))
            after = self._told_apart(merged, before)
            msgspec.json.encode(after)
        except UnicodeError:
            self._refuse(f"{label}: it has half of a character in it, which could not be written")
            return
        except ValueError as error:
            self._refuse(f"{label}: {error}")
            return
        except (TypeError, AttributeError, KeyError, ArithmeticError, RecursionError) as error:
            # Files of others hold anything anywhere; what no reader thought of costs this one item.
            self._refuse(f"{label}: a field has a value of a kind that it never has ({type(error).__name__})")
            return
        self.report.lines += [f"{label}: {line}" for line in notes.lines]
        if before is None:
            self.report.added += 1
        elif before == after:
            self.report.same += 1
        else:
            self.report.changed += 1
        self._by_id[after.id] = after

    def _refuse(self, line: str) -> None:
        self.report.refused += 1
        self.report.lines.append(line)

    def _placed(self, raw: Item) -> Item:
        """With the area it lies in, when only its coordinates are known."""
        address, geo = raw.get("address", {}), raw.get("geo")
        if address.get("area") or geo is None:
            return raw
        here = GeoCoordinates(latitude=geo["latitude"], longitude=geo["longitude"])
        near = [
            (distance_km(here, point), street.area)
            for street in self.city.streets
            for point in (street.begins, street.at(None), street.ends)
        ] + [(distance_km(here, landmark.geo), landmark.area) for landmark in self.city.landmarks]
        km, area = min(near, default=(_IN_AREA_KM, ""))
        return raw if km >= _IN_AREA_KM else {**raw, "address": {**address, "area": area}}

    def _told_apart(self, restaurant: Restaurant, before: Restaurant | None) -> Restaurant:
        """Names are how callers say whom they mean, so no two may share one: a branch takes its street along.

        Raises:
            ValueError: that does not tell them apart.
        """
        owners = {
            name.casefold(): other.name
            for other in self._by_id.values()
            if other.id != restaurant.id
            for name in (other.name, *other.alternate_name)
        }
        others = tuple(name for name in restaurant.alternate_name if name.casefold() not in owners)
        name = restaurant.name
        if name.casefold() in owners:
            street = (restaurant.address.street_address or "").lstrip(
                "0123456789 "
            ) or restaurant.address.area
            name = before.name if before is not None else f"{name} {street}" if street else name
        if name.casefold() in owners:
            raise ValueError(
                f"name: {name!r} already belongs to {owners[name.casefold()]!r}; give it a name of its own, "
                "or the @id of that one"
            )
        return msgspec.structs.replace(restaurant, name=name, alternate_name=others)


def _over(before: Restaurant | None, raw: Item) -> Item:
    """What is imported over what there is: a field that an import does not have is kept."""
    if before is None:
        return raw
    known: Item = msgspec.to_builtins(before)
    if {"openingHours", "openingHoursSpecification"} & raw.keys():
        known = {name: value for name, value in known.items() if not name.startswith("openingHours")}
    address = {**known.get("address", {}), **raw.get("address", {})}
    return {**known, **raw, **({"address": address} if address else {})}


def _convert(raw: Item) -> Restaurant:
    try:
        return msgspec.convert(raw, Restaurant)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        path = where.strip("`").removeprefix("$").removeprefix(".")
        raise ValueError(f"{path + ': ' if path else ''}{what}") from error


def _name(item: Item) -> str | None:
    tags = item.get("tags")
    name = (tags if isinstance(tags, dict) else item).get("name")
    return name if isinstance(name, str) else None
