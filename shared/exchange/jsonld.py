"""schema.org JSON-LD, as restaurants and catalogues publish it, read into the fields of our catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from shared.exchange import hours
from shared.exchange.values import (
    Notes,
    is_slug,
    many,
    number,
    price_level,
    slug,
    telephone,
    text,
    texts,
    unused,
)
from shared.menu import Allergen, Diet
from shared.restaurant import Atmosphere, City

KINDS: Final = frozenset(
    {"Restaurant", "FoodEstablishment", "CafeOrCoffeeShop", "BarOrPub", "Bakery", "FastFoodRestaurant"}
    | {"IceCreamShop", "Brewery", "Winery", "Distillery"}
)
"""Types that are restaurants for a caller."""

_OWN: Final = ("area", "stepFreeAccess", "gettingThere", "reservations", "delivery", "offersDelivery")
"""Fields of ours that schema.org does not have; an export carries them as they are."""

type Item = dict[str, Any]


def is_restaurant(node: object) -> bool:
    """Whether a JSON-LD node describes one."""
    if not isinstance(node, dict):
        return False
    kinds = {str(kind).rpartition("/")[2].removeprefix("schema:") for kind in many(node.get("@type"))}
    return bool(kinds & KINDS)


def restaurants(document: object) -> Iterator[Item]:
    """The restaurants in a document: alone, in a list, in @graph, or within other things."""
    nodes = list(_nodes(document))
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    for node in nodes:
        if is_restaurant(node):
            whole = _resolved(node, by_id)
            if isinstance(whole, dict):
                yield whole


def read(node: Item, city: City, notes: Notes) -> Item:
    """A restaurant in the fields of our catalogue.

    Raises:
        ValueError: without a name there is no restaurant; names the field.
    """
    name = text(node.get("name"), "name", notes)
    if name is None:
        raise ValueError("name: missing; a restaurant needs one")
    country = _country(node) or city.address_country
    item: Item = {
        "@id": _id(node, name),
        "name": name,
        "alternateName": [one for one in texts(node.get("alternateName")) if one != name],
        "description": text(node.get("description"), "description", notes),
        "servesCuisine": [one[:1].upper() + one[1:] for one in texts(node.get("servesCuisine"))],
        "address": _address(node, city),
        "geo": _geo(node.get("geo"), notes),
        "telephone": telephone(node.get("telephone"), country, notes),
        "priceRange": price_level(node.get("priceRange"), notes),
        "aggregateRating": _rating(node.get("aggregateRating"), notes),
        "paymentAccepted": texts(node.get("paymentAccepted")),
        "atmosphere": _atmosphere(node),
        "suitableForDiet": _diets(node.get("suitableForDiet"), "suitableForDiet", notes),
        "hasMenu": _menu(node, city, notes),
        **_hours(node, country, notes),
        **{field: node[field] for field in _OWN if field in node and field != "area"},
    }
    if "stepFreeAccess" not in item and (wheelchair := _amenity(node, "wheelchair")) is not None:
        item["stepFreeAccess"] = wheelchair
    return {field: value for field, value in item.items() if value not in (None, [], {})}


def _nodes(document: object) -> Iterator[Item]:
    if isinstance(document, list):
        for part in document:
            yield from _nodes(part)
    elif isinstance(document, dict):
        yield document
        for part in document.values():
            if isinstance(part, list | dict):
                yield from _nodes(part)


def _resolved(value: object, by_id: dict[str, Item], depth: int = 0) -> object:
    """References ({"@id": "#menu"}) replaced by what they name."""
    if depth > 12:
        return value
    if isinstance(value, list):
        return [_resolved(part, by_id, depth + 1) for part in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"@id"} and isinstance(value["@id"], str) and value["@id"] in by_id:
        value = by_id[value["@id"]]
    return {key: _resolved(part, by_id, depth + 1) for key, part in value.items()}


def _id(node: Item, name: str) -> str:
    """The @id when it is one of ours, else made of the name: an address on the web is no id to speak of."""
    given = node.get("@id")
    if is_slug(given):
        return str(given)
    return slug(name) or slug(str(given or "")) or "restaurant"


def _country(node: Item) -> str | None:
    address = next((part for part in many(node.get("address")) if isinstance(part, dict)), {})
    country = address.get("addressCountry")
    written = country.get("name", country.get("@id")) if isinstance(country, dict) else country
    return written.upper() if isinstance(written, str) and len(written) == 2 else None


def _address(node: Item, city: City) -> Item:
    found = next(iter(many(node.get("address"))), None)
    if isinstance(found, str):
        return {"streetAddress": found.split(",")[0].strip()} if found.strip() else {}
    if not isinstance(found, dict):
        return {}
    quiet = Notes()
    places = [found.get("area"), found.get("addressLocality"), found.get("addressRegion"), node.get("area")]
    area = next((place for place in places if place in city.areas), None)
    address = {
        "streetAddress": text(found.get("streetAddress"), "streetAddress", quiet),
        "area": area,
        "postalCode": text(found.get("postalCode"), "postalCode", quiet),
    }
    if (country := _country(node)) is not None and country != city.address_country:
        address["addressCountry"] = country
    return {field: value for field, value in address.items() if value is not None}


def _geo(value: object, notes: Notes) -> Item | None:
    found = next((part for part in many(value) if isinstance(part, dict)), None)
    if found is None:
        return None
    latitude, longitude = number(found.get("latitude")), number(found.get("longitude"))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        notes.add("geo", "left out: latitude and longitude are not degrees")
        return None
    return {"latitude": float(latitude), "longitude": float(longitude)}


def _rating(value: object, notes: Notes) -> Item | None:
    found = next((part for part in many(value) if isinstance(part, dict)), None)
    if found is None:
        return None
    rating, best = number(found.get("ratingValue")), number(found.get("bestRating")) or Decimal(5)
    count = number(found.get("reviewCount")) or number(found.get("ratingCount")) or Decimal(1)
    if rating is None or not 0 < rating <= best:
        notes.add("aggregateRating.ratingValue", "left out: not a number up to bestRating")
        return None
    return {"ratingValue": max(1.0, round(float(rating * 5 / best), 2)), "reviewCount": max(1, int(count))}


def _atmosphere(node: Item) -> list[str]:
    known = {one.value for one in Atmosphere}
    found = [one for one in texts(node.get("atmosphere")) if one in known]
    if _amenity(node, "outdoor") and Atmosphere.OUTDOOR_SEATING.value not in found:
        found.append(Atmosphere.OUTDOOR_SEATING.value)
    return found


def _amenity(node: Item, word: str) -> bool | None:
    """The value of an amenityFeature with a word in its name."""
    for feature in many(node.get("amenityFeature")):
        if isinstance(feature, dict) and word in str(feature.get("name", "")).casefold():
            return str(feature.get("value", True)).casefold() in ("true", "yes", "1")
    return None


def _diets(value: object, field: str, notes: Notes) -> list[str]:
    known = {diet.value for diet in Diet}
    found = []
    for one in texts(value):
        name = one.rpartition("/")[2].removeprefix("schema:")
        if name in known:
            found.append(name)
        else:
            notes.add(field, f"{one!r} left out: callers ask for {', '.join(sorted(known))}")
    return list(dict.fromkeys(found))


def _hours(node: Item, country: str, notes: Notes) -> Item:
    week, special = hours.specification(
        node.get("openingHoursSpecification"), "openingHoursSpecification", notes
    )
    _, more = hours.specification(
        node.get("specialOpeningHoursSpecification"), "specialOpeningHoursSpecification", notes
    )
    found: Item = {"openingHoursSpecification": week, "specialOpeningHoursSpecification": special + more}
    written = [one for one in many(node.get("openingHours")) if isinstance(one, str) and one.strip()]
    if written and not week:
        try:
            found |= hours.written(written, country)
        except ValueError as error:
            notes.add("openingHours", f"left out: {error}")
    return found


def _menu(node: Item, city: City, notes: Notes) -> Item | None:
    """Sections with dishes, however deep. A dish without a price is left out: nobody could order it."""
    taken: set[str] = set()
    sections: list[Item] = []

    def add(title: str | None, owner: Item, where: str) -> None:
        dishes = [
            dish
            for index, one in enumerate(many(owner.get("hasMenuItem")))
            if (dish := _dish(one, f"{where}.hasMenuItem[{index}]", city, taken, notes)) is not None
        ]
        if dishes:
            sections.append({"name": title or "Menu", "hasMenuItem": dishes})
        for index, part in enumerate(many(owner.get("hasMenuSection"))):
            if isinstance(part, dict):
                add(text(part.get("name"), where, notes) or title, part, f"{where}.hasMenuSection[{index}]")

    for menu in many(node.get("hasMenu", node.get("menu"))):
        if isinstance(menu, dict):
            add(None, menu, "hasMenu")
    return {"hasMenuSection": sections} if sections else None


def _dish(value: object, where: str, city: City, taken: set[str], notes: Notes) -> Item | None:
    name = text(value.get("name"), f"{where}.name", notes) if isinstance(value, dict) else None
    if name is None or not isinstance(value, dict):
        notes.add(where, "left out: a dish needs a name")
        return None
    offers = [offer for offer in many(value.get("offers")) if isinstance(offer, dict)]
    prices = [price for offer in offers if (price := number(offer.get("price"))) is not None and price > 0]
    foreign = {str(offer["priceCurrency"]) for offer in offers if "priceCurrency" in offer} - {city.currency}
    if not prices or len(prices) != len(offers) or foreign:
        why = f"prices are in {city.currency} here" if foreign else "it has no offers.price above 0"
        notes.add(where, f"{name!r} left out: {why}")
        return None
    given = value.get("@id")
    dish_id = unused(str(given) if is_slug(given) else slug(name) or "dish", taken)
    taken.add(dish_id)
    dish: Item = {
        "@id": dish_id,
        "name": name,
        "description": text(value.get("description"), f"{where}.description", notes),
        "offers": {"price": f"{min(prices):.2f}"},
        "suitableForDiet": _diets(value.get("suitableForDiet"), f"{where}.suitableForDiet", notes),
        "options": [*_sizes(offers, min(prices)), *_add_ons(value, where, notes)],
    }
    if "allergens" in value:
        dish["allergens"] = _allergens(value["allergens"], f"{where}.allergens", notes)
    return {field: found for field, found in dish.items() if found not in (None, []) or field == "allergens"}


def _allergens(value: object, where: str, notes: Notes) -> list[str] | None:
    """All or nothing: a list that lacks one would pass for complete."""
    found = texts(value)
    unknown = [one for one in found if one not in {known.value for known in Allergen}]
    if unknown:
        notes.add(where, f"not recorded: {unknown[0]!r} is not one of {', '.join(Allergen)}")
        return None
    return found


def _sizes(offers: list[Item], least: Decimal) -> list[Item]:
    """Several named offers of one dish are its sizes."""
    if len(offers) < 2 or not all(offer.get("name") for offer in offers):
        return []
    choices = [
        {"name": str(offer["name"]), "price": f"{(number(offer['price']) or least) - least:.2f}"}
        for offer in offers
    ]
    return [{"name": "Size", "minimum": 1, "choices": choices}]


def _add_ons(value: Item, where: str, notes: Notes) -> list[Item]:
    """Our own options as they are; menuAddOn of others as things that may be added."""
    if "options" in value:
        return [one for one in many(value["options"]) if isinstance(one, dict)]
    groups: list[Item] = []
    loose: list[Item] = []
    for add_on in many(value.get("menuAddOn")):
        if isinstance(add_on, dict) and "hasMenuItem" in add_on:
            choices = [_choice(one) for one in many(add_on["hasMenuItem"]) if isinstance(one, dict)]
            groups.append(_optional(text(add_on.get("name"), where, notes) or "Extras", choices))
        elif isinstance(add_on, dict):
            loose.append(_choice(add_on))
    return [group for group in [*groups, _optional("Add-ons", loose)] if group["choices"]]


def _choice(node: Item) -> Item:
    offer = next((one for one in many(node.get("offers")) if isinstance(one, dict)), {})
    price = number(offer.get("price")) or Decimal(0)
    return {"name": str(node.get("name") or "extra"), "price": f"{price:.2f}"}


def _optional(name: str, choices: list[Item]) -> Item:
    return {"name": name, "maximum": max(1, len(choices)), "choices": choices}
