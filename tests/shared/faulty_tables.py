"""A store that fails at one chosen request: before it is done, after it, or at the wrong time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from enum import Enum
from typing import Any, cast

from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.data.tables import TableTransactionError
from azure.data.tables.aio import TableClient

from shared.tables import Tables


class Fault(Enum):
    """What happens to one request."""

    NEVER_SENT = "never sent"
    ANSWER_LOST = "answer lost"
    LATE = "done while the caller tries again"
    LAST = "done after the caller has tried again"
    CRASH_BEFORE = "the process ends before it"
    CRASH_AFTER = "the process ends after it"


class FaultyTables(Tables):
    """Passes everything on to `real`, but for request number `at` (1 is the first)."""

    def __init__(self, real: Tables, fault: Fault | None = None, at: int = 0) -> None:
        self._real = real
        self._fault = fault
        self._at = at
        self._late: list[Callable[[], Coroutine[Any, Any, Any]]] = []
        self._running: list[asyncio.Task[Any]] = []
        self.requests = 0

    async def table(self, name: str) -> TableClient:
        return cast(TableClient, _Client(await self._real.table(name), self))

    async def settle(self) -> None:
        """Do what is still to be done late; what the store then refuses is nobody's concern."""
        for act in self._late:
            self._running.append(asyncio.create_task(act()))
        self._late.clear()
        for task in self._running:
            with contextlib.suppress(AzureError, TableTransactionError):
                await task

    async def strike[T](self, act: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do one request, or let it fail."""
        self.requests += 1
        if self.requests != self._at:
            return await act()
        match self._fault:
            case Fault.NEVER_SENT:
                raise ServiceRequestError("never sent")
            case Fault.CRASH_BEFORE:
                raise asyncio.CancelledError
            case Fault.LATE:
                self._running.append(asyncio.create_task(act()))
            case Fault.LAST:
                self._late.append(act)
            case Fault.ANSWER_LOST | Fault.CRASH_AFTER:
                with contextlib.suppress(AzureError, TableTransactionError):
                    await act()
                if self._fault is Fault.CRASH_AFTER:
                    raise asyncio.CancelledError
        raise ServiceResponseError("answer lost")


class _Client:
    """A TableClient as far as the house uses one."""

    def __init__(self, real: TableClient, tables: FaultyTables) -> None:
        self._real = real
        self._tables = tables

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._real, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._tables.strike(lambda: method(*args, **kwargs))

        return call

    async def query_entities(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        async def read() -> list[Any]:
            return [row async for row in self._real.query_entities(*args, **kwargs)]

        for row in await self._tables.strike(read):
            yield row
