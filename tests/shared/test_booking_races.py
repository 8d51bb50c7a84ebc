"""Many callers at once, from several processes: as many tables are given as there are, and all are used."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.booking_records import Booking, Refused
from shared.bookings import BookingStore
from shared.ledger import ConflictError
from shared.restaurant import Restaurant
from shared.seating import Reason
from shared.tables import Tables
from tests.shared.booking_house import FRIDAY, NOW, SATURDAY, ZONE, ask, audit, book, booked, house, wish

PROCESSES, CALLS = 8, 8
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tables: Tables) -> BookingStore:
    return BookingStore(tables)


async def test_of_sixty_four_in_eight_processes_exactly_one_gets_the_last_table(
    azurite: str, table_prefix: str, tables: Tables
) -> None:
    restaurant = house({2: 1}, name="last-table")

    async def begin(first: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.shared.booking_rival"),
            *(azurite, table_prefix, restaurant.id, str(first), str(CALLS)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )

    rivals = await asyncio.gather(*(begin(n * CALLS) for n in range(PROCESSES)))
    for rival in rivals:
        assert rival.stdout is not None
        assert await rival.stdout.readline() == b"ready\n"
    answers = await asyncio.gather(*(rival.communicate(b"go\n") for rival in rivals))
    outcomes: list[dict[str, Any]] = [one for answer, _ in answers for one in json.loads(answer)]
    winners = [outcome for outcome in outcomes if "code" in outcome]
    losers = [outcome for outcome in outcomes if "code" not in outcome]
    assert (len(winners), len(losers)) == (1, PROCESSES * CALLS - 1)
    assert all(loser["reason"] == Reason.FULL and loser["alternatives"] for loser in losers)
    (standing,) = await audit(tables, restaurant)
    assert standing["code"] == winners[0]["code"]


async def test_of_many_who_move_to_the_last_table_exactly_one_gets_it(
    store: BookingStore, tables: Tables
) -> None:
    """The others keep what they had."""
    homes, wanted = [house({2: 1}) for _ in range(12)], house({2: 1})
    codes = [(await booked(store, ask(home, call=home.id))).code for home in homes]
    outcomes = await asyncio.gather(*(store.move(code, wish(wanted), ZONE, NOW) for code in codes))
    assert sum(isinstance(outcome, Booking) for outcome in outcomes) == 1
    assert all(o.alternatives for o in outcomes if isinstance(o, Refused))
    standing = await audit(tables, *homes, wanted)
    assert len(standing) == len(homes)
    assert sum(row["restaurant_id"] == wanted.id for row in standing) == 1


async def test_a_booking_moved_and_cancelled_at_once_ends_in_one_of_both(
    store: BookingStore, tables: Tables
) -> None:
    for _ in range(8):
        home = house({2: 1})
        code = (await booked(store, ask(home))).code
        await asyncio.gather(
            store.move(code, wish(home, on=SATURDAY), ZONE, NOW),
            store.cancel(code),
            store.move(code, wish(home, "21:00"), ZONE, NOW),
        )
        await store.finish_moves(NOW + timedelta(hours=1))
        assert await audit(tables, home) == []
        cancelled = await store.get(code)
        assert cancelled is not None
        assert cancelled.status == "cancelled"


_days = st.sampled_from([FRIDAY, SATURDAY])
_times = st.sampled_from(["18:00", "19:00", "19:30"])
_who = st.integers(0, 3)
_steps = st.one_of(
    st.tuples(st.just("book"), _who, _days, _times),
    st.tuples(st.just("move"), _who, _days, _times),
    st.tuples(st.just("cancel"), _who, _days, _times),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(_steps, min_size=1, max_size=4), min_size=1, max_size=5))
async def test_any_changes_in_any_order_leave_tables_and_bookings_in_step(
    store: BookingStore, tables: Tables, rounds: list[list[tuple[str, int, date, str]]]
) -> None:
    """The changes of a round happen at once; the tables are few, so that they meet."""
    restaurant, codes = house({2: 1, 4: 1}), dict[int, str]()
    for steps in rounds:
        await asyncio.gather(*(_do(store, restaurant, codes, step) for step in steps))
        standing = {row["code"] for row in await audit(tables, restaurant)}
        for code in codes.values():
            booking = await store.get(code)
            assert booking is not None
            assert (booking.status == "booked") == (code in standing)


async def _do(
    store: BookingStore, restaurant: Restaurant, codes: dict[int, str], step: tuple[str, int, date, str]
) -> None:
    what, who, day, at = step
    try:
        if what == "book":
            outcome = await book(store, ask(restaurant, at, on=day, call=f"call-{who}", caller=None))
            if isinstance(outcome, Booking):
                codes[who] = outcome.code
        elif who in codes and what == "move":
            await store.move(codes[who], wish(restaurant, at, on=day), ZONE, NOW)
        elif who in codes:
            await store.cancel(codes[who])
    except ConflictError:
        pass  # nothing was saved, and the audit sees that
