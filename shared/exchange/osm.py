"""Extracts of OpenStreetMap, Overpass JSON and GeoJSON, read into the fields of our catalogue.

A map knows where a place is and when it is open. It has no menu and no tables: such a restaurant is found
and told about, and callers ring it for a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeGuard

from shared.exchange import hours
from shared.exchange.values import Notes, many, slug, telephone, text, texts
from shared.menu import Diet
from shared.restaurant import Atmosphere, City

KINDS: Final = frozenset(
    {"restaurant", "cafe", "fast_food", "pub", "bar", "food_court", "ice_cream", "biergarten"}
)
"""Values of `amenity` that are restaurants for a caller."""

_YES: Final = frozenset({"yes", "only", "designated", "limited"})
_DIETS: Final = {
    "vegetarian": Diet.VEGETARIAN,
    "vegan": Diet.VEGAN,
    "gluten_free": Diet.GLUTEN_FREE,
    "halal": Diet.HALAL,
    "kosher": Diet.KOSHER,
    "lactose_free": Diet.LOW_LACTOSE,
}
_CARDS: Final = ("cards", "credit_cards", "debit_cards", "contactless", "visa", "mastercard", "maestro")

type Item = dict[str, Any]


def is_extract(document: object) -> TypeGuard[Item]:
    """Whether a document is an extract of OpenStreetMap."""
    if not isinstance(document, dict):
        return False
    return isinstance(document.get("elements"), list) or document.get("type") == "FeatureCollection"


def restaurants(document: Item) -> Iterator[Item]:
    """The places to eat in an extract, each with `osm` (its id), `tags`, and `lat` and `lon` where known."""
    for element in many(document.get("elements")):
        if isinstance(element, dict) and isinstance(element.get("tags"), dict):
            center = element.get("center")
            place = element if "lat" in element or not isinstance(center, dict) else center
            yield from _if_food(
                f"{element.get('type', 'node')}/{element.get('id')}",
                element["tags"],
                place.get("lat"),
                place.get("lon"),
            )
    for feature in many(document.get("features")):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if isinstance(properties, dict):
            tags = properties["tags"] if isinstance(properties.get("tags"), dict) else properties
            lon, lat = _middle(feature.get("geometry"))
            osm_id = str(feature.get("id") or properties.get("@id") or properties.get("id") or "")
            yield from _if_food(osm_id, tags, lat, lon)


def read(element: Item, city: City, notes: Notes) -> Item:
    """A restaurant in the fields of our catalogue.

    Raises:
        ValueError: it has no name or no id; names the field.
    """
    tags = element["tags"]
    name = text(tags.get("name:en") or tags.get("name"), "name", notes)
    if name is None:
        raise ValueError("name: missing; add the tag name on the map, or leave it out of the extract")
    if not slug(element["osm"]):
        raise ValueError("id: missing; export the extract with the ids of its elements")
    country = str(tags.get("addr:country") or city.address_country).upper()
    item: Item = {
        "@id": f"osm-{slug(element['osm'])}",
        "name": name,
        "alternateName": [
            one for key in ("alt_name", "short_name", "old_name") for one in texts(tags.get(key))
        ],
        "description": text(tags.get("description"), "description", notes),
        "servesCuisine": [cuisine_said(one) for one in texts(tags.get("cuisine"))],
        "address": _address(tags, country, city),
        "geo": _geo(element),
        "telephone": telephone(tags.get("phone") or tags.get("contact:phone"), country, notes),
        "paymentAccepted": _payment(tags),
        "stepFreeAccess": {"yes": True, "no": False}.get(str(tags.get("wheelchair"))),
        "atmosphere": _atmosphere(tags),
        "suitableForDiet": [diet.value for tag, diet in _DIETS.items() if tags.get(f"diet:{tag}") in _YES],
        "offersDelivery": {"yes": True, "only": True, "no": False}.get(str(tags.get("delivery"))),
        **_hours(tags, country, notes),
    }
    if tags.get("wheelchair") == "limited":
        notes.add("wheelchair", "limited is neither yes nor no, so callers are told that it is not known")
    return {field: value for field, value in item.items() if value not in (None, [], {})}


def cuisine_said(tag: str) -> str:
    """A value of `cuisine` as people say it: "fish_and_chips" -> "Fish and chips"."""
    words = tag.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _if_food(osm_id: str, tags: Item, lat: object, lon: object) -> Iterator[Item]:
    # Values of tags are texts; whatever else a file has there says nothing.
    plain = {key: str(value) for key, value in tags.items() if isinstance(value, str | int | float)}
    if plain.get("amenity") in KINDS:
        yield {"osm": osm_id, "tags": plain, "lat": lat, "lon": lon}


def _middle(geometry: object) -> tuple[Any, Any]:
    """Longitude and latitude of a point, or of the middle of anything else."""
    points = list(_points(geometry.get("coordinates"))) if isinstance(geometry, dict) else []
    if not points:
        return None, None
    lons, lats = [lon for lon, _ in points], [lat for _, lat in points]
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


def _points(coordinates: object) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates, list) and [type(one) in (int, float) for one in coordinates[:2]] == [True] * 2:
        yield coordinates[0], coordinates[1]
    elif isinstance(coordinates, list):
        for part in coordinates:
            yield from _points(part)


def _geo(element: Item) -> Item | None:
    lat, lon = element["lat"], element["lon"]
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return None
    return {"latitude": lat, "longitude": lon}


def _address(tags: Item, country: str, city: City) -> Item:
    street = " ".join(str(tags[key]) for key in ("addr:housenumber", "addr:street") if tags.get(key))
    places = [tags.get(f"addr:{key}") for key in ("suburb", "district", "neighbourhood", "quarter", "city")]
    address = {
        "streetAddress": street if tags.get("addr:street") else None,
        "area": next((place for place in places if place in city.areas), None),
        "postalCode": tags.get("addr:postcode"),
        "addressCountry": country if country != city.address_country else None,
    }
    return {field: value for field, value in address.items() if value}


def _payment(tags: Item) -> list[str]:
    cash = ["cash"] if tags.get("payment:cash") in _YES else []
    return cash + (["card"] if any(tags.get(f"payment:{kind}") in _YES for kind in _CARDS) else [])


def _atmosphere(tags: Item) -> list[str]:
    outside = tags.get("outdoor_seating") not in (None, "no")
    music = tags.get("live_music") in _YES
    return [Atmosphere.OUTDOOR_SEATING.value] * outside + [Atmosphere.LIVE_MUSIC.value] * music


def _hours(tags: Item, country: str, notes: Notes) -> Item:
    written = str(tags.get("opening_hours") or "").strip()
    try:
        return hours.written([written], country) if written else {}
    except ValueError as error:
        notes.add("opening_hours", f"left out: {error}")
        return {}
