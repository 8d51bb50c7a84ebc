"""What the operator API tells about figures. The OpenAPI document is made from these.

Units are those of `control.operator_api_model`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from shared.call_facts import CallerOutcome
from shared.intents import Intent


class InsightsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days."""

    from_: Annotated[date | None, Meta(description="First day; 29 days before `to` when left out.")] = (
        msgspec.field(name="from", default=None)
    )
    to: Annotated[date | None, Meta(description="Last day; today when left out.")] = None


class CsvQuery(InsightsQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days, and which of the figures."""

    table: Literal["days", "hours", "outcomes", "intents", "tools", "restaurants", "wishes", "summary"] = (
        "days"
    )


class DayFigures(Struct, frozen=True, kw_only=True):
    """One day."""

    day: date
    calls: int
    conversations: int
    peak: int
    """Most calls at once, counted by ten seconds."""
    minutes: float
    cost: float
    reply_p50_ms: int | None
    reply_p95_ms: int | None
    greeting_p50_ms: int | None
    greeting_p95_ms: int | None
    contained: int
    containment: float | None
    interruptions: int
    misunderstandings: int
    tool_faults: int
    calls_url: str
    contained_url: str
    interruptions_url: str
    misunderstandings_url: str
    tool_faults_url: str


class HourFigures(Struct, frozen=True, kw_only=True):
    """One hour of the day, over all days."""

    hour: int
    calls: int
    calls_url: str


class OutcomeFigures(Struct, frozen=True, kw_only=True):
    """Calls of one outcome."""

    outcome: CallerOutcome
    calls: int
    minutes: float
    cost: float
    minutes_per_call: float
    cost_per_call: float | None
    """Null when no call of them has a price."""
    calls_url: str


class IntentFigures(Struct, frozen=True, kw_only=True):
    """Calls of one intent."""

    intent: Intent
    calls: int
    reached: int
    calls_url: str
    reached_url: str


class Latency(Struct, frozen=True, kw_only=True):
    """Waiting times in milliseconds, within 1 %."""

    count: int
    p50_ms: int | None
    p95_ms: int | None
    slower_than_p95_url: str
    """Calls in which one took longer than that."""


class Counted(Struct, frozen=True, kw_only=True):
    """How often, and in how many calls."""

    count: int
    calls: int
    calls_url: str


class ToolFigures(Struct, frozen=True, kw_only=True):
    """One tool."""

    tool: str
    runs: int
    faults: int
    runs_url: str
    """Calls in which it ran."""
    calls_url: str
    """Calls in which it failed."""


class RestaurantFigures(Struct, frozen=True, kw_only=True):
    """One restaurant."""

    id: str
    name: str
    calls: int
    bookings: int
    orders: int
    calls_url: str
    bookings_url: str
    orders_url: str


class WishFigures(Struct, frozen=True, kw_only=True):
    """Something asked for and not found."""

    wish: str
    calls: int
    calls_url: str


class Containment(Struct, frozen=True, kw_only=True):
    """Calls that the agent brought to an end alone, out of those that somebody talked in."""

    contained: int
    conversations: int
    share: float | None
    contained_url: str
    others_url: str


class Capacity(Struct, frozen=True, kw_only=True):
    """Calls at once against those that can be held."""

    peak: int
    """Most at once, all counted that were up at any moment of the same ten seconds."""
    peak_day: date | None
    capacity: int | None
    """Of the replicas that run now; null when none has told."""
    share: float | None


class Insights(Struct, frozen=True, kw_only=True):
    """Figures over a range of days. Every `..._url` lists exactly the calls behind its figure."""

    first: date
    last: date
    time_zone: str
    currency: str
    prices_source: str
    prices_as_of: str
    percentile_error: float
    calls: int
    conversations: int
    minutes: float
    cost: float
    cost_per_call: float | None
    """Over calls whose model has a price."""
    unpriced_calls: int
    unpriced_url: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    calls_url: str
    conversations_url: str
    containment: Containment
    days: list[DayFigures]
    hours: list[HourFigures]
    outcomes: list[OutcomeFigures]
    intents: list[IntentFigures]
    replies: Latency
    greetings: Latency
    interruptions: Counted
    misunderstandings: Counted
    tool_faults: Counted
    tools: list[ToolFigures]
    restaurants: list[RestaurantFigures]
    """Those most spoken of, 50 at most; CSV has all."""
    restaurants_in_all: int
    wishes: list[WishFigures]
    """The most frequent, 50 at most; CSV has all."""
    wishes_in_all: int
    capacity: Capacity
