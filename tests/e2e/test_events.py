"""What a caller books reaches the restaurant's inbox: store, outbox, relay, Event Grid, webhook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from local.driver import System
from local.measure import bookings_of
from local.report import CallReport
from local.scripts import WISHES
from local.services import INBOX_SUBSCRIPTION
from shared.settings import StoreSettings
from shared.tables import Tables

type PlaceCall = Callable[..., Coroutine[None, None, CallReport]]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE_S = 60.0
"""The relay runs every five seconds; a shared machine may take its time."""


async def events_about(system: System, code: str) -> list[dict[str, Any]]:
    """What the inbox has about a booking, as soon as it has anything."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE_S):
        subscription = f"{system.addresses.event_grid}/subscriptions/{INBOX_SUBSCRIPTION}"
        async with http.get(subscription) as answer:
            inbox = (await answer.json())["endpoint"].removesuffix("/events")
        while True:
            async with http.get(inbox) as answer:
                shown = await answer.json()
            if found := [event for event in shown["events"] if event["data"]["code"] == code]:
                return found
            await asyncio.sleep(0.2)  # the inbox tells nobody what came


async def pending(tables: Tables, partition: str) -> list[Any]:
    """The events of a partition that are not published."""
    bookings = await tables.table("bookings")
    rows = bookings.query_entities(
        "PartitionKey eq @partition and RowKey ge 'outbox-' and RowKey lt 'outbox.'",
        parameters={"partition": partition},
    )
    return [row async for row in rows]


async def test_a_spoken_booking_reaches_the_restaurant(system: System, place_call: PlaceCall) -> None:
    wish = WISHES[0]
    call = await place_call(*wish.talk, voice=wish.voice)
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        [booking] = await bookings_of(tables, call.call_id)
        [event] = await events_about(system, booking["code"])
        assert event["specversion"] == "1.0"
        assert event["source"] == "/tabletalk/bookings"
        assert event["type"] == "booking.created"
        assert event["data"]["party_size"] == wish.party_size
        assert event["data"]["code"] == booking["code"]
        async with asyncio.timeout(PATIENCE_S):  # what was accepted is deleted a moment later
            while await pending(tables, booking["PartitionKey"]):  # noqa: ASYNC110 - a store tells nobody
                await asyncio.sleep(0.2)
