"""Calling tools as the model does, and reading what comes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bridge.tools import ToolBox
from shared.bookings import BookingStore
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE

CATALOGUE = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)


def toolbox(store: BookingStore, call_id: str = "call") -> ToolBox:
    return ToolBox(CATALOGUE, store, call_id=call_id, caller="+15550100", now=lambda: NOW)


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
