"""Where an order may go: the house that a caller means, and who would bring food there."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bridge import tool_order_problems as problems
from shared import order_delivery
from shared.handover import paragraph
from shared.order_delivery import Delivered
from shared.places import Place, UnknownPlaceError
from shared.restaurants import Catalogue

_MOST_ADDRESS: Final = 120
_OTHERS: Final = 3
"""Other restaurants named when one does not deliver."""


def door(catalogue: Catalogue, said: str) -> tuple[Place, str]:
    """The house that is meant, and what else was said to find the door. Callers give the street first.

    Raises:
        bridge.tool_results.ToolFailureError: no house is clearly meant; tells the model what to ask.
    """
    parts = [" ".join(part.split()) for part in paragraph(said, _MOST_ADDRESS).split(",")]
    street: Place | None = None
    failed: UnknownPlaceError | None = None
    for count in range(1, len(parts) + 1):
        try:
            place = catalogue.place(", ".join(parts[:count]))
        except UnknownPlaceError as error:
            failed = failed or error
            continue
        if place.number is not None:
            return place, ", ".join(filter(None, parts[count:]))
        street = street or place
    if street is not None:
        raise problems.no_number(street)
    raise problems.unknown_place(failed or UnknownPlaceError(said, ()))


def others(catalogue: Catalogue, place: Place, wished: datetime | None, now: datetime) -> list[str]:
    """Names of restaurants that would bring food there then, the quickest first; at most three."""
    able = [
        (restaurant.delivery.minutes, restaurant.name)
        for restaurant in catalogue.restaurants
        if restaurant.delivery is not None
        and isinstance(order_delivery.plan(restaurant, place.geo, wished, now, catalogue.zone), Delivered)
    ]
    return [name for _, name in sorted(able)[:_OTHERS]]
