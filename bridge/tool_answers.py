"""What the tools answer: short facts for the model with `spoken`, a sentence or two for the ear.

Pure functions over the catalogue. Whatever the data does not hold is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bridge.tool_booking_answers import spoken_day
from bridge.tool_parameters import Topic
from bridge.tool_schema import ToolArgumentError
from shared import spoken
from shared.handover import Nobody
from shared.menu import Diet, Dish, MenuSection
from shared.name_matching import key_words, word_likeness, words
from shared.restaurant import Restaurant
from shared.restaurant_search import PRICE_SAID, Found, Hit, food
from shared.restaurants import Catalogue

type Facts = dict[str, Any]

_REASONS_SAID = 2
"""A restaurant in a list is named with at most this many reasons."""

_LISTED = 5
"""Most dishes named in one breath."""

_ASK_RESTAURANT = "With an allergy, please ask the restaurant."


class UnknownDishError(LookupError):
    """The menu has nothing like it; the message tells the model what to say."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one restaurant."""

    catalogue: Catalogue
    restaurant: Restaurant
    dish: str | None
    day: date
    now: datetime
    """In the zone of the catalogue."""

    def money(self, dish: Dish) -> str:
        return spoken.money(dish.price, self.catalogue.city.currency)

    def priced(self, dishes: Sequence[Dish]) -> list[str]:
        return [f"{dish.name} at {self.money(dish)}" for dish in dishes]


def found(answer: Found) -> Facts:
    """The result of a search that found something, if only the nearest."""
    hits = [_hit(hit) for hit in answer.hits]
    said = [f"{hit.restaurant.name} {spoken.listing(hit.reasons[:_REASONS_SAID])}." for hit in answer.hits]
    if not answer.exact:
        nearest = answer.hits[0]
        fits, lacks = spoken.listing(nearest.reasons[:_REASONS_SAID]), spoken.listing(nearest.lacks)
        text = (
            f"Nothing fits all of that. The nearest is {nearest.restaurant.name}. It {fits}, but it {lacks}."
        )
    elif len(said) == 1:
        text = said[0]
    elif answer.total == len(said):
        text = " ".join([f"I have {spoken.number(len(said))}.", *said])
    else:
        text = " ".join(
            [f"I have {spoken.number(answer.total)}. The best {spoken.number(len(said))} are these.", *said]
        )
    return {"exact": answer.exact, "total": answer.total, "restaurants": hits, "spoken": text}


def described(question: Question, topic: Topic) -> Facts:
    """One fact about one restaurant.

    Raises:
        ToolArgumentError: the topic needs a dish and none was given.
        UnknownDishError: there is no such dish.
    """
    facts = _TOPICS[topic](question)
    return {"restaurant": question.restaurant.name, "id": question.restaurant.id, **facts}


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


def _about(question: Question) -> Facts:
    r = question.restaurant
    cuisine = spoken.listing([food(name) for name in r.serves_cuisine])
    rating = None if r.rating is None else spoken.decimal(r.rating)
    return {
        "cuisine": list(r.serves_cuisine),
        "area": r.address.area,
        "spoken": f"{r.name} serves {cuisine} in the {r.address.area} area. {r.description}. "
        f"It is {PRICE_SAID[r.price_level or 2]} and rated {rating} out of five.",
    }


def _menu(question: Question) -> Facts:
    r = question.restaurant
    if question.dish is not None:
        section = _section(r, question.dish)
        return _one_section(question, section) if section else _dish(question)
    sections = {section.name: [dish.name for dish in section.has_menu_item] for section in r.sections}
    examples = [section.has_menu_item[0] for section in r.sections[:3]]
    return {
        "sections": sections,
        "spoken": f"{r.name} has {spoken.listing([name.lower() for name in sections])}. "
        f"For example {spoken.listing(question.priced(examples))}.",
    }


def _one_section(question: Question, section: MenuSection) -> Facts:
    dishes = section.has_menu_item
    more = len(dishes) - _LISTED
    said = question.priced(dishes[:_LISTED]) + ([f"{spoken.number(more)} more"] if more > 0 else [])
    return {
        "section": section.name,
        "dishes": [{"name": dish.name, "price": str(dish.price)} for dish in dishes],
        "spoken": f"For {section.name.lower()} there is {spoken.listing(said)}.",
    }


def _dish(question: Question) -> Facts:
    r, said = question.restaurant, question.dish
    if said is None:
        raise ToolArgumentError("Missing: dish. Ask the caller which dish they mean.")
    dishes = question.catalogue.dish(r, said)
    if not dishes:
        sections = spoken.listing([section.name.lower() for section in r.sections])
        raise UnknownDishError(
            f"{r.name} has nothing like {said} on its menu. Say so; its menu has {sections}. "
            "Ask whether the caller would like something else."
        )
    exact = [dish for dish in dishes if key_words(dish.name) == key_words(said)]
    if len(dishes) > 1 and not exact:
        return {
            "dishes": [{"name": dish.name, "price": str(dish.price)} for dish in dishes],
            "spoken": f"{r.name} has {spoken.listing(question.priced(dishes))}. Which one do you mean?",
        }
    dish = (exact or dishes)[0]
    diets = [diet.said for diet in dish.suitable_for_diet]
    suits = f" It is marked {spoken.listing(diets)}." if diets else ""
    return {
        "dish": dish.name,
        "price": str(dish.price),
        "diets": diets,
        "allergens": None if dish.allergens is None else list(dish.allergens),
        "spoken": f"{dish.name} costs {question.money(dish)}. {dish.description}.{suits} {_allergens(dish)}",
    }


def _allergens(dish: Dish) -> str:
    """What the menu declares, never as a promise."""
    if dish.allergens is None:
        return f"I do not know its allergens. {_ASK_RESTAURANT}"
    if not dish.allergens:
        return f"The menu lists no allergens for it. {_ASK_RESTAURANT}"
    return f"The menu lists {spoken.listing(dish.allergens)}. {_ASK_RESTAURANT}"


def _hours(question: Question) -> Facts:
    r, day, now = question.restaurant, question.day, question.now
    hours = r.hours(question.catalogue.zone)
    on = spoken_day(day, now.date())
    spans = hours.spans(day)
    facts: Facts = {"date": day.isoformat(), "open": [span.text for span in spans]}
    if not spans:
        opens = hours.next_opening(hours.instant(day, 0))
        again = (
            f" It opens again {spoken_day(opens.date(), now.date())} at {spoken.clock_of_day(opens.time())}."
            if opens
            else ""
        )
        return {**facts, "spoken": f"{r.name} is closed {on}.{again}"}
    state = ""
    if day == now.date():
        until = hours.open_until(now)
        state = (
            f" It is open now, until {spoken.clock(until.time())}." if until else " It is closed right now."
        )
        facts["open_now"] = until is not None
    return {**facts, "spoken": f"{r.name} is open {on} {hours.said(day)}.{state}"}


def _address(question: Question) -> Facts:
    r = question.restaurant
    return {
        "address": f"{r.address.street_address}, {r.address.area}, {r.address.postal_code}",
        "spoken": f"{r.name} is at {r.address_said()}.",
    }


def _phone(question: Question) -> Facts:
    number = question.restaurant.telephone or ""
    said = f"The number of {question.restaurant.name} is {spoken.digits(number)}."
    return {"phone": number, "spoken": said}


def _price(question: Question) -> Facts:
    r = question.restaurant
    cheapest, dearest = (pick(r.dishes, key=lambda dish: dish.price) for pick in (min, max))
    return {
        "price_level": r.price_level,
        "from": str(cheapest.price),
        "to": str(dearest.price),
        "spoken": f"{r.name} is {PRICE_SAID[r.price_level or 2]}. "
        f"Dishes cost from {question.money(cheapest)} to {question.money(dearest)}.",
    }


def _diets(question: Question) -> Facts:
    r = question.restaurant
    counts = {diet.said: len(r.suited(diet)) for diet in Diet if r.suited(diet)}
    said = spoken.listing([f"{spoken.number(n)} {name}" for name, n in counts.items()])
    text = f"On its menu {r.name} marks {said} dishes." if counts else f"{r.name} marks no diets on its menu."
    return {"dishes": counts, "spoken": text}


def _payment(question: Question) -> Facts:
    r = question.restaurant
    known = list(r.payment_accepted)
    text = (
        f"{r.name} takes {spoken.listing(known)}." if known else f"I do not know how one can pay at {r.name}."
    )
    return {"payment": known or None, "spoken": text}


def _access(question: Question) -> Facts:
    r = question.restaurant
    text = {
        True: f"{r.name} has step-free access.",
        False: f"{r.name} has steps at the entrance.",
        None: f"I do not know whether {r.name} has step-free access. The restaurant can tell you.",
    }[r.step_free_access]
    return {"step_free": r.step_free_access, "spoken": text}


_TOPICS: dict[Topic, Callable[[Question], Facts]] = {
    "about": _about,
    "menu": _menu,
    "dish": _dish,
    "hours": _hours,
    "address": _address,
    "phone": _phone,
    "price": _price,
    "diet": _diets,
    "payment": _payment,
    "access": _access,
}


def _hit(hit: Hit) -> Facts:
    r = hit.restaurant
    facts: Facts = {
        "id": r.id,
        "name": r.name,
        "cuisine": list(r.serves_cuisine),
        "area": r.address.area,
        "price": PRICE_SAID[r.price_level or 2],
        "reasons": list(hit.reasons),
    }
    return {**facts, "lacks": list(hit.lacks)} if hit.lacks else facts


def _section(restaurant: Restaurant, said: str) -> MenuSection | None:
    """The section a caller means: every word they said stands in its name."""
    wanted = key_words(said)
    for section in restaurant.sections:
        names = words(section.name)
        if all(max(word_likeness(word, name) for name in names) >= 0.85 for word in wanted):
            return section
    return None
