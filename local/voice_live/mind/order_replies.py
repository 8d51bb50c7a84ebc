"""The replies about an order: what is still needed, the next dish, the read-back, the call after a yes."""

from __future__ import annotations

import re

from local.voice_live.mind.advice import say_failure
from local.voice_live.mind.cart import (
    Cart,
    add_call,
    lacking,
    placed_name,
)
from local.voice_live.mind.outputs import CallFunction, Output, Say
from local.voice_live.mind.results import Result, say_result
from local.voice_live.mind.roles import Role
from local.voice_live.mind.schema import Kind
from local.voice_live.mind.spoken import join_words
from local.voice_live.mind.talk import Talk, call_key
from local.voice_live.mind.wording import ADDRESS, FOOD_FROM, MORE_FOOD, SHALL_I, WHAT_FOOD, question


def next_for_order(talk: Talk, cart: Cart) -> Output:
    """What comes next for an order: a question, or a call."""
    begin = talk.schema.with_role(Role.BEGIN)
    add, review, place = (talk.schema.with_role(role) for role in (Role.ADD, Role.REVIEW, Role.PLACE))
    if begin is None or add is None:
        return Say(WHAT_FOOD)
    missing = lacking(begin, cart)
    if missing and missing[0].name == talk.schema.subject:
        return _search_first(talk, cart) or Say(FOOD_FROM)
    if missing:
        first = missing[0]
        return Say(ADDRESS if first.kind is Kind.PLACE else question(first, talk.schema))
    if not cart.begun:
        return _unless_failed(talk, CallFunction(begin.name, _in_order(begin.parameters, cart)))
    if cart.open is not None and cart.choices:
        return Say(f"Which would you like: {join_words(cart.choices, 'or')}?")
    if cart.waiting:
        return add_call(add, cart, cart.waiting[0])
    if cart.shows and review is not None:
        return CallFunction(review.name)
    if cart.agreed and place is not None and (name := placed_name(talk.schema)) is not None:
        return CallFunction(place.name, {name.name: cart.name} if cart.name else {})
    if not cart.lines:
        return Say(WHAT_FOOD)
    if not cart.done:
        return Say(MORE_FOOD)
    return _to_the_end(talk, cart)


def _in_order(parameters: tuple[object, ...], cart: Cart) -> dict[str, object]:
    names = [getattr(parameter, "name", "") for parameter in parameters]
    return {name: cart.given[name] for name in names if name in cart.given}


def _to_the_end(talk: Talk, cart: Cart) -> Output:
    """The caller wants nothing more: the name, then everything read back."""
    name, review = placed_name(talk.schema), talk.schema.with_role(Role.REVIEW)
    if name is not None and name.required and not cart.name:
        return Say(question(name, talk.schema, again=1 if "name" in talk.last_said else 0))
    if review is not None:
        return CallFunction(review.name)
    return Say(SHALL_I)


def _search_first(talk: Talk, cart: Cart) -> Output | None:
    """ "I'd like to order a pizza": who has one is looked up first."""
    search = talk.schema.with_role(Role.SEARCH)
    food = search.of_kind(Kind.FOOD) if search is not None else None
    if search is None or food is None or not cart.waiting or talk.things:
        return None
    call = CallFunction(search.name, {food.name: cart.waiting[0].item.replace("-", " ")})
    return call if call_key(call) not in talk.failures else None


def _unless_failed(talk: Talk, call: CallFunction) -> Output:
    failed = talk.failures.get(call_key(call))
    return call if failed is None else Say(say_failure(failed.message))


def say_added(results: list[Result]) -> str:
    """Several dishes that were put in, each in a sentence, and what it all comes to at the end."""
    said = [say_result(result) for result in results]
    short = [re.split(r"(?<=[.!?])\s", text)[0] for text in said[:-1]]
    return " ".join([*short, *said[-1:]])


def after_review(talk: Talk, cart: Cart, result: Result) -> str:
    """The order as it stands, with the question that fits: is it right, or what else."""
    told = say_result(result)
    body = result.body if isinstance(result.body, dict) else {}
    if body.get("missing"):
        return f"{told} {MORE_FOOD}"
    if cart.done and (cart.name or placed_name(talk.schema) is None):
        return f"{told} {SHALL_I}"
    return f"{told} {MORE_FOOD}"
