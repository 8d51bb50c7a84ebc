"""The relay as the host runs it: Microsoft's worker, a real store, the Event Grid stand-in, an inbox."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from control.services import close_services, services
from local.event_grid.server import running
from local.functions_host.timers import timer_datum
from local.inbox import InboxServer
from local.serving import listening
from shared.outbox import Outbox, row
from tests.control.hosted_plane import ControlPlane
from tests.shared.topic_server import KEY
from tests.shared.until import until

INBOX_KEY = "inbox-key"


@dataclass
class Restaurant:
    """A subscription that ends in an inbox."""

    control: ControlPlane
    inbox: InboxServer

    async def commit(self, subject: str, sequence: int) -> None:
        """An event, stored as a booking stores it."""
        tables = services().tables
        entity = row(
            "Test.Changed", subject, {"n": sequence}, event_id=f"{subject}-{sequence}", sequence=sequence
        )
        await Outbox(tables).announce("bookings", "r_2026-11-22")
        await (await tables.table("bookings")).create_entity({"PartitionKey": "r_2026-11-22", **entity})

    async def relay(self) -> None:
        """Run the trigger now, as its timer would."""
        function, now = self.control.worker.find("relay_outbox"), datetime.now(UTC)
        assert function is not None
        result = await self.control.worker.run(function, timer_datum(now, now))
        assert result.ok, result.error

    async def got(self, count: int) -> list[str]:
        """Ids of the events in the inbox, when there are `count` of them."""
        await until(lambda: len(self.inbox.inbox.events()) >= count)
        return [event.id for event in self.inbox.inbox.events()]


@pytest.fixture
async def restaurant(control: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Restaurant]:
    inbox = InboxServer(INBOX_KEY)
    async with (
        running(key=KEY, time_scale=0.001) as grid,
        listening(inbox.app()) as inbox_url,
        listening(grid) as grid_url,
    ):
        subscription = {
            "topic": "events",
            "endpoint": f"{inbox_url}/events?code={INBOX_KEY}",
            "schema": "CloudEventSchemaV1_0",
            "duplicates": 1,
        }
        async with control.http.put(f"{grid_url}/subscriptions/inbox", json=subscription) as answer:
            assert answer.status == 201, await answer.text()
        monkeypatch.setenv("EVENTS_TOPIC_ENDPOINT", f"{grid_url}/topics/events/api/events")
        monkeypatch.setenv("EVENTS_TOPIC_KEY", KEY)
        yield Restaurant(control, inbox)
        await close_services()


async def test_events_reach_the_inbox_once_and_in_order(restaurant: Restaurant) -> None:
    for sequence in (1, 2, 3):
        await restaurant.commit("bookings/a", sequence)
    await restaurant.relay()
    assert await restaurant.got(3) == ["bookings/a-1", "bookings/a-2", "bookings/a-3"]
    await until(lambda: restaurant.inbox.inbox.repeated == 3)  # the subscription delivers each twice


async def test_health_says_that_events_are_published(restaurant: Restaurant) -> None:
    async with restaurant.control.http.get(f"{restaurant.control.url}/api/health") as response:
        assert await response.json() == {"status": "ok", "events": "published"}


async def test_without_a_topic_events_are_kept_until_there_is_one(
    restaurant: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.delenv("EVENTS_TOPIC_ENDPOINT")
        without.delenv("EVENTS_TOPIC_KEY")
        await close_services()
        await restaurant.commit("bookings/a", 1)
        await restaurant.relay()
        assert restaurant.inbox.inbox.events() == []
        await close_services()
    await restaurant.relay()
    assert await restaurant.got(1) == ["bookings/a-1"]


async def test_a_wrong_key_is_reported_and_nothing_is_lost(
    restaurant: Restaurant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="shared.outbox_report")
    with monkeypatch.context() as wrong:
        wrong.setenv("EVENTS_TOPIC_KEY", "wrong")
        await close_services()
        await restaurant.commit("bookings/a", 1)
        await restaurant.relay()
        await close_services()
    assert "pending=1" in caplog.text
    assert "topic=HTTP 401" in caplog.text
    await restaurant.relay()
    assert await restaurant.got(1) == ["bookings/a-1"]


async def test_events_do_not_wait_for_the_phone_network(
    restaurant: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes its time over a caller in line, and fails then."""

    async def slow(_: object) -> bool:
        await restaurant.got(1)
        raise RuntimeError("the line breaks")

    monkeypatch.setattr("control.outbox.advance", slow)
    await restaurant.commit("one", 1)
    with pytest.raises(AssertionError, match="the line breaks"):
        await restaurant.relay()
    assert await restaurant.got(1) == ["one-1"]
