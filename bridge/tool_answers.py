"""What the tools answer: short facts for the model with `spoken`, a sentence or two for the ear.

Pure functions over the catalogue.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bridge.tool_booking_answers import spoken_day
from shared import spoken
from shared.handover import Nobody
from shared.restaurant import Restaurant
from shared.restaurant_search import Found, Hit
from shared.search_verdicts import PRICE_SAID

type Facts = dict[str, Any]

ASK_RESTAURANT = "With an allergy, please ask the restaurant."

_REASONS_SAID = 2
"""A restaurant in a list is named with at most this many reasons."""

_COUNTED = 40
"""More than these are many."""


def found(answer: Found, *, cautious: bool = False) -> Facts:
    """The result of a search that found something, if only the nearest.

    Args:
        cautious: an allergen is avoided.
    """
    said = [f"{hit.restaurant.name} {spoken.listing(hit.reasons[:_REASONS_SAID])}." for hit in answer.hits]
    if not answer.exact:
        nearest = answer.hits[0]
        fits, lacks = spoken.listing(nearest.reasons[:_REASONS_SAID]), spoken.listing(nearest.lacks)
        but = f"It {fits}, but it {lacks}." if fits else f"But it {lacks}."
        text = f"Nothing fits all of that. The nearest is {nearest.restaurant.name}. {but}"
    elif len(said) == 1:
        text = said[0]
    elif answer.total <= len(said):
        text = " ".join([f"I have {spoken.number(len(said))}.", *said])
    else:
        many = spoken.number(answer.total) if answer.counted and answer.total <= _COUNTED else "many"
        text = " ".join([f"I have {many}. The best {spoken.number(len(said))} are these.", *said])
    return {
        "exact": answer.exact,
        "total": answer.total,
        "restaurants": [_hit(hit) for hit in answer.hits],
        "spoken": f"{text} {ASK_RESTAURANT}" if cautious else text,
    }


def absent(nobody: Nobody, restaurant: Restaurant | None, now: datetime) -> str:
    """Why the caller cannot be put through and what to do instead, for the model. `now` is in the zone of
    the restaurants."""
    where = f" for {restaurant.name}" if restaurant is not None else ""
    if nobody.until is None:
        return f"There is no person to be reached{where}. Say so, and offer to help yourself."
    day, at = spoken_day(nobody.until.date(), now.date()), spoken.clock_of_day(nobody.until.timetz())
    return (
        f"No person can be reached{where} now; somebody is there again {day} at {at}. Say so, offer to help "
        "yourself, and suggest to call again then for the rest."
    )


def _hit(hit: Hit) -> Facts:
    r = hit.restaurant
    facts: Facts = {
        "id": r.id,
        "name": r.name,
        "cuisine": list(r.serves_cuisine),
        "area": r.address.area,
        "price": None if r.price_level is None else PRICE_SAID[r.price_level],
        "reasons": list(hit.reasons),
    }
    if hit.lacks:
        facts["lacks"] = list(hit.lacks)
    if r.reservations is None:
        facts["tables"] = "only by phone with the restaurant"
    return {name: value for name, value in facts.items() if value is not None}
