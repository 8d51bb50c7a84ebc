"""The relay between a real Azurite and a topic that fails on request, through the real Event Grid client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.outbox import SETTLE, TABLE, Outbox, row
from shared.outbox_dead import DeadLetters, main
from shared.outbox_relay import Relay, Round
from shared.outbox_rows import OutboxRows, Pending
from shared.outbox_topic import Topic
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.topic_server import TopicServer, topic_server


@dataclass
class House:
    """A store with events in it, and relays to a topic."""

    tables: Tables
    topic: Topic
    server: TopicServer
    ahead: timedelta = timedelta(0)
    """How far the relay's clock is ahead of the store's."""
    sequences: dict[str, int] = field(default_factory=dict)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def relay(self, rows: OutboxRows | None = None, *, max_attempts: int = 3) -> Relay:
        return Relay(rows or OutboxRows(self.tables), self.topic, max_attempts=max_attempts, clock=self.clock)

    async def commit(self, *subjects: str, partition: str = "r_2026-11-22", **more: Any) -> list[str]:
        """One event of each subject, announced and stored as a booking does; returns their ids."""
        bookings = await self.tables.table("bookings")
        ids = []
        for subject in subjects:
            sequence = self.sequences[subject] = self.sequences.get(subject, 0) + 1
            event_id = f"{subject}-{sequence}"
            entity = row("Test.Changed", subject, {"n": 1}, event_id=event_id, sequence=sequence, **more)
            await Outbox(self.tables).announce("bookings", partition)
            await bookings.submit_transaction(
                [
                    ("upsert", {"PartitionKey": partition, "RowKey": f"booking-{subject}", "n": sequence}),
                    ("create", {"PartitionKey": partition, **entity}),
                ]
            )
            ids.append(event_id)
        return ids

    async def waiting(self) -> list[Any]:
        bookings = await self.tables.table("bookings")
        return [e async for e in bookings.query_entities("RowKey ge 'outbox-' and RowKey lt 'outbox.'")]

    async def pointers(self) -> list[Any]:
        outbox = await self.tables.table(TABLE)
        return [e async for e in outbox.query_entities("PartitionKey ge 'pointer-'")]


@pytest.fixture
async def house(azurite: str, table_prefix: str) -> AsyncIterator[House]:
    async with topic_server() as server, Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        topic = Topic(server.settings)
        yield House(tables, topic, server)
        await topic.close()


async def test_events_go_out_once_and_leave_nothing(house: House) -> None:
    ids = await house.commit("a", "a", "b", "a")
    assert await house.relay().run() == Round(published=4)
    assert sorted(house.server.ids()) == sorted(ids)
    assert [i for i in house.server.ids() if i.startswith("a")] == ["a-1", "a-2", "a-3"]
    assert await house.waiting() == []
    assert await house.relay().run() == Round()
    assert len(await house.pointers()) == 1, "an announced transaction may still be on its way"
    house.ahead = SETTLE + timedelta(seconds=5)
    await house.relay().run()
    assert await house.pointers() == []


async def test_the_time_of_an_event_is_when_it_was_made(house: House) -> None:
    before = datetime.now(UTC)
    await house.commit("a")
    await house.relay().run()
    [event] = house.server.accepted
    assert before <= datetime.fromisoformat(event["time"]) <= datetime.now(UTC)
    assert (event["source"], event["sequence"]) == ("/tabletalk/bookings", "0000000000000000001")


async def test_a_crash_between_acceptance_and_delete_repeats_the_event_with_its_id(house: House) -> None:
    class Crash(BaseException):
        pass

    class Crashing(OutboxRows):
        async def remove(self, event: Pending) -> None:
            raise Crash

    await house.commit("a", "a")
    with pytest.raises(BaseExceptionGroup):
        await house.relay(Crashing(house.tables)).run()
    assert house.server.ids() == ["a-1"]
    await house.relay().run()
    assert house.server.ids() == ["a-1", "a-1", "a-2"]
    assert house.server.accepted[0] == house.server.accepted[1]


async def test_a_store_that_fails_after_acceptance_holds_the_partition_only(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(OutboxRows):
        async def remove(self, event: Pending) -> None:
            if event.subject == "a":
                raise ServiceRequestError("away")
            await super().remove(event)

    await house.commit("a", "a")
    await house.commit("b", partition="other_2026-11-22")
    assert await house.relay(Failing(house.tables)).run() == Round(published=1, unread=1)
    assert sorted(house.server.ids()) == ["a-1", "b-1"]
    assert "the store failed: ServiceRequestError" in caplog.text
    await house.relay().run()
    assert sorted(house.server.ids()) == ["a-1", "a-1", "a-2", "b-1"]


async def test_a_failure_holds_its_subject_back_and_no_other(house: House) -> None:
    await house.commit("a", "b", "a", "b")
    house.server.answers = [500]
    round_ = await house.relay().run()
    assert (round_.published, round_.failed, round_.pending) == (2, 1, 2)
    [held] = {event["subject"] for event in await house.waiting()}
    assert held not in {event["subject"] for event in house.server.accepted}
    assert (await house.relay().run()).published == 0, "it is not tried again at once"
    house.ahead = timedelta(seconds=6)
    assert (await house.relay().run()).published == 2
    own = [event_id for event_id in house.server.ids() if event_id.startswith(held)]
    assert own == [f"{held}-1", f"{held}-2"]


async def test_an_event_that_arrived_without_an_answer_comes_again(house: House) -> None:
    await house.commit("a", "a")
    house.server.answers, house.server.keeps_failed = [504], True
    await house.relay().run()
    house.ahead = timedelta(seconds=6)
    await house.relay().run()
    assert house.server.ids() == ["a-1", "a-1", "a-2"]


async def test_two_relays_at_once_keep_the_order(house: House) -> None:
    subjects = [f"s{n}" for n in range(12)]
    for n, subject in enumerate(subjects * 4):
        await house.commit(subject, partition=f"r{n % 12}_2026-11-22")
    house.server.answers = [200, 500, 200, 503, 500] * 6
    while await house.waiting():
        # Which events the topic refuses, and how often, is for the two to find out.
        relays = [house.relay(max_attempts=100) for _ in range(2)]
        await asyncio.gather(*(relay.run() for relay in relays))
        house.ahead += timedelta(minutes=1)
    first = list(dict.fromkeys(house.server.ids()))
    assert len(first) == 48
    for subject in subjects:
        assert [i for i in first if i.startswith(f"{subject}-")] == [f"{subject}-{n}" for n in range(1, 5)]
    assert await house.waiting() == []


async def test_a_booking_that_moved_to_another_partition_stays_in_order(house: House) -> None:
    await house.commit("a")
    await house.commit("a", partition="r_2026-11-23", follows="r_2026-11-22")
    await house.commit("a", partition="r_2026-11-22", follows="r_2026-11-23")
    house.server.answers = [500]
    assert (await house.relay().run()).published == 0
    house.ahead = timedelta(seconds=6)
    for _ in range(3):
        await house.relay().run()
    assert house.server.ids() == ["a-1", "a-2", "a-3"]


async def test_a_topic_that_is_down_costs_one_try_and_holds_nothing_against_events(house: House) -> None:
    for n in range(20):
        await house.commit(f"s{n}", partition=f"r{n}_2026-11-22")
    house.server.always = 503
    for _ in range(5):  # more than max_attempts
        asked = house.server.asked
        round_ = await house.relay().run()
        assert (round_.pending, round_.down, round_.failed) == (20, "HTTP 503", 0)
        assert house.server.asked - asked <= 8, "those that were on their way at the same moment"
    house.server.always = None
    assert (await house.relay().run()).published == 20
    assert len(set(house.server.ids())) == 20


async def test_a_refused_event_is_moved_aside_and_the_next_one_goes_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.commit("a", "a")
    house.server.answers = [413]
    round_ = await house.relay().run()
    assert (round_.published, round_.dead, round_.pending) == (1, 1, 0)
    assert house.server.ids() == ["a-2"]
    [letter] = [letter async for letter in DeadLetters(house.tables).all()]
    assert (letter.subject, letter.reason) == ("a", "refused: HTTP 413")
    assert await house.waiting() == []
    [record] = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.getMessage() == "events: one of table bookings is a dead letter: refused: HTTP 413"


async def test_an_event_that_fails_too_often_is_moved_aside(house: House) -> None:
    await house.commit("a")
    house.server.answers = [500] * 3
    for _ in range(3):
        await house.relay().run()
        house.ahead += timedelta(minutes=1)
    [letter] = [letter async for letter in DeadLetters(house.tables).all()]
    assert letter.reason == "gave up after 3 tries: HTTP 500"


async def test_a_spoilt_row_is_moved_aside(house: House) -> None:
    await house.commit("a")
    [entity] = await house.waiting()
    bookings = await house.tables.table("bookings")
    await bookings.update_entity({**entity, "data": "{", "attempts": "x"}, mode="replace")
    assert (await house.relay().run()).dead == 1
    [letter] = [letter async for letter in DeadLetters(house.tables).all()]
    assert letter.reason == "unreadable: sequence or data: spoilt"


async def test_a_crash_while_moving_aside_loses_nothing(house: House) -> None:
    class Crashing(OutboxRows):
        async def remove(self, event: Pending) -> None:
            raise ServiceRequestError("away")

    await house.commit("a")
    house.server.answers = [400, 400]
    await house.relay(Crashing(house.tables)).run()
    assert len(await house.waiting()) == 1
    await house.relay().run()
    assert len([letter async for letter in DeadLetters(house.tables).all()]) == 1
    assert await house.waiting() == []


async def test_a_dead_letter_is_sent_again(house: House) -> None:
    await house.commit("a")
    house.server.answers = [400]
    await house.relay().run()
    letters = DeadLetters(house.tables)
    [letter] = [letter async for letter in letters.all()]
    assert await letters.again(letter.id)
    assert not await letters.again(letter.id)
    assert [found async for found in letters.all()] == []
    assert (await house.relay().run()).published == 1
    assert house.server.ids() == ["a-1"]
    assert "reason" not in house.server.accepted[0]


def test_the_command_lists_and_sends_again(
    azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def make() -> None:
        async with topic_server() as server, Tables(StoreSettings(azurite, None, table_prefix)) as tables:
            topic = Topic(server.settings)
            house = House(tables, topic, server)
            await house.commit("a")
            server.answers = [400]
            await house.relay().run()
            await topic.close()

    asyncio.run(make())
    monkeypatch.setenv("TABLES_CONNECTION_STRING", azurite)
    monkeypatch.setenv("TABLES_PREFIX", table_prefix)
    assert main(["list"]) == 0
    line = capsys.readouterr().out.split()
    assert line[2:] == ["Test.Changed", "a", "refused:", "HTTP", "400"]
    assert main(["again", line[0]]) == 0
    assert main(["again", line[0]]) == 1
    assert "no dead letter has this id" in capsys.readouterr().err
    monkeypatch.setenv("TABLES_CONNECTION_STRING", "")
    assert main(["list"]) == 2


async def test_a_run_ends_in_time_and_leaves_the_rest(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.commit("a", "b")
    monkeypatch.setattr("shared.outbox_relay._RUN_SECONDS", -1.0)
    assert await house.relay().run() == Round(unread=1)
    assert house.server.ids() == []


async def test_more_partitions_than_one_run_reads_all_have_their_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.outbox_rows._POINTERS_MOST", 16)
    for n in range(40):
        await house.commit(f"s{n}", partition=f"r{n}_2026-11-22")
    relay = house.relay()
    for _ in range(3):
        assert (await relay.run()).published <= 16
    assert len(house.server.ids()) == 40


async def test_many_events_of_one_partition_are_read_by_pages(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.outbox_rows._ROWS_MOST", 3)
    await house.commit(*["a", "b"] * 4)
    while await house.waiting():
        await house.relay().run()
    assert [i for i in house.server.ids() if i.startswith("a")] == [f"a-{n}" for n in range(1, 5)]
