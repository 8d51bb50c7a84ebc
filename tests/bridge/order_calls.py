"""An order as the model puts it together for a caller."""

from __future__ import annotations

from typing import Any

from bridge.tools import ToolBox
from tests.bridge.tool_calls import run, said

HOME = {"restaurant": "Napoli Pizza", "address": "14 Lantern Street"}
PIZZA = {"item": "margherita-pizza", "options": ["large"]}


async def ready(tools: ToolBox, **more: Any) -> dict[str, Any]:
    """An order of one pizza that was read back."""
    await said(tools, "start_order", **HOME | more)
    await said(tools, "order_item", **PIZZA)
    return await run(tools, "review_order")


async def placed(tools: ToolBox, **more: Any) -> dict[str, Any]:
    await ready(tools, **more)
    result = await run(tools, "place_order", name="Kim Taylor")
    assert "error" not in result, result
    return result
