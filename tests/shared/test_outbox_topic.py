"""The topic over HTTP: what is sent, and what each answer means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared import outbox_topic
from shared.outbox_topic import OutgoingEvent, Sent, Topic, Verdict
from shared.settings import EventsSettings
from tests.shared.topic_server import TopicServer, topic_server

EVENT = OutgoingEvent(
    id="k7m2-1",
    source="/tabletalk/bookings",
    type="Test.Changed",
    subject="bookings/K7M2",
    time=datetime(2026, 11, 22, 18, 4, 5, 123456, tzinfo=UTC),
    sequence=1,
    data={"name": "Søren", "n": [1, None, True]},
)


@pytest.fixture
async def server() -> AsyncIterator[TopicServer]:
    async with topic_server() as running:
        yield running


@pytest.fixture
async def topic(server: TopicServer) -> AsyncIterator[Topic]:
    opened = Topic(server.settings)
    yield opened
    await opened.close()


async def test_an_event_goes_out_as_a_cloud_event(server: TopicServer, topic: Topic) -> None:
    assert await topic.send(EVENT) == Sent(Verdict.ACCEPTED)
    [event] = server.accepted
    time = datetime.fromisoformat(event.pop("time"))
    assert time == EVENT.time
    assert event == {
        "specversion": "1.0",
        "id": "k7m2-1",
        "source": "/tabletalk/bookings",
        "type": "Test.Changed",
        "subject": "bookings/K7M2",
        "datacontenttype": "application/json",
        "sequence": "0000000000000000001",
        "data": {"name": "Søren", "n": [1, None, True]},
    }


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (400, Verdict.REFUSED),
        (413, Verdict.REFUSED),
        (401, Verdict.DOWN),
        (403, Verdict.DOWN),
        (404, Verdict.DOWN),
        (429, Verdict.DOWN),
        (503, Verdict.DOWN),
        (500, Verdict.FAILED),
        (504, Verdict.FAILED),
        (409, Verdict.FAILED),
    ],
)
async def test_what_an_answer_means(server: TopicServer, topic: Topic, status: int, verdict: Verdict) -> None:
    server.answers = [status]
    assert await topic.send(EVENT) == Sent(verdict, f"HTTP {status}")
    assert server.asked == 1, "the client does not try again by itself"


async def test_a_wrong_key_is_not_the_events_fault(server: TopicServer) -> None:
    topic = Topic(replace(server.settings, topic_key="wrong"))
    assert await topic.send(EVENT) == Sent(Verdict.DOWN, "HTTP 401")
    await topic.close()


async def test_nobody_listens() -> None:
    topic = Topic(EventsSettings("http://127.0.0.1:1/api/events", "k", 60, 3))
    assert (await topic.send(EVENT)).verdict is Verdict.DOWN
    await topic.close()


async def test_a_connection_that_breaks_is_the_topics_trouble(server: TopicServer, topic: Topic) -> None:
    server.answers = [0]
    assert (await topic.send(EVENT)).verdict is Verdict.DOWN


@pytest.mark.parametrize("limit", ["client", "whole"])
async def test_a_topic_that_does_not_answer(
    server: TopicServer, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """Each of the two limits alone is enough."""
    if limit == "client":
        monkeypatch.setitem(outbox_topic._POLICY, "read_timeout", 0.05)
    else:
        monkeypatch.setattr(outbox_topic, "_SEND_SECONDS", 0.05)
    server.hold = asyncio.Event()
    topic = Topic(server.settings)
    assert (await topic.send(EVENT)).verdict is Verdict.FAILED
    await topic.close()
