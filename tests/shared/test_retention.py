"""Old data goes: against a real Azurite."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from shared import settings
from shared.call_store import CallStore
from shared.caller_erasure import Erasure
from shared.caller_memory import begun
from shared.calls import Call
from shared.counter import Counter
from shared.insights import InsightStore
from shared.outbox_dead import DeadLetters
from shared.outbox_rows import OutboxRows
from shared.retention_agenda import Agenda, Kind
from shared.settings import SettingError
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
from tests.shared.faulty_tables import FaultyTables
from tests.shared.stored_past import (
    AFTER,
    DAYS,
    KEYS,
    MAKER,
    NUMBER,
    OTHER,
    Stored,
    an_order,
)


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


async def test_dead_letters_go_after_their_time(stored: Stored) -> None:
    await booked(stored.bookings, ask(house({4: 1})))
    rows = OutboxRows(stored.tables)
    (pointer,) = await rows.pointers()
    (event,) = await rows.pending(pointer)
    await rows.move_aside(event, "refused", NOW)
    assert (await stored.retention().sweep(NOW + timedelta(days=29))).dead_letters == 0
    assert (await stored.retention().sweep(NOW + timedelta(days=31))).dead_letters == 1
    assert [letter async for letter in DeadLetters(stored.tables).all()] == []


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
