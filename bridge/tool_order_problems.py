"""What the model is told when something of an order is not possible: why, and what to ask the caller."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.tool_order_answers import Words, conflict
from bridge.tool_results import ToolFailureError
from shared import spoken
from shared.agent_tables import Orders
from shared.menu import Dish, OptionGroup
from shared.order_cart import MOST_LINES, CartError, NotInCartError, Question, TooMuchError, WhichLineError
from shared.order_delivery import DAYS_AHEAD, Reason, Undelivered
from shared.order_meaning import UnknownItemError
from shared.order_options import OptionError, OptionMissingError, OptionsTooManyError, OptionUnknownError
from shared.order_records import Cart
from shared.places import Place, UnknownPlaceError
from shared.restaurant import Restaurant


def unknown_place(error: UnknownPlaceError) -> ToolFailureError:
    nearest = spoken.listing(error.nearest, "or")
    return ToolFailureError(
        "unknown_address",
        f"No address is clearly meant by {error.said!r}. Ask the caller for the street and house number, and "
        f"whether they mean {nearest}.",
    )


def no_number(place: Place) -> ToolFailureError:
    return ToolFailureError(
        "house_number_needed", f"To deliver, a house number is needed. Ask which number in {place.name}."
    )


def undelivered(
    found: Undelivered, restaurant: Restaurant, address: str, others: Sequence[str], words: Words
) -> ToolFailureError:
    """`others` are names of restaurants that would bring it there then."""
    name = restaurant.name
    elsewhere = f"offer {spoken.listing(others, 'or')}, which would" if others else "offer another restaurant"
    instead = (
        f"Ask whether {words.when(found.instead)} is all right, which is {words.written(found.instead)}, and "
        "call start_order again with that time"
        if found.instead is not None
        else "Ask for another time"
    )
    told = {
        Reason.NO_DELIVERY: f"{name} does not deliver. Say so, and {elsewhere}.",
        Reason.OUT_OF_AREA: f"{name} does not deliver as far as {address}. Say so, and {elsewhere}.",
        Reason.KITCHEN_CLOSED: f"The kitchen of {name} takes no order for then. {instead}; or {elsewhere}.",
        Reason.PAST: f"That time has passed. {instead}.",
        Reason.TOO_SOON: f"{name} cannot be there as early as that. {instead}; or {elsewhere}.",
        Reason.TOO_FAR_AHEAD: (
            f"Orders are taken up to {spoken.number(DAYS_AHEAD)} days ahead. Say so, and ask for a time "
            "before that."
        ),
    }[found.reason]
    return ToolFailureError(found.reason.value, f"{told} Nothing was changed.")


def other_order(cart: Cart, name: str) -> ToolFailureError:
    count = spoken.count(sum(line.quantity for line in cart.lines), "portion")
    return ToolFailureError(
        "other_order",
        f"An order at {name} is begun, with {count}, and not placed. One order is for one restaurant. Ask "
        "whether to give that one up; only after a yes call start_order again with replace.",
    )


def unknown_item(error: UnknownItemError, restaurant: Restaurant, words: Words) -> ToolFailureError:
    if not error.nearest:
        return ToolFailureError(
            "unknown_item",
            f"{restaurant.name} has nothing like {error.said!r}. Say so, and ask what they would like "
            "instead; restaurant_details has the menu.",
        )
    nearest = spoken.listing([f"{dish.name} at {words.money(dish.price)}" for dish in error.nearest], "or")
    return ToolFailureError(
        "unknown_item", f"It is not clear what is meant by {error.said!r}. Ask whether it is {nearest}."
    )


def sold_out(dishes: Sequence[Dish]) -> ToolFailureError:
    names = spoken.listing([dish.name for dish in dishes])
    return ToolFailureError(
        "sold_out",
        f"{names} cannot be ordered now: sold out. Say so, and ask what they would like instead; take it out "
        "of the order with order_item if it is in it.",
    )


def wrong_options(error: OptionError, words: Words) -> ToolFailureError:
    dish = error.dish.name
    match error:
        case OptionsTooManyError(group=group):
            return ToolFailureError(
                "options_too_many",
                f"Of {group.name} for {dish} at most {spoken.number(group.maximum)} can be chosen: "
                f"{_choices(group, words)}. Ask which.",
            )
        case OptionMissingError(group=group):
            at_least = f"at least {spoken.number(group.minimum)} of " if group.minimum > 1 else ""
            return ToolFailureError(
                "option_missing",
                f"{dish} comes with a choice of {at_least}{group.name}: {_choices(group, words)}. Ask which.",
                choices=[choice.name for choice in group.choices],
            )
        case OptionUnknownError(said=said, nearest=nearest):
            if not nearest:
                return ToolFailureError(
                    "unknown_option",
                    f"{dish} comes with no options, so {said!r} is none. If it is a wish for the kitchen, "
                    "pass it on as the note.",
                )
            return ToolFailureError(
                "unknown_option",
                f"{dish} has no option that is clearly {said!r}. There is {spoken.listing(nearest, 'or')}. "
                "Ask which; a wish that is none of these can be passed on as the note.",
            )
    raise TypeError(f"{type(error).__name__} is not an option error that is told")


def wrong_change(error: CartError, dish: Dish, rules: Orders, person: str) -> ToolFailureError:
    match error:
        case NotInCartError():
            return ToolFailureError(
                "not_in_order",
                f"That is not in the order: {dish.name}. Call review_order to see what is, and ask which "
                "they mean.",
            )
        case WhichLineError(lines=lines):
            numbers = spoken.listing([str(number) for number in lines], "or")
            return ToolFailureError(
                "which_line",
                f"{dish.name} is in the order more than once: lines {numbers}. Ask which one is meant, and "
                "call again with its line.",
                lines=list(lines),
            )
        case TooMuchError():
            return too_much(rules, person)
    raise TypeError(f"{type(error).__name__} is not a cart error that is told")


def too_much(rules: Orders, person: str) -> ToolFailureError:
    """`person` says what to offer when the tools are at their end."""
    return ToolFailureError(
        "too_much",
        f"By telephone at most {spoken.number(rules.most_portions)} portions of {spoken.number(MOST_LINES)} "
        f"different kinds are taken in one order, for a few thousand at most. Nothing was changed. {person}",
    )


def asked(question: Question, dish: Dish) -> ToolFailureError:
    told: list[str] = []
    if question.quantity is not None:
        told.append(f"{spoken.number(question.quantity)} {dish.name} is a great many")
    if question.conflict is not None:
        told.append(f"somebody must not eat everything, and {conflict(question.conflict)}")
    said = "; ".join(told)
    return ToolFailureError(
        "ask_first",
        f"{said[0].upper()}{said[1:]}. Nothing was changed. Tell the caller so, and ask whether they want it "
        "all the same; only after a yes call order_item again with confirmed.",
    )


def _choices(group: OptionGroup, words: Words) -> str:
    return spoken.listing(
        [
            f"{choice.name} for {words.money(choice.price)} more" if choice.price else choice.name
            for choice in group.choices
        ],
        "or",
    )
