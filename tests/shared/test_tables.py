"""Tables against Azurite."""

from __future__ import annotations

import asyncio

import pytest
from azure.core.exceptions import AzureError

from shared.settings import StoreSettings
from shared.tables import Tables


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
    nowhere = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
    )
    async with Tables(StoreSettings(nowhere, None, "")) as tables:
        with pytest.raises(AzureError):
            await tables.ping()
