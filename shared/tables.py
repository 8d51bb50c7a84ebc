"""Table Storage, opened once per process: the one state both planes share."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import Any, Final, Self

from azure.core.exceptions import ResourceExistsError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.data.tables.aio import TableClient, TableServiceClient

from shared.clock import CLOCK, steady, utc_now
from shared.identity import Identity
from shared.settings import StoreSettings

_TIMEOUTS: dict[str, Any] = {
    "connection_timeout": 2,
    "read_timeout": 3,
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
    "timeout": 5,
}
"""Seconds and tries of one operation: a caller waits behind most of them, so give up early and say so. After
`timeout` no other try begins, so that an operation ends within 6 s also when the store accepts it and never
answers: two tries, which is before a tool is given up (`tool_timeout_seconds`)."""

_WAITS: Final = ("Retry-After", "retry-after-ms", "x-ms-retry-after-ms")
"""Headers whose time Microsoft's client sleeps out in full, be it an hour, and counts in no time-out."""
_WAIT_S: Final = "1"


_ASKED_AT: Final = "asked_at"
_STORES_OWN: Final = "x-ms-request-id"
"""Header of every answer of the store's own."""


def _asks(request: PipelineRequest[Any]) -> None:
    """Before each try."""
    request.context[_ASKED_AT] = steady()


def _answers(response: PipelineResponse[Any, Any]) -> None:
    """What the store says besides, with each answer.

    The time counts. If it wants to be left alone, that is for a second between tries, whatever it says.
    """
    headers = response.http_response.headers
    if _STORES_OWN in headers:  # not what a proxy says in its place
        CLOCK.hear(headers.get("Date"), response.context[_ASKED_AT])
    asked = [name for name in _WAITS if headers.pop(name, None) is not None]
    if asked:
        headers[_WAITS[0]] = _WAIT_S


class Tables:
    """Hands out table clients, creating each table the first time it is asked for.

    An async context manager; belongs to the event loop it is first used on.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._prefix = settings.prefix
        self._credential: Identity | None = None
        options = {**_TIMEOUTS, "raw_request_hook": _asks, "raw_response_hook": _answers}
        if settings.endpoint is not None:
            self._credential = Identity()
            self._service = TableServiceClient(settings.endpoint, credential=self._credential, **options)
        else:
            connection_string = settings.connection_string or ""
            self._service = TableServiceClient.from_connection_string(connection_string, **options)
        self._clients: dict[str, TableClient] = {}
        self._opening: dict[str, asyncio.Task[TableClient]] = {}
        """Tables that are being made."""

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
        opening = self._opening.get(name)
        if opening is None:
            # One try for all who ask meanwhile: with a store that hangs they would else wait in turn.
            opening = self._opening[name] = asyncio.create_task(self._open(name))
            opening.add_done_callback(_opened)
        return await asyncio.shield(opening)

    async def ping(self) -> None:
        """One cheap round trip to the store; raises AzureError when it fails."""
        async for _ in self._service.list_tables(results_per_page=1):
            break

    async def time(self) -> datetime:
        """The time in UTC, for who begins with it: the store is asked first where the clock is not sure.

        Raises AzureError when that fails.
        """
        if not self.knows_the_time:
            await self.ping()
        return utc_now()

    @property
    def knows_the_time(self) -> bool:
        """Whether the store has told it, and the machine's clock has not leapt since."""
        return CLOCK.is_sure

    async def close(self) -> None:
        """Close the connections. The object is not usable afterwards."""
        opening = list(self._opening.values())
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        await self._service.close()
        if self._credential is not None:
            await self._credential.close()

    async def _open(self, name: str) -> TableClient:
        try:
            client = self._service.get_table_client(self._prefix + name)
            with contextlib.suppress(ResourceExistsError):
                await client.create_table()
            self._clients[name] = client
            return client
        finally:
            del self._opening[name]


def _opened(task: asyncio.Task[TableClient]) -> None:
    """Whoever asked may have gone meanwhile; then nobody else takes the error."""
    if not task.cancelled():
        task.exception()
