"""A store with some past in it: calls, callers, bookings and orders that grow old or are to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared import settings
from shared.bookings import BookingStore
from shared.call_facts import FactsMaker
from shared.call_store import CallStore
from shared.caller_erasure import Erasure, Stays
from shared.caller_key import CallerKeys
from shared.caller_memory import Told, begun, with_told
from shared.callers import CallerStore
from shared.calls import Call, CallEvent, EventKind, ToolRun, TransferState, Turn, apply, derive_call_id
from shared.order_carts import CartStore
from shared.order_records import CartLine
from shared.order_rows import CartEntry
from shared.orders import OrderStore
from shared.prices import load_prices
from shared.retention import Retention
from shared.settings import RetentionSettings
from shared.tables import Tables
from tests.shared.booking_house import (
    CATALOGUE,
    NOW,
    ask,
    booked,
    house,
)
from tests.shared.order_house import cart, placement

NUMBER, OTHER = "+15550100", "+15550111"
KEYS = CallerKeys(b"k" * 32)
NOTED = CartLine("margherita-pizza", 1, ("large",), "ring twice")
MAKER = FactsMaker(CATALOGUE, load_prices(settings.DEFAULT_AGENT_DIR))
DAYS = RetentionSettings.from_env({})
TABLES = ("calls", "turns", "callers", "bookings", "orders", "outbox", "retention", "insights")
AFTER = NOW + timedelta(minutes=10)
MEMORY = with_told(begun(NOW.date()), Told(name="Kim", allergies=("nuts",)))
NEXT_WEEK = datetime(2026, 12, 4, tzinfo=UTC)


@dataclass
class Stored:
    """A store with some past in it."""

    tables: Tables

    @property
    def callers(self) -> CallerStore:
        return CallerStore(self.tables, KEYS)

    @property
    def bookings(self) -> BookingStore:
        return BookingStore(self.tables)

    def retention(self, tables: Tables | None = None) -> Retention:
        return Retention(tables or self.tables, DAYS)

    async def call(
        self, rang_at: datetime = NOW, number: str = NUMBER, said: str = "Kim here", *, over: bool = True
    ) -> Call:
        """A call with a word of the caller and a tool that has their name."""
        record = Call(derive_call_id(rang_at, number), rang_at, rang_at, caller=f"4:{number}", summary=said)
        record = replace(record, transfer=1, transfer_state=TransferState.FAILED)
        if over:
            record = apply(record, CallEvent(EventKind.DISCONNECTED, rang_at + timedelta(minutes=1)))
        calls = CallStore(self.tables)
        await calls.claim(record)
        await calls.add_turn(record.id, Turn(0, "caller", said, rang_at, rang_at, latency_ms=5))
        run = ToolRun(1, "book_table", f'{{"name": "{said}"}}', f'{{"booked": "{said}"}}', 9, rang_at)
        await calls.add_tool(record.id, run)
        await self.callers.called(number, record.id, rang_at)
        return record

    async def text(self, *tables: str) -> str:
        """All that is stored, as text."""
        rows = []
        for name in tables or TABLES:
            table = await self.tables.table(name)
            rows += [str(dict(row)) async for row in table.list_entities()]
        return "\n".join(rows)

    async def count(self, name: str) -> int:
        table = await self.tables.table(name)
        return len([row async for row in table.list_entities()])


async def an_order(
    stored: Stored, call: str = "call", *, placed: bool = True, due: datetime = NOW
) -> CartEntry:
    carts = CartStore(stored.tables)
    entry = await carts.begin(call, lambda cart_id: cart(cart_id, NOTED, call=call), NOW)
    if placed:
        wanted = replace(placement(entry, "Kim"), due=due)
        await OrderStore(stored.tables).place(entry, wanted, NOW)
    return entry


async def forget(stored: Stored, call: Call, tables: Tables | None = None) -> list[Stays]:
    erasure = Erasure(tables or stored.tables, CallerStore(tables or stored.tables, KEYS))
    return await erasure.forget(NUMBER, call.id, NOW)


async def a_past(stored: Stored) -> Call:
    """An earlier call, a memory, a booking to come, a cancelled one; and the call that goes on now."""
    await stored.call(NOW - timedelta(days=3))
    now = await stored.call(NOW, over=False)
    place = house({4: 5}, name="the-house")
    await booked(stored.bookings, ask(place, requests="Kim's chair"))
    await stored.bookings.cancel((await booked(stored.bookings, ask(place, "21:00", call="b"))).code)
    await stored.callers.change(NUMBER, lambda _: MEMORY, NOW)
    return now


async def end(stored: Stored, call: Call) -> None:
    at = NOW + timedelta(minutes=1)
    calls = CallStore(stored.tables)
    await calls.add_turn(call.id, Turn(2, "agent", "Goodbye, Kim", at, at))
    await calls.update(call.id, lambda known: apply(known, CallEvent(EventKind.DISCONNECTED, at)))
