"""Works out the figures from the raw rows, by code that shares nothing with what made them, and compares."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from control.operator_api_figures import Insights
from shared.restaurants import Catalogue
from shared.tables import Tables

_COMMITS: Final = {"book_table": "booked", "place_order": "ordered", "cancel_booking": "cancelled"}
_CONTAINED: Final = ("ordered", "booked", "changed", "informed", "answered")
_INFORMED: Final = ("restaurant_details", "find_bookings", "order_status")


class Raw:
    """The rows of some days."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.calls: list[Mapping[str, Any]] = []
        self.turns: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self.tools: dict[str, list[Mapping[str, Any]]] = defaultdict(list)

    @classmethod
    async def read(cls, tables: Tables, first: date, last: date, zone: ZoneInfo) -> Raw:
        """All rows of the calls that rang on these days by the wall clock."""
        raw = cls(zone)
        day = first - timedelta(days=1)
        while day <= last + timedelta(days=1):
            async for row in _day(tables, "calls", day):
                if first <= row["rang_at"].astimezone(zone).date() <= last:
                    raw.calls.append(row)
            async for row in _day(tables, "turns", day):
                kind = raw.turns if row["RowKey"].startswith("turn-") else raw.tools
                kind[row["PartitionKey"]].append(row)
            day += timedelta(days=1)
        return raw

    def expected(self, catalogue: Catalogue, prices: Mapping[str, Any]) -> dict[str, Any]:
        """The figures, by name."""
        ids = {name: r.id for r in catalogue.restaurants for name in (r.name, r.id)}
        count: dict[str, Counter[Any]] = defaultdict(Counter)
        sums: Counter[str] = Counter()
        replies: list[int] = []
        greetings: list[int] = []
        slots: Counter[int] = Counter()
        for call in self.calls:
            turns, tools = self.turns[call["RowKey"]], self.tools[call["RowKey"]]
            agent = [turn for turn in turns if turn["role"] == "agent"]
            outcome = _outcome(call, tools)
            local = call["rang_at"].astimezone(self.zone)
            count["days"][local.date()] += 1
            count["days contained"][local.date()] += outcome in _CONTAINED
            count["hours"][local.hour] += 1
            count["outcomes"][outcome] += 1
            seconds = 0
            if (live := call.get("media_connected_at")) is not None:
                seconds = math.ceil((_plain(call["ended_at"]) - _plain(live)).total_seconds())
                begin, end = (int(_plain(at).timestamp() // 10) for at in (live, call["ended_at"]))
                slots.update(range(begin, end + 1))
            sums["seconds"] += seconds
            greetings += [call["greeting_ms"]] if "greeting_ms" in call else []
            replies += [turn["latency_ms"] for turn in agent if "latency_ms" in turn]
            cut = sum("interrupted_ms" in turn for turn in agent)
            sums["interruptions"] += cut
            count["days interrupted"][local.date()] += cut
            sums["interrupted"] += cut > 0
            unclear = sum(turn["text"] == "Sorry?" for turn in turns)
            sums["misunderstandings"] += unclear
            sums["misunderstood"] += unclear > 0
            tokens = {
                name: sum(turn.get(name, 0) for turn in agent)
                for name in ("input_tokens", "cached_tokens", "output_tokens")
            }
            sums.update(tokens)
            model, minute = prices["models"]["gpt-4.1"], prices["minute"]
            sums["cost"] += round(
                (tokens["input_tokens"] - tokens["cached_tokens"]) * model["input"]
                + tokens["cached_tokens"] * model["cached"]
                + tokens["output_tokens"] * model["output"]
                + seconds / 60 * sum(minute.values()) * 1e6
            )
            spoken_of = set()
            for tool in tools:
                result, arguments = json.loads(tool["result"]), json.loads(tool["arguments"])
                count["tools"][tool["name"]] += 1
                sums["faults"] += result.get("error") == "timeout"
                name = result.get("restaurant") or arguments.get("restaurant")
                if tool["name"] != "find_restaurants" and name in ids:
                    spoken_of.add(ids[name])
                if result.get("booked"):
                    count["bookings"][ids[result["restaurant"]]] += 1
                if result.get("error") == "nothing_found":
                    count["wishes"][arguments["dish"]] += 1
            count["restaurants"].update(spoken_of)
        return {
            "count": count,
            "sums": sums,
            "replies": sorted(replies),
            "greetings": sorted(greetings),
            "peak": max(slots.values(), default=0),
        }


def differences(figures: Insights, raw: Mapping[str, Any]) -> list[str]:
    """Where the figures are not what the rows say; empty when they agree."""
    count, sums = raw["count"], raw["sums"]
    pairs: list[tuple[str, object, object]] = [
        ("calls", figures.calls, count["days"].total()),
        ("days", {row.day: row.calls for row in figures.days if row.calls}, dict(count["days"])),
        (
            "days contained",
            {row.day: row.contained for row in figures.days if row.calls},
            count["days contained"],
        ),
        (
            "days interrupted",
            {row.day: row.interruptions for row in figures.days if row.calls},
            count["days interrupted"],
        ),
        ("hours", {row.hour: row.calls for row in figures.hours if row.calls}, dict(count["hours"])),
        ("outcomes", {str(row.outcome): row.calls for row in figures.outcomes}, dict(count["outcomes"])),
        ("minutes", figures.minutes, round(sums["seconds"] / 60, 2)),
        ("cost", figures.cost, round(sums["cost"] / 1e6, 4)),
        ("input tokens", figures.input_tokens, sums["input_tokens"]),
        ("cached tokens", figures.cached_tokens, sums["cached_tokens"]),
        ("output tokens", figures.output_tokens, sums["output_tokens"]),
        ("interruptions", figures.interruptions.count, sums["interruptions"]),
        ("calls interrupted", figures.interruptions.calls, sums["interrupted"]),
        ("misunderstandings", figures.misunderstandings.count, sums["misunderstandings"]),
        ("calls misunderstood", figures.misunderstandings.calls, sums["misunderstood"]),
        ("tool faults", figures.tool_faults.count, sums["faults"]),
        ("tools", {row.tool: row.runs for row in figures.tools}, dict(count["tools"])),
        ("wishes", {row.wish: row.calls for row in figures.wishes}, dict(count["wishes"])),
        ("replies", figures.replies.count, len(raw["replies"])),
        ("peak", figures.capacity.peak, raw["peak"]),
    ]
    for row in figures.restaurants:
        pairs.append((f"calls about {row.id}", row.calls, count["restaurants"][row.id]))
        pairs.append((f"bookings at {row.id}", row.bookings, count["bookings"][row.id]))
    found = [f"{name}: {ours} and not {theirs}" for name, ours, theirs in pairs if ours != theirs]
    for name, latency in (("replies", figures.replies), ("greetings", figures.greetings)):
        for share, ours in ((0.5, latency.p50_ms), (0.95, latency.p95_ms)):
            exact = _percentile(raw[name], share)
            off = abs((ours or 0) - exact)
            if off > exact * figures.percentile_error + 1:
                found.append(f"{name} p{share * 100:.0f}: {ours} and not {exact}")
    return found


async def _day(tables: Tables, name: str, day: date) -> AsyncIterator[Mapping[str, Any]]:
    table = await tables.table(name)
    rows = table.query_entities(f"PartitionKey ge '{day:%Y%m%d}-' and PartitionKey lt '{day:%Y%m%d}.'")
    async for row in rows:
        yield row


def _outcome(call: Mapping[str, Any], tools: Sequence[Mapping[str, Any]]) -> str:
    """What a generated call came to."""
    if "media_connected_at" not in call:
        return "missed"
    if "transferred_at" in call:
        return "handed_over"
    if call["end_reason"].startswith("failed"):
        return "failed"
    results = [(tool["name"], json.loads(tool["result"])) for tool in tools]
    done = [_COMMITS[name] for name, result in results if name in _COMMITS and result.get(_COMMITS[name])]
    if done:
        return {"booked": "booked", "ordered": "ordered", "cancelled": "changed"}[done[0]]
    if any(name in _INFORMED or result.get("exact") for name, result in results):
        return "informed"
    return "answered" if call["end_reason"].startswith("hung_up") and tools else "abandoned"


def _plain(at: datetime) -> datetime:
    """Without what the client adds to a time."""
    return datetime.combine(at.date(), at.time(), UTC)


def _percentile(values: Sequence[int], share: float) -> int:
    return values[max(1, math.ceil(share * len(values))) - 1] if values else 0
