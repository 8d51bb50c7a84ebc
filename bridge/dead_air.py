"""Whether a caller is left in silence, and what to do about it whatever the cause. No I/O, no clock.

Voice Live may not answer, break off, or stand still with its socket open. Then it does not tell that the
caller has spoken either, nor that they have finished: that is known from their loudness (`OwnEar`).
"""

from __future__ import annotations

from bridge.commands import Command
from bridge.hearing import Step
from bridge.last_resort import LastResort
from bridge.parts import Parts
from bridge.replies import Kind
from bridge.session_rules import SessionRules
from bridge.stopgap import Stopgap

_USELESS_AFTER = 2.0
"""Seconds beyond all patience in which a session has not told that the caller has finished."""
_UNTOLD = 2.2
"""Seconds of quiet after a sound over the agent in which nobody has told what it was ..."""
_UNTOLD_WHEN_DEAF = 1.2
"""... and while no session hears the caller."""
_ENDS_LATE = 0.4
"""Seconds beyond all patience in which a session that lives may tell the end of the sound all the same."""


class DeadAir:
    """Watches the silences of one call."""

    def __init__(
        self, parts: Parts, sessions: SessionRules, stopgap: Stopgap, last_resort: LastResort
    ) -> None:
        self._parts = parts
        self._sessions = sessions
        self._stopgap = stopgap
        self._last_resort = last_resort
        self._ear = parts.ear
        self._replies = parts.replies
        self._hearing = parts.hearing
        self._handing_over = parts.handing_over
        self._goodbye = parts.goodbye
        self._voice = parts.voice

    @property
    def useless_due(self) -> float | None:
        """When a session that has not told that the caller has finished is of no use; once a turn."""
        busy = self._goodbye.reason is not None or self._handing_over.under_way or self._voice.lost
        if busy or self._parts.replaced or not self._replies.connected:
            return None
        ear, told_at = self._ear, self._hearing.last_sign
        if told_at is None or ear.spoke_until is None or not ear.quiet or self._replies_still:
            return None
        return max(ear.spoke_until, told_at, self._stopgap.agent_until) + ear.patience + _USELESS_AFTER

    @property
    def untold_due(self) -> float | None:
        """When the agent goes on that was held for a sound of the caller, if nobody tells what it was."""
        ear, deaf = self._ear, self._is_deaf
        undecided = self._hearing.undecided if deaf else self._hearing.unended
        if not undecided or ear.spoke_until is None or not ear.quiet:
            return None
        return ear.spoke_until + (_UNTOLD_WHEN_DEAF if deaf else max(_UNTOLD, ear.patience + _ENDS_LATE))

    def untold(self) -> list[Step]:
        """What follows when it is due."""
        return self._hearing.untold(ended=self._is_deaf)

    def filler(self, now: float) -> list[Command]:
        """The filler that is to be asked for, from its recording: that is there at once, whatever the session
        does, and costs nothing."""
        if self._replies.next_kind is not Kind.FILLER or self._is_closed:
            return []
        commands = self._stopgap.say(self._replies.next_text, now)
        if commands is None:
            return []
        self._replies.unsay(Kind.FILLER)
        return commands

    def look(self, now: float) -> None:
        """Something has happened: see whether the caller waits, and since when."""
        ear, speaking, deaf = self._ear, self._hearing.speaking, self._is_deaf
        wanted, told = speaking or deaf or self._hearing.undecided, speaking and not deaf
        ear.listens(now, wanted=wanted or self._stopgap.waits, told=told)
        known = [self._parts.turns.caller_waits_since, ear.spoke_until if speaking or deaf else None]
        if told:
            known.append(self._hearing.last_sign)  # words come too soft for the ear, too
        if deaf and ear.unsure:
            known.append(self._sessions.still_since)
        self._stopgap.now_is(
            now,
            waits=self._waits,
            deaf=deaf,
            spoke_until=max((at for at in known if at is not None), default=None),
            speaks_on_within=ear.patience if told else None,
        )
        ear.listens(now, wanted=wanted or self._stopgap.waits, told=told)

    @property
    def _waits(self) -> bool:
        """Whether the caller waits for the agent, as soon as what is there has been heard."""
        if self._is_closed or self._voice.lost or self._hearing.undecided:
            return False
        ear, speaking, deaf = self._ear, self._hearing.speaking, self._is_deaf
        if (speaking and not ear.quiet) or (deaf and ear.sounds):
            return False
        spoke = speaking or (deaf and (self._stopgap.has_spoken or ear.spoke_after(self._voice.ends_at)))
        asked = self._replies.under_way or (self._replies.pending and not self._parts.tools.running)
        return asked or (spoke and ear.quiet) or not self._replies.connected

    @property
    def _replies_still(self) -> bool:
        """Whether the model makes a reply that is wanted."""
        active = self._replies.active
        return self._replies.replying and (active is None or not self._voice.is_dropped(active))

    @property
    def _is_deaf(self) -> bool:
        """Whether there is no session that hears the caller, as far as anybody knows."""
        return not self._replies.connected or self._sessions.still_since is not None

    @property
    def _is_closed(self) -> bool:
        """Whether the last word is said."""
        return self._goodbye.said or self._handing_over.told or self._last_resort.taken
