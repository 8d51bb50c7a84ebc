"""A catalogue written: as the file it is read from, and as schema.org JSON-LD for others."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.restaurant import City, Restaurant

type Item = dict[str, Any]

_OWN: Final = ("allergens", "area", "atmosphere", "choices", "delivery", "gettingThere", "offersDelivery")
_CONTEXT: Final = [
    "https://schema.org",
    {name: f"urn:tabletalk:{name}" for name in (*_OWN, "options", "reservations", "stepFreeAccess")},
]
"""Fields of ours get names of their own, so that nobody takes them for schema.org's."""

_OPEN: Final = frozenset({"city", "restaurants", "@graph", "hasMenu", "hasMenuSection"})
_LISTED: Final = frozenset(
    {"restaurants", "@graph", "streets", "landmarks", "openingHoursSpecification", "hasMenuSection"}
    | {"specialOpeningHoursSpecification", "hasMenuItem"}
)
"""What is written over several lines, and lists with an entry a line: a dish that changes is one line."""

_TYPES: Final = {
    "address": "PostalAddress",
    "geo": "GeoCoordinates",
    "aggregateRating": "AggregateRating",
    "hasMenu": "Menu",
    "hasMenuSection": "MenuSection",
    "hasMenuItem": "MenuItem",
    "offers": "Offer",
    "openingHoursSpecification": "OpeningHoursSpecification",
    "specialOpeningHoursSpecification": "OpeningHoursSpecification",
}


def catalogue_text(city: City, restaurants: Iterable[Restaurant]) -> str:
    """The catalogue as `Catalogue.load` reads it."""
    items = [_without_country(msgspec.to_builtins(restaurant), city) for restaurant in restaurants]
    document = {"@context": "https://schema.org", "city": msgspec.to_builtins(city), "restaurants": items}
    return _laid_out(document, 0) + "\n"


def jsonld_text(city: City, restaurants: Iterable[Restaurant]) -> str:
    """The restaurants as schema.org JSON-LD. Importing it gives them back as they were."""
    graph = [
        {
            "@type": "Restaurant",
            **{
                key: _typed(key, value, city)
                for key, value in _without_country(msgspec.to_builtins(restaurant), city).items()
            },
        }
        for restaurant in restaurants
    ]
    return _laid_out({"@context": _CONTEXT, "@graph": graph}, 0) + "\n"


def write(path: Path, content: str) -> None:
    """Replace a file at once: whoever reads it meanwhile reads the old one whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _without_country(item: Item, city: City) -> Item:
    """The country of the city goes without saying."""
    address = item.get("address", {})
    if address.get("addressCountry") != city.address_country:
        return item
    rest = {key: value for key, value in address.items() if key != "addressCountry"}
    return {
        key: rest if key == "address" else value for key, value in item.items() if key != "address" or rest
    }


def _typed(key: str, value: object, city: City) -> object:
    """With the types and full names of schema.org."""
    if isinstance(value, list | tuple):
        return [_typed(key, part, city) for part in value]
    if key in ("suitableForDiet", "dayOfWeek"):
        return f"https://schema.org/{value}"
    if not isinstance(value, dict) or key not in _TYPES:
        return value
    typed = {name: _typed(name, part, city) for name, part in value.items()}
    if key == "offers":
        typed["priceCurrency"] = city.currency
    if key == "openingHoursSpecification" and (value.get("opens"), value.get("closes")) == ("00:00", "00:00"):
        typed["closes"] = "23:59"  # 00:00 to 00:00 is a closed day to others
    return {"@type": _TYPES[key], **typed}


def _laid_out(value: object, depth: int, key: str = "") -> str:
    """JSON with a line for what is read as one thing: a dish, a street, a span of hours."""
    pad = " " * (depth + 1)
    if isinstance(value, dict) and (depth == 0 or key in _OPEN):
        parts = [
            f"{pad}{json.dumps(name)}: {_laid_out(part, depth + 1, name)}" for name, part in value.items()
        ]
        return "{\n" + ",\n".join(parts) + "\n" + " " * depth + "}"
    if isinstance(value, list | tuple) and key in _LISTED:
        lines = [pad + _laid_out(part, depth + 1, key) for part in value]
        return "[\n" + ",\n".join(lines) + "\n" + " " * depth + "]"
    return json.dumps(value, ensure_ascii=False)
