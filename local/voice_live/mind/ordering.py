"""What a sentence wants with an order: to begin one, and while one is under way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from local.voice_live.mind.acts import Act, plainly_agrees
from local.voice_live.mind.addresses import find_address
from local.voice_live.mind.asked import Wanted
from local.voice_live.mind.cart import Cart, Portion, address_of, known_options, lacking
from local.voice_live.mind.food import FOOD_WORDS
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.lexicon import lexicon
from local.voice_live.mind.order_words import (
    ASKS_WHETHER,
    BEGINS,
    GIVES_UP,
    MAKE_THAT,
    NAMED,
    NO_MORE,
    NO_ORDER,
    SO_FAR,
    WISHES,
)
from local.voice_live.mind.portions import chosen, read_portions, takes_out
from local.voice_live.mind.reading import Reading, read
from local.voice_live.mind.refer import points_back
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind, Parameter, Schema, Tool
from local.voice_live.mind.slots import value_of
from local.voice_live.mind.spans import has_any
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.vocabulary import ordinary
from local.voice_live.mind.wording import MORE_FOOD, WHAT_FOOD
from local.voice_live.mind.words import Token, plain, tokenise, word_set

_FEW = 5
"""Words at most in a sentence that only gives a new number."""
_INSTEAD = re.compile(r"\b(?:instead of|rather than) (?P<old>.+?)(?:,| i | can | could |$)")
_SWAP = re.compile(
    r"\b(?:change|swap|switch|replace|exchange) (?P<old>.+?) (?:to|for|with|into) (?P<new>.+)$"
)
_ANSWERS_ADDRESS = word_set("it its is to the my address at please deliver um uh yes ok well our")


def about_order(talk: Talk, reading: Reading, subject: str) -> Heard | None:
    """A sentence about an order that is being made; None when it is about something else."""
    begin, add = talk.schema.with_role(Role.BEGIN), talk.schema.with_role(Role.ADD)
    if begin is None or add is None:
        return None
    if talk.cart is None:
        return _begins(talk, reading, subject, begin)
    line = reading.line
    if line.has(GIVES_UP) and not takes_out_something(talk, reading):
        return Heard(Want.CANCEL, reading.text)
    cart = replace(talk.cart, shows=False, agreed=False)
    told = (
        _proposed(cart, reading, begin)
        or _allergy(cart, reading, begin)
        or _answer_to_the_tool(talk, cart, reading)
        or _agreed(cart, reading)
        or _ends(talk, cart, reading)
        or _details(talk, cart, reading, subject, begin)
        or _dishes(talk, cart, reading)
        or _only_options(talk, cart, reading)
    )
    return Heard(Want.ORDER, reading.text, begin, cart=told) if told is not None else None


def _begins(talk: Talk, reading: Reading, subject: str, begin: Tool) -> Heard | None:
    line = reading.line
    wished = line.has(BEGINS) and not line.has(NO_ORDER)
    if not wished or (line.has(ASKS_WHETHER) and find_address(reading.tokens) is None):
        return None
    given = _given(talk, reading, subject, begin)
    if talk.schema.subject not in given and begin.parameter(talk.schema.subject) is not None:
        there = points_back(reading) or talk.focus
        given |= {talk.schema.subject: talk.focus} if there and talk.focus else {}
    cart = Cart(given=given, waiting=tuple(_portions(talk, Cart(), reading)))
    return Heard(Want.ORDER, reading.text, begin, cart=cart)


def takes_out_something(talk: Talk, reading: Reading) -> bool:
    """True when a sentence names a thing to take out: "cancel the coke" gives up no order."""
    return talk.cart is not None and any(p.known for p in _portions(talk, talk.cart, reading))


# --- what is given to begin with ---


def _given(talk: Talk, reading: Reading, subject: str, begin: Tool) -> dict[str, Any]:
    """What a sentence states for beginning: where from, where to, when, and what nobody may eat."""
    found: dict[str, Any] = {}
    place = address_of(begin)
    address = find_address(reading.tokens)
    for parameter in begin.parameters:
        if parameter.name == talk.schema.subject:
            value: Any = subject
        elif parameter == place:
            value = address.value if address is not None else None
        elif parameter.kind is Kind.MOMENT:
            value = value_of(parameter, reading, begin, talk.schema, talk.now, asked=False)
        elif parameter.kind is Kind.LIST:
            value = _named_in(parameter, reading.text)
        else:
            value = None
        if value:
            found[parameter.name] = value
    return found


_ALLERGIC = re.compile(r"\ballerg|\bintoleran|\b(?:cant|cannot|must not|mustnt) (?:eat|have)\b")


def _named_in(parameter: Parameter, text: str) -> list[str]:
    """The options of a list that a sentence about allergies names."""
    said = plain(text)
    if not _ALLERGIC.search(said):
        return []
    return [option for option in parameter.options if re.search(rf"\b{re.escape(plain(option)[:5])}", said)]


def _details(talk: Talk, cart: Cart, reading: Reading, subject: str, begin: Tool) -> Cart | None:
    """Another restaurant, the address, a time or an allergy, before or after the order was begun."""
    place, missing = address_of(begin), lacking(begin, cart)
    given = _given(talk, reading, subject, begin)
    if place is not None and place.name not in given and missing[:1] == [place]:
        given |= _bare_address(reading, place)
    if cart.begun and talk.schema.subject in given and not reading.line.has("order/from/instead/rather/at"):
        given.pop(talk.schema.subject)  # a question about another house is none about the order
    new = {name: value for name, value in given.items() if cart.given.get(name) != value}
    if not new:
        return None
    named = tuple(p for p in _portions(talk, cart, reading) if p.known)
    waiting = cart.waiting + named
    return replace(cart, given={**cart.given, **new}, begun=False, waiting=waiting, told=False)


def _proposed(cart: Cart, reading: Reading, begin: Tool) -> Cart | None:
    """A yes to the time that the tool proposed."""
    moment = begin.of_kind(Kind.MOMENT)
    if moment is None or not cart.proposal or not plainly_agrees(reading.tokens, reading.acts):
        return None
    return replace(
        cart, given={**cart.given, moment.name: cart.proposal}, proposal="", begun=False, told=False
    )


def _allergy(cart: Cart, reading: Reading, begin: Tool) -> Cart | None:
    """An allergy named while ordering: the order is begun again with it, and keeps what it has."""
    listed = begin.of_kind(Kind.LIST)
    named = _named_in(listed, reading.text) if listed is not None else []
    if listed is None or not named:
        return None
    known = [str(one) for one in cart.given.get(listed.name) or ()]
    allergies = list(dict.fromkeys([*known, *named]))
    return replace(cart, given={**cart.given, listed.name: allergies}, begun=False, told=False)


def _bare_address(reading: Reading, place: Parameter) -> dict[str, Any]:
    """A whole answer to "What is the address?"."""
    left = [t for t in reading.tokens if t.text not in _ANSWERS_ADDRESS]
    numbered = any(t.cardinal is not None for t in (*left[:1], *left[-1:]))
    if Act.QUESTION in reading.acts or reading.food is not None or not 1 < len(left) <= 8 or not numbered:
        return {}
    said = [str(t.cardinal) if t.cardinal is not None else t.raw.capitalize() for t in left]
    return {place.name: " ".join(said)}


# --- what the tool asked, and the read-back ---


def _answer_to_the_tool(talk: Talk, cart: Cart, reading: Reading) -> Cart | None:
    """The answer to what the tool wanted asked about one dish."""
    portion = cart.open
    if portion is None:
        return None
    closed = replace(cart, open=None, choices=(), sure=False)
    if cart.sure and plainly_agrees(reading.tokens, reading.acts) and not reading.line.has(NO_MORE):
        return replace(closed, waiting=(replace(portion, confirmed=True), *cart.waiting))
    picked = chosen(cart.choices, reading.words) if cart.choices else ()
    number = next((t.cardinal for t in reading.tokens if t.cardinal is not None), None)
    if picked:
        meant = replace(portion, options=(*portion.options, *picked), quantity=number or portion.quantity)
        return replace(closed, waiting=(meant, *cart.waiting))
    unclear = not cart.choices
    named = [p for p in _portions(talk, cart, reading) if p.known or (unclear and _may_be_food(p))]
    if reading.line.has(NO_MORE):
        return replace(cart, done=True) if cart.choices else replace(closed, done=True)
    drops = takes_out(reading.line) or Act.NO in reading.acts or reading.line.has(GIVES_UP)
    if drops and not any(p.quantity for p in named):
        return closed
    if not named and number is not None and Act.QUESTION not in reading.acts:
        again = replace(portion, quantity=number)
        return replace(cart, open=again) if cart.choices else replace(closed, waiting=(again, *cart.waiting))
    if named and Act.QUESTION not in reading.acts and not cart.sure:
        return _named_instead(closed, portion, named)
    return None


def _named_instead(closed: Cart, portion: Portion, named: Sequence[Portion]) -> Cart:
    """Another dish named where one was not clear: it takes over what was said of the first."""
    first = named[0]
    quantity = first.quantity if first.quantity is not None else portion.quantity
    meant = replace(first, quantity=quantity, options=first.options or portion.options)
    return replace(closed, waiting=(meant, *named[1:], *closed.waiting))


def _agreed(cart: Cart, reading: Reading) -> Cart | None:
    if cart.told and plainly_agrees(reading.tokens, reading.acts):
        return replace(cart, agreed=True)
    return None


def _ends(talk: Talk, cart: Cart, reading: Reading) -> Cart | None:
    """Nothing more is wanted, what there is is to be told, or the name is given."""
    line, acts = reading.line, reading.acts
    if line.has(SO_FAR) and cart.lines and not any(p.known for p in _portions(talk, cart, reading)):
        return replace(cart, shows=True)
    expected = talk.expected
    asked = expected is not None and expected.kind is Kind.PERSON
    if (asked and not acts & {Act.QUESTION, Act.NO}) or (reading.person is not None and line.has(NAMED)):
        name = reading.person.value if reading.person is not None else reading.bare_person
        if name:
            return replace(cart, name=name)
    if any(p.known for p in _portions(talk, cart, reading)):
        return None
    more = talk.asked is not None and talk.asked.wanted is Wanted.MORE
    if line.has(NO_MORE) or (more and acts & {Act.NO, Act.DONE}) or Act.DONE in acts:
        return replace(cart, done=True) if cart.lines or cart.waiting else None
    return None


# --- dishes ---


def _dishes(talk: Talk, cart: Cart, reading: Reading) -> Cart | None:
    """Dishes named to be added, changed or taken out."""
    line = reading.line
    if Act.QUESTION in reading.acts and not line.has(WISHES):
        return None
    swapped = _swapped(talk, cart, reading)
    if swapped:
        return replace(cart, waiting=cart.waiting + tuple(swapped), done=False, told=False)
    portions = [p for p in _portions(talk, cart, reading) if p.known or _asked_for(talk, reading, p)]
    ordered = [p for p in portions if cart.line_of(p.item) is not None]
    if ordered and (takes_out(line) or (Act.NO in reading.acts and len(ordered) == len(portions))):
        if not any(p.quantity for p in ordered):
            out = tuple(replace(p, quantity=0, more=False) for p in ordered)
            return replace(cart, waiting=cart.waiting + out, told=False)
        if takes_out(line):
            return replace(cart, waiting=(*cart.waiting, *_fewer(cart, ordered)), told=False)
    if not portions and (changed := _only_a_number(cart, reading)) is not None:
        return replace(cart, waiting=(*cart.waiting, changed), told=False)
    if not portions:
        return None
    return replace(cart, waiting=cart.waiting + tuple(portions), done=False, told=False)


def _fewer(cart: Cart, portions: Sequence[Portion]) -> list[Portion]:
    """ "Take off one of the cokes": so many fewer than there are."""
    found = []
    for portion in portions:
        line = cart.line_of(portion.item) or {}
        before = line.get("quantity")
        left = max(0, before - (portion.quantity or 0)) if isinstance(before, int) else 0
        found.append(replace(portion, quantity=left, more=False))
    return found


def _asked_for(talk: Talk, reading: Reading, portion: Portion) -> bool:
    """True for a dish that the menu does not clearly have, where one is plainly asked for."""
    wanted = reading.line.has(WISHES) or portion.quantity is not None or _short_answer(talk, reading)
    return wanted and _may_be_food(portion)


def _short_answer(talk: Talk, reading: Reading) -> bool:
    return talk.last_said.endswith((WHAT_FOOD, MORE_FOOD)) and len(reading.words) <= _FEW


def _may_be_food(portion: Portion) -> bool:
    words = portion.item.split()
    return bool(FOOD_WORDS & set(words)) or not all(map(ordinary, words))


def _only_options(talk: Talk, cart: Cart, reading: Reading) -> Cart | None:
    """ "Medium, please": how the dish named last shall be, where nobody asked."""
    line = cart.line_of(cart.touched) if cart.touched else None
    if line is None or Act.QUESTION in reading.acts or len(reading.words) > _FEW:
        return None
    picked = chosen(known_options(talk.schema), reading.words)
    if not picked:
        return None
    had = tuple(str(one) for one in line.get("options") or ())
    changed = Portion(cart.touched, options=tuple(dict.fromkeys((*had, *picked))))
    return replace(cart, waiting=(*cart.waiting, changed), told=False)


def _swapped(talk: Talk, cart: Cart, reading: Reading) -> list[Portion]:
    """ "Change the coke to a water", "a water instead of the coke"."""
    said = plain(reading.text)
    swap = _SWAP.search(said)
    instead = _INSTEAD.search(said)
    if swap is not None:
        old, new = swap["old"], swap["new"]
    elif instead is not None:
        old, new = instead["old"], f"{said[: instead.start()]} {said[instead.end() :]}"
    elif "instead" in reading.words and (portions := _portions(talk, cart, reading)):
        return [Portion(cart.touched, 0), *portions] if cart.line_of(cart.touched) is not None else portions
    else:
        return []
    gone = [p for p in _of_text(talk, cart, old) if cart.line_of(p.item) is not None]
    come = _of_text(talk, cart, new)
    if not gone or not come:
        return []
    return [replace(gone[0], quantity=0, more=False), *come]


def _only_a_number(cart: Cart, reading: Reading) -> Portion | None:
    """ "Make that three": the number of what was named last."""
    number = next((t.cardinal for t in reading.tokens if t.cardinal is not None), None)
    short = len(reading.words) <= _FEW or reading.line.has(MAKE_THAT)
    if number is None or not cart.touched or not short or reading.clock is not None:
        return None
    more = has_any(reading.words, ("more", "another", "extra"))
    return Portion(cart.touched, number, more)


def _portions(talk: Talk, cart: Cart, reading: Reading) -> list[Portion]:
    return read_portions(talk.schema, cart, _other_than(reading.text, talk.schema, talk.now, talk.names))


def _of_text(talk: Talk, cart: Cart, text: str) -> list[Portion]:

    return read_portions(talk.schema, cart, tokenise(text))


@lru_cache(maxsize=1024)
def _other_than(text: str, schema: Schema, now: datetime, names: tuple[str, ...]) -> tuple[Token, ...]:
    """The tokens without the address, the restaurant, the time and the name, which order nothing."""
    reading = read(text, schema, now, names)
    taken: set[int] = set()
    for found in (find_address(reading.tokens), reading.day, reading.clock):
        taken |= found.places if found is not None else frozenset()
    if reading.person is not None and {"name", "under"} & set(reading.words):
        taken |= reading.person.places
    for match in lexicon(schema).choices(reading.tokens, names).get(schema.subject, []):
        taken |= match.places
    return tuple(
        Token("", "", mark=token.mark) if i in taken and token.text else token
        for i, token in enumerate(reading.tokens)
    )
