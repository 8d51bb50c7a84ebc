"""The store fails at every request of every step of an order: nothing is lost and nothing is doubled."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
import pytest
from azure.core.exceptions import AzureError

from bridge.tool_order_parts import Ordering
from bridge.tools import ToolBox
from shared.bookings import BookingStore
from shared.order_cart import read_back
from shared.order_carts import CartStore
from shared.order_pricing import bill
from shared.order_records import Cart, CartLine, Order, Status
from shared.order_rows import CartState
from shared.orders import OrderStore
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.faulty_tables import Fault, FaultyTables
from tests.shared.order_house import CALLER, KITCHENS, NAPOLI, NOW, cart, events, placement

HOME = {"restaurant": "Napoli Pizza", "address": "14 Lantern Street"}
PIZZA = {"item": "margherita-pizza", "options": ["large"], "quantity": 2}
"""Twenty-nine euros: free delivery is near, so that a doubled line would show in the fee as well."""


class Before(Enum):
    """How far an order is when the store begins to fail."""

    NOTHING = "nothing"
    BEGUN = "begun"
    CHOSEN = "chosen"
    REVIEWED = "reviewed"
    PLACED = "placed"


@dataclass(frozen=True)
class Scenario:
    """What a model does while the store fails, and which events that makes."""

    before: Before
    tool: str
    arguments: dict[str, Any]
    told: tuple[str, ...] = ()


SCENARIOS = {
    "start": Scenario(Before.NOTHING, "start_order", HOME),
    "start again": Scenario(Before.PLACED, "start_order", HOME),
    "item": Scenario(Before.BEGUN, "order_item", PIZZA),
    "take out": Scenario(Before.CHOSEN, "order_item", {"item": PIZZA["item"], "quantity": 0, "line": 1}),
    "review": Scenario(Before.CHOSEN, "review_order", {}),
    "place": Scenario(Before.REVIEWED, "place_order", {"name": "Kim"}, ("order.created",)),
    "cancel": Scenario(Before.PLACED, "cancel_order", {"code": "?"}, ("order.cancelled",)),
}


@pytest.fixture(scope="module")
async def tables(azurite: str) -> AsyncIterator[Tables]:
    async with Tables(StoreSettings(azurite, None, "orderfaults")) as opened:
        yield opened


class _Call:
    """A call of its own, as far as its order is before the step that fails."""

    def __init__(self, scenario: Scenario, call_id: str) -> None:
        self.scenario = scenario
        self.id = call_id
        self.code = ""

    def tools(self, tables: Tables) -> ToolBox:
        return ToolBox(
            KITCHENS,
            BookingStore(tables),
            call_id=self.id,
            caller=CALLER,
            now=lambda: NOW,
            ordering=Ordering.of(tables),
        )

    async def begin(self, tables: Tables) -> None:
        before = self.scenario.before
        if before is Before.NOTHING:
            return
        lines = () if before is Before.BEGUN else (CartLine("margherita-pizza", 2, ("large",)),)
        charged = bill(NAPOLI, lines)

        def make(cart_id: str) -> Cart:
            made = msgspec.structs.replace(cart(cart_id, call=self.id), lines=lines)
            return made if before is Before.CHOSEN else read_back(made, charged)

        entry = await CartStore(tables).begin(self.id, make, NOW)
        if before is Before.PLACED:
            self.code = (await OrderStore(tables).place(entry, placement(entry), NOW)).code

    async def step(self, tools: ToolBox) -> dict[str, Any]:
        arguments = json.dumps(self.scenario.arguments).replace("?", self.code)
        result: dict[str, Any] = json.loads((await tools.run(self.scenario.tool, arguments)).output)
        return result


async def requests_of(scenario: Scenario, tables: Tables, call_id: str) -> int:
    """How many requests the step takes when nothing fails."""
    call, counting = _Call(scenario, call_id), FaultyTables(tables)
    await call.begin(tables)
    await call.step(call.tools(counting))
    return counting.requests


async def orders_of(tables: Tables, call_id: str) -> list[Order]:
    """Those placed in a call, each found by its code."""
    table = await tables.table("orders")
    made = table.query_entities("call_id eq @call", parameters={"call": call_id}, select=["code"])
    found = [await OrderStore(tables).get(row["code"]) async for row in made]
    assert None not in found, "an order that its code does not lead to"
    return [order for order in found if order is not None]


COMMITS = ("item", "place", "cancel")
"""What is tried with every fault; the other steps only write the cart as these do."""


@pytest.mark.parametrize(
    ("scenario", "fault"),
    [
        pytest.param(scenario, fault, id=f"{name} {fault.name}")
        for name, scenario in SCENARIOS.items()
        for fault in (Fault if name in COMMITS else (Fault.ANSWER_LOST, Fault.CRASH_AFTER, Fault.LAST))
    ],
)
async def test_a_model_that_tries_again_gets_it_once(
    tables: Tables, scenario: Scenario, fault: Fault, request: pytest.FixtureRequest
) -> None:
    """In the same process after an error, and in another one after a crash."""
    name = request.node.name
    for at in range(1, await requests_of(scenario, tables, f"{name} 0") + 1):
        call, faulty = _Call(scenario, f"{name} {at}"), FaultyTables(tables, fault, at)
        await call.begin(tables)
        before = await orders_of(tables, call.id)
        with contextlib.suppress(AzureError, asyncio.CancelledError):
            await call.step(call.tools(faulty))
        outcome = await call.step(call.tools(tables))
        await faulty.settle()
        if scenario.tool == "order_item" and scenario.arguments["quantity"] == 0:
            assert outcome.get("items") == [] or outcome["error"] == "not_in_order", f"request {at}"
            assert (await call.tools(tables).run("review_order", "{}")).output.count('"empty"') == 1
        else:
            assert "error" not in outcome, f"request {at}: {outcome}"
        after = await orders_of(tables, call.id)
        if scenario.tool == "place_order":
            (order,) = after
            assert (order.code, str(order.total)) == (outcome["code"], "31.00"), f"request {at}"
            assert tuple(await events(tables, order)) == scenario.told, f"request {at}"
        elif scenario.tool == "cancel_order":
            (order,) = after
            assert order.status is Status.CANCELLED
            assert tuple(await events(tables, order))[1:] == scenario.told, f"request {at}"
        else:
            assert after == before
        if scenario.tool == "order_item" and scenario.arguments["quantity"]:
            assert [line["quantity"] for line in outcome["items"]] == [2], f"request {at}"


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.CRASH_AFTER, Fault.LATE, Fault.LAST])
async def test_an_order_whose_answer_was_lost_is_not_changed_into_a_second(
    tables: Tables, fault: Fault
) -> None:
    """The caller, told that it did not work, wants something more: there is one order, the one that stands
    or the one with more; never both."""
    scenario = SCENARIOS["place"]
    for at in range(1, await requests_of(scenario, tables, f"{fault} 0") + 1):
        call, faulty = _Call(scenario, f"{fault} {at}"), FaultyTables(tables, fault, at)
        await call.begin(tables)
        with contextlib.suppress(AzureError, asyncio.CancelledError):
            await call.step(call.tools(faulty))
        tools = call.tools(tables)
        more = json.loads((await tools.run("order_item", '{"item": "tiramisu"}')).output)
        await tools.run("review_order", "{}")
        outcome = await call.step(tools)
        await faulty.settle()
        (order,) = await orders_of(tables, call.id)
        assert outcome["code"] == order.code
        assert len(order.lines) == (1 if more.get("error") == "placed" else 2), f"request {at}"
        assert await events(tables, order) == ["order.created"]


ENDS = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LATE, Fault.LAST)
"""For callers who do not try again: an error that is told to them leaves what a crash leaves."""


@pytest.mark.parametrize("fault", ENDS)
@pytest.mark.parametrize("name", ["place", "cancel"])
async def test_a_caller_who_does_not_try_again_has_all_of_it_or_nothing(
    tables: Tables, name: str, fault: Fault
) -> None:
    scenario = SCENARIOS[name]
    for at in range(1, await requests_of(scenario, tables, f"end {name} {fault} 0") + 1):
        call = _Call(scenario, f"end {name} {fault} {at}")
        faulty = FaultyTables(tables, fault, at)
        await call.begin(tables)
        with contextlib.suppress(AzureError, asyncio.CancelledError):
            await call.step(call.tools(faulty))
        await faulty.settle()
        found = await orders_of(tables, call.id)
        entry = await CartStore(tables).of_call(call.id)
        assert entry is not None
        assert (entry.state is CartState.PLACED) == bool(found), f"request {at}"
        for order in found:
            told = await events(tables, order)
            assert told[0] == "order.created"
            assert (told[1:] == ["order.cancelled"]) == (order.status is Status.CANCELLED), f"request {at}"
