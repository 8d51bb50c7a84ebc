"""What a person needs to know about a call they take over, when no model wrote it. No I/O, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from shared.handover import paragraph

LONGEST: Final = 256
"""Characters of a summary: what is read at a glance while the phone rings."""

_RECENT: Final = 3
"""Turns of the caller that are quoted, the last ones."""

type Said = tuple[Literal["caller", "agent"], str]
type Ran = tuple[str, str]
"""Name of a tool and its result, a JSON text."""


def summarise(turns: Sequence[Said], tools: Sequence[Ran]) -> str:
    """One paragraph of at most LONGEST characters: bookings and orders that stand, the order that is begun,
    the last booking refused, the restaurants looked up, and the caller's last words, as much as there is room
    for."""
    results = [(name, _read(result)) for name, result in tools]
    parts = [*_bookings(results), *_orders(results), *_restaurants(results), *_words(turns)]
    return paragraph(" ".join(parts) or "The caller asked for a person and said nothing else.", LONGEST)


def _read(result: str) -> Mapping[str, Any]:
    try:
        facts = json.loads(result)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


_DONE: Final = {"booked": "Booked", "changed": "Booked", "cancelled": "Cancelled"}
"""What a successful tool says of a booking, and how a person is told of it as it stands."""


def _bookings(results: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    tries = [facts for name, facts in results if name in ("book_table", "move_booking", "cancel_booking")]
    stand: dict[str, str] = {}
    for facts in tries:
        for key, word in _DONE.items():
            if facts.get(key):
                stand[facts["code"]] = (
                    f"{word}: {facts['restaurant']}, {facts['date']} {facts['time']}, "
                    f"{facts['party_size']} people, {facts['name']}, code {facts['code']}."
                )
    refused = tries[-1].get("error") if tries else None
    return [*stand.values(), *([f"Last booking refused: {refused}."] if refused else [])]


def _orders(results: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    placed: dict[str, str] = {}
    begun: list[str] = []
    for name, facts in results:
        if not {"restaurant", "items"} <= facts.keys():
            continue  # it was refused
        if name in ("place_order", "cancel_order"):
            word = "Ordered" if name == "place_order" else "Order cancelled"
            placed[facts["code"]] = (
                f"{word}: {facts['restaurant']}, {_dishes(facts)}, {facts['total']}, code {facts['code']}."
            )
            begun = [] if name == "place_order" else begun
        elif name in ("start_order", "order_item", "review_order"):
            begun = [f"Order begun, not placed: {facts['restaurant']}, {_dishes(facts)}."]
    return [*placed.values(), *begun]


def _dishes(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{item['quantity']} {item['name']}" for item in facts["items"]) or "nothing yet"


def _restaurants(results: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    names = [
        str(facts["restaurant"])
        for name, facts in results
        if name == "restaurant_details" and "restaurant" in facts
    ]
    return [f"Asked about {', '.join(dict.fromkeys(names))}."] if names else []


def _words(turns: Sequence[Said]) -> list[str]:
    said = [text.strip() for role, text in turns if role == "caller" and text.strip()]
    return [f"Caller's last words: {' / '.join(said[-_RECENT:])}"] if said else []
