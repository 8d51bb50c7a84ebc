"""The tools for orders that were placed, of one call: how far they are, and to cancel them.

They act for this caller and this call only.
"""

from __future__ import annotations

from typing import Any

from bridge import tool_order_answers as answers
from bridge.tool_order_parameters import CancelOrder, OrderStatus
from bridge.tool_order_parts import OrderParts
from bridge.tool_results import Tool, ToolFailureError, ToolResult, result
from shared.booking_access import own_number
from shared.order_records import Order, Status


class OrderTools:
    """Keeps nothing of its own."""

    def __init__(self, parts: OrderParts) -> None:
        self._parts = parts

    def tools(self) -> dict[str, Tool[Any]]:
        """By name."""
        return {
            "order_status": Tool(OrderStatus, self.status, read_only=True),
            "cancel_order": Tool(CancelOrder, self.cancel),
        }

    async def status(self, asked: OrderStatus) -> ToolResult:
        """order_status"""
        if asked.code is not None:
            found = [await self._proved(asked.code, asked.name)]
        else:
            found = await self._own()
        named = [(order, self._parts.name(order.restaurant_id)) for order in found]
        return result(answers.listed(named, self._parts.words()))

    async def cancel(self, wanted: CancelOrder) -> ToolResult:
        """cancel_order"""
        order = await self._proved(wanted.code, wanted.name)
        now = self._parts.now()
        if order.may_be_cancelled(now):
            order = await self._parts.orders.cancel(order.code, now) or order
        if order.status is not Status.CANCELLED:
            raise ToolFailureError(
                "too_late",
                f"That order can no longer be cancelled here: {_too_late(order)}. Say so. "
                f"{self._parts.proof.offer_person()}",
            )
        return result(answers.cancelled(order, self._parts.name(order.restaurant_id), self._parts.words()))

    async def _own(self) -> list[Order]:
        """The orders of late of this number and of this call; at least one."""
        entry = await self._parts.carts.of_call(self._parts.call_id)
        here = [] if entry is None else [await self._parts.orders.of_cart(entry.cart)]
        here += [await self._parts.orders.get(code) for code in self._parts.placed.values()]
        found = {
            order.id: order
            for order in await self._parts.orders.of_caller(self._parts.caller, self._parts.now())
        }
        found |= {order.id: order for order in here if order is not None}
        if found:
            return sorted(found.values(), key=lambda order: order.created_at, reverse=True)
        if own_number(self._parts.caller) is None:
            raise ToolFailureError(
                "number_withheld",
                "This call shows no number to look under. Ask the caller for the order code, and for the "
                "name on the order.",
            )
        raise ToolFailureError(
            "none_found",
            "No order was placed of late from the number of this call. Say so. If there may be one from "
            "another number, ask for its order code and the name on it.",
        )

    async def _proved(self, code: str, name: str | None) -> Order:
        return await self._parts.proof.shown(self._parts.orders.get, code, name, "order")


def _too_late(order: Order) -> str:
    return {
        Status.PREPARING: "the kitchen has begun",
        Status.ON_ITS_WAY: "it is on its way",
        Status.DELIVERED: "it has been delivered",
    }.get(order.status, "the time for that is over")
