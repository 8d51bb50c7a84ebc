"""Lists ended calls, the newest first, page by page, by the facts that are kept of them.

A page may hold fewer calls than asked for, none even, and still have a next one: each looks at a bounded
number of rows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from shared.call_facts import CallerOutcome, CallFacts, Carrier
from shared.insights import TABLE, InsightStore, column, read_facts, row_key
from shared.intents import Intent
from shared.tables import Tables
from shared.tally import Tally

_LOOKED_AT: Final = 3000
"""Rows of a page at most, when most of them do not fit."""
_TOKEN_LIMIT: Final = 300


class BadTokenError(ValueError):
    """The continuation token is not one of this list."""


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which ended calls; what is None does not matter."""

    first: date
    last: date
    """Days of the restaurants' time zone, both included."""
    outcome: CallerOutcome | None = None
    intent: Intent | None = None
    reached: bool | None = None
    """Whether the caller got what they wanted."""
    contained: bool | None = None
    """Whether the agent brought the call to its end by itself; neither for calls that nobody talked in."""
    restaurant: str | None = None
    wish: str | None = None
    """Something asked for and not found."""
    hour: int | None = None
    """Of the day, by the wall clock, in which the call rang."""
    carrier: Carrier | None = None
    interrupted: bool | None = None
    misunderstood: bool | None = None
    tool_fault: str | None = None
    """Name of a tool that failed in the call; "any" for whichever."""
    greeting_over: int | None = None
    """Milliseconds: calls whose greeting took longer."""
    reply_over: int | None = None
    """Milliseconds: calls with a reply that took longer."""
    text: str | None = None
    """Part of the call's id, of a number, a restaurant's id, a booking's code or a wish."""

    def query(self) -> tuple[str, dict[str, Any]]:
        """The part of it that Table Storage can do."""
        terms, values = [], dict[str, Any]()
        for name in ("outcome", "intent", "reached", "contained", "hour", "carrier"):
            if (value := getattr(self, name)) is not None:
                terms.append(f"{name} eq @{name}")
                values[name] = value if isinstance(value, (bool, int)) else str(value)
        for name, kind in (("restaurant", "r"), ("wish", "w")):
            if (value := getattr(self, name)) is not None:
                terms.append(f"{column(kind, value)} eq true")
        if self.tool_fault is not None:
            terms.append(
                "tool_faults gt 0" if self.tool_fault == "any" else f"{column('f', self.tool_fault)} eq true"
            )
        for name, of in (("interrupted", "interruptions"), ("misunderstood", "misunderstandings")):
            if (value := getattr(self, name)) is not None:
                terms.append(f"{of} {'gt' if value else 'eq'} 0")
        for name, of in (("greeting_over", "greeting_ms"), ("reply_over", "slowest_ms")):
            if (value := getattr(self, name)) is not None:
                terms.append(f"{of} gt @{name}")
                values[name] = value
        return "".join(f" and {term}" for term in terms), values

    def fits(self, facts: CallFacts, *, personal: bool) -> bool:
        """The rest of it. `personal`: whether text may be part of a phone number, or of a code."""
        if self.text is None:
            return True
        text = self.text.casefold().strip()
        places = [facts.id, *facts.restaurants, *facts.wishes]
        places += [facts.caller, facts.called, *facts.bookings, *facts.orders] if personal else []
        return any(text in place.casefold() for place in places)

    def may_be_in(self, day: Tally) -> bool:
        """False when the figures of a day tell that no call of it fits."""
        return not (
            (not day.outcomes)
            or (self.outcome is not None and self.outcome not in day.outcomes)
            or (self.intent is not None and self.intent not in day.intents)
            or (self.restaurant is not None and self.restaurant not in day.restaurants)
            or (self.wish is not None and self.wish not in day.wishes)
            or (self.hour is not None and self.hour not in day.hours)
            or (self.carrier is not None and self.carrier not in day.carriers)
            or (self.interrupted and not day.interrupted)
            or (self.misunderstood and not day.misunderstood)
            or (self.tool_fault is not None and not day.faulty)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Some calls, and the token for those after them; None when there are no more."""

    calls: list[CallFacts]
    next: str | None


class _Place(msgspec.Struct, array_like=True, frozen=True):
    """Where a page ended: behind which row of which day, and of which list."""

    day: date
    row: str
    list: str


class CallSearch:
    """Reads lists. Every method raises azure.core.exceptions.AzureError when the store fails."""

    def __init__(self, tables: Tables, insights: InsightStore) -> None:
        self._tables = tables
        self._insights = insights

    async def page(
        self, wanted: CallFilter, limit: int, token: str | None = None, *, personal: bool = True
    ) -> Page:
        """At most `limit` calls. `personal`: whether the filter's text may be part of a number or a code.

        Raises:
            BadTokenError: `token` is not from a page with the same filter.
        """
        place = None if token is None else _read_token(token, wanted)
        found: list[CallFacts] = []
        looked_at = 0
        last = wanted.last if place is None else place.day
        for day in await self._days(wanted, last):
            after = place.row if place is not None and place.day == day else None
            async for row in self._rows(wanted, day, after, limit):
                looked_at += 1
                facts = read_facts(row)
                if wanted.fits(facts, personal=personal):
                    found.append(facts)
                if len(found) == limit or looked_at == _LOOKED_AT:
                    return Page(found, _token(day, row_key(facts.id), wanted))
        return Page(found, None)

    async def _days(self, wanted: CallFilter, last: date) -> list[date]:
        """The days on which calls may fit, the last first."""
        days = [last - timedelta(days=n) for n in range((last - wanted.first).days + 1)]
        tallies = await self._insights.tallies(days)
        return [day for day, counted in zip(days, tallies, strict=True) if wanted.may_be_in(counted)]

    async def _rows(
        self, wanted: CallFilter, day: date, after: str | None, limit: int
    ) -> AsyncIterator[Mapping[str, Any]]:
        table = await self._tables.table(TABLE)
        terms, values = wanted.query()
        rows = table.query_entities(
            f"PartitionKey eq @day and RowKey gt @after and RowKey lt 'call.'{terms}",
            parameters={"day": f"{day:%Y%m%d}", "after": after or "call-", **values},
            results_per_page=min(1000, limit + 1) if wanted.text is None else 1000,
            select=["facts"],
        )
        async for row in rows:
            yield row


def _token(day: date, row: str, wanted: CallFilter) -> str:
    packed = msgspec.msgpack.encode(_Place(day, row, _name(wanted)))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _read_token(token: str, wanted: CallFilter) -> _Place:
    try:
        if len(token) > _TOKEN_LIMIT:
            raise BadTokenError("too long")
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        place = msgspec.msgpack.decode(packed, type=_Place)
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise BadTokenError("not a continuation token of this list") from error
    if place.list != _name(wanted) or not wanted.first <= place.day <= wanted.last:
        raise BadTokenError("of a list with another filter; begin anew without it")
    return place


def _name(wanted: CallFilter) -> str:
    """Tells lists apart, so that a token goes on with its own only."""
    return hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()[:12]
