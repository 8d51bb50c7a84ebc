"""The store fails at every request of every change: nothing is lost and nothing is doubled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from shared.booking_records import Booking, Refused, Status
from shared.bookings import BookingStore
from shared.restaurant import Restaurant
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.booking_house import NOW, SATURDAY, ZONE, ask, audit, booked, events, house, moved, wish
from tests.shared.faulty_tables import Fault, FaultyTables

type Outcome = Booking | Refused | None
type Change = Callable[[BookingStore, Restaurant, Restaurant, str], Awaitable[Outcome]]

CALLER = "+15550"
"""The beginning of numbers that each call once."""


@dataclass(frozen=True)
class Scenario:
    """A change to a booking at the first of two restaurants; `told` are the events of the change."""

    change: Change
    told: tuple[str, ...]
    exists: bool = True
    """The booking is there before."""


async def _book(store: BookingStore, home: Restaurant, _: Restaurant, __: str) -> Outcome:
    return await store.book(ask(home), ZONE, NOW)


async def _name(store: BookingStore, home: Restaurant, _: Restaurant, __: str) -> Outcome:
    return await store.book(ask(home, name="Kym", requests="a high chair"), ZONE, NOW)


async def _later(store: BookingStore, home: Restaurant, _: Restaurant, code: str) -> Outcome:
    return await store.move(code, wish(home, "20:00"), ZONE, NOW)


async def _day(store: BookingStore, home: Restaurant, _: Restaurant, code: str) -> Outcome:
    return await store.move(code, wish(home, on=SATURDAY), ZONE, NOW)


async def _restaurant(store: BookingStore, _: Restaurant, other: Restaurant, code: str) -> Outcome:
    return await store.move(code, wish(other, on=SATURDAY), ZONE, NOW, requests="by the window")


async def _cancel(store: BookingStore, _: Restaurant, __: Restaurant, code: str) -> Outcome:
    return await store.cancel(code)


SCENARIOS = {
    "book": Scenario(_book, ("booking.created",), exists=False),
    "name": Scenario(_name, ("booking.corrected",)),
    "later": Scenario(_later, ("booking.moved",)),
    "day": Scenario(_day, ("booking.moved",)),
    "restaurant": Scenario(_restaurant, ("booking.moved",)),
    "cancel": Scenario(_cancel, ("booking.cancelled",)),
}


ENDS = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LATE, Fault.LAST)
"""For callers who do not try again: an error that is told to them leaves what a crash leaves."""


@pytest.fixture(scope="module")
async def tables(azurite: str) -> AsyncIterator[Tables]:
    async with Tables(StoreSettings(azurite, None, "faulttests")) as opened:
        yield opened


class _Run:
    """One scenario in restaurants of its own with one table each, so that a table too many cannot hide."""

    def __init__(self, scenario: Scenario, tables: Tables, caller: str | None = None) -> None:
        self.caller = caller
        self.scenario = scenario
        self.tables = tables
        self.sound = BookingStore(tables)
        self.home, self.other = house({2: 1}), house({2: 1})
        self.code = ""

    async def begin(self) -> None:
        if self.scenario.exists:
            self.code = (await booked(self.sound, ask(self.home, caller=self.caller))).code

    async def change(self, tables: Tables) -> Outcome:
        return await self.scenario.change(BookingStore(tables), self.home, self.other, self.code)

    async def standing(self) -> list[dict[str, Any]]:
        """After everything half done was swept, the bookings that stand; audited."""
        await self.sound.finish_moves(NOW + timedelta(hours=1))
        return await audit(self.tables, self.home, self.other)

    async def told(self) -> list[str]:
        found = [kind for kind, _ in await events(self.tables, self.home, self.other)]
        return found[1:] if self.scenario.exists else found


async def requests_of(scenario: Scenario, tables: Tables) -> int:
    """How many requests the change takes when nothing fails."""
    run, counting = _Run(scenario, tables), FaultyTables(tables)
    await run.begin()
    await run.change(counting)
    return counting.requests


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
async def test_a_caller_who_tries_again_gets_it_once(
    tables: Tables, scenario: Scenario, fault: Fault
) -> None:
    for at in range(1, await requests_of(scenario, tables) + 1):
        run, faulty = _Run(scenario, tables), FaultyTables(tables, fault, at)
        await run.begin()
        with contextlib.suppress(AzureError, asyncio.CancelledError):
            await run.change(faulty)
        outcome = await run.change(tables)
        await faulty.settle()
        assert isinstance(outcome, Booking), f"request {at}"
        assert await run.sound.get(outcome.code) == outcome
        standing = [row["code"] for row in await run.standing()]
        assert standing == ([outcome.code] if outcome.status is Status.BOOKED else []), f"request {at}"
        assert tuple(await run.told()) == scenario.told, f"request {at}"
        assert await run.change(tables) == outcome


@pytest.mark.parametrize("fault", ENDS)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
async def test_a_caller_who_does_not_has_all_of_it_or_nothing(
    tables: Tables, scenario: Scenario, fault: Fault
) -> None:
    """The number of events says which: one with the change, none without."""
    for at in range(1, await requests_of(scenario, tables) + 1):
        run, faulty = _Run(scenario, tables), FaultyTables(tables, fault, at)
        await run.begin()
        before = await run.sound.get(run.code)
        with contextlib.suppress(AzureError, asyncio.CancelledError):
            await run.change(faulty)
        seen = await run.sound.get(run.code)  # while nothing is swept yet
        assert (seen is None) == (before is None)
        await faulty.settle()
        standing, told = await run.standing(), tuple(await run.told())
        if scenario.told == ("booking.created",):
            assert len(standing) == len(told)
            continue
        after = await run.sound.get(run.code)
        assert after is not None
        assert len(standing) == (after.status is Status.BOOKED)
        assert told == (() if after == before else scenario.told), f"request {at}"


@pytest.mark.parametrize("fault", ENDS)
async def test_a_move_half_done_does_not_stop_the_next_change(tables: Tables, fault: Fault) -> None:
    scenario = SCENARIOS["day"]
    for at in range(1, await requests_of(scenario, tables) + 1):
        run = _Run(scenario, tables, f"{CALLER}{list(Fault).index(fault)}{at:02}")
        faulty = FaultyTables(tables, fault, at)
        await run.begin()
        with contextlib.suppress(AzureError, asyncio.CancelledError):
            await run.change(faulty)
        back = await moved(run.sound, run.code, wish(run.home, "20:30"))
        await faulty.settle()
        (standing,) = await run.standing()
        assert (standing["code"], standing["at"]) == (run.code, "20:30")
        assert await run.sound.get(run.code) == back
        assert await run.sound.of_caller(back.caller, back.on) == [back]


@pytest.mark.parametrize("fault", ENDS)
async def test_a_sweep_that_fails_is_made_good_by_the_next(tables: Tables, fault: Fault) -> None:
    scenario, later = SCENARIOS["day"], NOW + timedelta(hours=1)
    last = await requests_of(scenario, tables)
    for died_at in (last - 7, last - 3):  # before the transaction that moves it; before the old table is free
        for at in range(1, 10):
            run, dying = _Run(scenario, tables), FaultyTables(tables, Fault.CRASH_BEFORE, died_at)
            await run.begin()
            with pytest.raises(asyncio.CancelledError):
                await run.change(dying)
            faulty = FaultyTables(tables, fault, at)
            with contextlib.suppress(AzureError, asyncio.CancelledError):
                await BookingStore(faulty).finish_moves(later)
            await faulty.settle()
            (standing,) = await run.standing()
            assert standing["code"] == run.code
            assert await run.sound.finish_moves(later) == 0
