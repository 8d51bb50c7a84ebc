"""Callers who ring again: known, given the usual, and asked whether to go on where they were cut off."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

import pytest

from local.call import somebody
from local.driver import System
from local.report import CallReport
from shared.settings import StoreSettings
from shared.tables import Tables

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def test_a_caller_is_known_again_and_goes_on_where_a_call_stopped(
    system: System, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    """Three calls from one number: a yes to being remembered, the usual, and hanging up in the middle."""
    caller = somebody()
    first = await place_call(
        "Book a table for two at Cedar Grill on Saturday at half past six.",
        "Sarah Johnson.",
        "Yes.",
        "Yes, please.",
        caller=caller,
    )
    (kept,) = [tool for tool in first.tools if tool.name == "remember"]
    assert kept.arguments["consent"] is True
    assert kept.result["remembered"] is True

    second = await place_call("The usual, please.", caller=caller)
    asked = replies(second)
    assert asked[0].startswith("Hello, this is")  # nothing was left open
    assert "Cedar Grill" in asked[-1]
    assert asked[-1].endswith("?")

    third = await place_call("Yes, please.", caller=caller)
    greeting, *gone_on = replies(third)
    assert greeting.startswith("Hello again")
    assert "Cedar Grill" in " ".join(gone_on)

    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        for name in ("callers", "retention"):
            table = await tables.table(name)
            rows = [str(dict(row)) async for row in table.list_entities()]
            assert rows
            assert not [row for row in rows if caller.removeprefix("+") in row]


def replies(report: CallReport) -> list[str]:
    """What the agent said, the greeting first."""
    return [turn.text for turn in report.turns if turn.role == "agent"]
