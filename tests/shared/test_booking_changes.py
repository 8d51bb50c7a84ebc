"""Finding, moving and cancelling bookings on a real Table Storage emulator."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from shared.booking_records import Booking, Refused, Status
from shared.bookings import BookingStore
from shared.outbox_relay import Relay
from shared.outbox_rows import OutboxRows
from shared.outbox_topic import OutgoingEvent, Sent, Verdict
from shared.seating import Reason
from shared.tables import Tables
from tests.shared.booking_house import (
    CALLER,
    FRIDAY,
    NOW,
    SATURDAY,
    ZONE,
    ask,
    audit,
    book,
    booked,
    events,
    house,
    moved,
    refused,
    rows,
    wish,
)
from tests.shared.faulty_tables import Fault, FaultyTables


@pytest.fixture
def store(tables: Tables) -> BookingStore:
    return BookingStore(tables)


class TestFind:
    """By code and by number."""

    async def test_a_number_finds_what_is_to_come_in_order_of_time(self, store: BookingStore) -> None:
        restaurant = house({2: 5})
        late = await booked(store, ask(restaurant, "21:00", call="1"))
        next_day = await booked(store, ask(restaurant, on=SATURDAY, call="2"))
        early = await booked(store, ask(restaurant, "18:00", call="3"))
        assert await store.of_caller(CALLER, FRIDAY) == [early, late, next_day]
        assert await store.of_caller(CALLER, SATURDAY) == [next_day]

    async def test_a_number_is_one_however_it_is_written(self, store: BookingStore) -> None:
        booking = await booked(store, ask(house({2: 1}), caller="4:+15550100"))
        assert await store.of_caller("+15550100", FRIDAY) == [booking]

    @pytest.mark.parametrize("caller", [None, "", "anonymous", "4:anonymous", "4:", "restricted"])
    async def test_withheld_numbers_have_no_bookings_in_common(
        self, store: BookingStore, caller: str | None
    ) -> None:
        await booked(store, ask(house({2: 1}), caller=caller))
        assert await store.of_caller(caller, FRIDAY) == []

    async def test_the_number_is_in_no_key(self, store: BookingStore, tables: Tables) -> None:
        await booked(store, ask(house({2: 1})))
        table = await tables.table("bookings")
        keys = [f"{row['PartitionKey']} {row['RowKey']}" async for row in table.list_entities()]
        assert any(key.startswith("caller_") for key in keys)
        assert not any("15550100" in key for key in keys)

    async def test_a_moved_booking_is_found_as_it_is_now(self, store: BookingStore) -> None:
        home, other = house({2: 1}), house({2: 1})
        code = (await booked(store, ask(home))).code
        now = await moved(store, code, wish(other, "20:00", on=date(2026, 12, 24)))
        assert await store.get(code) == now
        assert await store.of_caller(CALLER, date(2026, 12, 20)) == [now]

    async def test_a_cancelled_booking_is_found_by_its_code_only(self, store: BookingStore) -> None:
        booking = await booked(store, ask(house({2: 1})))
        await store.cancel(booking.code)
        assert await store.of_caller(CALLER, FRIDAY) == []
        assert await store.get(booking.code) == replace(booking, status=Status.CANCELLED)


class TestMove:
    """Another time, day, restaurant, party size, or other requests."""

    async def test_within_the_day_the_table_moves_along(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 1, 4: 1})
        first = await booked(store, ask(home))
        assert await moved(store, first.code, wish(home, "20:30")) == replace(first, at=time(20, 30))
        (row,) = await audit(tables, home)
        assert row["slots"] == "1230,1260,1290"

    async def test_its_own_table_is_free_for_it(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 1})
        first = await booked(store, ask(home))
        await moved(store, first.code, wish(home, "20:00"))
        assert len(await audit(tables, home)) == 1

    async def test_a_larger_party_gets_a_larger_table(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 1, 4: 1})
        first = await booked(store, ask(home))
        await moved(store, first.code, wish(home, party=4))
        (row,) = await audit(tables, home)
        assert (row["table_seats"], row["party_size"]) == (4, 4)

    @pytest.mark.parametrize("on", [FRIDAY, SATURDAY])
    async def test_what_is_full_leaves_it_as_it_was(
        self, store: BookingStore, tables: Tables, on: date
    ) -> None:
        home = house({2: 1})
        first = await booked(store, ask(home, "17:30"))
        await booked(store, ask(home, "20:00", on=on, call="rival"))
        outcome = await store.move(first.code, wish(home, "19:30", on=on), ZONE, NOW)
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.FULL
        assert f"{on} 18:00" in [f"{at:%Y-%m-%d %H:%M}" for at in outcome.alternatives]
        assert await store.get(first.code) == first
        assert len(await audit(tables, home)) == 2

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"at": "10:00"}, Reason.CLOSED),
            ({"on": date(2026, 11, 20)}, Reason.PAST),
            ({"on": date(2027, 5, 1)}, Reason.TOO_FAR_AHEAD),
            ({"party": 3}, Reason.PARTY_TOO_LARGE),
            ({"at": "19:40"}, Reason.NOT_A_SLOT),
        ],
    )
    async def test_the_rules_of_the_house_hold(
        self, store: BookingStore, change: dict[str, object], reason: Reason
    ) -> None:
        home = house({2: 1})
        first = await booked(store, ask(home))
        outcome = await store.move(first.code, wish(home, **change), ZONE, NOW)  # type: ignore[arg-type]  # a table of changes
        assert isinstance(outcome, Refused)
        assert outcome.reason is reason
        assert await store.get(first.code) == first

    async def test_there_and_back_many_times(self, store: BookingStore, tables: Tables) -> None:
        home, other = house({2: 1}), house({2: 1})
        first = await booked(store, ask(home))
        for _ in range(3):
            await moved(store, first.code, wish(other, on=SATURDAY))
            assert await moved(store, first.code, wish(home)) == first
        assert [row["restaurant_id"] for row in await audit(tables, home, other)] == [home.id]

    async def test_a_cancelled_booking_stays_cancelled(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 1})
        first = await booked(store, ask(home))
        gone = await store.cancel(first.code)
        assert await store.move(first.code, wish(home, on=SATURDAY), ZONE, NOW) == gone
        assert await audit(tables, home) == []

    async def test_an_unknown_code_changes_nothing(self, store: BookingStore) -> None:
        assert await store.move("HHHHH", wish(house({2: 1})), ZONE, NOW) is None
        assert await store.cancel("HHHHH") is None


class TestCancel:
    """The table is free again."""

    async def test_gives_the_table_to_the_next(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 1})
        first = await booked(store, ask(home))
        assert (await refused(store, ask(home, call="next")))[0] is Reason.FULL
        await store.cancel(first.code)
        await booked(store, ask(home, call="next"))
        assert len(await audit(tables, home)) == 1

    async def test_twice_gives_the_table_back_once(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 2})
        await booked(store, ask(home, call="other"))
        code = (await booked(store, ask(home))).code
        assert await asyncio.gather(*(store.cancel(code) for _ in range(4))) == [await store.get(code)] * 4
        assert len(await audit(tables, home)) == 1

    async def test_the_same_table_can_be_booked_again_in_the_call(
        self, store: BookingStore, tables: Tables
    ) -> None:
        home = house({2: 1})
        first = await booked(store, ask(home))
        await store.cancel(first.code)
        again = await booked(store, ask(home))
        assert again.code != first.code
        assert await booked(store, ask(home)) == again
        assert len(await audit(tables, home)) == 1


class TestRequests:
    """What the restaurant is asked for."""

    async def test_stand_with_the_booking(self, store: BookingStore) -> None:
        booking = await booked(store, ask(house({2: 1}), requests="a high chair"))
        found = await store.get(booking.code)
        assert found is not None
        assert found.requests == "a high chair"

    async def test_are_kept_by_a_move_and_by_a_repeated_booking(self, store: BookingStore) -> None:
        home = house({2: 1})
        booking = await booked(store, ask(home, requests="a high chair"))
        assert await booked(store, ask(home)) == booking
        assert (await moved(store, booking.code, wish(home, on=SATURDAY))).requests == "a high chair"

    async def test_can_be_changed_alone(self, store: BookingStore) -> None:
        home = house({2: 1})
        booking = await booked(store, ask(home, requests="a high chair"))
        changed = await moved(store, booking.code, wish(home), requests="two high chairs")
        assert changed == replace(booking, requests="two high chairs") == await store.get(booking.code)


class _Topic:
    """Takes every event."""

    def __init__(self) -> None:
        self.sent: list[OutgoingEvent] = []

    async def send(self, event: OutgoingEvent) -> Sent:
        self.sent.append(event)
        return Sent(Verdict.ACCEPTED)


class TestEvents:
    """What the restaurant's systems are told."""

    async def test_the_life_of_a_booking(self, store: BookingStore, tables: Tables) -> None:
        home, other = house({2: 1}), house({2: 1})
        code = (await booked(store, ask(home, requests="by the window"))).code
        await booked(store, ask(home, name="Kym"))
        await moved(store, code, wish(other, "20:00", on=SATURDAY))
        await store.cancel(code)
        told = await events(tables, home, other)
        assert [kind for kind, _ in told] == [
            "booking.created",
            "booking.corrected",
            "booking.moved",
            "booking.cancelled",
        ]
        here = {"restaurant": home.id, "date": "2026-11-27", "time": "19:30"}
        there = {"restaurant": other.id, "date": "2026-11-28", "time": "20:00"}
        rest = {"code": code, "party_size": 2, "name": "Kym", "requests": "by the window"}
        assert [data for _, data in told] == [
            {**rest, **here, "name": "Kim"},
            {**rest, **here},
            {**rest, **there, "previous": here},
            {**rest, **there},
        ]

    async def test_the_event_of_a_move_names_where_the_one_before_stands(
        self, store: BookingStore, tables: Tables
    ) -> None:
        home = house({2: 1})
        code = (await booked(store, ask(home))).code
        await moved(store, code, wish(home, on=SATURDAY))
        created, made = sorted(await rows(tables, home, "outbox-"), key=lambda row: row["RowKey"])
        assert created["subject"] == made["subject"]
        assert code not in created["subject"], "a code is given out again"
        assert "follows" not in created
        assert made["follows"] == created["PartitionKey"]

    async def test_the_partition_is_announced_before_the_change(
        self, store: BookingStore, tables: Tables
    ) -> None:
        home = house({2: 1})
        await booked(store, ask(home))
        outbox = await tables.table("outbox")
        announced = {row["partition"] async for row in outbox.list_entities()}
        assert announced == {f"{home.id}_{FRIDAY}"}

    async def test_are_published_in_order_however_often_a_booking_moves(
        self, store: BookingStore, tables: Tables
    ) -> None:
        home, other = house({2: 1}), house({2: 1})
        code = (await booked(store, ask(home))).code
        for restaurant, day in ((other, FRIDAY), (other, SATURDAY), (home, SATURDAY), (home, FRIDAY)):
            await moved(store, code, wish(restaurant, on=day))
        await store.cancel(code)
        topic = _Topic()
        relay = Relay(OutboxRows(tables), topic, max_attempts=3)
        while (await relay.run()).pending:
            pass
        numbers = [int(event.id.rpartition("-")[2]) for event in topic.sent]
        assert numbers == [1, 2, 3, 4, 5, 6]
        assert await events(tables, home, other) == []

    async def test_refusals_and_repeats_tell_nothing(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 1})
        code = (await booked(store, ask(home))).code
        await booked(store, ask(home))
        await refused(store, ask(home, call="rival"))
        await moved(store, code, wish(home))
        assert [kind for kind, _ in await events(tables, home)] == ["booking.created"]

    async def test_the_number_is_not_told(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 1})
        await booked(store, ask(home))
        (row,) = await rows(tables, home, "outbox-")
        assert "15550100" not in str(dict(row))


class TestSweep:
    """Moves whose process died on the way."""

    async def test_settles_what_was_begun_before_and_nothing_else(
        self, store: BookingStore, tables: Tables
    ) -> None:
        home = house({2: 1})
        code = (await booked(store, ask(home))).code
        counting = FaultyTables(tables)
        await BookingStore(counting).move(code, wish(home, on=SATURDAY), ZONE, NOW)
        assert await store.finish_moves(NOW + timedelta(hours=1)) == 0
        await moved(store, code, wish(home))
        # After its transaction the move still has the old table to give back, pointers to lead and a note to
        # take away; it dies before the last three requests of that.
        dying = FaultyTables(tables, Fault.CRASH_BEFORE, counting.requests - 3)
        with pytest.raises(asyncio.CancelledError):
            await BookingStore(dying).move(code, wish(home, on=SATURDAY), ZONE, NOW)
        assert await store.finish_moves(NOW) == 0
        assert await store.finish_moves(NOW + timedelta(seconds=1)) == 1
        assert await store.finish_moves(NOW + timedelta(hours=1)) == 0
        (row,) = await audit(tables, home)
        assert row["PartitionKey"] == f"{home.id}_{SATURDAY}"

    async def test_until_then_the_caller_finds_one_booking(self, store: BookingStore, tables: Tables) -> None:
        home = house({2: 1})
        first = await booked(store, ask(home))
        counting = FaultyTables(tables)
        await BookingStore(counting).move(first.code, wish(home, on=SATURDAY), ZONE, NOW)
        await moved(store, first.code, wish(home))
        for at in range(1, counting.requests + 1):
            dying = FaultyTables(tables, Fault.CRASH_BEFORE, at)
            with pytest.raises(asyncio.CancelledError):
                await BookingStore(dying).move(first.code, wish(home, on=SATURDAY), ZONE, NOW)
            (found,) = await store.of_caller(CALLER, FRIDAY)
            assert found in (first, replace(first, on=SATURDAY))
            assert await moved(store, first.code, wish(home)) == first


async def test_a_repeated_booking_after_a_move_is_a_new_one(store: BookingStore, tables: Tables) -> None:
    """The caller has moved to Saturday and now wants Friday as well."""
    home = house({2: 1})
    first = await booked(store, ask(home))
    await moved(store, first.code, wish(home, on=SATURDAY))
    again = await booked(store, ask(home))
    assert isinstance(await book(store, ask(home)), Booking)
    assert {row["code"] for row in await audit(tables, home)} == {first.code, again.code}
