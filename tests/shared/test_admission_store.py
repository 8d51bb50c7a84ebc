"""Channels in a real store, with many after the same one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.admission import FRESH, TAKEN_WITHIN, Channel, Full, Report
from shared.admission_store import AdmissionStore
from shared.tables import Tables

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)


@pytest.fixture
def store(tables: Tables) -> AdmissionStore:
    return AdmissionStore(tables)


def report(replica: str = "a", calls: int = 2, at: datetime = NOW) -> Report:
    return Report(replica, at, calls=calls, live=0, late_ms=0, sessions=100)


async def admitted(store: AdmissionStore, call_id: str, now: datetime = NOW) -> Channel:
    channel = await store.admit(call_id, now)
    assert isinstance(channel, Channel)
    return channel


async def test_without_a_report_nobody_can_tell(store: AdmissionStore) -> None:
    assert await store.admit("call", NOW) is None


async def test_of_many_at_once_as_many_as_there_is_room_for(store: AdmissionStore) -> None:
    await store.report(report(calls=4))
    await store.report(report("b", calls=3))
    got = await asyncio.gather(*(store.admit(f"call-{number}", NOW) for number in range(30)))
    numbers = [one.number for one in got if isinstance(one, Channel)]
    assert sorted(numbers) == list(range(7))
    assert got.count(Full.CHANNELS) == 23


async def test_a_call_has_one_channel_however_often_it_asks(store: AdmissionStore) -> None:
    await store.report(report())
    assert await admitted(store, "call") == await admitted(store, "call", NOW + timedelta(seconds=9))


async def test_a_channel_is_free_when_it_is_given_back_or_lapses(store: AdmissionStore) -> None:
    await store.report(report(calls=1))
    await store.give_back(await admitted(store, "first"))
    await admitted(store, "second")
    assert await store.admit("third", NOW) is Full.CHANNELS
    later = NOW + TAKEN_WITHIN
    await store.report(report(calls=1, at=later))
    await admitted(store, "third", later)


async def test_what_a_bridge_holds_lasts_until_it_ends_or_dies(store: AdmissionStore) -> None:
    await store.report(report(calls=1))
    on_its_way = await admitted(store, "call")
    [held] = await store.hold("a", ["call"], NOW, await store.seen())
    assert (held.number, held.replica) == (on_its_way.number, "a")
    later = NOW + TAKEN_WITHIN
    await store.report(report(calls=1, at=later))
    assert await store.admit("next", later) is Full.CHANNELS
    await store.give_back(on_its_way)  # too late: the bridge has it
    assert await store.admit("next", later) is Full.CHANNELS
    dead = later + FRESH
    await store.report(report("b", calls=1, at=dead))
    await admitted(store, "next", dead)


async def test_a_call_that_moves_keeps_its_channel(store: AdmissionStore) -> None:
    await store.report(report())
    await admitted(store, "call")
    [at_first] = await store.hold("a", ["call"], NOW, await store.seen())
    [then] = await store.hold("b", ["call"], NOW, await store.seen())
    assert (then.number, then.replica) == (at_first.number, "b")
    await store.give_back(at_first)
    assert (await store.seen()).channels[then.number] == then


async def test_a_talk_takes_a_channel_too(store: AdmissionStore) -> None:
    await store.report(report(calls=1))
    await store.hold("a", ["talk"], NOW, await store.seen())
    assert await store.admit("call", NOW) is Full.CHANNELS


async def test_what_the_dead_left_goes(store: AdmissionStore) -> None:
    await store.report(report("dead"))
    await store.hold("dead", ["lost"], NOW, await store.seen())
    later = NOW + timedelta(hours=2)
    await store.report(report("alive", at=later))
    await store.hold("alive", ["long"], NOW, await store.seen())
    await store.tidy(later)
    seen = await store.seen()
    assert [one.replica for one in seen.reports] == ["alive"]
    assert [one.call_id for one in seen.channels.values()] == ["long"]
    await store.forget("alive")
    assert (await store.seen()).reports == []
