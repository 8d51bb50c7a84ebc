"""The generated month in small: figures equal to those worked out from the raw rows by other code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

import msgspec
import pytest

from bench.__main__ import check, fill
from bench.checking import Raw, differences
from control.operator_api_insights import figures
from shared.agent_config import load_agent
from shared.counter import Counter, facts_maker
from shared.insights import InsightStore
from shared.prices import load_prices
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE, StoreSettings
from shared.tables import Tables

LAST, DAYS, CALLS = date(2026, 10, 26), 3, 240
"""The clocks go back on the second of these days."""


@pytest.fixture(scope="module")
async def filled(azurite: str) -> AsyncIterator[Tables]:
    async with Tables(StoreSettings(azurite, None, "bench")) as tables:
        await fill(tables, LAST, DAYS, CALLS, seed=7)
        yield tables


async def test_the_figures_are_what_the_rows_say(filled: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    assert await check(filled, LAST, DAYS) == 0
    assert "they agree" in capsys.readouterr().out


async def test_figures_built_anew_by_the_counter_are_the_same(filled: Tables) -> None:
    catalogue, prices = Catalogue.load(DEFAULT_RESTAURANTS_FILE), load_prices(DEFAULT_AGENT_DIR)
    insights = InsightStore(filled, catalogue.zone)
    before = await insights.tally(LAST)
    counter = Counter(filled, insights, facts_maker(load_agent(DEFAULT_AGENT_DIR), prices, catalogue))
    assert await counter.rebuild(LAST) == CALLS // DAYS
    assert await insights.tally(LAST) == before


async def test_a_figure_that_is_wrong_is_told(filled: Tables) -> None:
    catalogue, prices = Catalogue.load(DEFAULT_RESTAURANTS_FILE), load_prices(DEFAULT_AGENT_DIR)
    first = LAST - timedelta(days=DAYS - 1)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    tallies = await InsightStore(filled, catalogue.zone).tallies(days)
    shown = figures(dict(zip(days, tallies, strict=True)), catalogue, prices, capacity=None)
    raw = await Raw.read(filled, first, LAST, catalogue.zone)
    expected = raw.expected(catalogue, msgspec.to_builtins(prices))
    assert differences(shown, expected) == []
    wrong = msgspec.structs.replace(shown, calls=shown.calls + 1)
    assert differences(wrong, expected) == [f"calls: {CALLS + 1} and not {CALLS}"]
