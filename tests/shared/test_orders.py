"""Carts and orders in the store: what is placed stands once, and what a restaurant says is told."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from shared import pointers
from shared.order_carts import CartStore
from shared.order_records import Cart, Order, Status
from shared.order_rows import CartEntry, CartState
from shared.order_sold_out import FOREVER, SoldOut
from shared.orders import CartChangedError, OrderStore, StatusError
from shared.tables import Tables
from tests.shared.order_house import CALLER, NOW, audit, cart, events, moved_to, placement, rows

ROOT = Path(__file__).parents[2]
PROCESSES, TRIES = 3, 8


@pytest.fixture
def carts(tables: Tables) -> CartStore:
    return CartStore(tables)


@pytest.fixture
def orders(tables: Tables) -> OrderStore:
    return OrderStore(tables)


async def begun(carts: CartStore, call: str = "call", caller: str | None = CALLER) -> CartEntry:
    return await carts.begin(call, lambda cart_id: cart(cart_id, call=call, caller=caller), NOW)


async def placed(carts: CartStore, orders: OrderStore, call: str = "call") -> Order:
    entry = await begun(carts, call)
    return await orders.place(entry, placement(entry), NOW)


class TestCarts:
    """The cart of a call."""

    async def test_is_found_by_its_call_and_by_no_other(self, carts: CartStore) -> None:
        entry = await begun(carts)
        assert await carts.of_call("call") == entry
        assert await carts.of_call("other") is None

    async def test_is_replaced_only_as_it_was_read(self, carts: CartStore) -> None:
        entry = await begun(carts)
        saved = await carts.save(entry, moved_to(entry.cart, "1 Bell Lane"), NOW)
        assert saved is not None
        assert await carts.save(entry, moved_to(entry.cart, "2 Bell Lane"), NOW) is None
        assert await carts.of_call("call") == saved

    async def test_of_two_that_change_it_one_loses(self, carts: CartStore) -> None:
        entry = await begun(carts)
        changes = [moved_to(entry.cart, f"{number} Bell Lane") for number in range(1, 9)]
        saved = await asyncio.gather(*(carts.save(entry, change, NOW) for change in changes))
        assert sum(each is not None for each in saved) == 1

    async def test_the_next_of_a_call_is_another_one(self, carts: CartStore, orders: OrderStore) -> None:
        first = await begun(carts)
        await orders.place(first, placement(first), NOW)
        second = await begun(carts)
        assert second.cart.id != first.cart.id
        assert (await orders.place(second, placement(second), NOW)).id == second.cart.id

    async def test_two_that_begin_at_once_end_with_one_of_them(self, carts: CartStore) -> None:
        entries = await asyncio.gather(*(begun(carts) for _ in range(4)))
        held = await carts.of_call("call")
        assert held is not None
        assert held.cart.id in {entry.cart.id for entry in entries}


class TestPlacing:
    """A cart becomes one order."""

    async def test_order_and_event_say_all(
        self, carts: CartStore, orders: OrderStore, tables: Tables
    ) -> None:
        order = await placed(carts, orders)
        assert await orders.get(order.code) == order
        assert await orders.of_caller("+15550100", NOW) == [order]
        (row,) = await rows(tables, "outbox-")
        assert (row["event_type"], row["subject"]) == ("order.created", f"orders/{order.id}")
        told = msgspec.json.decode(row["data"])
        assert told["lines"] == [
            {
                "item": "margherita-pizza",
                "name": "Margherita Pizza",
                "quantity": 1,
                "options": ["large"],
                "note": "",
                "price": "14.50",
                "amount": "14.50",
            }
        ]
        assert (told["subtotal"], told["fee"], told["total"], told["currency"]) == (
            *("14.50", "2.00", "16.50"),
            "EUR",
        )
        assert (told["address"], told["directions"]) == ("14 Lantern Street", "second floor")
        assert (told["name"], told["telephone"], told["code"]) == ("Kim Taylor", "+15550100", order.code)
        assert told["due"] == "2026-11-22T18:34:00+00:00"
        await audit(tables)

    async def test_again_it_is_the_same(self, carts: CartStore, orders: OrderStore, tables: Tables) -> None:
        entry = await begun(carts)
        order = await orders.place(entry, placement(entry), NOW)
        assert await orders.place(entry, placement(entry, "Kym"), NOW + timedelta(minutes=1)) == order
        assert await orders.of_cart(entry.cart) == order
        assert len(await audit(tables)) == 1

    async def test_what_changed_since_is_not_ordered(
        self, carts: CartStore, orders: OrderStore, tables: Tables
    ) -> None:
        entry = await begun(carts)
        await carts.save(entry, moved_to(entry.cart, "1 Bell Lane"), NOW)
        with pytest.raises(CartChangedError):
            await orders.place(entry, placement(entry), NOW)
        assert await audit(tables) == []

    async def test_a_cart_that_is_placed_is_closed(self, carts: CartStore, orders: OrderStore) -> None:
        await placed(carts, orders)
        closed = await carts.of_call("call")
        assert closed is not None
        assert closed.state is CartState.PLACED
        assert await carts.save(closed, moved_to(closed.cart, "1 Bell Lane"), NOW) is None

    async def test_changing_and_placing_at_once(
        self, carts: CartStore, orders: OrderStore, tables: Tables
    ) -> None:
        """Either it was ordered as it was read back, or it was changed and not ordered."""
        for number in range(6):
            entry = await begun(carts, f"call-{number}")
            changed, outcome = await asyncio.gather(
                carts.save(entry, moved_to(entry.cart, "1 Bell Lane"), NOW),
                orders.place(entry, placement(entry), NOW),
                return_exceptions=True,
            )
            assert isinstance(outcome, Order) == (changed is None)
        await audit(tables)

    async def test_codes_are_not_given_twice(
        self, carts: CartStore, orders: OrderStore, tables: Tables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pointers, "booking_code", lambda _, attempt: ("HHHHK", "HHHKH")[attempt])
        assert [(await placed(carts, orders, call)).code for call in ("a", "b")] == ["HHHHK", "HHHKH"]
        await audit(tables)

    async def test_from_several_processes_it_is_one(
        self, azurite: str, table_prefix: str, carts: CartStore, tables: Tables
    ) -> None:
        await begun(carts)
        rivals = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.shared.order_rival", azurite, table_prefix, str(TRIES)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
            )
            for _ in range(PROCESSES)
        ]
        for rival in rivals:
            assert rival.stdout is not None
            assert await rival.stdout.readline() == b"ready\n"
        answers = await asyncio.gather(*(rival.communicate(b"go\n") for rival in rivals))
        placed_codes = [code for answer, _ in answers for code in json.loads(answer)]
        assert len(placed_codes) == PROCESSES * TRIES
        (order,) = await audit(tables)
        assert set(placed_codes) == {order["code"]}


class TestAfterwards:
    """Status and cancelling."""

    async def test_each_step_is_an_event(self, carts: CartStore, orders: OrderStore, tables: Tables) -> None:
        order = await placed(carts, orders)
        for status in (Status.ACCEPTED, Status.ACCEPTED, Status.ON_ITS_WAY, Status.DELIVERED):
            changed = await orders.set_status(order.code, status)
            assert changed is not None
            assert changed.status is status
        assert await events(tables, order) == [
            "order.created",
            "order.accepted",
            "order.on_its_way",
            "order.delivered",
        ]
        await audit(tables)

    async def test_no_step_is_taken_back(self, carts: CartStore, orders: OrderStore) -> None:
        order = await placed(carts, orders)
        await orders.set_status(order.code, Status.DELIVERED)
        for status in (Status.ACCEPTED, Status.CANCELLED):
            with pytest.raises(StatusError, match="the order is delivered; it cannot become"):
                await orders.set_status(order.code, status)
        assert await orders.set_status("HHHHH", Status.ACCEPTED) is None

    @pytest.mark.parametrize(
        ("said", "minutes", "gone"),
        [
            (None, 4, True),
            (Status.ACCEPTED, 4, True),
            (Status.PREPARING, 4, False),
            (None, 5, False),
            (Status.CANCELLED, 60, True),
        ],
    )
    async def test_a_caller_may_cancel_for_a_while(
        self, carts: CartStore, orders: OrderStore, said: Status | None, minutes: int, gone: bool
    ) -> None:
        order = await placed(carts, orders)
        if said is not None:
            await orders.set_status(order.code, said)
        outcome = await orders.cancel(order.code, NOW + timedelta(minutes=minutes))
        assert outcome is not None
        assert (outcome.status is Status.CANCELLED) == gone
        assert await orders.get(order.code) == outcome

    async def test_cancelled_and_begun_at_once_it_is_one_of_both(
        self, carts: CartStore, orders: OrderStore, tables: Tables
    ) -> None:
        for number in range(6):
            order = await placed(carts, orders, f"call-{number}")
            await asyncio.gather(
                orders.cancel(order.code, NOW),
                orders.set_status(order.code, Status.PREPARING),
                return_exceptions=True,
            )
            seen = await orders.get(order.code)
            assert seen is not None
            told = await events(tables, order)
            assert told[-1] == f"order.{seen.status}"
            # A kitchen that had begun is told to stop by nobody; one that was told to stop does not begin.
            assert told[1:] in (["order.cancelled"], ["order.preparing"])
        await audit(tables)

    async def test_of_a_caller_are_those_of_late(self, carts: CartStore, orders: OrderStore) -> None:
        first = await placed(carts, orders, "first")
        second_cart = await begun(carts, "second")
        second = await orders.place(second_cart, placement(second_cart), NOW + timedelta(minutes=1))
        assert await orders.of_caller(CALLER, NOW) == [second, first]
        assert await orders.of_caller(CALLER, NOW + timedelta(hours=13)) == []
        assert await orders.of_caller("+15550199", NOW) == []
        assert await orders.of_caller("anonymous", NOW) == []


async def test_what_is_sold_out_comes_back(tables: Tables) -> None:
    sold_out = SoldOut(tables)
    await sold_out.mark("napoli-pizza", "tiramisu", NOW + timedelta(hours=1))
    await sold_out.mark("napoli-pizza", "soup-of-the-day", FOREVER)
    assert set(await sold_out.of("napoli-pizza", NOW)) == {"tiramisu", "soup-of-the-day"}
    assert set(await sold_out.of("napoli-pizza", NOW + timedelta(hours=1))) == {"soup-of-the-day"}
    await sold_out.mark("napoli-pizza", "soup-of-the-day", NOW)
    assert await sold_out.of("napoli-pizza", NOW) == await sold_out.of("napoli", NOW) | {
        "tiramisu": NOW + timedelta(hours=1)
    }


def test_a_cart_reads_back_as_it_was_written() -> None:
    before = msgspec.structs.replace(cart(), wished=NOW, asked=("a",), granted=("a",), read_back="2 16.50")
    assert msgspec.json.decode(msgspec.json.encode(before), type=Cart) == before
