"""Table Storage, opened once per process: the one state both planes share."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Self

from azure.core.exceptions import ResourceExistsError
from azure.data.tables.aio import TableClient, TableServiceClient
from azure.identity.aio import DefaultAzureCredential

from shared.settings import StoreSettings

_TIMEOUTS: dict[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 5,
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
}
"""Seconds and tries of one operation: a caller waits behind most of them, so give up early and say so."""


class Tables:
    """Hands out table clients, creating each table the first time it is asked for.

    An async context manager; belongs to the event loop it is first used on.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._prefix = settings.prefix
        self._credential: DefaultAzureCredential | None = None
        if settings.endpoint is not None:
            self._credential = DefaultAzureCredential()
            self._service = TableServiceClient(settings.endpoint, credential=self._credential, **_TIMEOUTS)
        else:
            connection_string = settings.connection_string or ""
            self._service = TableServiceClient.from_connection_string(connection_string, **_TIMEOUTS)
        self._clients: dict[str, TableClient] = {}
        self._creating = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def table(self, name: str) -> TableClient:
        """The client of table `name` (without prefix).

        Raises:
            azure.core.exceptions.AzureError: the store cannot be reached or refuses.
        """
        client = self._clients.get(name)
        if client is not None:
            return client
        async with self._creating:
            if name not in self._clients:
                client = self._service.get_table_client(self._prefix + name)
                with contextlib.suppress(ResourceExistsError):
                    await client.create_table()
                self._clients[name] = client
            return self._clients[name]

    async def ping(self) -> None:
        """One cheap round trip to the store; raises AzureError when it fails."""
        async for _ in self._service.list_tables(results_per_page=1):
            break

    async def close(self) -> None:
        """Close the connections. The object is not usable afterwards."""
        await self._service.close()
        if self._credential is not None:
            await self._credential.close()
