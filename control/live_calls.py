"""The calls in progress, as operators watch them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from shared.call_store import CallStore
from shared.calls import Call, CallState

_GOOD_FOR: Final = 1.0
"""Seconds for which they are not read again, however many pages ask."""
_MOST: Final = 500


class LiveReader:
    """Reads the index of open calls and their records, once a second at most, for all who ask."""

    def __init__(self, store: CallStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")
        self._seen: list[Call] = []

    async def calls(self) -> list[Call]:
        """Those that have not ended, the newest first.

        Raises:
            azure.core.exceptions.AzureError: the store fails.
        """
        async with self._reading:
            if self._clock() - self._read_at > _GOOD_FOR:
                ids = (await self._store.open_ids())[:_MOST]
                calls = await asyncio.gather(*(self._store.get(call_id) for call_id in ids))
                self._seen = [
                    call for call in calls if call is not None and call.state is not CallState.ENDED
                ]
                self._read_at = self._clock()
            return self._seen
