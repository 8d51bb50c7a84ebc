"""Figures and intents of the operator API, and the calls behind them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control.operator_api_insights import insights
from control.operator_services import operator_services
from control.services import services
from tests.control.operator_house import Api, keep
from tests.shared.call_makers import a_call, ran


async def test_every_figure_leads_to_the_calls_behind_it(api: Api) -> None:
    await keep(a_call("a"), a_call("b", datetime.now(UTC) - timedelta(days=2)))
    figures = await api.get("/insights?from=2026-11-01")
    assert (figures["calls"], figures["conversations"]) == (2, 2)
    assert figures["containment"]["share"] == 1.0
    assert abs(figures["replies"]["p50_ms"] - 812) <= 812 * figures["percentile_error"]
    behind = [
        (figures["calls"], figures["calls_url"]),
        *(
            (row["calls"], row["calls_url"])
            for name in ("days", "hours", "outcomes")
            for row in figures[name]
        ),
        *((row["calls"], row["calls_url"]) for name in ("intents", "restaurants") for row in figures[name]),
        *(
            (figures[name]["calls"], figures[name]["calls_url"])
            for name in ("interruptions", "misunderstandings")
        ),
        (figures["containment"]["contained"], figures["containment"]["contained_url"]),
        *((row["contained"], row["contained_url"]) for row in figures["days"]),
        (figures["conversations"], figures["conversations_url"]),
        (figures["unpriced_calls"], figures["unpriced_url"]),
        *(
            (row[name], row[f"{name}_url"])
            for name in ("bookings", "orders")
            for row in figures["restaurants"]
        ),
        *((row["runs"], row["runs_url"]) for row in figures["tools"]),
        *((row["faults"], row["calls_url"]) for row in figures["tools"]),
        (0, figures["containment"]["others_url"]),
    ]
    for calls, url in behind:
        assert len((await api.get(url))["calls"]) == calls, url


async def test_figures_come_as_csv_too(api: Api) -> None:
    await keep(a_call("a"))
    rows = {}
    for table in ("days", "hours", "outcomes", "intents", "tools", "restaurants", "wishes", "summary"):
        body = await api.get(f"/insights.csv?from=2026-11-19&to=2026-11-21&table={table}")
        rows[table] = len(list(csv.DictReader(io.StringIO(body))))
    ones = dict.fromkeys(("outcomes", "intents", "tools", "restaurants", "summary"), 1)
    assert rows == {"days": 3, "hours": 24, "wishes": 0} | ones


async def test_what_a_list_is_too_long_for_stands_in_the_csv(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insights, "__kwdefaults__", {"most_names": 1})
    await keep(a_call("a"))
    for n, dish in enumerate(("ramen", "fondue")):
        call = a_call(f"w{n}")
        await services().line.calls.claim(call)
        run = ran(0, "find_restaurants", {"dish": dish}, {"error": "nothing_found", "message": ""})
        await services().line.calls.add_tool(call.id, run)
        await operator_services().counter.count_now(call.id)
    figures = await api.get("/insights?from=2026-11-01")
    assert ([row["wish"] for row in figures["wishes"]], figures["wishes_in_all"]) == (["fondue"], 2)
    body = await api.get("/insights.csv?from=2026-11-01&table=wishes")
    assert [row["wish"] for row in csv.DictReader(io.StringIO(body))] == ["fondue", "ramen"]


async def test_a_corrected_intent_counts_and_stays(api: Api) -> None:
    call = a_call("a")
    await keep(call)
    order = {"intent": "ask", "reached": False, "reason": "only wanted to know the hours"}
    status, body, _ = await api.ask("PATCH", f"/calls/{call.id}/intent", json=order)
    assert (status, body["by"]) == (200, "operator")
    assert (await api.get(f"/calls/{call.id}"))["intent"]["intent"] == "ask"
    figures = await api.get("/insights?from=2026-11-01")
    assert [(row["intent"], row["calls"], row["reached"]) for row in figures["intents"]] == [("ask", 1, 0)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"intent": "sing", "reached": True, "reason": "x"}, "intent"),
        ({"intent": "ask", "reached": True}, "reason"),
        ({"intent": "ask", "reached": True, "reason": ""}, "reason"),
        ({"intent": "ask", "reached": True, "reason": "x", "more": 1}, "more"),
    ],
)
async def test_a_wrong_body_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    await keep(a_call("a"))
    status, problem, _ = await api.ask("PATCH", f"/calls/{a_call('a').id}/intent", json=body)
    assert (status, problem["field"]) == (400, field)
