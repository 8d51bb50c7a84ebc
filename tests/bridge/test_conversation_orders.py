"""Whatever comes in whatever order, a conversation keeps its rules.

Each order is a whole call, made from a seed: `model_orders` says who does what when, `model_service` keeps
Voice Live's own rules, `model_line` plays what a carrier would, and `model_referee` checks with every
command what must hold. With more `ORDERS` in the environment it is a soak. `Order(seed).run()` repeats one.

Sessions break, fall silent and end by the clock in some of them: others take over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import batched
from multiprocessing import get_context
from typing import Any

import pytest

from shared.agent_config import Agent
from tests.bridge.model_call import ModelCall
from tests.bridge.model_orders import Order, broken_orders
from tests.bridge.model_service import Mood

_ORDERS = int(os.environ.get("ORDERS", "20000"))
_AT_ONCE = 250
_MOST_KEPT = 8_000
"""Values that the rules of a call may hold while the agent has nothing to say; most are the history."""


@pytest.mark.timeout(60 + _ORDERS / 50)
def test_any_order_of_events_keeps_the_rules() -> None:
    """One response at a time, no lost tool result, no word that was not heard, and every call ends."""
    broken: dict[int, str] = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        for found in processes.map(broken_orders, batched(range(_ORDERS), _AT_ONCE, strict=False)):
            broken |= found
    assert broken == {}


def test_two_calls_never_share_anything() -> None:
    """Fed in turn, each does to the last command what it does alone."""
    for seed in range(0, 100, 2):
        alone = [_commands(Order(number)) for number in (seed, seed + 1)]
        orders = [Order(seed), Order(seed + 1)]
        for order in orders:
            order.call.keeps_commands = True
        while waiting := [order for order in orders if not order.call.over]:
            min(waiting, key=lambda order: order.call.due()).call.step()
        assert [order.call.commands for order in orders] == alone


def _commands(order: Order) -> list[Any]:
    order.call.keeps_commands = True
    order.run()
    return order.call.commands


@pytest.mark.parametrize("seed", range(3))
def test_the_memory_of_a_call_is_bounded_however_long_it_is(seed: int) -> None:
    """After hundreds of turns the rules hold no more than after a few."""
    mood = Mood(tools=0.3, calls=("find_restaurants", "book_table"))
    call = Order(seed, mood=mood, actions=10_000, minutes=55, pace=0.7).call
    call.person_is_there = 0.0
    sizes = []
    while not call.over:
        call.step()
        if not call.rules._voice.busy(call.now) and call.rng.random() < 0.01:
            sizes.append(sum(1 for _ in _kept(call)))
    assert len(call.referee.spoken) > 300
    assert max(sizes) < _MOST_KEPT


def _kept(call: ModelCall) -> Iterator[object]:
    """Everything that the rules of a call hold, once each."""
    seen: set[int] = set()
    waiting: list[object] = [call.rules]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, Agent):
            continue
        seen.add(id(value))
        yield value
        match value:
            case dict():
                waiting += [*value.keys(), *value.values()]
            case bytearray() | bytes() | str():
                yield from (value,) * (len(value) // 100)
            case _ if hasattr(value, "__iter__"):
                waiting += value
            case _:
                slots = [slot for kind in type(value).__mro__ for slot in getattr(kind, "__slots__", ())]
                waiting += [getattr(value, slot) for slot in slots if hasattr(value, slot)]
                waiting += vars(value).values() if hasattr(value, "__dict__") else ()
