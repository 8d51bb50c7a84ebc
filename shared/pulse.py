"""One answer for all who ask within a moment, so that whoever asks a lot costs no more than one who asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from azure.core.exceptions import AzureError

GOOD_FOR: Final = 1.0
"""Seconds that an answer holds."""


class Pulse:
    """Whether the store answers. Belongs to the event loop it is first used on."""

    def __init__(
        self, ping: Callable[[], Awaitable[None]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ping = ping
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked = float("-inf")
        self._trouble: AzureError | None = None

    async def beat(self) -> None:
        """Ask, or say again what came of it a moment ago.

        Raises:
            AzureError: it does not answer.
        """
        async with self._asking:
            if self._clock() - self._asked >= GOOD_FOR:
                self._trouble = None
                try:
                    await self._ping()
                except AzureError as error:
                    self._trouble = error
                self._asked = self._clock()
            if self._trouble is not None:
                raise self._trouble.with_traceback(None)
