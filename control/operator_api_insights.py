"""The operator API: figures over a range of days, each with the address of the calls behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec

from control.operator_api_auth import User
from control.operator_api_calls import days_of
from control.operator_api_csv import write_csv
from control.operator_api_figures import (
    Capacity,
    Containment,
    Counted,
    CsvQuery,
    DayFigures,
    HourFigures,
    Insights,
    InsightsQuery,
    IntentFigures,
    Latency,
    OutcomeFigures,
    RestaurantFigures,
    ToolFigures,
    WishFigures,
)
from control.operator_api_http import ApiAnswer, ApiRequest, answer_if_new
from control.operator_api_views import money, restaurant_name
from control.operator_services import OperatorServices
from shared.admission import fresh, serving
from shared.call_facts import CONTAINED, CallerOutcome
from shared.histogram import ERROR, percentile
from shared.intents import Intent
from shared.prices import Prices
from shared.restaurants import Catalogue
from shared.tally import Tally, peaks

_MOST_NAMES: Final = 50
"""Restaurants and wishes that are listed; CSV has all of them."""
_TABLES: Final[Mapping[str, type[msgspec.Struct]]] = {
    "days": DayFigures,
    "hours": HourFigures,
    "outcomes": OutcomeFigures,
    "intents": IntentFigures,
    "tools": ToolFigures,
    "restaurants": RestaurantFigures,
    "wishes": WishFigures,
}
"""Tables of CSV, by the property of Insights, with what is in their rows."""


async def get_insights(
    ops: OperatorServices, _: User, request: ApiRequest, query: InsightsQuery
) -> ApiAnswer:
    """GET /insights"""
    return answer_if_new(await insights(ops, query), request)


async def get_csv(ops: OperatorServices, _: User, __: ApiRequest, query: CsvQuery) -> ApiAnswer:
    """GET /insights.csv"""
    figures = await insights(ops, query, most_names=None)
    if query.table == "summary":
        rows = [_summary(figures)]
        names = list(rows[0])
    else:
        rows = _flat(getattr(figures, query.table))
        names = [one for one in _TABLES[query.table].__struct_fields__ if not one.endswith("_url")]
    name = f"tabletalk-{query.table}-{figures.first}-{figures.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return ApiAnswer(200, write_csv(names, rows), "text/csv", headers)


async def insights(
    ops: OperatorServices, query: InsightsQuery, *, most_names: int | None = _MOST_NAMES
) -> Insights:
    """The figures. `most_names`: restaurants and wishes at most; None for all.

    Raises:
        ApiError: the range is not allowed.
    """
    first, last = days_of(query, ops.insights.day_of(ops.clock()))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    by_day = dict(zip(days, await ops.insights.tallies(days), strict=True))
    reports = serving(fresh((await ops.admission.seen()).reports, ops.clock()))
    capacity = sum(report.calls for report in reports) or None
    return figures(by_day, ops.catalogue, ops.prices, capacity=capacity, most_names=most_names)


def figures(
    by_day: Mapping[date, Tally],
    catalogue: Catalogue,
    prices: Prices,
    *,
    capacity: int | None,
    most_names: int | None = _MOST_NAMES,
) -> Insights:
    """The figures out of those of the days, which come in order of time, at least one."""
    days = list(by_day)
    link = _Links(days[0], days[-1])
    whole = Tally()
    for day in by_day.values():
        whole.merge(day)
    cost, priced = _cost(whole)
    peak_of = peaks(by_day.items(), catalogue.zone)
    return Insights(
        first=days[0],
        last=days[-1],
        time_zone=catalogue.zone.key,
        currency=prices.currency,
        prices_source=prices.source,
        prices_as_of=prices.as_of,
        percentile_error=ERROR,
        calls=whole.calls,
        conversations=whole.conversations,
        minutes=_minutes(whole),
        cost=money(cost) or 0.0,
        cost_per_call=money(round(cost / priced)) if priced else None,
        unpriced_calls=whole.calls - priced,
        unpriced_url=link(priced=False),
        input_tokens=whole.input_tokens,
        cached_tokens=whole.cached_tokens,
        output_tokens=whole.output_tokens,
        calls_url=link(),
        conversations_url=link(talked=True),
        containment=_containment(whole, link),
        days=[_day(day, counted, peak_of[day]) for day, counted in by_day.items()],
        hours=[
            HourFigures(hour=hour, calls=whole.hours.get(hour, 0), calls_url=link(hour=hour))
            for hour in range(24)
        ],
        outcomes=_outcomes(whole, link),
        intents=_intents(whole, link),
        replies=_latency(whole.replies, "reply_over", link),
        greetings=_latency(whole.greetings, "greeting_over", link),
        interruptions=Counted(
            count=whole.interruptions, calls=whole.interrupted, calls_url=link(interrupted=True)
        ),
        misunderstandings=Counted(
            count=whole.misunderstandings, calls=whole.misunderstood, calls_url=link(misunderstood=True)
        ),
        tool_faults=Counted(
            count=_tool_faults(whole),
            calls=whole.faulty,
            calls_url=link(tool_fault="any"),
        ),
        tools=[
            ToolFigures(
                tool=tool,
                runs=pair.all,
                faults=pair.some,
                runs_url=link(tool=tool),
                calls_url=link(tool_fault=tool),
            )
            for tool, pair in sorted(whole.tools.items(), key=lambda item: (-item[1].all, item[0]))
        ],
        restaurants=_restaurants(whole, catalogue, link)[:most_names],
        restaurants_in_all=len(whole.restaurants),
        wishes=[
            WishFigures(wish=wish, calls=calls, calls_url=link(wish=wish))
            for wish, calls in sorted(whole.wishes.items(), key=lambda item: (-item[1], item[0]))[:most_names]
        ],
        wishes_in_all=len(whole.wishes),
        capacity=_capacity(peak_of, capacity),
    )


# --- inside --------------------------------------------------------------------------------------------


class _Links:
    """Addresses of the calls behind a figure."""

    def __init__(self, first: date, last: date) -> None:
        self._days = {"from": first.isoformat(), "to": last.isoformat()}

    def __call__(self, **wanted: str | int | bool) -> str:
        values = {
            name: str(value).lower() if isinstance(value, bool) else value for name, value in wanted.items()
        }
        return f"/api/v1/calls?{urlencode({**self._days, **values})}"


def _cost(counted: Tally) -> tuple[int, int]:
    """Millionths, and the calls that have a price."""
    parts = counted.outcomes.values()
    return sum(part.cost for part in parts), sum(part.calls - part.unpriced for part in parts)


def _minutes(counted: Tally) -> float:
    return round(sum(part.seconds for part in counted.outcomes.values()) / 60, 2)


def _day(day: date, counted: Tally, peak: int) -> DayFigures:
    link = _Links(day, day)
    contained = _contained(counted)
    return DayFigures(
        day=day,
        calls=counted.calls,
        conversations=counted.conversations,
        peak=peak,
        minutes=_minutes(counted),
        cost=money(_cost(counted)[0]) or 0.0,
        reply_p50_ms=percentile(counted.replies, 0.5),
        reply_p95_ms=percentile(counted.replies, 0.95),
        greeting_p50_ms=percentile(counted.greetings, 0.5),
        greeting_p95_ms=percentile(counted.greetings, 0.95),
        contained=contained,
        containment=_share(contained, counted.conversations),
        interruptions=counted.interruptions,
        misunderstandings=counted.misunderstandings,
        tool_faults=_tool_faults(counted),
        calls_url=link(),
        contained_url=link(contained=True),
        interruptions_url=link(interrupted=True),
        misunderstandings_url=link(misunderstood=True),
        tool_faults_url=link(tool_fault="any"),
    )


def _contained(counted: Tally) -> int:
    return sum(part.calls for name, part in counted.outcomes.items() if name in CONTAINED)


def _tool_faults(counted: Tally) -> int:
    return sum(pair.some for pair in counted.tools.values())


def _share(part: int, whole: int | None) -> float | None:
    return round(part / whole, 4) if whole else None


def _outcomes(whole: Tally, link: _Links) -> list[OutcomeFigures]:
    found = []
    for outcome in CallerOutcome:
        part = whole.outcomes.get(outcome)
        if part is None:
            continue
        priced = part.calls - part.unpriced
        found.append(
            OutcomeFigures(
                outcome=outcome,
                calls=part.calls,
                minutes=round(part.seconds / 60, 2),
                cost=money(part.cost) or 0.0,
                minutes_per_call=round(part.seconds / 60 / part.calls, 2),
                cost_per_call=money(round(part.cost / priced)) if priced else None,
                calls_url=link(outcome=outcome),
            )
        )
    return found


def _intents(whole: Tally, link: _Links) -> list[IntentFigures]:
    return [
        IntentFigures(
            intent=intent,
            calls=pair.all,
            reached=pair.some,
            calls_url=link(intent=intent),
            reached_url=link(intent=intent, reached=True),
        )
        for intent in Intent
        if (pair := whole.intents.get(intent)) is not None
    ]


def _containment(whole: Tally, link: _Links) -> Containment:
    contained = _contained(whole)
    return Containment(
        contained=contained,
        conversations=whole.conversations,
        share=_share(contained, whole.conversations),
        contained_url=link(contained=True),
        others_url=link(contained=False),
    )


def _latency(histogram: Mapping[int, int], over: str, link: _Links) -> Latency:
    p95 = percentile(histogram, 0.95)
    return Latency(
        count=sum(histogram.values()),
        p50_ms=percentile(histogram, 0.5),
        p95_ms=p95,
        slower_than_p95_url=link(**{over: p95 or 0}),
    )


def _restaurants(whole: Tally, catalogue: Catalogue, link: _Links) -> list[RestaurantFigures]:
    most = sorted(whole.restaurants.items(), key=lambda item: (-item[1].calls, item[0]))
    return [
        RestaurantFigures(
            id=key,
            name=restaurant_name(catalogue, key),
            calls=triple.calls,
            bookings=triple.bookings,
            orders=triple.orders,
            calls_url=link(restaurant=key),
            bookings_url=link(restaurant=key, made="booking"),
            orders_url=link(restaurant=key, made="order"),
        )
        for key, triple in most
    ]


def _capacity(peak_of: Mapping[date, int], capacity: int | None) -> Capacity:
    day = max(peak_of, key=lambda day: peak_of[day])
    peak = peak_of[day]
    return Capacity(
        peak=peak,
        peak_day=day if peak else None,
        capacity=capacity,
        share=_share(peak, capacity),
    )


def _flat(rows: Iterable[msgspec.Struct]) -> list[dict[str, object]]:
    """Figures as rows, without the addresses."""
    return [
        {name: value for name, value in msgspec.structs.asdict(row).items() if not name.endswith("_url")}
        for row in rows
    ]


def _summary(figures: Insights) -> dict[str, object]:
    return {
        name: value
        for name, value in msgspec.structs.asdict(figures).items()
        if not isinstance(value, (list, msgspec.Struct)) and not name.endswith("_url")
    } | {
        "contained": figures.containment.contained,
        "containment": figures.containment.share,
        "reply_p50_ms": figures.replies.p50_ms,
        "reply_p95_ms": figures.replies.p95_ms,
        "greeting_p50_ms": figures.greetings.p50_ms,
        "greeting_p95_ms": figures.greetings.p95_ms,
        "interruptions": figures.interruptions.count,
        "misunderstandings": figures.misunderstandings.count,
        "tool_faults": figures.tool_faults.count,
        "peak": figures.capacity.peak,
    }
