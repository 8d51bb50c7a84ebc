"""The caller's audio as it came, as far as another session may have to hear it. No I/O, no clock."""

from __future__ import annotations

from collections import deque

_MOST_FRAMES = 1500
"""Half a minute at 20 ms a frame, 2 MB: kept while no session takes any."""


class CallerAudio:
    """Frames in order, each given out once to one session, and again to the next."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, str]] = deque(maxlen=_MOST_FRAMES)
        self._waiting = 0
        """How many of them, the latest, have not been given out."""

    def add(self, base64: str, now: float, needed_since: float) -> None:
        """A frame arrived at `now`; those from before `needed_since` will not be asked for again."""
        self._frames.append((now, base64))
        self._waiting = min(self._waiting + 1, len(self._frames))
        while len(self._frames) > self._waiting and self._frames[0][0] < needed_since:
            self._frames.popleft()

    def rewind(self, since: float) -> None:
        """Give out again what arrived from `since` on."""
        self._waiting = sum(1 for at, _ in self._frames if at >= since)

    def next(self) -> str | None:
        """The next frame to give out; None when all have been."""
        if self._waiting == 0:
            return None
        frame = self._frames[-self._waiting][1]
        self._waiting -= 1
        return frame
