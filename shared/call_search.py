"""Lists ended calls, the newest first, page by page, by the facts that are kept of them and the words said.

A page may hold fewer calls than asked for, none even, and still have a next one: each looks at a bounded
number of rows. What was said is looked for in the words that stand beside the facts; only the transcripts of
calls that have all of them are read, which tell whether it was said so, and where.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Literal

import msgspec

from shared.call_archive import CallArchive
from shared.call_facts import UNANSWERED, CallerOutcome, CallFacts, Carrier
from shared.call_words import Excerpt, Said
from shared.insights import TABLE, InsightStore, column, read_facts
from shared.intents import Intent
from shared.tables import Tables
from shared.tally import Tally

_LOOKED_AT: Final = 3000
"""Rows of a page at most, when most of them do not fit."""
_TRANSCRIPTS: Final = 200
"""Of a page at most."""
_AT_ONCE: Final = 16
"""Transcripts read together."""
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
    talked: bool | None = None
    """Whether it became a conversation."""
    made: Literal["booking", "order"] | None = None
    """What was made in it: at `restaurant`, if that is given."""
    tool: str | None = None
    """Name of a tool that ran in it."""
    priced: bool | None = None
    """Whether there is a price for its model."""
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
    said: str | None = None
    """Words that were said in it, as `shared.call_words.Said` reads them."""

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
        if self.talked is not None:
            silent = [
                f"outcome {'ne' if self.talked else 'eq'} '{outcome}'" for outcome in sorted(UNANSWERED)
            ]
            terms.append(f"({(' and ' if self.talked else ' or ').join(silent)})")
        for name, of in (("interrupted", "interruptions"), ("misunderstood", "misunderstandings")):
            if (value := getattr(self, name)) is not None:
                terms.append(f"{of} {'gt' if value else 'eq'} 0")
        for name, of in (("greeting_over", "greeting_ms"), ("reply_over", "slowest_ms")):
            if (value := getattr(self, name)) is not None:
                terms.append(f"{of} gt @{name}")
                values[name] = value
        return "".join(f" and {term}" for term in terms), values

    def fits(self, facts: CallFacts, *, personal: bool) -> bool:
        """The rest of it, but for what was said. `personal`: whether text may be part of a phone number, or
        of a code."""
        if self.tool is not None and self.tool not in facts.tools:
            return False
        if self.priced is not None and self.priced is (facts.cost is None):
            return False
        if self.made is not None:
            places = facts.booked_at if self.made == "booking" else facts.ordered_from
            if not places or (self.restaurant is not None and self.restaurant not in places):
                return False
        return self.text is None or self._has_text(facts, self.text, personal=personal)

    @property
    def store_does_all(self) -> bool:
        """Whether every row that the store finds fits."""
        return (self.tool, self.priced, self.made, self.text, self.said) == (None,) * 5

    def _has_text(self, facts: CallFacts, text: str, *, personal: bool) -> bool:
        text = text.casefold().strip()
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
            or (self.tool is not None and self.tool not in day.tools)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Some calls, and the token for those after them; None when there are no more."""

    calls: list[CallFacts]
    next: str | None
    excerpts: dict[str, list[Excerpt]] = field(default_factory=dict)
    """By call id: where it was said, when the filter asks for something said."""
    back_to: date | None = None
    """The day that was come to; None when all days were looked at."""


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
        self._archive = CallArchive(tables)

    async def page(
        self, wanted: CallFilter, limit: int, token: str | None = None, *, personal: bool = True
    ) -> Page:
        """At most `limit` calls. `personal`: whether the filter's text may be part of a number or a code.

        Raises:
            BadTokenError: `token` is not from a page with the same filter.
            shared.call_words.NothingToFindError: there is no word in `said`, or too many.
        """
        place = None if token is None else _read_token(token, wanted)
        look = _Look(self._archive, None if wanted.said is None else Said.parse(wanted.said), limit)
        last = wanted.last if place is None else place.day
        looked_at = 0
        for day in await self._days(wanted, last):
            after = place.row if place is not None and place.day == day else None
            async for row in self._rows(wanted, day, after, limit):
                looked_at += 1
                if look.may_fit(row) and wanted.fits(facts := read_facts(row), personal=personal):
                    await look.take(facts)
                if look.is_over or looked_at == _LOOKED_AT:
                    await look.end()
                    return Page(look.found, _token(day, row["RowKey"], wanted), look.excerpts, day)
        await look.end()
        return Page(look.found, None, look.excerpts)

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
            results_per_page=min(1000, limit + 1) if wanted.store_does_all else 1000,
            select=["RowKey", "facts"] if wanted.said is None else ["RowKey", "facts", "words"],
        )
        async for row in rows:
            yield row


class _Look:
    """One page as it fills. With words to look for, transcripts are read several at once, and never more than
    calls are still to be found: so a page ends behind the last row it has looked at."""

    def __init__(self, archive: CallArchive, said: Said | None, limit: int) -> None:
        self._archive = archive
        self._said = said
        self._limit = limit
        self._waiting: list[CallFacts] = []
        self._read = 0
        self.found: list[CallFacts] = []
        self.excerpts: dict[str, list[Excerpt]] = {}

    @property
    def is_over(self) -> bool:
        return len(self.found) == self._limit or self._read >= _TRANSCRIPTS

    def may_fit(self, row: Mapping[str, Any]) -> bool:
        return self._said is None or self._said.may_be_in(row.get("words"))

    async def take(self, facts: CallFacts) -> None:
        if self._said is None:
            self.found.append(facts)
            return
        self._waiting.append(facts)
        if len(self._waiting) == min(_AT_ONCE, self._limit - len(self.found)):
            await self.end()

    async def end(self) -> None:
        """Read what waits."""
        if self._said is None:
            return
        said, waiting = self._said, self._waiting
        self._waiting = []
        self._read += len(waiting)
        for facts, transcript in zip(
            waiting,
            await asyncio.gather(*(self._archive.transcript(facts.id) for facts in waiting)),
            strict=True,
        ):
            if excerpts := said.excerpts(transcript.turns):
                self.found.append(facts)
                self.excerpts[facts.id] = excerpts


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
