"""A spoken order: chosen, read back, placed, and in the restaurant's inbox."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from decimal import Decimal

import pytest

from local.driver import System
from local.report import CallReport
from shared.orders import OrderStore
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.e2e.test_events import events_about

type PlaceCall = Callable[..., Coroutine[None, None, CallReport]]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def test_a_spoken_order_reaches_the_restaurant(system: System, place_call: PlaceCall) -> None:
    """Tomorrow evening, so that the kitchen cooks whenever the test runs."""
    call = await place_call(
        "I would like to order three large margherita pizzas from Napoli Pizza to fourteen Lantern Street, "
        "tomorrow at seven.",
        "That is all.",
        "My name is Anna.",
        "Yes, please.",
        "Goodbye.",
    )
    placed = [tool for tool in call.tools if tool.name == "place_order" and "error" not in tool.result]
    [result] = [tool.result for tool in placed]
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        order = await OrderStore(tables).get(result["code"])
    assert order is not None
    [line] = order.lines
    assert (order.restaurant_id, order.to.address, order.name) == (
        "napoli-pizza",
        "14 Lantern Street",
        "Anna",
    )
    assert (line.item, line.quantity, line.options) == ("margherita-pizza", 3, ("large",))
    assert order.total == order.subtotal + order.fee == line.price * 3 + order.fee
    [event] = await events_about(system, order.code)
    assert (event["source"], event["type"]) == ("/tabletalk/orders", "order.created")
    assert (event["data"]["address"], Decimal(event["data"]["total"])) == ("14 Lantern Street", order.total)
