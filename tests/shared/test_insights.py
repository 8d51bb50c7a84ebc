"""Figures: each call in them once, whatever is repeated, and the same as counted from the records."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from azure.data.tables import UpdateMode

from shared import call_search
from shared.call_archive import CallArchive
from shared.call_facts import CallerOutcome, CallFacts, FactsMaker
from shared.call_search import BadTokenError, CallFilter, CallSearch
from shared.call_store import CallStore
from shared.calls import Call, CallEvent, EventKind, ToolRun, Turn, apply
from shared.counter import Counter, RecordsGoneError
from shared.insights import InsightStore
from shared.intents import Decision, Intent
from shared.prices import load_prices
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE
from shared.tables import Tables
from shared.tally import tally
from tests.shared.call_makers import RANG, a_call, booked, missed, open_calls, ran, replied, said

ZONE = ZoneInfo("Europe/Dublin")
DAY = date(2026, 11, 20)
MAKER = FactsMaker(Catalogue.load(DEFAULT_RESTAURANTS_FILE), load_prices(DEFAULT_AGENT_DIR))


@dataclass(frozen=True)
class House:
    store: CallStore
    archive: CallArchive
    insights: InsightStore
    counter: Counter
    search: CallSearch

    async def keep(
        self, call: Call, turns: list[Turn] | None = None, tools: list[ToolRun] | None = None
    ) -> str:
        """Write a call as the two planes do: it is claimed, talks, and ends."""
        open_call = apply(
            Call(id=call.id, rang_at=call.rang_at, claimed_at=call.claimed_at),
            CallEvent(EventKind.ANSWERED, call.rang_at),
        )
        assert await self.store.claim(open_call)
        for turn in turns or ():
            await self.store.add_turn(call.id, turn)
        for run in tools or ():
            await self.store.add_tool(call.id, run)
        await self.store.update(call.id, lambda _: call)
        return call.id


@pytest.fixture
def house(tables: Tables) -> House:
    insights = InsightStore(tables, ZONE)
    counter = Counter(
        tables, insights, MAKER, settle=timedelta(0), clock=lambda: datetime.max.replace(tzinfo=UTC)
    )
    return House(CallStore(tables), CallArchive(tables), insights, counter, CallSearch(tables, insights))


async def test_a_call_that_ended_is_counted_once_however_often(house: House) -> None:
    call_id = await house.keep(a_call(), [said(0, "A table please"), replied(1, "Done.")], [booked(2)])
    assert await house.counter.run() == 1
    assert await house.counter.run() == 0  # nothing waits
    await asyncio.gather(*(house.counter.count_now(call_id) for _ in range(5)))
    counted = await house.insights.tally(DAY)
    assert counted.calls == 1
    assert counted.outcomes[CallerOutcome.BOOKED].calls == 1
    assert counted.restaurants["golden-lotus"].bookings == 1


async def test_two_counters_at_once_count_each_call_once(house: House) -> None:
    await asyncio.gather(*(house.keep(a_call(f"c{n}", RANG + timedelta(seconds=n))) for n in range(30)))
    await asyncio.gather(*(house.counter.run() for _ in range(3)))
    assert (await house.insights.tally(DAY)).calls == 30


async def test_what_is_written_after_the_end_is_counted_too(house: House) -> None:
    call_id = await house.keep(a_call())
    await house.counter.run()
    await house.store.add_tool(call_id, booked(0))
    await house.store.recount(call_id)
    await house.counter.run()
    counted = await house.insights.tally(DAY)
    assert {name: part.calls for name, part in counted.outcomes.items()} == {"booked": 1}


async def test_a_call_ended_by_a_crashed_process_is_counted_after_the_sweep(house: House) -> None:
    """The end is recorded, and the process dies before it says so: the index row is still there."""
    call = a_call()
    await house.keep(call)
    for waiting in await house.counter._queue.waiting(10):
        await house.counter._queue.done([waiting])
    calls = await house.store._tables.table("calls")
    await calls.upsert_entity({"PartitionKey": f"open-{call.id[-16]}", "RowKey": call.id})
    assert await open_calls(house.store, datetime.now(UTC)) == []
    assert await house.counter.run() == 1


async def test_figures_built_anew_equal_those_counted_one_by_one(house: House) -> None:
    late = datetime(2026, 7, 3, 23, 30, tzinfo=UTC)  # past midnight in Dublin
    ids = [
        await house.keep(a_call("a"), [said(0, "A table"), replied(1, "Yes", 812)], [booked(2)]),
        await house.keep(missed("b", RANG + timedelta(hours=1))),
        await house.keep(a_call("d", late)),
    ]
    await house.counter.run()
    await house.archive.correct(
        ids[0], Decision(intent=Intent.FIND, reached=True, reason="heard it", by="ann")
    )
    await house.counter.count_now(ids[0])
    one_by_one = await house.insights.tally(DAY)
    assert one_by_one == tally(await house.insights.all(DAY), ZONE)
    assert await house.counter.rebuild(DAY) == 2
    assert await house.insights.tally(DAY) == one_by_one
    assert (await house.insights.tally(date(2026, 7, 4))).calls == 1
    facts = await house.insights.facts(ids[0])
    assert facts is not None
    assert facts.decision == Decision(intent=Intent.FIND, reached=True, reason="heard it", by="ann")


async def test_building_anew_mends_what_is_wrong_and_drops_calls_without_a_record(house: House) -> None:
    call_id = await house.keep(a_call())
    await house.counter.run()
    await house.insights.count([MAKER.of(a_call("stray"), [], [])])
    table = await house.insights._table()
    await table.delete_entity("20261120", "tally")
    assert await house.counter.rebuild(DAY) == 1
    assert (await house.insights.tally(DAY)).calls == 1
    await house.insights.count([MAKER.of(a_call("stray"), [], [])])
    with pytest.raises(RecordsGoneError, match="2 calls were counted, and 1"):
        await house.counter.rebuild(DAY)
    assert await house.counter.rebuild(DAY, force=True) == 1
    assert [facts.id for facts in await house.insights.all(DAY)] == [call_id]


async def listed(house: House, limit: int = 100, **wanted: object) -> list[CallFacts]:
    """All pages of a list."""
    days = {"first": DAY - timedelta(days=3), "last": DAY + timedelta(days=1)}
    filter_ = CallFilter(**(days | wanted))  # type: ignore[arg-type]  # tests name what they want
    found: list[CallFacts] = []
    token: str | None = None
    while True:
        page = await house.search.page(filter_, limit, token)
        found += page.calls
        token = page.next
        if token is None:
            return found


async def test_lists_are_newest_first_and_come_in_pages(house: House) -> None:
    calls = [a_call(f"c{n}", RANG - timedelta(hours=7 * n)) for n in range(9)]
    await house.insights.count([MAKER.of(call, [], []) for call in calls])
    expected = [call.id for call in calls]
    assert [facts.id for facts in await listed(house)] == expected
    assert [facts.id for facts in await listed(house, limit=2)] == expected


async def test_every_filter_returns_the_calls_behind_its_figure(house: House) -> None:
    nothing = {"error": "nothing_found", "message": ""}
    calls = [
        MAKER.of(a_call("a"), [replied(0, "x", 2500, interrupted=True, interrupted_ms=500)], [booked(2)]),
        MAKER.of(a_call("b", RANG + timedelta(hours=2)), [said(0, "Sorry?")], []),
        MAKER.of(a_call("c"), [], [ran(0, "find_restaurants", {"dish": "Ramen"}, nothing)]),
        MAKER.of(a_call("d"), [], [ran(0, "book_table", {}, {"error": "timeout"})]),
        MAKER.of(missed("e"), [], []),
    ]
    await house.insights.count(calls)
    a, b, c, d, e = (facts.id for facts in calls)

    async def ids(**wanted: object) -> set[str]:
        return {facts.id for facts in await listed(house, 100, **wanted)}

    assert await ids(outcome=CallerOutcome.BOOKED) == {a}
    assert await ids(intent=Intent.FIND) == {c}
    assert await ids(reached=True) == {a}
    assert await ids(contained=True) == {a}
    assert await ids(restaurant="golden-lotus") == {a}
    assert await ids(wish="ramen") == {c}
    assert await ids(hour=20) == {b}
    assert await ids(interrupted=True) == {a}
    assert await ids(misunderstood=True) == {b}
    assert await ids(tool_fault="book_table") == {d} == await ids(tool_fault="any")
    assert await ids(reply_over=2000) == {a}
    assert await ids(greeting_over=299) == {a, b, c, d}
    assert await ids(text="hklmo") == {a}
    assert await ids(outcome=CallerOutcome.MISSED) == {e}


async def test_calls_are_found_by_what_was_said_in_them(house: House) -> None:
    talks = [
        [said(0, "A table for two"), replied(1, "Booked.")],
        [said(0, "For two, a table"), replied(1, "It is full.")],
        [said(0, "Sushi, please")],
    ]
    for n, turns in enumerate(talks):
        await house.keep(a_call(f"c{n}", RANG - timedelta(days=n)), turns)
    await house.counter.run()
    ids = [a_call(f"c{n}", RANG - timedelta(days=n)).id for n in range(3)]

    async def found(asked: str, **wanted: object) -> list[str]:
        return [facts.id for facts in await listed(house, 1, said=asked, **wanted)]

    assert await found("table") == ids[:2]
    assert await found('"table for"') == ids[:1]
    assert await found("table full") == ids[1:2]
    assert await found("sushi", outcome=CallerOutcome.BOOKED) == []
    page = await house.search.page(CallFilter(first=DAY - timedelta(days=3), last=DAY, said="SUSH"), 5)
    assert [one.text for one in page.excerpts[ids[2]]] == ["Sushi, please"]
    # Calls that were counted before their words were kept are looked into as well.
    table = await house.insights._table()
    facts = await house.insights.facts(ids[2])
    assert facts is not None
    row = house.insights._row(DAY - timedelta(days=2), facts)
    await table.upsert_entity({name: row[name] for name in row if name != "words"}, mode=UpdateMode.REPLACE)
    assert await found("sushi") == ids[2:]


async def test_a_search_that_finds_little_ends_its_page_and_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_search, "_LOOKED_AT", 4)
    monkeypatch.setattr(call_search, "_TRANSCRIPTS", 3)
    calls = [a_call(f"c{n}", RANG - timedelta(minutes=n)) for n in range(15)]
    for n, call in enumerate(calls):
        await house.keep(call, [said(0, "find me" if n in (5, 6, 7, 14) else "me find")])
    await house.counter.run()
    wanted = CallFilter(first=DAY, last=DAY, said='"find me"')
    page, found, pages = await house.search.page(wanted, 3), list[str](), 1
    assert (page.calls, page.back_to) == ([], DAY)
    while page.next is not None:
        page, pages = await house.search.page(wanted, 3, page.next), pages + 1
        found += [facts.id for facts in page.calls]
    assert found == [calls[n].id for n in (5, 6, 7, 14)]
    assert pages >= 5
    assert page.back_to is None


async def test_a_token_of_another_list_is_refused(house: House) -> None:
    await house.insights.count([MAKER.of(a_call(f"c{n}"), [], []) for n in range(3)])
    page = await house.search.page(CallFilter(first=DAY, last=DAY), 1)
    for token in (page.next, "rubbish", "", "%%%", "A" * 400):
        with pytest.raises(BadTokenError):
            await house.search.page(CallFilter(first=DAY, last=DAY, hour=3), 1, token)
