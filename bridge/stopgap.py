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
_LONGEST = 1.9
"""The same from the caller's last word on, whatever takes its time ..."""
_AT_LEAST = 0.9
"""... but for what has just been asked for: it is mostly there within so many seconds ..."""
_AT_MOST = 2.2
"""... and then that is the longest, unless it is past already: a tool took its time."""
_AFTER_A_BREAK = 0.2
"""The same when the call comes from another bridge: the caller has waited for some seconds already."""
_AGAIN = 1.5
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
        self._answered = False
        """Whether the agent has been heard in this wait."""
        self._spoke_until: float | None = None
        self._speaks_on_within: float | None = None
        self._deaf = True
        self._said = 0
        self._said_until = -math.inf
        """When the last recording ends."""
        self._agent_until = 0.0
        self.has_waited = False
        """Whether the caller has waited before the call came here."""

    def heard(self) -> None:
        """The agent was heard, or the caller: the next wait is another one."""
        self._said = 0
        self._left = None
        self._answered = True
        self.has_waited = False

    def now_is(
        self,
        now: float,
        *,
        waits: bool,
        deaf: bool,
        spoke_until: float | None = None,
        speaks_on_within: float | None = None,
    ) -> None:
        """Whether the caller waits for somebody to speak, now or once all that is there has been heard.

        Args:
            deaf: no session hears the caller, so that their wait began when they had spoken.
            spoke_until: when they finished what they wait to have answered, if that is known.
            speaks_on_within: they may still go on within so many seconds from then, as far as anybody told.
        """
        self._deaf, self._spoke_until, self._speaks_on_within = deaf, spoke_until, speaks_on_within
        if not waits:
            if self._since is not None:
                self._left = None if self._answered else (now, self._since)
            self._since = None
        elif self._since is None:
            self._since, self._answered = self._taken_up(now), False
        elif self._voice.playout.is_playing(now):
            self._since = max(self._since, self._voice.ends_at)

    @property
    def has_spoken(self) -> bool:
        """Whether it has said something that nothing has followed yet."""
        return self._said > 0

    @property
    def agent_until(self) -> float:
        """When the agent was last heard, or will have been, but for what this says into a wait."""
        return self._agent_until if self._said else self._voice.ends_at

    @property
    def waits(self) -> bool:
        """Whether the caller waits."""
        return self._since is not None

    def _taken_up(self, now: float) -> float:
        """Since when a wait lasts that begins now, or goes on after something short."""
        since = max(now, self._voice.ends_at)
        if self._left is not None:
            left_at, before = self._left
            if now - max(left_at, self._said_until) < _INTERLUDE and before < math.inf:
                since = min(since, max(before, self._said_until))
        if self._spoke_until is not None and self._deaf:
            since = min(since, max(self._spoke_until, self._voice.ends_at))
        return since

    def due(self) -> float | None:
        """When `on_timer` is to be called; None for never."""
        if self._since is None or self._since == math.inf:
            return None
        if self._said:
            # Who may be speaking is not told again and again that somebody listens.
            return self._since + _AGAIN if self._speaks_on_within is None else None
        first = _WITHOUT_SESSION if self._deaf else _WITH_SESSION
        first = _AFTER_A_BREAK if self.has_waited else first
        due = self._since + first
        if self._spoke_until is None:
            return due
        quiet_since = max(self._spoke_until, self._voice.ends_at)
        if self._speaks_on_within is not None:
            return quiet_since + self._speaks_on_within
        soon = self._since + _AT_LEAST
        if self._since < quiet_since + _AT_MOST:
            soon = min(soon, quiet_since + _AT_MOST)
        return min(due, max(quiet_since + _LONGEST, soon))

    def on_timer(self, now: float) -> list[Command]:
        """Say something, if it is time and there is a recording of it."""
        due = self.due()
        if due is None or now < due:
            return []
        self._agent_until = self.agent_until
        self._said += 1
        text = (
            self._fillers.next(self._parts.phrases.fillers) if self._parts.greeted else self._parts.greeting
        )
        commands = self.say(text, now)
        if commands is None:
            self._since = math.inf  # until something changes
            return []
        if self._parts.greeted:
            return commands
        self._parts.greeted = True
        if self._replies.is_to_be_said(Kind.GREETING):
            self._replies.unsay(Kind.GREETING)
            commands += self._voice.call_off()
        return commands

    def say(self, text: str, now: float, *, answers: bool = False) -> list[Command] | None:
        """Have a recording heard; None when there is none. `answers` when it is more than a filler."""
        pcm = self._recorded(text)
        if not pcm:
            return None
        commands = self._voice.recorded(text, pcm, now, aside=not answers and self._parts.greeted)
        self._said_until = self._voice.ends_at
        return commands
