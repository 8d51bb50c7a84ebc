"""The short form of `make chaos`: four faults, one after the other, under real calls."""

from __future__ import annotations

import pytest

from chaos.__main__ import plan, try_out
from chaos.faults import BY_NAME, SHORT, SHORT_CLOCKS
from chaos.verdict import table

CALLS = 2


@pytest.mark.e2e
@pytest.mark.timeout(400)
async def test_calls_outlive_what_goes_wrong() -> None:
    """Every caller is greeted once, hears no long silence, and has the one table that they were told of.

    All the while no two clocks agree: one bridge is a day ahead of the other, the Functions app an hour late.
    """
    steps = plan([BY_NAME[name] for name in SHORT], seed=7, minutes=0.0)
    rows = await try_out(steps, CALLS, 7, print, wrong_clocks=SHORT_CLOCKS)
    print(table(rows))
    assert [row.fault for row in rows] == list(SHORT)
    assert [trouble for row in rows for trouble in row.broken] == []
    for row in rows:
        assert row.survived == row.calls >= CALLS
        assert row.bookings_expected == row.bookings_found == row.calls
    assert rows[SHORT.index("bridge-killed")].moved > 0, "no call was at the bridge that was killed"
