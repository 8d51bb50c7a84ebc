"""What the model may pass to each tool. Descriptions are read by the model, questions are for the caller."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from bridge.tool_schema import ask
from shared.caller_memory import Kind

type Topic = Literal[
    "about",
    "menu",
    "dish",
    "allergens",
    "hours",
    "address",
    "phone",
    "price",
    "diet",
    "payment",
    "access",
    "delivery",
    "atmosphere",
    "rating",
]
"""What a caller can ask about one restaurant."""

type _Code = Annotated[str, msgspec.Meta(max_length=100)]
type _Name = Annotated[str, msgspec.Meta(max_length=60)]
type _Requests = Annotated[str, msgspec.Meta(max_length=200)]
type _People = Annotated[int, msgspec.Meta(ge=1)]
type _Notes = Annotated[str, msgspec.Meta(max_length=300)]

_REQUESTS: Final = (
    "What the restaurant should know or is asked for, in a few words, if the caller said so: a high chair, a "
    "table by the window, a nut allergy."
)
_CODE: Final = "The booking code: five letters, as the caller said them or as a tool gave them."
_ASK_CODE: Final = "for the booking code, letter by letter"
_PROOF: Final = (
    "Name on the booking, as the caller said it. Needed when the booking was made from another number."
)
_ASK_PROOF: Final = "what name the booking is under"


class FindRestaurants(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Search for restaurants that fit what the caller wants. Give only what the caller said; leave the rest
    out. Returns at most three, best first, each with the reason it fits: "the second one" is the second in
    the list. When none fits everything, the answer says so and names the nearest. To go on from the last
    search ("something cheaper", "not that one", "in the old town instead"), set refine and give only what
    changes."""

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
        Literal["cheap", "moderate", "expensive", "cheaper"] | None,
        ask(
            "How much the caller wants to spend; cheaper is less than what was found last.",
            "whether it should be cheap, moderate or expensive",
        ),
    ] = None
    max_price: Annotated[
        Decimal | None,
        ask(
            "The most a main dish or the named dish may cost: 20.",
            "how much it may cost",
        ),
    ] = None
    open_at: Annotated[
        str | None,
        ask(
            "When the restaurant must be open, if the caller named a time: YYYY-MM-DD HH:MM in local time, "
            "24 hours, or the word now.",
            "which day and time they have in mind",
        ),
    ] = None
    party_size: Annotated[
        _People | None,
        ask(
            "How many people will come, if the caller said so. With open_at only restaurants with a free "
            "table are named.",
            "how many people will come",
        ),
    ] = None
    near: Annotated[
        str | None,
        ask("A street, address or landmark to be near to.", "what it should be near to"),
    ] = None
    deliver_to: Annotated[
        str | None,
        ask("Street and house number to deliver food to.", "to which street and number"),
    ] = None
    avoid: Annotated[
        str | None,
        ask("Allergens the caller must avoid, with commas: nuts, milk.", "what they must avoid"),
    ] = None
    atmosphere: Annotated[
        Literal[
            "quiet",
            "lively",
            "romantic",
            "cosy",
            "elegant",
            "casual",
            "family friendly",
            "good for groups",
            "outdoor seating",
            "waterside",
            "live music",
        ]
        | None,
        ask("What the place should be like.", "what the place should be like"),
    ] = None
    rating: Annotated[
        Decimal | None,
        ask("The least rating out of five: 4.5.", "how well it should be rated"),
    ] = None
    exclude: Annotated[
        str | None,
        ask(
            "Names of restaurants the caller does not want, with commas. Goes on from the last search.",
            "which restaurant they do not want",
        ),
    ] = None
    refine: Annotated[
        bool | None,
        ask("True to go on from the last search.", "whether to go on from what was found last"),
    ] = None


class RestaurantDetails(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Look up one fact about one restaurant: its menu, one dish (price, allergens, diets, options), opening
    hours, address and how to get there, phone number, price level, diets, payment, step-free access, terms
    of delivery, atmosphere or rating. Never answer these from memory."""

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
            "For topics dish and allergens: the dish, in the caller's words. For topic menu: a section such "
            "as desserts.",
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
        _People,
        ask("How many people will come, the caller included.", "how many people will come"),
    ]
    name: Annotated[
        _Name,
        ask("Name for the booking, as the caller gave it.", "what name the booking is for"),
    ]
    requests: Annotated[
        _Requests | None,
        ask(_REQUESTS, "what the restaurant should know"),
    ] = None


class FindBookings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Look up bookings of this caller. Without a code: those to come that were made from the number of this
    call. Call it before you change or cancel a booking that was not made in this call."""

    code: Annotated[_Code | None, ask(_CODE, _ASK_CODE)] = None
    name: Annotated[_Name | None, ask(_PROOF, _ASK_PROOF)] = None


class MoveBooking(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Change a booking of this caller: another time, day, restaurant or party size, or other requests. This
    commits. First read back the booking as it will be, and call this only after the caller has said yes. Give
    only what changes. If there is no table, the booking stays as it was and the answer names the nearest free
    times."""

    code: Annotated[_Code, ask(_CODE, _ASK_CODE)]
    name: Annotated[_Name | None, ask(_PROOF, _ASK_PROOF)] = None
    restaurant: Annotated[
        str | None,
        ask("Name of the new restaurant, if it changes.", "which restaurant they would like instead"),
    ] = None
    date: Annotated[str | None, ask("New day, YYYY-MM-DD, if it changes.", "for which day")] = None
    time: Annotated[
        str | None,
        ask("New start, HH:MM, 24 hours, local time, if it changes.", "at what time"),
    ] = None
    party_size: Annotated[
        _People | None,
        ask("New number of people, if it changes.", "how many people will come"),
    ] = None
    requests: Annotated[
        _Requests | None,
        ask(
            "All that the restaurant is asked, if it changes; replaces what was asked before.",
            "what the restaurant should know",
        ),
    ] = None


class CancelBooking(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Cancel a booking of this caller. This commits and cannot be undone. First read back restaurant, day and
    time, and call this only after the caller has said yes."""

    code: Annotated[_Code, ask(_CODE, _ASK_CODE)]
    name: Annotated[_Name | None, ask(_PROOF, _ASK_PROOF)] = None


class Remember(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Keep something about this caller for their next calls, or note that they do not want that. Ask first:
    "Shall I remember that for next time?", for an allergy by its name: "Shall I remember your nut allergy for
    next time?". Call this with their answer, yes or no, then they are not asked again. After a yes, what they
    book and order is kept by itself, for "the usual"."""

    consent: Annotated[
        bool | None,
        ask(
            "true when the caller has said yes to your question, false when they said no. May be left out "
            "when they let you keep things in an earlier call, but not for an allergy that is the first.",
            "whether you may remember that for next time",
        ),
    ] = None
    preferences: Annotated[
        _Notes | None,
        ask(
            "What the caller likes or avoids, in a few words each, with commas: vegetarian, a quiet table, "
            "near the harbour.",
            "what you should remember",
        ),
    ] = None
    allergies: Annotated[
        _Notes | None,
        ask("Allergies the caller named, with commas: nuts, shellfish.", "which allergy you should remember"),
    ] = None
    usual_party: Annotated[
        _People | None,
        ask("How many they usually are, the caller included.", "how many people they usually are"),
    ] = None
    name: Annotated[
        _Name | None,
        ask("Name the caller goes by.", "what name you should remember"),
    ] = None
    language: Annotated[
        str | None,
        ask("Language the caller wants to be greeted in.", "which language they would like to be greeted in"),
    ] = None


class ForgetMe(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Delete what is kept about this caller: what was remembered, and their name, number and words in all
    their calls. This cannot be undone. First say that and ask whether you should, and call this only after
    the caller has said yes. Bookings and orders to come stay."""

    only: Annotated[
        Kind | None,
        ask(
            "When the caller wants just one thing forgotten: which. places are those they booked or ordered "
            "from. Left out, everything goes.",
            "whether everything should be forgotten, or one thing only",
        ),
    ] = None


class RecordCall(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether the sound of this call may be recorded. Call it with agreed false as soon as the caller does
    not want that, whenever they say so and in whatever words. Call it with agreed true only when the caller
    was asked and has said yes. What they say of anything else is no answer to it."""

    agreed: Annotated[
        bool, ask("true for a yes, false for a no.", "whether the call may be recorded, yes or no")
    ]


class TransferToPerson(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Put the caller through to a person. Call this when the caller asks for a person, or needs something
    that no other tool can do, such as a large party. The caller is told by itself: say nothing
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
