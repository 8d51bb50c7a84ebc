"""Forgotten callers are forgotten: against a real Azurite, also when the store fails."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Self

import pytest
from azure.core.exceptions import AzureError

from shared import caller_forget
from shared.booking_rows import Change
from shared.call_store import CallStore
from shared.caller_erasure import Erasure, Stays
from shared.orders import OrderStore
from shared.outbox_rows import OutboxRows
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.booking_house import (
    FRIDAY,
    NOW,
    ask,
    booked,
    house,
    moved,
    wish,
)
from tests.shared.faulty_tables import Fault, FaultyTables
from tests.shared.stored_past import (
    AFTER,
    MEMORY,
    NEXT_WEEK,
    NUMBER,
    OTHER,
    Stored,
    a_past,
    an_order,
    end,
    forget,
)


@pytest.fixture
def stored(tables: Tables) -> Stored:
    return Stored(tables)


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

    async def test_an_order_keeps_no_name_no_number_no_address_and_no_note(self, stored: Stored) -> None:
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

    async def test_a_cart_goes_when_its_call_is_over(self, stored: Stored) -> None:
        call = await stored.call()
        await an_order(stored, call.id, placed=False)
        await forget(stored, call)
        await stored.retention().forget(AFTER)
        assert "Lantern Street" in await stored.text("orders")  # the call may go on with it
        await stored.retention().forget(NOW + timedelta(hours=3))
        assert "Lantern Street" not in await stored.text("orders")


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
                call = await a_past(Stored(tables))
                await an_order(Stored(tables), call.id, due=NOW + timedelta(hours=2))

        async def left() -> int:
            async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
                return await Stored(tables).count("callers")

        asyncio.run(prepare())
        assert caller_forget.main([NUMBER]) == 0
        assert capsys.readouterr().out.splitlines()[1:] == [
            "stays until it is over: an order at napoli-pizza on 2026-11-22",
            "stays until it is over: a booking at the-house on 2026-11-27",
        ]
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
