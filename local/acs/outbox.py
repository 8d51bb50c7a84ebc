"""Frames on their way to one socket."""

import asyncio
from collections import deque


class Outbox[T]:
    """Holds frames until a sender takes them.

    When full, the oldest is dropped and counted: late audio is no use.
    """

    def __init__(self, limit: int) -> None:
        self._frames: deque[T] = deque(maxlen=limit)
        self._filled = asyncio.Event()
        self._closed = False
        self.dropped = 0

    def put(self, frame: T) -> None:
        """Add a frame; after `close` it goes nowhere."""
        if self._closed:
            return
        if len(self._frames) == self._frames.maxlen:
            self.dropped += 1
        self._frames.append(frame)
        self._filled.set()

    def close(self) -> None:
        """No more frames: the sender gets what is left, then None."""
        self._closed = True
        self._filled.set()

    async def get(self) -> T | None:
        """The next frame, or None when the outbox is closed and empty."""
        while not self._frames:
            if self._closed:
                return None
            self._filled.clear()
            await self._filled.wait()
        return self._frames.popleft()
