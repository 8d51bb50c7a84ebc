"""One fact about one restaurant, for the model and for the ear.

Pure functions over the catalogue. Whatever the data does not hold is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from bridge.tool_answers import ASK_RESTAURANT, Facts
from bridge.tool_booking_answers import spoken_day
from bridge.tool_parameters import Topic
from bridge.tool_schema import ToolArgumentError
from shared import spoken
from shared.menu import Allergen, Diet, Dish, MenuSection, OptionGroup
from shared.name_matching import key_words, word_likeness, words
from shared.places import distance_km
from shared.restaurant import Restaurant
from shared.restaurants import Catalogue
from shared.search_verdicts import ATMOSPHERE_SAID, PRICE_SAID, distance_said, food

_LISTED = 5
"""Most dishes named in one breath."""


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

    def money(self, amount: Decimal) -> str:
        return spoken.money(amount, self.catalogue.city.currency)

    def priced(self, dishes: Sequence[Dish]) -> list[str]:
        return [f"{dish.name} at {self.money(dish.price)}" for dish in dishes]

    def unknown(self, what: str) -> Facts:
        """It is not known, and who would know."""
        phone = self.restaurant.telephone
        ask = f" The restaurant can tell you, at {spoken.digits(phone)}." if phone else ""
        return {"known": False, "spoken": f"I do not know {what}.{ask}"}


def described(question: Question, topic: Topic) -> Facts:
    """One fact about one restaurant.

    Raises:
        ToolArgumentError: the topic needs a dish and none was given.
        UnknownDishError: there is no such dish.
    """
    facts = _TOPICS[topic](question)
    return {"restaurant": question.restaurant.name, "id": question.restaurant.id, **facts}


def _about(question: Question) -> Facts:
    r = question.restaurant
    cuisine = spoken.listing([food(name) for name in r.serves_cuisine]) or "food that I know nothing about"
    where = f" in the {r.address.area} area" if r.address.area else ""
    told = [f"{r.name} serves {cuisine}{where}."]
    if r.description:
        told.append(f"{r.description}.")
    judged = [PRICE_SAID[r.price_level]] if r.price_level else []
    judged += [f"rated {spoken.decimal(r.rating)} out of five"] if r.rating else []
    if judged:
        told.append(f"It is {spoken.listing(judged)}.")
    if r.reservations is None:
        told.append("Tables there are booked with the restaurant itself.")
    return {"cuisine": list(r.serves_cuisine), "area": r.address.area, "spoken": " ".join(told)}


def _menu(question: Question) -> Facts:
    r = question.restaurant
    if r.has_menu is None:
        return question.unknown(f"the menu of {r.name}")
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
    r = question.restaurant
    if r.has_menu is None:
        return question.unknown(f"the menu of {r.name}")
    dishes = _meant(question)
    if len(dishes) > 1:
        return {
            "dishes": [{"name": dish.name, "price": str(dish.price)} for dish in dishes],
            "spoken": f"{r.name} has {spoken.listing(question.priced(dishes))}. Which one do you mean?",
        }
    dish = dishes[0]
    diets = [diet.said for diet in dish.suitable_for_diet]
    told = [f"{dish.name} costs {question.money(dish.price)}."]
    told += [f"{dish.description}."] if dish.description else []
    told += [f"It is marked {spoken.listing(diets)}."] if diets else []
    told += [_to_choose(group.name, [choice.name for choice in group.choices]) for group in _required(dish)]
    return {
        "dish": dish.name,
        "price": str(dish.price),
        "diets": diets,
        "allergens": None if dish.allergens is None else list(dish.allergens),
        "options": {
            group.name: {choice.name: str(choice.price) for choice in group.choices} for group in dish.options
        },
        "spoken": " ".join([*told, _allergens_of(dish)]),
    }


def _required(dish: Dish) -> list[OptionGroup]:
    return [group for group in dish.options if group.minimum]


def _to_choose(name: str, choices: Sequence[str]) -> str:
    return f"{name}: {spoken.listing(choices, 'or')}."


def _meant(question: Question) -> list[Dish]:
    """The one dish that is meant, or those that can be.

    Raises:
        ToolArgumentError: none was named.
        UnknownDishError: the menu has nothing like it.
    """
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
    return exact[:1] or dishes


def _allergens(question: Question) -> Facts:
    """Of one dish, or which ones the menu speaks of at all. Never a promise."""
    r = question.restaurant
    if r.has_menu is None:
        return question.unknown(f"what the dishes of {r.name} contain")
    if question.dish is not None:
        return _dish(question)
    listed = {allergen for dish in r.dishes for allergen in dish.allergens or ()}
    silent = sum(1 for dish in r.dishes if dish.allergens is None)
    told = [f"On the menu of {r.name} I find {spoken.listing([a for a in Allergen if a in listed])}."]
    if not listed:
        told = [f"The menu of {r.name} lists no allergens."]
    if silent:
        some = spoken.count(silent, "dish", "dishes")
        told.append(f"For {some} nobody has recorded any.")
    told.append(f"Ask me about one dish. {ASK_RESTAURANT}")
    return {"listed": sorted(listed), "not_recorded": silent, "spoken": " ".join(told)}


def _allergens_of(dish: Dish) -> str:
    """What the menu declares, never as a promise."""
    if dish.allergens is None:
        return f"I do not know its allergens. {ASK_RESTAURANT}"
    if not dish.allergens:
        return f"The menu lists no allergens for it. {ASK_RESTAURANT}"
    return f"The menu lists {spoken.listing(dish.allergens)}. {ASK_RESTAURANT}"


def _hours(question: Question) -> Facts:
    r, day, now = question.restaurant, question.day, question.now
    if not r.hours_known:
        return question.unknown(f"the opening hours of {r.name}")
    hours, occasion = r.hours(question.catalogue.zone), r.occasion(day)
    on = spoken_day(day, now.date()) + (f", {occasion}," if occasion else "")
    spans = hours.spans(day)
    facts: Facts = {"date": day.isoformat(), "open": [span.text for span in spans]}
    if occasion:
        facts["occasion"] = occasion
    if not spans:
        opens = hours.next_opening(hours.instant(day, 0))
        again = (
            f" It opens again {spoken_day(opens.date(), now.date())} at {spoken.clock_of_day(opens.time())}."
            if opens
            else ""
        )
        return {**facts, "spoken": f"{r.name} is closed {on.removesuffix(',')}.{again}"}
    state = ""
    if day == now.date():
        until = hours.open_until(now)
        facts["open_now"] = until is not None
        state = " It is closed right now." if until is None else _open_now(until, now)
    return {**facts, "spoken": f"{r.name} is open {on} {hours.said(day)}.{state}"}


def _open_now(until: datetime, now: datetime) -> str:
    if until - now >= timedelta(days=1):
        return " It is open now."
    return f" It is open now, until {spoken.clock(until.time())}."


def _address(question: Question) -> Facts:
    r = question.restaurant
    said = r.address_said()
    way = r.getting_there or _nearest_landmark(question)
    if said is None and way is None:
        return question.unknown(f"where {r.name} is")
    a = r.address
    parts = [part for part in (a.street_address, a.area, a.postal_code) if part]
    told = [f"{r.name} is {_at(said)}."] if said else []
    told += [f"{way}."] if way else []
    return {"address": ", ".join(parts), "getting_there": way, "spoken": " ".join(told)}


def _at(said: str) -> str:
    return said if said.startswith("in ") else f"at {said}"


def _nearest_landmark(question: Question) -> str | None:
    """Where nobody wrote down the way: how far it is from what everybody knows."""
    geo, landmarks = question.restaurant.geo, question.catalogue.city.landmarks
    if geo is None or not landmarks:
        return None
    near = min(landmarks, key=lambda landmark: distance_km(landmark.geo, geo))
    return f"It is {distance_said(distance_km(near.geo, geo))} {near.name}"


def _phone(question: Question) -> Facts:
    number = question.restaurant.telephone
    if number is None:
        return {"known": False, "spoken": f"I do not know the number of {question.restaurant.name}."}
    said = f"The number of {question.restaurant.name} is {spoken.digits(number)}."
    return {"phone": number, "spoken": said}


def _price(question: Question) -> Facts:
    r = question.restaurant
    if r.price_level is None and not r.dishes:
        return question.unknown(f"what {r.name} costs")
    told = [f"{r.name} is {PRICE_SAID[r.price_level]}."] if r.price_level else []
    facts: Facts = {"price_level": r.price_level}
    if r.dishes:
        cheapest, dearest = (pick(r.dishes, key=lambda dish: dish.price).price for pick in (min, max))
        told.append(f"Dishes cost from {question.money(cheapest)} to {question.money(dearest)}.")
        facts |= {"from": str(cheapest), "to": str(dearest)}
    return {**facts, "spoken": " ".join(told)}


def _diets(question: Question) -> Facts:
    r = question.restaurant
    known = [diet.said for diet in r.suitable_for_diet]
    if r.has_menu is None and not known:
        return question.unknown(f"which diets {r.name} cooks for")
    if r.has_menu is None:
        return {"diets": known, "spoken": f"{r.name} is known for {spoken.listing(known)} food."}
    counts = {diet.said: len(r.suited(diet)) for diet in Diet if r.suited(diet)}
    said = spoken.listing([f"{spoken.number(n)} {name}" for name, n in counts.items()])
    text = f"On its menu {r.name} marks {said} dishes." if counts else f"{r.name} marks no diets on its menu."
    return {"dishes": counts, "spoken": text}


def _payment(question: Question) -> Facts:
    r = question.restaurant
    known = list(r.payment_accepted)
    if not known:
        return question.unknown(f"how one can pay at {r.name}")
    return {"payment": known, "spoken": f"{r.name} takes {spoken.listing(known)}."}


def _access(question: Question) -> Facts:
    r = question.restaurant
    if r.step_free_access is None:
        return question.unknown(f"whether {r.name} has step-free access") | {"step_free": None}
    what = "has step-free access" if r.step_free_access else "has steps at the entrance"
    return {"step_free": r.step_free_access, "spoken": f"{r.name} {what}."}


def _delivery(question: Question) -> Facts:
    r, terms = question.restaurant, question.restaurant.delivery
    if terms is None and r.offers_delivery is None:
        return question.unknown(f"whether {r.name} delivers")
    if terms is None:
        says = "delivers, but takes orders only by itself" if r.offers_delivery else "does not deliver"
        return {"delivers": bool(r.offers_delivery), "spoken": f"{r.name} {says}."}
    fee = f"for {question.money(terms.fee)}" if terms.fee else "free of charge"
    told = [
        f"{r.name} delivers up to {spoken.decimal(terms.radius_km)} kilometres away, {fee}, usually in "
        f"about {spoken.number(terms.minutes)} minutes."
    ]
    if terms.minimum_order:
        told.append(f"The smallest order is {question.money(terms.minimum_order)}.")
    if terms.fee and terms.free_from is not None:
        told.append(f"From {question.money(terms.free_from)} on it is free.")
    spans = r.kitchen_hours(question.catalogue.zone).spans(question.day)
    return {
        "delivers": True,
        "radius_km": terms.radius_km,
        "fee": str(terms.fee),
        "minimum_order": str(terms.minimum_order),
        "free_from": None if terms.free_from is None else str(terms.free_from),
        "minutes": terms.minutes,
        "kitchen": [span.text for span in spans],
        "spoken": " ".join(told),
    }


def _atmosphere(question: Question) -> Facts:
    r = question.restaurant
    if not r.atmosphere:
        return question.unknown(f"what it is like at {r.name}")
    told = spoken.listing([ATMOSPHERE_SAID[one] for one in r.atmosphere])
    return {"atmosphere": list(r.atmosphere), "spoken": f"{r.name} {told}."}


def _rating(question: Question) -> Facts:
    r = question.restaurant
    if r.aggregate_rating is None:
        return question.unknown(f"how {r.name} is rated")
    value, count = r.aggregate_rating.rating_value, r.aggregate_rating.review_count
    people = spoken.count(count, "guest") if count < 10_000 else "very many guests"
    text = f"{r.name} is rated {spoken.decimal(value)} out of five by {people}."
    return {"rating": value, "reviews": count, "spoken": text}


_TOPICS: dict[Topic, Callable[[Question], Facts]] = {
    "about": _about,
    "menu": _menu,
    "dish": _dish,
    "allergens": _allergens,
    "hours": _hours,
    "address": _address,
    "phone": _phone,
    "price": _price,
    "diet": _diets,
    "payment": _payment,
    "access": _access,
    "delivery": _delivery,
    "atmosphere": _atmosphere,
    "rating": _rating,
}


def _section(restaurant: Restaurant, said: str) -> MenuSection | None:
    """The section a caller means: every word they said stands in its name."""
    wanted = key_words(said)
    for section in restaurant.sections:
        names = words(section.name)
        if all(max(word_likeness(word, name) for name in names) >= 0.85 for word in wanted):
            return section
    return None
