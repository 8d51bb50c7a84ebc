"""What the model is told when a caller has an order read back, places it, and asks about it afterwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.tools import ToolBox
from shared.order_records import Status
from shared.order_sold_out import SoldOut
from shared.orders import OrderStore
from shared.tables import Tables
from tests.bridge.order_calls import HOME, PIZZA, placed, ready
from tests.bridge.tool_calls import order_tools, run, said, told
from tests.shared.order_house import NOW


@pytest.fixture
def tools(tables: Tables) -> ToolBox:
    return order_tools(tables)


class TestReview:
    """review_order"""

    async def test_reads_everything_back_with_the_total(self, tools: ToolBox) -> None:
        assert (await ready(tools))["spoken"] == (
            "One Margherita Pizza, large. From Napoli Pizza to fourteen Lantern Street, in about thirty "
            "minutes. That is sixteen fifty with two euros for delivery, to be paid at the door."
        )

    async def test_delivery_becomes_free(self, tools: ToolBox) -> None:
        await ready(tools)
        await run(tools, "order_item", **PIZZA, quantity=3)
        result = await run(tools, "review_order")
        assert (result["delivery_fee"], result["total"]) == ("0.00", "43.50")
        assert "forty-three fifty with free delivery" in result["spoken"]

    async def test_says_what_is_missing_to_the_smallest_order(self, tools: ToolBox) -> None:
        await said(tools, "start_order", **HOME)
        await said(tools, "order_item", item="tiramisu")
        result = await run(tools, "review_order")
        assert result["missing"] == "5.80"
        assert "so five eighty are missing" in result["spoken"]
        assert (await told(tools, "place_order", name="Kim"))[0] == "below_minimum"

    async def test_of_nothing_asks_what_they_would_like(self, tools: ToolBox) -> None:
        assert (await told(tools, "review_order"))[0] == "no_order"
        await said(tools, "start_order", **HOME)
        assert (await told(tools, "review_order"))[0] == "empty"


class TestPlace:
    """place_order"""

    async def test_gives_code_time_and_total(self, tools: ToolBox, tables: Tables) -> None:
        result = await placed(tools)
        order = await OrderStore(tables).get(result["code"])
        assert order is not None
        assert (order.name, str(order.total), order.status) == ("Kim Taylor", "16.50", Status.RECEIVED)
        assert result["spoken"] == (
            "Your order is placed. Napoli Pizza brings it at twenty-five to seven in the evening. "
            f"Your order code is {', '.join(order.code)}."
        )

    async def test_again_is_the_same_order(self, tools: ToolBox, tables: Tables) -> None:
        """In this process and, after a crash, in the next."""
        code = (await placed(tools))["code"]
        for again in (tools, order_tools(tables)):
            result = await run(again, "place_order", name="Kim")
            assert (result["code"], result["spoken"][:29]) == (code, "Your order is placed already.")
        assert len(await OrderStore(tables).of_caller("+15550100", NOW)) == 1

    async def test_at_once_is_one_order(self, tools: ToolBox, tables: Tables) -> None:
        await ready(tools)
        other = order_tools(tables)  # of a process that thinks it has the call as well
        results = await asyncio.gather(*(run(box, "place_order", name="Kim") for box in (tools, other) * 2))
        assert len({result["code"] for result in results}) == 1

    @pytest.mark.parametrize(
        "change",
        [
            ("order_item", {"item": "tiramisu"}),
            ("order_item", {**PIZZA, "quantity": 2}),
            ("order_item", {"item": "margherita-pizza", "note": "no basil", "line": 1}),
            ("start_order", {**HOME, "address": "15 Lantern Street"}),
            ("start_order", {**HOME, "time": "21:00"}),
        ],
    )
    async def test_what_was_not_read_back_is_refused(
        self, tools: ToolBox, change: tuple[str, dict[str, Any]]
    ) -> None:
        await ready(tools)
        await said(tools, change[0], **change[1])
        code, message = await told(tools, "place_order", name="Kim")
        assert (code, "Nothing was ordered" in message) == ("not_read_back", True)
        await run(tools, "review_order")
        assert (await run(tools, "place_order", name="Kim"))["ordered"] is True

    async def test_what_sold_out_meanwhile_is_refused(self, tools: ToolBox, tables: Tables) -> None:
        await ready(tools)
        await SoldOut(tables).mark("napoli-pizza", "margherita-pizza", NOW + timedelta(hours=1))
        assert (await told(tools, "place_order", name="Kim"))[0] == "sold_out"
        assert (await told(tools, "review_order"))[0] == "sold_out"
        assert (await run(tools, "order_item", item="margherita-pizza", quantity=0))["items"] == []

    async def test_a_kitchen_that_closed_meanwhile_takes_nothing(self, tables: Tables) -> None:
        clock = [NOW]
        tools = order_tools(tables, now=lambda: clock[0])
        await ready(tools)
        clock[0] = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
        assert (await told(tools, "place_order", name="Kim"))[0] == "kitchen_closed"

    async def test_the_cart_of_an_order_is_closed(self, tools: ToolBox) -> None:
        await placed(tools)
        assert (await told(tools, "order_item", item="tiramisu"))[0] == "placed"
        await ready(tools)
        assert (await run(tools, "place_order", name="Kim"))["spoken"].startswith("Your order is placed. ")

    async def test_a_call_has_a_few_orders_and_no_more(self, tools: ToolBox) -> None:
        codes = {(await placed(tools))["code"] for _ in range(3)}
        assert len(codes) == 3
        assert (await told(tools, "start_order", **HOME))[0] == "too_many_orders"

    async def test_a_cart_outlives_the_process(self, tools: ToolBox, tables: Tables) -> None:
        await ready(tools)
        later = order_tools(tables)
        await later.know_cart()
        item = next(tool for tool in later.definitions() if tool["name"] == "order_item")
        assert "tiramisu" in item["parameters"]["properties"]["item"]["enum"]
        assert (await run(later, "place_order", name="Kim"))["total"] == "16.50"


class TestAfterwards:
    """order_status and cancel_order"""

    async def test_the_status_is_what_the_restaurant_says(self, tools: ToolBox, tables: Tables) -> None:
        code = (await placed(tools))["code"]
        assert "has not answered yet" in await said(tools, "order_status")
        await OrderStore(tables).set_status(code, Status.ON_ITS_WAY)
        assert await said(order_tools(tables, "later"), "order_status") == (
            "The order from Napoli Pizza for sixteen fifty is on its way. It is due at twenty-five to "
            "seven in the evening."
        )

    async def test_of_a_call_without_number_is_known_in_the_call(self, tables: Tables) -> None:
        tools = order_tools(tables, caller=None)
        await placed(tools)
        assert "Napoli Pizza" in await said(tools, "order_status")
        other = order_tools(tables, "other", caller=None)
        assert (await told(other, "order_status"))[0] == "number_withheld"

    async def test_there_is_none(self, tools: ToolBox) -> None:
        assert (await told(tools, "order_status"))[0] == "none_found"

    async def test_can_be_cancelled_for_a_while(self, tables: Tables) -> None:
        clock = [NOW]
        tools = order_tools(tables, now=lambda: clock[0])
        first, second = (await placed(tools))["code"], (await placed(tools))["code"]
        clock[0] += timedelta(minutes=4)
        assert await said(tools, "cancel_order", code=first) == (
            "Your order from Napoli Pizza is cancelled. There is nothing to pay."
        )
        clock[0] += timedelta(minutes=1)
        assert (await run(tools, "cancel_order", code=first))["cancelled"] is True, "said twice is said once"
        code, message = await told(tools, "cancel_order", code=second)
        assert (code, "the time for that is over" in message) == ("too_late", True)

    async def test_cannot_be_cancelled_when_the_kitchen_has_begun(
        self, tools: ToolBox, tables: Tables
    ) -> None:
        code = (await placed(tools))["code"]
        await OrderStore(tables).set_status(code, Status.PREPARING)
        got, message = await told(tools, "cancel_order", code=code)
        assert (got, "the kitchen has begun" in message) == ("too_late", True)

    async def test_one_for_later_can_be_cancelled_until_the_kitchen_begins(self, tables: Tables) -> None:
        clock = [NOW]
        tools = order_tools(tables, now=lambda: clock[0])
        code = (await placed(tools, time="21:00"))["code"]
        clock[0] = NOW + timedelta(hours=2)
        assert (await run(tools, "cancel_order", code=code))["cancelled"] is True

    async def test_a_cancelled_one_is_not_placed_again_by_itself(self, tools: ToolBox) -> None:
        code = (await placed(tools))["code"]
        await run(tools, "cancel_order", code=code)
        assert (await told(tools, "place_order", name="Kim"))[0] == "cancelled"
