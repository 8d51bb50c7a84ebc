"""A word to the caller while a tool takes its time: when, and which. No I/O, no clock."""

from __future__ import annotations

import math
from collections.abc import Sequence

_AGAIN = 4.0
"""Seconds of silence before a further filler in the same wait. Sooner, it sounds like a machine."""


class Fillers:
    """Breaks the silence of a caller who waits for tools.

    A wait lasts from the first tool to the next sound after the last one: a tool that follows on another,
    with nothing said in between, is the same wait to the caller.

    Args:
        after: seconds of silence, while a tool runs, before the first filler of a wait.
    """

    def __init__(self, after: float) -> None:
        self._after = after
        self._pause: float | None = after
        """Silence before the next filler; None while one is asked for and not heard yet."""
        self._running_since: float | None = None
        self._sound_until = -math.inf
        self._last = ""

    def tool_runs(self, now: float) -> None:
        """A tool begins. Others may be running already."""
        if self._running_since is None:
            self._running_since = now

    def tools_done(self) -> None:
        """No tool runs any more."""
        self._running_since = None

    def sound(self, until: float) -> None:
        """Somebody is heard, until `until`; math.inf for as long as nobody knows.

        The newest word counts, so that a barge-in takes back what the agent still had to say.
        """
        self._sound_until = until
        if self._running_since is None:
            self._pause = self._after
        elif self._pause is None:
            self._pause = _AGAIN

    def due(self) -> float | None:
        """When a filler is in order if nobody is heard before; None for not at all."""
        if self._running_since is None or self._pause is None or self._sound_until == math.inf:
            return None
        return max(self._running_since, self._sound_until) + self._pause

    def next(self, texts: Sequence[str]) -> str:
        """The filler to say now: another of `texts` than last time, in turn, if there is another.

        None is due again until this one is heard.

        Raises:
            ValueError: `texts` is empty.
        """
        different = list(dict.fromkeys(texts))
        if not different:
            raise ValueError("fillers: give at least one text, better two, in the language of the call")
        self._pause = None
        after_last = different.index(self._last) + 1 if self._last in different else 0
        self._last = different[after_last % len(different)]
        return self._last
