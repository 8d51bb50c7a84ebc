"""Recorded words of the agent for when no session can speak, or none does in time. No I/O, no clock."""

from __future__ import annotations

import math
from collections.abc import Callable

from bridge.commands import Command
from bridge.fillers import Fillers
from bridge.parts import Parts
from bridge.replies import Kind

_WITHOUT_SESSION = 1.2
"""Seconds of silence, with nobody there to speak, before the caller hears something."""
_WITH_SESSION = 1.5
"""The same with a session that is about to: most replies come sooner. It takes half a second more until it is
clear that the caller has finished."""
_AFTER_A_BREAK = 0.2
"""The same when the call comes from another bridge: the caller has waited for some seconds already."""
_AGAIN = 1.8
"""Seconds of silence before something further in the same wait."""
_INTERLUDE = 1.0
"""Seconds. A wait that is taken up so soon has not ended: a new session has heard once more what the caller
said before, or a tool was quick."""

type Recorded = Callable[[str], bytes | None]
"""The recording of a text in the agent's voice, PCM16LE 24 kHz mono; None when there is none."""


class Stopgap:
    """Breaks the silence of a caller who waits for a voice that is not there.

    Args:
        recorded: gives the recordings.
    """

    def __init__(self, parts: Parts, recorded: Recorded) -> None:
        self._parts = parts
        self._voice = parts.voice
        self._replies = parts.replies
        self._recorded = recorded
        self._fillers = Fillers(0.0)
        self._since: float | None = None
        self._left: tuple[float, float] | None = None
        """When the last wait ended, and since when it had lasted."""
        self._said = 0
        self._said_until = -math.inf
        """When the last recording ends."""
        self.has_waited = False
        """Whether the caller has waited before the call came here."""

    def heard(self) -> None:
        """The agent was heard, or the caller: the next wait is another one."""
        self._said = 0
        self._left = None
        self.has_waited = False

    def now_is(self, *, waits: bool, now: float) -> None:
        """Whether the caller waits for somebody to speak."""
        if not waits:
            if self._since is not None:
                self._left = now, self._since
            self._since = None
        elif self._since is None:
            self._since = self._taken_up(now)

    def _taken_up(self, now: float) -> float:
        """Since when a wait lasts that begins now, or goes on after something short."""
        if self._left is not None:
            left_at, since = self._left
            if now - max(left_at, self._said_until) < _INTERLUDE and since < math.inf:
                return max(since, self._said_until)
        return max(now, self._voice.ends_at)

    def due(self) -> float | None:
        """When `on_timer` is to be called; None for never."""
        if self._since is None or self._since == math.inf:
            return None
        first = _WITH_SESSION if self._replies.connected else _WITHOUT_SESSION
        first = _AFTER_A_BREAK if self.has_waited else first
        return self._since + (_AGAIN if self._said else first)

    def on_timer(self, now: float) -> list[Command]:
        """Say something, if it is time and there is a recording of it."""
        due = self.due()
        if due is None or now < due:
            return []
        self._said += 1
        if self._parts.greeted:
            return self.say(self._fillers.next(self._parts.phrases.fillers), now) or []
        commands = self.say(self._parts.greeting, now)
        if commands is None:
            return []
        self._parts.greeted = True
        if self._replies.is_to_be_said(Kind.GREETING):
            self._replies.unsay(Kind.GREETING)
            commands += self._voice.call_off()
        return commands

    def say(self, text: str, now: float, *, answers: bool = False) -> list[Command] | None:
        """Have a recording heard; None when there is none. `answers` when it is more than a filler."""
        pcm = self._recorded(text)
        if not pcm:
            self._since = math.inf  # until something changes
            return None
        commands = self._voice.recorded(text, pcm, now, aside=not answers and self._parts.greeted)
        self._said_until = self._voice.ends_at
        return commands
