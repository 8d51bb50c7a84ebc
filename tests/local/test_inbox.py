"""A restaurant's inbox: its rules, and its webhook."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import inbox
from local.inbox import Event, Inbox, InboxServer, Taken
from local.serving import listening

KEY = "inbox-key"


def event(subject: str = "bookings/a", sequence: int = 1, event_id: str = "") -> Event:
    return Event(
        specversion="1.0",
        id=event_id or f"{subject}-{sequence}",
        source="/tabletalk/bookings",
        type="Test.Changed",
        subject=subject,
        time="2026-11-22T18:04:05.1234560Z",
        sequence=f"{sequence:019d}",
        data={"name": "Anna"},
    )


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 9)).map(lambda pair: event(*pair)), max_size=40
    ),
    st.randoms(use_true_random=False),
)
def test_each_event_stands_once_and_in_order_however_often_and_whenever_it_comes(
    events: list[Event], chance: random.Random
) -> None:
    box = Inbox()
    deliveries = events * 2
    chance.shuffle(deliveries)
    taken = [box.take(delivery) for delivery in deliveries]
    different = set(map(str, events))
    assert len(box.events()) == len(different)
    assert taken.count(Taken.REPEATED) == len(deliveries) - len(different) == box.repeated
    for subject in "abc":
        own = [found.sequence for found in box.events() if found.subject == subject]
        assert own == sorted(own)


def test_an_event_that_was_overtaken_is_late() -> None:
    box = Inbox()
    assert [box.take(event(sequence=n)) for n in (1, 3, 2, 4)] == [
        Taken.NEW,
        Taken.NEW,
        Taken.LATE,
        Taken.NEW,
    ]
    assert [found.sequence[-1] for found in box.events()] == ["1", "2", "3", "4"]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_SUBJECTS_MOST", 3)
    monkeypatch.setattr(inbox, "_EVENTS_MOST", 2)
    monkeypatch.setattr(inbox, "_IDS_MOST", 5)
    box = Inbox()
    for subject in "abcde":
        for n in range(20):
            box.take(event(subject, n))
    assert [(found.subject, int(found.sequence)) for found in box.events()] == [
        ("c", 18),
        ("c", 19),
        ("d", 18),
        ("d", 19),
        ("e", 18),
        ("e", 19),
    ]
    assert len(box._seen) == 5


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    async with listening(InboxServer(KEY).app()) as url, aiohttp.ClientSession() as http:
        yield url, http


async def test_it_is_validated_by_event_grid_and_nobody_else() -> None:
    async with serving() as (url, http):
        for origin, code, status in [
            ("eventgrid.azure.net", KEY, 200),
            ("eventgrid.azure.net", "wrong", 401),
            ("elsewhere.example", KEY, 400),
        ]:
            headers = {"WebHook-Request-Origin": origin}
            async with http.options(f"{url}/events?code={code}", headers=headers) as answer:
                assert answer.status == status
                allowed = answer.headers.get("WebHook-Allowed-Origin")
                assert allowed == ("eventgrid.azure.net" if status == 200 else None)


async def test_an_event_is_shown_and_printed_without_the_guests_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with serving() as (url, http):
        for _ in range(2):
            body = msgspec.json.encode(event())
            async with http.post(f"{url}/events?code={KEY}", data=body) as answer:
                assert answer.status == 200
        async with http.get(url) as answer:
            shown = await answer.json()
    assert shown["repeated"] == 1
    assert [found["data"] for found in shown["events"]] == [{"name": "Anna"}]
    assert capsys.readouterr().out.splitlines() == [
        "18:04:05 bookings/a 1 Test.Changed new",
        "18:04:05 bookings/a 1 Test.Changed repeated",
    ]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": ""}, "id"),
        ({"specversion": "0.3"}, "specversion"),
        ({"sequence": "7"}, "sequence"),
        ({"subject": None}, "subject"),
    ],
)
async def test_what_is_no_event_is_refused_with_its_field(change: dict[str, Any], named: str) -> None:
    async with serving() as (url, http):
        body = {**msgspec.to_builtins(event()), **change}
        async with http.post(f"{url}/events?code={KEY}", json=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"].startswith(f"{named}: ")


async def test_deliveries_without_the_key_are_refused() -> None:
    async with serving() as (url, http), http.post(f"{url}/events", data=b"{}") as answer:
        assert answer.status == 401
