"""Eighty requests as callers speak them, half of them as a recogniser wrote them wrong.

Each line of `spoken_requests.jsonl` has what was said, the arguments a model gives (with the errors kept, and
only with what was said) and the restaurants that are right. A name that is not clear counts when the right
restaurant is among the three that are asked back about.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.tools import ToolBox
from shared.bookings import BookingStore
from shared.restaurants import UnknownRestaurantError
from tests.bridge.tool_calls import CATALOGUE, run, toolbox

REQUESTS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "spoken_requests.jsonl").read_text().splitlines()
]
RIGHT_OF_A_HUNDRED = 95


class NeverAskedStore(BookingStore):
    """None of the requests is about a table."""

    def __init__(self) -> None:
        pass


async def named(request: dict[str, Any]) -> list[str]:
    """Ids of the restaurants that the caller hears, best first."""
    arguments = request["arguments"]
    if "restaurant" in arguments:
        try:
            return [CATALOGUE.get(arguments["restaurant"]).id]
        except UnknownRestaurantError as unknown:
            return [
                restaurant.id for restaurant in CATALOGUE.restaurants if restaurant.name in unknown.nearest
            ]
    tools: ToolBox = toolbox(NeverAskedStore())
    found = await run(tools, "find_restaurants", **arguments)
    return [hit["id"] for hit in found.get("restaurants", [])]


async def test_the_right_restaurant_is_among_the_first_three() -> None:
    wrong = []
    for request in REQUESTS:
        names = await named(request)
        if not set(names) & set(request["right"]):
            wrong.append(f"{request['said']!r} {request['arguments']}: {names}, not {request['right']}")
    assert 100 * (len(REQUESTS) - len(wrong)) >= RIGHT_OF_A_HUNDRED * len(REQUESTS), "\n".join(wrong)


def test_the_set_is_what_it_is_said_to_be() -> None:
    assert len(REQUESTS) == 80
    assert sum(request.get("misheard", False) for request in REQUESTS) == 40
    known = {restaurant.id for restaurant in CATALOGUE.restaurants}
    assert all(set(request["right"]) <= known for request in REQUESTS)
    right = {one for request in REQUESTS for one in request["right"]}
    assert len(right) >= 45, "the set is about most of the city"
    assert sum(len(request["right"]) for request in REQUESTS) / len(REQUESTS) < 2.5


@pytest.mark.parametrize("said", ["haggis", "bulgogi", "a car wash", "pizza hut delivery"])
async def test_what_nobody_serves_is_not_made_up(said: str) -> None:
    found = await named({"arguments": {"dish": said}})
    assert found == []
