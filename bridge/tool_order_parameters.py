"""What the model may pass to the order tools. Descriptions are read by the model, questions are for the
caller.

`item` and `options` are enums of the restaurant's own menu once an order is begun (`bridge.tools`).
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.tool_schema import ask

type _Code = Annotated[str, msgspec.Meta(max_length=100)]
type _Name = Annotated[str, msgspec.Meta(max_length=60)]
type _Address = Annotated[str, msgspec.Meta(max_length=120)]
type _Note = Annotated[str, msgspec.Meta(max_length=120)]
type _Quantity = Annotated[int, msgspec.Meta(ge=0)]
type _Line = Annotated[int, msgspec.Meta(ge=1)]

_CODE: Final = "The order code: five letters, as the caller said them or as a tool gave them."
_ASK_CODE: Final = "for the order code, letter by letter"
_PROOF: Final = "Name on the order, as the caller said it. Needed when it was placed from another number."
_ASK_PROOF: Final = "what name the order is under"


class StartOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Begin an order for delivery, before anything else of it: tells whether the restaurant delivers to that
    address at that time, what delivery costs and how long it takes. Call it again to change the address, the
    time or the allergies: the items stay."""

    restaurant: Annotated[
        str,
        ask("Name of the restaurant.", "which restaurant the food should come from"),
    ]
    address: Annotated[
        _Address,
        ask(
            "Where to deliver, as the caller said it: street and house number, what helps to find the door.",
            "for the street and house number",
        ),
    ]
    time: Annotated[
        str | None,
        ask(
            "When the food should be there, if not as soon as possible: YYYY-MM-DD HH:MM in local time, 24 "
            "hours, or the word now.",
            "when the food should be there",
        ),
    ] = None
    allergies: Annotated[
        list[str] | None,
        ask("What the caller said somebody must not eat.", "which allergies there are"),
    ] = None
    replace: Annotated[
        bool | None,
        ask(
            "True once the caller has agreed to give up what is in the order: for another restaurant, or to "
            "begin anew.",
            "whether to give up what is in the order",
        ),
    ] = None


class OrderItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Put a dish or drink into the order that was begun, change it, or take it out. Changes nothing at the
    restaurant yet. When a choice is missing, the answer says what to ask."""

    item: Annotated[
        str,
        ask("The dish or drink.", "which dish they mean"),
    ]
    quantity: Annotated[
        _Quantity | None,
        ask(
            "How many of it the order shall have in all, not how many more. 0 takes it out. Left out means "
            "one, or as many as before.",
            "how many they would like",
        ),
    ] = None
    options: Annotated[
        list[str] | None,
        ask("What the caller chose for it: a size, a side, something extra.", "how they would like it"),
    ] = None
    note: Annotated[
        _Note | None,
        ask(
            "What the kitchen should know about it, in a few words, if the caller said so: no onions.",
            "what the kitchen should know",
        ),
    ] = None
    line: Annotated[
        _Line | None,
        ask(
            "To change something that is in the order already: its line, as the last answer gave it.",
            "which of the items they mean",
        ),
    ] = None
    confirmed: Annotated[
        bool | None,
        ask(
            "True once the caller has said yes to what an earlier answer told you to ask about this item.",
            "whether they are sure",
        ),
    ] = None


class ReviewOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The order as it stands, with all prices and the total. Read it back to the caller before you place it,
    and use it when the caller asks what they have so far or what it costs."""


class PlaceOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Send the order to the restaurant. This commits. First read back what review_order says, and call this
    only after the caller has said yes. When anything was changed since, it is refused: read back again."""

    name: Annotated[
        _Name,
        ask("Name for the order, as the caller gave it.", "what name the order is for"),
    ]


class OrderStatus(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How far an order is that was placed: received, accepted, being prepared, on its way, delivered or
    cancelled. Without a code: the orders of late from the number of this call."""

    code: Annotated[_Code | None, ask(_CODE, _ASK_CODE)] = None
    name: Annotated[_Name | None, ask(_PROOF, _ASK_PROOF)] = None


class CancelOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Cancel an order that was placed. This commits and cannot be undone, and is possible only for a short
    time. First say which order you mean, and call this only after the caller has said yes."""

    code: Annotated[_Code, ask(_CODE, _ASK_CODE)]
    name: Annotated[_Name | None, ask(_PROOF, _ASK_PROOF)] = None
