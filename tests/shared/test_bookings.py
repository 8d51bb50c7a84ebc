"""Bookings on a real Table Storage emulator: never doubled, never lost, never over capacity."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import ledger, pointers, seating
from shared.booking_code import LENGTH, LETTERS, booking_code, read_code
from shared.booking_records import Booking, Refused
from shared.bookings import BookingStore
from shared.ledger import ConflictError
from shared.seating import Reason
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.booking_house import CALLER, FRIDAY, NOW, ask, book, booked, house, refused, rows


@pytest.fixture(scope="module")
async def tables(azurite: str) -> AsyncIterator[Tables]:
    async with Tables(StoreSettings(azurite, None, "bookingtests")) as opened:
        yield opened


@pytest.fixture
def store(tables: Tables) -> BookingStore:
    return BookingStore(tables)


class TestOneBooking:
    """What is stored and found again."""

    async def test_holds_what_the_caller_asked_for(self, store: BookingStore) -> None:
        restaurant = house({2: 1})
        booking = await booked(store, ask(restaurant))
        assert booking == Booking(
            booking.code, restaurant.id, FRIDAY, time(19, 30), 2, "Kim", "call", CALLER, NOW
        )

    async def test_is_found_by_its_code_however_it_is_spelled(self, store: BookingStore) -> None:
        booking = await booked(store, ask(house({2: 1})))
        for said in (booking.code, booking.code.lower(), ", ".join(booking.code), "-".join(booking.code)):
            assert await store.get(said) == booking

    @pytest.mark.parametrize("said", ["", "HHHHH", "ABCDE", "HHHH", "12345", "drop table"])
    async def test_an_unknown_code_finds_nothing(self, store: BookingStore, said: str) -> None:
        assert await store.get(said) is None

    async def test_takes_the_smallest_table_that_fits_for_the_whole_sitting(
        self, store: BookingStore, tables: Tables
    ) -> None:
        restaurant = house({2: 1, 4: 1, 6: 1})
        await booked(store, ask(restaurant, party=3))
        taken = {row["RowKey"]: row["taken_4"] for row in await rows(tables, restaurant, "slot")}
        assert taken == {"slot-1170": 1, "slot-1200": 1, "slot-1230": 1}

    async def test_a_party_gets_a_larger_table_when_its_own_size_is_gone(self, store: BookingStore) -> None:
        restaurant = house({2: 1, 4: 1})
        for call in ("one", "two"):
            await booked(store, ask(restaurant, call=call))
        assert (await refused(store, ask(restaurant, call="three")))[0] is Reason.FULL

    async def test_after_midnight_is_the_service_of_the_evening_before(
        self, store: BookingStore, tables: Tables
    ) -> None:
        restaurant = house({2: 1})
        saturday = FRIDAY + timedelta(days=1)
        late = await booked(store, ask(restaurant, "23:30", call="one"))
        assert (await refused(store, ask(restaurant, "00:30", on=saturday, call="two")))[0] is Reason.FULL
        assert late.on == FRIDAY
        assert {row["PartitionKey"] for row in await rows(tables, restaurant, "slot")} == {
            f"{restaurant.id}_{FRIDAY}"
        }


class TestTheSameRequestAgain:
    """A tool call repeated after a lost answer, a crash or a reconnect."""

    async def test_gives_the_same_booking(self, store: BookingStore, tables: Tables) -> None:
        restaurant = house({2: 5})
        first = await booked(store, ask(restaurant))
        assert await booked(store, ask(restaurant)) == first
        assert {row["taken_2"] for row in await rows(tables, restaurant, "slot")} == {1}

    async def test_gives_the_same_booking_when_all_come_at_once(
        self, store: BookingStore, tables: Tables
    ) -> None:
        restaurant = house({2: 5})
        all_of_them = await asyncio.gather(*(booked(store, ask(restaurant)) for _ in range(8)))
        assert len({booking.code for booking in all_of_them}) == 1
        assert len(await rows(tables, restaurant, "booking")) == 1
        assert {row["taken_2"] for row in await rows(tables, restaurant, "slot")} == {1}

    async def test_gives_the_same_booking_after_its_time_has_come(self, store: BookingStore) -> None:
        request = ask(house({2: 1}))
        first = await booked(store, request)
        assert await book(store, request, datetime(2026, 11, 27, 20, tzinfo=UTC)) == first

    async def test_puts_the_name_right(self, store: BookingStore) -> None:
        restaurant = house({2: 5})
        first = await booked(store, ask(restaurant, name="Sean"))
        second = await booked(store, ask(restaurant, name="Shaun"))
        assert second == replace(first, name="Shaun") == await store.get(first.code)

    @pytest.mark.parametrize(
        "change", [{"call": "other"}, {"party": 1}, {"at": "20:00"}, {"on": date(2026, 11, 28)}]
    )
    async def test_another_call_or_other_details_are_another_booking(
        self, store: BookingStore, change: dict[str, Any]
    ) -> None:
        restaurant = house({2: 5})
        first = await booked(store, ask(restaurant))
        assert (await booked(store, ask(restaurant, **change))).code != first.code


class TestFaults:
    """The store answers late, wrongly or not at all."""

    async def test_a_commit_whose_answer_was_lost_is_not_made_twice(
        self, store: BookingStore, tables: Tables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        restaurant, table = house({2: 5}), await tables.table("bookings")
        commit = table.submit_transaction

        async def commit_and_lose_the_answer(operations: Any) -> None:
            await commit(operations)
            raise ServiceResponseError("connection lost")

        with monkeypatch.context() as patched:
            patched.setattr(table, "submit_transaction", commit_and_lose_the_answer)
            with pytest.raises(ServiceResponseError):
                await book(store, ask(restaurant))
        booking = await booked(store, ask(restaurant))
        assert len(await rows(tables, restaurant, "booking")) == 1
        assert await store.get(booking.code) == booking

    async def test_a_commit_that_the_client_repeated_is_recognised(
        self, store: BookingStore, tables: Tables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """azure-core sends a request again when its answer is lost; the second one meets our own rows."""
        restaurant, table = house({2: 1}), await tables.table("bookings")
        commit = table.submit_transaction

        async def commit_twice(operations: Any) -> None:
            await commit(operations)
            await commit(operations)

        monkeypatch.setattr(table, "submit_transaction", commit_twice)
        booking = await booked(store, ask(restaurant))
        assert await store.get(booking.code) == booking
        assert {row["taken_2"] for row in await rows(tables, restaurant, "slot")} == {1}

    async def test_a_crash_before_the_commit_leaves_no_booking(
        self, store: BookingStore, tables: Tables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        restaurant, table = house({2: 1}), await tables.table("bookings")

        async def crash(_: Any) -> None:
            raise asyncio.CancelledError

        with monkeypatch.context() as patched:
            patched.setattr(table, "submit_transaction", crash)
            with pytest.raises(asyncio.CancelledError):
                await book(store, ask(restaurant))
        assert await store.get(booking_code(ask(restaurant).identity, 0)) is None
        assert await rows(tables, restaurant, "slot") == []
        assert (await booked(store, ask(restaurant))).code == booking_code(ask(restaurant).identity, 0)

    async def test_endless_conflicts_end_in_an_error_and_no_booking(
        self, store: BookingStore, tables: Tables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        restaurant, table = house({2: 1_000}), await tables.table("bookings")
        commit = table.submit_transaction
        monkeypatch.setattr(ledger, "BACKOFF_MOST_S", 0)

        async def overtaken(operations: list[Any]) -> None:
            row, *_ = await rows(tables, restaurant, "slot") or [None]
            if row is None:
                await table.create_entity(dict(operations[0][1]))
            else:
                await table.update_entity({**row, "taken_2": row["taken_2"] + 1})
            await commit(operations)

        monkeypatch.setattr(table, "submit_transaction", overtaken)
        with pytest.raises(ConflictError):
            await book(store, ask(restaurant))
        assert await rows(tables, restaurant, "booking") == []


class TestCodes:
    """Short, speakable and never given twice while it matters."""

    def test_letters_cannot_be_mistaken_on_the_line(self) -> None:
        for alike in ("BCDEGPTVZ", "AJKH", "FSX", "MN", "IY", "QU"):
            assert len(set(alike) & set(LETTERS)) <= (2 if alike == "AJKH" else 1)
        assert len(set(LETTERS)) == len(LETTERS)

    @given(st.text(), st.integers(0, 50))
    def test_a_code_reads_back(self, identity: str, attempt: int) -> None:
        code = booking_code(identity, attempt)
        assert len(code) == LENGTH
        assert read_code(" ".join(code).lower()) == code

    async def test_a_code_in_use_is_not_given_again(
        self, store: BookingStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pointers, "booking_code", lambda _, attempt: ("HHHHK", "HHHKH", "HHKHH")[attempt])
        restaurant = house({2: 5})
        given_out = [(await booked(store, ask(restaurant, call=call))).code for call in ("a", "b", "c")]
        assert given_out == ["HHHHK", "HHHKH", "HHKHH"]

    async def test_a_code_is_free_again_when_its_meal_is_over(
        self, store: BookingStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pointers, "booking_code", lambda _, attempt: ("LLLLK", "LLLKL")[attempt])
        restaurant = house({2: 5})
        await booked(store, ask(restaurant, call="before"))
        later = await book(store, ask(restaurant, on=date(2026, 12, 4)), datetime(2026, 12, 3, tzinfo=UTC))
        assert isinstance(later, Booking)
        assert later.code == "LLLLK"
        assert await store.get("LLLLK") == later


MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("like", "change", "reason", "alternatives"),
    [
        (
            "napoli-pizza",
            {"on": date(2026, 11, 22), "at": "18:00"},
            Reason.PAST,
            ["Sun 18:30", "Sun 19:00", "Sun 19:30"],
        ),
        ("napoli-pizza", {"on": date(2026, 11, 20)}, Reason.PAST, []),
        ("napoli-pizza", {"on": date(2026, 11, 20), "at": "09:00"}, Reason.PAST, []),
        ("napoli-pizza", {"on": date(2027, 2, 21)}, Reason.TOO_FAR_AHEAD, []),
        ("golden-lotus", {"on": MONDAY}, Reason.CLOSED, ["Tue 19:30"]),
        (
            "golden-lotus",
            {"on": date(2026, 11, 24), "at": "15:00"},
            Reason.CLOSED,
            ["Tue 13:00", "Tue 13:30", "Tue 17:30"],
        ),
        (
            "golden-lotus",
            {"on": date(2026, 11, 24), "at": "22:00"},
            Reason.LAST_SEATING,
            ["Tue 20:30", "Tue 21:00", "Tue 21:30"],
        ),
        (
            "golden-lotus",
            {"on": date(2026, 11, 24), "at": "19:10"},
            Reason.NOT_A_SLOT,
            ["Tue 18:30", "Tue 19:00", "Tue 19:30"],
        ),
        ("golden-lotus", {"party": 5}, Reason.PARTY_TOO_LARGE, []),
    ],
)
async def test_a_request_against_the_rules_is_refused_with_what_is_free(
    store: BookingStore, like: str, change: dict[str, Any], reason: Reason, alternatives: list[str]
) -> None:
    assert await refused(store, ask(house({4: 1}, like), **change)) == (reason, alternatives)


async def test_the_last_day_that_can_be_booked(store: BookingStore) -> None:
    await booked(store, ask(house({2: 1}), on=date(2027, 2, 20)))


class TestFull:
    """No table left."""

    async def test_the_nearest_free_times_of_the_day_are_offered(self, store: BookingStore) -> None:
        restaurant = house({2: 1})
        await booked(store, ask(restaurant, "19:30", call="first"))
        assert await refused(store, ask(restaurant)) == (Reason.FULL, ["Fri 17:30", "Fri 18:00", "Fri 21:00"])

    async def test_a_full_day_sends_to_the_next(self, store: BookingStore) -> None:
        restaurant = house({2: 1}, like="golden-lotus", sitting=300, last=240)
        tuesday = date(2026, 11, 24)
        await booked(store, ask(restaurant, "17:30", on=tuesday, call="first"))
        assert await refused(store, ask(restaurant, "17:30", on=tuesday)) == (Reason.FULL, ["Wed 17:30"])

    async def test_of_thirty_two_at_once_exactly_one_gets_the_last_table(
        self, store: BookingStore, tables: Tables
    ) -> None:
        restaurant = house({2: 1})
        outcomes = await asyncio.gather(*(book(store, ask(restaurant, call=f"call-{n}")) for n in range(32)))
        winners = [outcome for outcome in outcomes if isinstance(outcome, Booking)]
        losers = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert (len(winners), len(losers)) == (1, 31)
        assert all(loser.reason is Reason.FULL and loser.alternatives for loser in losers)
        assert len(await rows(tables, restaurant, "booking")) == 1
        assert await store.get(winners[0].code) == winners[0]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wishes=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4)), min_size=4, max_size=12),
    sitting=st.sampled_from([30, 60, 90, 120]),
)
async def test_at_no_minute_more_parties_than_tables(
    store: BookingStore, tables: Tables, wishes: list[tuple[int, int]], sitting: int
) -> None:
    """Random parties at once; the check lays out the stays minute by minute and knows nothing of slots."""
    restaurant = house({2: 1, 4: 2}, sitting=sitting)
    requests = [
        ask(restaurant, f"{18 + half // 2}:{half % 2 * 30:02d}", call=f"call-{n}", party=party)
        for n, (half, party) in enumerate(wishes)
    ]
    outcomes = await asyncio.gather(*(book(store, request) for request in requests))
    stored = await rows(tables, restaurant, "booking")
    assert {row["code"] for row in stored} == {o.code for o in outcomes if isinstance(o, Booking)}
    seated: Counter[tuple[int, int]] = Counter()
    for row in stored:
        assert row["party_size"] <= row["table_seats"]
        start = seating.minute_of(time.fromisoformat(row["at"]))
        seated.update((minute, row["table_seats"]) for minute in range(start, start + sitting))
    assert all(count <= {2: 1, 4: 2}[seats] for (_, seats), count in seated.items())
    for request, outcome in zip(requests, outcomes, strict=True):
        if isinstance(outcome, Refused):
            start = seating.minute_of(request.at)
            assert outcome.reason is Reason.FULL
            assert any(seated[minute, 4] == 2 for minute in range(start, start + sitting))
