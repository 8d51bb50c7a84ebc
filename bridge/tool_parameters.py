"""What the model may pass to each tool. Descriptions are read by the model, questions are for the caller."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from bridge.tool_schema import ask

type Topic = Literal[
    "about", "menu", "dish", "hours", "address", "phone", "price", "diet", "payment", "access"
]
"""What a caller can ask about one restaurant."""


class FindRestaurants(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Search for restaurants that fit what the caller wants. Give only what the caller said; leave the rest
    out. Returns at most three, best first, each with the reason it fits. When none fits everything, the
    answer says so and names the nearest."""

    cuisine: Annotated[
        str | None,
        ask("Kind of cooking the caller wants, such as Italian food.", "which kind of food they would like"),
    ] = None
    dish: Annotated[
        str | None,
        ask(
            "A dish or food the caller named, in their words: sushi, pizza, pad thai, something with duck.",
            "which dish they would like",
        ),
    ] = None
    diet: Annotated[
        str | None,
        ask("A diet the food must suit.", "which diet the food must suit"),
    ] = None
    area: Annotated[
        str | None,
        ask("Part of the city.", "which part of the city they prefer"),
    ] = None
    price: Annotated[
        Literal["cheap", "moderate", "expensive"] | None,
        ask("How much the caller wants to spend.", "whether it should be cheap, moderate or expensive"),
    ] = None
    open_at: Annotated[
        str | None,
        ask(
            "When the restaurant must be open, if the caller named a time: YYYY-MM-DD HH:MM in local time, "
            "24 hours, or the word now.",
            "which day and time they have in mind",
        ),
    ] = None


class RestaurantDetails(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Look up one fact about one restaurant: its menu, one dish (price, allergens, diets), opening hours,
    address, phone number, price level, diets, payment or step-free access. Never answer these from
    memory."""

    restaurant: Annotated[
        str,
        ask("Name of the restaurant.", "which restaurant they mean"),
    ]
    topic: Annotated[
        Topic,
        ask("What the caller wants to know.", "what they would like to know about the restaurant"),
    ]
    date: Annotated[
        str | None,
        ask("For topic hours: the day, YYYY-MM-DD. Left out means today.", "which day they mean"),
    ] = None
    dish: Annotated[
        str | None,
        ask(
            "For topic dish: the dish, in the caller's words. For topic menu: a section such as desserts.",
            "which dish they mean",
        ),
    ] = None


class BookTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Book a table. This commits. First read back restaurant, day, time, party size and name to the caller,
    and call this only after the caller has said yes. If the table is taken, the answer names the nearest
    free times."""

    restaurant: Annotated[
        str,
        ask("Name of the restaurant.", "which restaurant they would like"),
    ]
    date: Annotated[
        str,
        ask("Day of the meal, YYYY-MM-DD.", "for which day"),
    ]
    time: Annotated[
        str,
        ask(
            "Start of the meal, HH:MM, 24 hours, local time: half past seven in the evening is 19:30.",
            "at what time",
        ),
    ]
    party_size: Annotated[
        int,
        ask("How many people will come, the caller included.", "how many people will come", ge=1),
    ]
    name: Annotated[
        str,
        ask("Name for the booking, as the caller gave it.", "what name the booking is for", max_length=60),
    ]


class TransferToPerson(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Put the caller through to a person. Call this when the caller asks for a person, or needs something
    that no other tool can do, such as changing a booking. The caller is told by itself: say nothing
    before."""

    reason: Annotated[
        str,
        ask("Why a person is needed, in a few words.", "what the person should help with"),
    ]
    summary: Annotated[
        str,
        ask(
            "One paragraph for the person who takes over, at most 60 words: what the caller wants, what was "
            "found or booked (with names, days, times and codes), and what is still open.",
            "what the person should help with",
        ),
    ]
    restaurant: Annotated[
        str | None,
        ask("Name of the restaurant, if the person should be one who works there.", "which restaurant"),
    ] = None


class EndCall(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Hang up. Call this when the caller has said goodbye or wants nothing more, together with a short
    goodbye."""

    reason: Annotated[
        str | None,
        ask("Why the call ends, in a few words.", "whether there is anything else"),
    ] = None
