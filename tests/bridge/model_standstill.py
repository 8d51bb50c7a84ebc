"""A call in which Voice Live stands still at some moment, with a caller who can be heard and who waits."""

from __future__ import annotations

import math
from array import array
from base64 import b64encode
from dataclasses import replace

from bridge.commands import Command, OpenSession
from bridge.voicelive.pulse import ASK_AFTER, DOUBTED_AFTER
from tests.bridge.model_call import ModelCall
from tests.bridge.model_line import RATE
from tests.bridge.model_service import Mood
from tests.bridge.talk import PHRASES, agent

_DOUBTED_AFTER_S = ASK_AFTER + DOUBTED_AFTER
"""After its last sign of life a session is doubted, at the latest."""
PIECE_S = 0.06
"""Of audio, as it comes."""
_HANGS_UP_S = 60.0
_LONGEST_LATENCY_S = 0.2
"""Of the line to Voice Live."""
_ANSWERS_AFTER_S = 0.7
"""Seconds from the agent's last word to the caller's first."""
_WORDS = ("yes", "for two", "a table for two at Sakura House tomorrow at seven please")
_CALLS = ("find_restaurants", "book_table")
_FILLERS = set(PHRASES.fillers)


def audio(level: int) -> str:
    """Audio as the caller's line brings it: silence, or a voice as loud as that."""
    half = RATE // 400  # of a wave of 200 Hz
    samples = [level if at // half % 2 else -level for at in range(round(PIECE_S * RATE))]
    return b64encode(array("h", samples).tobytes()).decode()


VOICE, QUIET = audio(8_000), audio(8)


class StillCall(ModelCall):
    """Everything is well but for the standstill.

    Args:
        seed: of what is left to chance.
        still_at: when the session in use stands still, in seconds of the call.
        patience_s: for so many seconds the session in use is doubted before it is left.
        stalls_s: after so many seconds it comes back, with all that it would have told; None for never.
        others_s: for so many seconds the other endpoints stand still, too; 0 when they are well.
    """

    def __init__(
        self,
        seed: int,
        still_at: tuple[float, ...],
        *,
        patience_s: float = 0.0,
        stalls_s: float | None = None,
        others_s: float = 0.0,
    ) -> None:
        self._patience, self._stalls = patience_s, stalls_s
        self._others_until = -math.inf
        self._speaks_until = self._spoke_until = -math.inf
        self._still_since: float | None = None
        self._turns = 0
        self.longest = 0.0
        """The longest that the caller has waited in silence, in seconds."""
        mood = Mood(tools=0.4, calls=_CALLS)
        super().__init__(seed, agent(), mood, next_mood=lambda: mood, records=True)
        self._answered_at = self._quiet_since = self.now
        self._begins = self.now
        for at in still_at:
            self.line.at(self.now + at, lambda: self._stands_still(others_s))
        self.line.at(self.now, self._hears)
        self.line.at(self.now + _HANGS_UP_S, self.caller_leaves)

    def run(self) -> None:
        """Go to the end of the call."""
        while not self.over:
            self.step()

    # --- Voice Live -----------------------------------------------------------------------------------

    def _stands_still(self, others_s: float) -> None:
        number = self.rules.session_id
        self._others_until = self.now + others_s
        if number is None or self.over:
            return
        service = self._sessions[number]
        if service.was_dead or self._down_at > self.now + _LONGEST_LATENCY_S:
            return  # it stands still already
        self.referee.session_fails()
        self._still_since = since = self.now
        if self._stalls is None:
            service.mood = replace(service.mood, dead_at=since)
        else:
            self._down_at = since + self._stalls
            self.line.at(since + self._stalls, lambda: self._comes_back(number))
        doubted_at = since + _DOUBTED_AFTER_S
        if self._patience:
            self.line.at(doubted_at, lambda: self._is_doubted(number))
        self.line.at(doubted_at + self._patience, lambda: self._is_left(number))

    def _is_doubted(self, number: int) -> None:
        if self._still_since is not None and self.rules.session_id == number and not self.over:
            self._do(self.rules.on_doubt(self._still_since, self.now))

    def _comes_back(self, number: int) -> None:
        if self.rules.session_id == number and not self.over:
            self._still_since = None
            self._do(self.rules.on_doubt(None, self.now))

    def _is_left(self, number: int) -> None:
        if self._still_since is None or self.rules.session_id != number or self.over:
            return
        self._sessions[number].gone = True
        self.referee.session_over(expected=False)
        self._do(self.rules.on_session_lost(number, self.now, self._still_since))

    def _do_one(self, command: Command) -> None:
        if isinstance(command, OpenSession):
            self.line.at(max(self.now + 0.3, self._others_until), self._connects)
        else:
            super()._do_one(command)

    # --- the caller -----------------------------------------------------------------------------------

    def _hears(self) -> None:
        """Every piece of the line: what is heard, what is said, and for how long there has been nothing."""
        if self.over:
            return
        speaks = self.now < self._speaks_until
        self._do(self.rules.listen(VOICE if speaks else QUIET, self.now) or [])
        if speaks:
            self._spoke_until = self.now + PIECE_S
        self._quiet_since = max(self._spoke_until, self.carrier.last_sound)
        if self.referee.seen.at_work:
            self._answered_at = self.now  # a tool has its own patience
        if not speaks and self._waits:
            self.longest = max(self.longest, self.now - max(self._quiet_since, self._answered_at))
        elif self.now >= self._quiet_since + _ANSWERS_AFTER_S:
            self._speaks()
        self.line.at(self.now + PIECE_S, self._hears)

    @property
    def _waits(self) -> bool:
        """Whether it is for the agent to speak: it owes an answer, or has broken off."""
        item_id, _ = self.carrier._last
        if self.carrier.last_sound <= max(self._spoke_until, self._begins):
            return True
        item = self._said[item_id]
        return item.text in _FILLERS or self.carrier.heard.get(item_id, 0) < item.words[-1]

    def _speaks(self) -> None:
        words = _WORDS[self._turns % len(_WORDS)]
        seconds = max(0.3, len(words) / 15.0)
        self._turns += 1
        self._speaks_until = self.now + seconds
        self.caller_sounds(seconds, words, partials=True, after=0.2)
