"""Tables against Azurite."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest
from aiohttp import web
from azure.core.exceptions import AzureError, ResourceNotFoundError, ServiceResponseTimeoutError

from local.serving import listening
from shared.agent_config import load_agent
from shared.clock import Clock
from shared.settings import DEFAULT_AGENT_DIR, StoreSettings
from shared.tables import _TIMEOUTS, Tables
from tests.shared.hanging_proxy import hanging_proxy

NOWHERE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"


async def test_a_table_is_made_once_however_many_ask(azurite: str, table_prefix: str) -> None:
    """Twenty tasks ask for a table that does not exist: all get the same client."""
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        clients = await asyncio.gather(*(tables.table("calls") for _ in range(20)))
        assert len({id(client) for client in clients}) == 1
        await clients[0].create_entity({"PartitionKey": "p", "RowKey": "r"})
        assert (await clients[0].get_entity("p", "r"))["RowKey"] == "r"


async def test_prefixes_keep_systems_apart(azurite: str, table_prefix: str) -> None:
    """The same table name under another prefix is another table."""
    one = Tables(StoreSettings(azurite, None, f"{table_prefix}a"))
    two = Tables(StoreSettings(azurite, None, f"{table_prefix}b"))
    async with one, two:
        await (await one.table("calls")).create_entity({"PartitionKey": "p", "RowKey": "r"})
        assert [row async for row in (await two.table("calls")).list_entities()] == []


async def test_ping(azurite: str) -> None:
    """A store that answers is fine; one that does not raises."""
    async with Tables(StoreSettings(azurite, None, "")) as tables:
        await tables.ping()
    async with Tables(StoreSettings(NOWHERE, None, "")) as tables:
        with pytest.raises(AzureError):
            await tables.ping()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs a tenth as long, in the same proportions."""
    for name in ("connection_timeout", "read_timeout", "timeout"):
        monkeypatch.setitem(_TIMEOUTS, name, _TIMEOUTS[name] / 10)


def test_an_operation_is_given_up_before_the_tool_that_waits_for_it() -> None:
    """Two tries that hang, each until its time-out."""
    tool = load_agent(DEFAULT_AGENT_DIR).limits.tool_timeout_seconds
    assert _TIMEOUTS["read_timeout"] < _TIMEOUTS["timeout"] < 2 * _TIMEOUTS["read_timeout"] < tool


@pytest.mark.usefixtures("quick")
async def test_a_store_that_hangs_is_given_up_after_two_tries(azurite: str, table_prefix: str) -> None:
    async with (
        hanging_proxy(azurite) as (proxy, way),
        Tables(StoreSettings(way, None, table_prefix)) as tables,
    ):
        calls = await tables.table("calls")
        proxy.passes.clear()
        with pytest.raises(ServiceResponseTimeoutError):
            await calls.get_entity("p", "r")
        assert proxy.swallowed == 2
        proxy.passes.set()
        with pytest.raises(ResourceNotFoundError):
            await calls.get_entity("p", "r")


@pytest.mark.usefixtures("quick")
async def test_all_who_ask_for_a_table_of_a_store_that_hangs_wait_once(
    azurite: str, table_prefix: str
) -> None:
    async with (
        hanging_proxy(azurite) as (proxy, way),
        Tables(StoreSettings(way, None, table_prefix)) as tables,
    ):
        proxy.passes.clear()
        errors = await asyncio.gather(*(tables.table("calls") for _ in range(20)), return_exceptions=True)
        assert {type(error) for error in errors} == {ServiceResponseTimeoutError}
        assert proxy.swallowed <= 2 * 2  # the head and the body of a request may come as two pieces
        proxy.passes.set()
        await (await tables.table("calls")).create_entity({"PartitionKey": "p", "RowKey": "r"})


async def test_one_who_gives_up_waiting_for_a_table_does_not_keep_it_from_others(
    azurite: str, table_prefix: str
) -> None:
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        impatient = asyncio.create_task(tables.table("calls"))
        await asyncio.sleep(0)
        other = asyncio.create_task(tables.table("calls"))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await other is await tables.table("calls")


async def test_the_store_is_held_against_the_clock(azurite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose clock is an hour ahead has the right time as soon as the store has answered."""
    clock = Clock(lambda: time.time() + 3600)
    monkeypatch.setattr("shared.tables.CLOCK", clock)
    monkeypatch.setattr("shared.tables.utc_now", clock.now)
    async with Tables(StoreSettings(azurite, None, "")) as tables:
        assert (clock.now() - datetime.now(UTC)).total_seconds() > 3590
        assert abs((await tables.time() - datetime.now(UTC)).total_seconds()) < 10
    # Whoever has heard it once need not ask.
    async with Tables(StoreSettings(NOWHERE, None, "")) as tables:
        assert abs((await tables.time() - datetime.now(UTC)).total_seconds()) < 10


async def test_a_proxys_time_is_not_the_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year ahead, say, with which it refuses in the store's place."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=403, headers={"Date": "Sat, 27 Nov 2027 18:00:00 GMT"})

    clock = Clock()
    monkeypatch.setattr("shared.tables.CLOCK", clock)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    async with listening(app) as url:
        way = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint={url}/a;"
        async with Tables(StoreSettings(way, None, "")) as tables:
            with pytest.raises(AzureError):
                await tables.ping()
            assert not tables.knows_the_time
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 10


async def test_no_time_is_given_before_the_store_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too old to be kept would else be told from a clock that may be wrong."""
    monkeypatch.setattr("shared.tables.CLOCK", Clock())
    async with Tables(StoreSettings(NOWHERE, None, "")) as tables:
        with pytest.raises(AzureError):
            await tables.time()
