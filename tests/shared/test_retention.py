"""Old data goes, forgotten callers are forgotten: against a real Azurite, also when the store fails."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Self

import pytest
from azure.core.exceptions import AzureError

from shared import caller_forget, settings
from shared.booking_rows import Change
from shared.bookings import BookingStore
from shared.call_facts import FactsMaker
from shared.call_store import CallStore
from shared.caller_erasure import Erasure, Stays
from shared.caller_key import CallerKeys
from shared.caller_memory import Told, begun, with_told
from shared.callers import CallerStore
from shared.calls import Call, CallEvent, EventKind, ToolRun, TransferState, Turn, apply, derive_call_id
from shared.counter import Counter
from shared.insights import InsightStore
from shared.order_carts import CartStore
from shared.order_records import CartLine
from shared.order_rows import CartEntry
from shared.orders import OrderStore
from shared.outbox_dead import DeadLetters
from shared.outbox_rows import OutboxRows
from shared.prices import load_prices
from shared.retention import Retention
from shared.retention_agenda import Agenda, Kind
from shared.settings import RetentionSettings, SettingError, StoreSettings
from shared.tables import Tables
from tests.shared.booking_house import (
    CALLER,
    CATALOGUE,
    FRIDAY,
    NOW,
    SATURDAY,
    ask,
    booked,
    house,
    moved,
    wish,
)
from tests.shared.call_makers import a_call, said
from tests.shared.faulty_tables import Fault, FaultyTables
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


@pytest.fixture
def stored(tables: Tables) -> Stored:
    return Stored(tables)


class TestCalls:
    async def test_old_calls_go_with_every_word_and_newer_ones_stay(self, stored: Stored) -> None:
        days = (0, 29, 30, 31, 40, 400)
        calls = [await stored.call(NOW - timedelta(days=ago)) for ago in days]
        swept = await stored.retention().sweep(NOW)
        assert swept.calls == 3
        kept = [call.id for call in calls if await CallStore(stored.tables).get(call.id)]
        assert kept == [call.id for call in calls[:3]]
        assert await stored.count("turns") == 6
        assert sorted(await stored.callers.calls(NUMBER)) == sorted(kept)
        assert not await stored.retention().sweep(NOW)

    async def test_what_is_not_due_costs_nothing(self, stored: Stored) -> None:
        """The same number of requests, however much is stored."""
        await stored.call(NOW)
        asked = []
        for _ in range(2):
            counting = FaultyTables(stored.tables)
            assert not await stored.retention(counting).sweep(NOW)
            asked.append(counting.requests)
            for n in range(20):
                await stored.call(NOW - timedelta(days=n), f"+1555020{n:04d}")
        assert asked[0] == asked[1]


class TestFigures:
    """Sums over calls tell of nobody and stay; what is kept of each call does not."""

    async def counted(self, stored: Stored, at: datetime) -> tuple[Call, InsightStore]:
        record = a_call(rang_at=at)
        figures = InsightStore(stored.tables, CATALOGUE.zone)
        await CallStore(stored.tables).claim(record)
        await CallStore(stored.tables).add_turn(record.id, said(0, "Zanzibar pizza"))
        await Counter(stored.tables, figures, MAKER).count_now(record.id)
        for personal in ("5550100", "zanzibar"):
            assert personal in await stored.text("insights")
        return record, figures

    async def test_a_call_that_is_forgotten_counts_as_before_without_a_number(self, stored: Stored) -> None:
        record, figures = await self.counted(stored, NOW)
        before = await figures.tally(NOW.date())
        queue = await stored.text("uncounted")
        await Erasure(stored.tables, stored.callers).forget(None, record.id, NOW)
        assert (await stored.retention().forget(AFTER)).forgotten == 1
        assert await figures.tally(NOW.date()) == before
        for personal in ("5550100", "anzibar"):
            assert personal not in await stored.text("insights", "calls", "turns")
        assert await stored.text("uncounted") == queue

    async def test_old_calls_go_and_their_sums_stay(self, stored: Stored) -> None:
        _, figures = await self.counted(stored, NOW)
        before = await figures.tally(NOW.date())
        await stored.retention().sweep(NOW + timedelta(days=32))
        assert await figures.all(NOW.date()) == []
        assert await figures.tally(NOW.date()) == before


class TestCallers:
    async def test_a_memory_goes_when_its_caller_has_not_called_for_long(self, stored: Stored) -> None:
        await stored.callers.change(NUMBER, lambda _: begun(NOW.date()), NOW)
        await stored.callers.refuse(OTHER, NOW)
        year = NOW + DAYS.callers
        assert not await stored.retention().sweep(year)
        assert (await stored.retention().sweep(year + timedelta(days=1))).callers == 2
        assert await stored.count("callers") == await stored.count("retention") == 0

    async def test_a_row_that_nobody_understands_keeps_no_other(self, stored: Stored) -> None:
        for number in (NUMBER, OTHER):
            await stored.callers.change(number, lambda _: begun(NOW.date()), NOW)
        table = await stored.tables.table("callers")
        spoilt = {"PartitionKey": KEYS.name(NUMBER), "RowKey": "memory", "memory": "{"}
        await table.upsert_entity(spoilt)
        swept = await stored.retention().sweep(NOW + DAYS.callers + timedelta(days=1))
        assert (swept.callers, swept.failed) == (1, 1)
        assert await stored.count("callers") == 1

    async def test_one_that_was_used_since_stays(self, stored: Stored) -> None:
        await stored.callers.change(NUMBER, lambda _: begun(NOW.date()), NOW)
        await stored.call(NOW + timedelta(days=100))
        swept = await stored.retention().sweep(NOW + DAYS.callers + timedelta(days=1))
        assert swept.callers > 0
        assert (await stored.callers.look(NUMBER, NOW)).memory is not None


class TestBookings:
    async def test_a_past_day_goes_with_all_that_leads_to_it(self, stored: Stored) -> None:
        place = house({4: 3})
        past = await booked(stored.bookings, ask(place))
        await stored.bookings.cancel((await booked(stored.bookings, ask(place, "21:00", call="b"))).code)
        later = await booked(stored.bookings, ask(place, on=SATURDAY, call="c"))
        due = datetime(2026, 11, 28, tzinfo=UTC) + DAYS.bookings
        assert (await stored.retention().sweep(due)).bookings == 2
        assert await stored.bookings.get(past.code) is None
        assert await stored.bookings.get(later.code) == later
        assert [found.code for found in await stored.bookings.of_caller(CALLER, FRIDAY)] == [later.code]
        assert FRIDAY.isoformat() not in await stored.text("bookings", "retention")

    async def test_a_day_that_a_booking_moved_to_is_found_as_well(self, stored: Stored) -> None:
        place = house({4: 3})
        booking = await booked(stored.bookings, ask(place))
        await moved(stored.bookings, booking.code, wish(place, on=SATURDAY))
        assert "Kim" not in (await stored.text("bookings")).partition(SATURDAY.isoformat())[0]
        await stored.retention().sweep(datetime(2027, 3, 1, tzinfo=UTC))
        assert await stored.text("bookings") == ""

    async def test_a_code_that_was_given_away_again_stays_with_its_new_booking(self, stored: Stored) -> None:
        place = house({4: 3})
        await booked(stored.bookings, ask(place))
        table = await stored.tables.table("bookings")
        pointers = [row async for row in table.query_entities("RowKey eq 'code'")]
        await table.upsert_entity({**pointers[0], "root": "booking-of-another"})
        await stored.retention().sweep(datetime(2027, 3, 1, tzinfo=UTC))
        assert "booking-of-another" in await stored.text("bookings")


async def an_order(
    stored: Stored, call: str = "call", *, placed: bool = True, due: datetime = NOW
) -> CartEntry:
    carts = CartStore(stored.tables)
    entry = await carts.begin(call, lambda cart_id: cart(cart_id, NOTED, call=call), NOW)
    if placed:
        wanted = replace(placement(entry, "Kim"), due=due)
        await OrderStore(stored.tables).place(entry, wanted, NOW)
    return entry


class TestOrders:
    async def test_orders_and_carts_go_with_all_that_leads_to_them(self, stored: Stored) -> None:
        await an_order(stored)
        await an_order(stored, "other call", placed=False)
        assert not await stored.retention().sweep(NOW + DAYS.orders)
        swept = await stored.retention().sweep(NOW + DAYS.orders + timedelta(days=1))
        assert swept.orders == 2
        assert await stored.text("orders", "retention") == ""

    async def test_an_order_for_a_later_day_counts_from_that_day(self, stored: Stored) -> None:
        await an_order(stored, due=NOW + timedelta(days=6))
        swept = await stored.retention().sweep(NOW + DAYS.orders + timedelta(days=1))
        assert (swept.orders, swept.failed) == (0, 0)
        assert "Kim" in await stored.text("orders")
        swept = await stored.retention().sweep(NOW + DAYS.orders + timedelta(days=7))
        assert swept.orders == 1
        assert await stored.text("orders", "retention") == ""

    async def test_a_forgotten_one_has_no_name_no_number_no_address_and_no_note(self, stored: Stored) -> None:
        call = await stored.call()
        entry = await an_order(stored, call.id)
        stays = await forget(stored, call)
        assert stays == [Stays("napoli-pizza", NOW.date(), is_order=True)]
        await stored.retention().forget(AFTER)
        assert "Lantern Street" in await stored.text("orders")
        await stored.retention().forget(NEXT_WEEK)
        everything = await stored.text()
        for personal in ("Kim", NUMBER, "Lantern Street", "second floor", "ring twice"):
            assert personal not in everything
        order = await OrderStore(stored.tables).of_cart(entry.cart)
        assert order is not None
        assert order.lines[0].item == "margherita-pizza"

    async def test_a_forgotten_cart_goes_when_its_call_is_over(self, stored: Stored) -> None:
        call = await stored.call()
        await an_order(stored, call.id, placed=False)
        await forget(stored, call)
        await stored.retention().forget(AFTER)
        assert "Lantern Street" in await stored.text("orders")  # the call may go on with it
        await stored.retention().forget(NOW + timedelta(hours=3))
        assert "Lantern Street" not in await stored.text("orders")


async def test_dead_letters_go_after_their_time(stored: Stored) -> None:
    await booked(stored.bookings, ask(house({4: 1})))
    rows = OutboxRows(stored.tables)
    (pointer,) = await rows.pointers()
    (event,) = await rows.pending(pointer)
    await rows.move_aside(event, "refused", NOW)
    assert (await stored.retention().sweep(NOW + timedelta(days=29))).dead_letters == 0
    assert (await stored.retention().sweep(NOW + timedelta(days=31))).dead_letters == 1
    assert [letter async for letter in DeadLetters(stored.tables).all()] == []


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


class TestForgetting:
    async def test_at_once_nothing_is_known_and_then_nothing_is_left(self, stored: Stored) -> None:
        other = await stored.call(number=OTHER, said="Ben here")
        call = await a_past(stored)
        assert await forget(stored, call) == [Stays("the-house", FRIDAY)]
        known = await stored.callers.look(NUMBER, NOW)
        assert (known.memory, known.calls) == (None, ())

        # The call goes on: what is over is forgotten, it itself not yet.
        assert (await stored.retention().forget(NOW)).forgotten == 2
        assert "Kim here" in await stored.text("turns")
        await end(stored, call)
        assert not await stored.retention().forget(NOW + timedelta(minutes=2))
        assert (await stored.retention().forget(AFTER)).forgotten == 1
        words = await stored.text("calls", "turns")
        assert "Kim" not in words
        assert NUMBER not in words
        # The numbers of the operator stay: that there was a call, and how fast it was.
        calls = CallStore(stored.tables)
        assert (await calls.turns(call.id))[0].latency_ms == 5
        assert [run.name for run in await calls.tools(call.id)] == ["book_table"]

        # The booking stays until it is over.
        assert "Kim" in await stored.text("bookings")
        assert (await stored.retention().forget(NEXT_WEEK)).forgotten == 1
        everything = await stored.text()
        assert "Kim" not in everything
        assert NUMBER not in everything
        assert await calls.get(other.id) == other
        assert "Ben here" in everything

    async def test_a_booking_moved_meanwhile_is_forgotten_when_it_is_over(self, stored: Stored) -> None:
        place = house({4: 5})
        booking = await booked(stored.bookings, ask(place))
        await forget(stored, await stored.call())
        await moved(stored.bookings, booking.code, wish(place, on=date(2026, 12, 10)))
        assert (await stored.retention().forget(NEXT_WEEK)).forgotten == 2
        assert "Kim" in await stored.text("bookings")
        await stored.retention().forget(datetime(2026, 12, 13, tzinfo=UTC))
        assert "Kim" not in await stored.text()

    async def test_events_that_were_given_up_are_forgotten_too(self, stored: Stored) -> None:
        await booked(stored.bookings, ask(house({4: 1})))
        rows = OutboxRows(stored.tables)
        (pointer,) = await rows.pointers()
        (event,) = await rows.pending(pointer)
        assert event.event().type == Change.CREATED
        await rows.move_aside(event, "refused", NOW)
        await forget(stored, await stored.call())
        await stored.retention().forget(NEXT_WEEK)
        assert "Kim" not in await stored.text()

    async def test_a_withheld_number_forgets_this_call(self, stored: Stored) -> None:
        call = await stored.call()
        assert await Erasure(stored.tables, stored.callers).forget(None, call.id, NOW) == []
        await stored.retention().forget(AFTER)
        assert "Kim" not in await stored.text("turns")
        assert await stored.callers.calls(NUMBER) == [call.id]

    async def test_a_call_whose_end_nobody_told_is_forgotten_all_the_same(self, stored: Stored) -> None:
        await forget(stored, await stored.call(over=False))
        assert not await stored.retention().forget(NOW + timedelta(hours=1))
        await stored.retention().forget(NOW + timedelta(hours=3))
        assert "Kim" not in await stored.text()

    async def test_a_call_that_is_not_on_record_leaves_no_words(self, stored: Stored) -> None:
        call = await stored.call()
        table = await stored.tables.table("calls")
        await table.delete_entity(f"{call.id[:8]}-{call.id[-16]}", call.id)
        await forget(stored, call)
        await stored.retention().forget(AFTER)
        assert "Kim" not in await stored.text("turns")
        assert await stored.count("retention") == 1  # when the caller's list of calls is to be looked at

    @pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.CRASH_BEFORE])
    async def test_a_store_that_fails_at_any_request_makes_it_later_not_less(
        self, stored: Stored, fault: Fault
    ) -> None:
        """Either the caller is told that it failed and says it again, or all of it happens."""
        at = 0
        while True:
            at += 1
            call = await stored.call(NOW, said=f"Kim {at}", over=False)
            await booked(stored.bookings, ask(house({4: 5}), name=f"Kim {at}"))
            await stored.callers.change(NUMBER, lambda _: MEMORY, NOW)
            faulty = FaultyTables(stored.tables, fault, at)
            try:
                await forget(stored, call, faulty)
            except (AzureError, asyncio.CancelledError):
                await forget(stored, call)
            await end(stored, call)
            for when in (AFTER, NEXT_WEEK, NEXT_WEEK):  # what fails now goes on with the next run
                with contextlib.suppress(AzureError, asyncio.CancelledError):
                    await stored.retention(faulty).forget(when)
            if faulty.requests < at:
                break
        everything = await stored.text()
        assert "Kim" not in everything
        assert NUMBER not in everything
        assert at > 20


class TestTheCommand:
    def test_it_forgets_a_number(
        self,
        azurite: str,
        table_prefix: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("TABLES_CONNECTION_STRING", azurite)
        monkeypatch.setenv("TABLES_PREFIX", table_prefix)
        monkeypatch.setenv("CALLER_KEY", "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=")

        class Then(datetime):
            """The booking is to come, whatever day it is."""

            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(NOW.timestamp(), tz)

        monkeypatch.setattr(caller_forget, "datetime", Then)

        async def prepare() -> None:
            async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
                await a_past(Stored(tables))

        async def left() -> int:
            async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
                return await Stored(tables).count("callers")

        asyncio.run(prepare())
        assert caller_forget.main([NUMBER]) == 0
        assert capsys.readouterr().out.endswith(
            "stays until it is over: a booking at the-house on 2026-11-27\n"
        )
        assert asyncio.run(left()) == 0

    @pytest.mark.parametrize("number", ["anonymous", "5550100", "*"])
    def test_what_is_no_number_is_refused(self, number: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert caller_forget.main([number]) == 2
        assert "number: not one person's" in capsys.readouterr().err

    def test_without_the_key_nobody_is_found(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("CALLER_KEY", raising=False)
        assert caller_forget.main([NUMBER]) == 2
        assert "CALLER_KEY: missing" in capsys.readouterr().err


async def test_the_agenda_gives_what_is_older_and_nothing_else(stored: Stored) -> None:
    agenda = Agenda(stored.tables)
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 11, 22)]
    for day in days:
        await agenda.add(Kind.BOOKINGS, day, "a")
        await agenda.add(Kind.CALLER_CALLS, day, "b")
    found = [entry async for entry in agenda.before(Kind.BOOKINGS, days[2])]
    assert [(entry.day, entry.target) for entry in found] == [(days[0], "a"), (days[1], "a")]
    for entry in found:
        await agenda.done(entry)
        await agenda.done(entry)
    assert [entry async for entry in agenda.before(Kind.BOOKINGS, days[2])] == []


@pytest.mark.parametrize("name", ["CALL", "CALLER", "BOOKING", "ORDER", "DEAD_LETTER"])
def test_days_are_whole_and_at_least_one(name: str) -> None:
    with pytest.raises(
        SettingError, match=rf"^RETENTION_{name}_DAYS: '0' is not a whole number from 1 to 3650$"
    ):
        settings.RetentionSettings.from_env({f"RETENTION_{name}_DAYS": "0"})
