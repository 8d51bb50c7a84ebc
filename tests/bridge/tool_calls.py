"""Calling tools as the model does, and reading what comes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bridge.tool_order_parts import Ordering
from bridge.tools import ToolBox
from shared.bookings import BookingStore
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE
from shared.tables import Tables
from tests.shared.order_house import KITCHENS

CATALOGUE = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)


def toolbox(store: BookingStore, call_id: str = "call", now: datetime = NOW) -> ToolBox:
    return ToolBox(CATALOGUE, store, call_id=call_id, caller="+15550100", now=lambda: now)


def order_tools(
    tables: Tables, call_id: str = "call", caller: str | None = "+15550100", **more: Any
) -> ToolBox:
    """Tools that take orders as well, in the city of the order tests."""
    given: dict[str, Any] = {"now": lambda: NOW, "ordering": Ordering.of(tables), "catalogue": KITCHENS}
    return ToolBox(bookings=BookingStore(tables), call_id=call_id, caller=caller, **given | more)


async def run(tools: ToolBox, tool: str, /, **arguments: Any) -> dict[str, Any]:
    result = json.loads((await tools.run(tool, json.dumps(arguments))).output)
    assert isinstance(result, dict)
    return result


async def said(tools: ToolBox, tool: str, /, **arguments: Any) -> str:
    result = await run(tools, tool, **arguments)
    assert "error" not in result, result
    return str(result["spoken"])


async def told(tools: ToolBox, tool: str, /, **arguments: Any) -> tuple[str, str]:
    result = await run(tools, tool, **arguments)
    return result["error"], result["message"]
