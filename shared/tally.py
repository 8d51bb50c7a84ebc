"""The figures of a day: sums over its calls, from which each call can be taken out again. No I/O.

Two ways lead to the same value: counting calls one by one, in whatever order and however often corrected, and
counting what stands in the end. A test holds them to it.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from shared import histogram
from shared.call_facts import UNANSWERED, CallFacts

SLOT_SECONDS: Final = 10
"""Calls at once are counted by these: all that were up at any moment of one."""
_SLOTS: Final = (25 + 2) * 3600 // SLOT_SECONDS
"""The longest day has 25 hours, and calls that rang on it go on past its end."""


class Part(msgspec.Struct, array_like=True):
    """Calls of one outcome."""

    calls: int = 0
    seconds: int = 0
    cost: int = 0
    """Millionths."""
    unpriced: int = 0
    """Calls whose model has no price."""


class Pair(msgspec.Struct, array_like=True):
    """How many, and how many of these."""

    all: int = 0
    some: int = 0


class Triple(msgspec.Struct, array_like=True):
    """Calls about a restaurant, bookings there, orders from there."""

    calls: int = 0
    bookings: int = 0
    orders: int = 0


class Tally(msgspec.Struct):
    """The sums. What is zero is not there, so that equal figures are equal values."""

    outcomes: dict[str, Part] = msgspec.field(default_factory=dict)
    hours: dict[int, int] = msgspec.field(default_factory=dict)
    """Hour of the day by the wall clock to calls that rang in it."""
    intents: dict[str, Pair] = msgspec.field(default_factory=dict)
    """Calls, and those where it was reached."""
    carriers: dict[str, int] = msgspec.field(default_factory=dict)
    replies: dict[int, int] = msgspec.field(default_factory=dict)
    greetings: dict[int, int] = msgspec.field(default_factory=dict)
    agent_turns: int = 0
    caller_turns: int = 0
    interruptions: int = 0
    interrupted: int = 0
    """Calls with an interruption."""
    misunderstandings: int = 0
    misunderstood: int = 0
    """Calls with a misunderstanding."""
    tools: dict[str, Pair] = msgspec.field(default_factory=dict)
    """Runs, and faults."""
    faulty: int = 0
    """Calls with a fault of a tool."""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    restaurants: dict[str, Triple] = msgspec.field(default_factory=dict)
    wishes: dict[str, int] = msgspec.field(default_factory=dict)
    slots: dict[int, int] = msgspec.field(default_factory=dict)
    """Slot after midnight to calls that were up in it."""

    def count(self, facts: CallFacts, zone: ZoneInfo, times: int = 1) -> None:
        """Put a call in, or with -1 take it out."""
        part = self.outcomes.setdefault(facts.outcome, Part())
        part.calls += times
        part.seconds += times * facts.seconds
        part.cost += times * (facts.cost or 0)
        part.unpriced += times * (facts.cost is None)
        _add(self.hours, facts.rang_at.astimezone(zone).hour, times)
        _pair(self.intents, facts.decision.intent, times, times * facts.decision.reached)
        _add(self.carriers, facts.carrier, times)
        histogram.add(self.replies, facts.replies_ms, times)
        histogram.add(self.greetings, () if facts.greeting_ms is None else (facts.greeting_ms,), times)
        self.agent_turns += times * facts.agent_turns
        self.caller_turns += times * facts.caller_turns
        self.interruptions += times * facts.interruptions
        self.interrupted += times * (facts.interruptions > 0)
        self.misunderstandings += times * facts.misunderstandings
        self.misunderstood += times * (facts.misunderstandings > 0)
        for name, (runs, faults) in facts.tools.items():
            _pair(self.tools, name, times * runs, times * faults)
        self.faulty += times * (facts.tool_faults > 0)
        self.input_tokens += times * facts.usage.input_tokens
        self.cached_tokens += times * facts.usage.cached_tokens
        self.output_tokens += times * facts.usage.output_tokens
        for name in facts.restaurants:
            _triple(self.restaurants, name, times, 0, 0)
        for name in facts.booked_at:
            _triple(self.restaurants, name, 0, times, 0)
        for name in facts.ordered_from:
            _triple(self.restaurants, name, 0, 0, times)
        for wish in facts.wishes:
            _add(self.wishes, wish, times)
        for slot in _slots(facts, zone):
            _add(self.slots, slot, times)
        if not part.calls:
            del self.outcomes[facts.outcome]

    def merge(self, other: Tally) -> None:
        """Add the sums of another day, all but `slots`, which belong to their day."""
        for outcome, part in other.outcomes.items():
            mine = self.outcomes.setdefault(outcome, Part())
            mine.calls += part.calls
            mine.seconds += part.seconds
            mine.cost += part.cost
            mine.unpriced += part.unpriced
        for name in ("hours", "carriers", "replies", "greetings", "wishes"):
            histogram.merge(getattr(self, name), getattr(other, name))
        for name in ("intents", "tools"):
            for key, pair in getattr(other, name).items():
                _pair(getattr(self, name), key, pair.all, pair.some)
        for key, triple in other.restaurants.items():
            _triple(self.restaurants, key, triple.calls, triple.bookings, triple.orders)
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def calls(self) -> int:
        return sum(part.calls for part in self.outcomes.values())

    @property
    def conversations(self) -> int:
        """Calls that somebody talked in."""
        return sum(part.calls for name, part in self.outcomes.items() if name not in UNANSWERED)


_NUMBERS: Final = (
    *("agent_turns", "caller_turns", "interruptions", "interrupted", "misunderstandings", "misunderstood"),
    *("faulty", "input_tokens", "cached_tokens", "output_tokens"),
)


def tally(calls: Iterable[CallFacts], zone: ZoneInfo) -> Tally:
    """The figures of some calls."""
    counted = Tally()
    for facts in calls:
        counted.count(facts, zone)
    return counted


def peaks(days: Iterable[tuple[date, Tally]], zone: ZoneInfo) -> dict[date, int]:
    """Most calls at once on each of these days, in order of time; calls from the day before count too when
    that day is among them."""
    found: dict[date, int] = {}
    before: dict[int, int] = {}
    for day, counted in days:
        length = midnight(day + timedelta(days=1), zone).astimezone(UTC) - midnight(day, zone).astimezone(UTC)
        end = int(length / timedelta(seconds=SLOT_SECONDS))
        at_once = {slot: count for slot, count in counted.slots.items() if slot < end}
        for slot, count in before.items():
            at_once[slot] = at_once.get(slot, 0) + count
        found[day] = max(at_once.values(), default=0)
        before = {slot - end: count for slot, count in counted.slots.items() if slot >= end}
    return found


def pack(counted: Tally) -> bytes:
    """The sums as bytes."""
    slots = array("H", bytes(2 * _SLOTS))
    for slot, count in counted.slots.items():
        slots[slot] = count
    rest = msgspec.structs.replace(counted, slots={})
    return zlib.compress(msgspec.msgpack.encode((rest, slots.tobytes())))


def unpack(packed: bytes) -> Tally:
    """The sums out of `pack`."""
    counted, slots = _decoder.decode(zlib.decompress(packed))
    counted.slots = {slot: count for slot, count in enumerate(array("H", slots)) if count}
    return counted


_decoder = msgspec.msgpack.Decoder(tuple[Tally, bytes])


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time(), zone)


def _slots(facts: CallFacts, zone: ZoneInfo) -> range:
    """When the call was up, in slots after the midnight before it rang."""
    if facts.live_from is None:
        return range(0)
    begin = midnight(facts.rang_at.astimezone(zone).date(), zone)
    first = int((facts.live_from - begin) / timedelta(seconds=SLOT_SECONDS))
    last = int((facts.ended_at - begin) / timedelta(seconds=SLOT_SECONDS))
    return range(max(0, first), min(max(first, last) + 1, _SLOTS))


def _add[K](counts: dict[K, int], key: K, times: int) -> None:
    total = counts.get(key, 0) + times
    if total:
        counts[key] = total
    else:
        counts.pop(key, None)


def _pair(pairs: dict[str, Pair], key: str, all_: int, some: int) -> None:
    pair = pairs.setdefault(key, Pair())
    pair.all += all_
    pair.some += some
    if not pair.all and not pair.some:
        del pairs[key]


def _triple(triples: dict[str, Triple], key: str, calls: int, bookings: int, orders: int) -> None:
    triple = triples.setdefault(key, Triple())
    triple.calls += calls
    triple.bookings += bookings
    triple.orders += orders
    if not (triple.calls or triple.bookings or triple.orders):
        del triples[key]
