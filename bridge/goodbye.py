"""How a call ends: why, who still has a word to say, and when to hang up. No I/O, no clock."""

from __future__ import annotations

from enum import StrEnum

_LAST_WORD_MARGIN = 0.3
"""Seconds between the end of the goodbye and hanging up: carriers play a little later than we write."""

_PATIENCE = 8.0
"""Seconds that the model has to say goodbye once the call is to end."""

_ANSWER_PATIENCE = 3.0
"""Seconds to learn what the caller said over the goodbye."""


class Reason(StrEnum):
    """Why a call ends on purpose."""

    AGENT_ENDED = "agent_ended"
    """The model called `end_call`: the caller wants nothing more."""
    LIMIT_REACHED = "limit_reached"
    """The call has reached its longest time, or that of the session."""
    CALLER_SILENT = "caller_silent"
    """Nobody has spoken for long, checks or not."""
    MODEL_FAILED = "model_failed"
    """The model fails again and again."""
    MODEL_SILENT = "model_silent"
    """The model is not heard, whichever session is asked."""
    NO_MODEL = "voice_live"
    """No session is to be had."""
    REFUSED = "session_refused"
    """The settings of a session are refused."""

    @property
    def is_failure(self) -> bool:
        """Whether we are at fault."""
        return self in (Reason.MODEL_FAILED, Reason.MODEL_SILENT, Reason.NO_MODEL, Reason.REFUSED)


class Goodbye:
    """From the wish to end the call to hanging up.

    The goodbye is heard to its end. Who speaks over it is listened to: words take the wish back when it was
    the model's (it may end the call again after answering), a cough does not.
    """

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self.said = False
        """The goodbye is generated: what is left is to let it be heard."""
        self._due: float | None = None
        self._answer_due: float | None = None

    def wish(self, reason: Reason, now: float) -> None:
        """The call is to end."""
        if self.reason is None:
            self.reason = reason
            self._due = now + _PATIENCE

    def done(self) -> Reason:
        """The call is being ended for it; returns why."""
        reason, self.reason = self.reason or Reason.AGENT_ENDED, None
        self.said, self._due, self._answer_due = False, None, None
        return reason

    def word_said(self) -> None:
        """The goodbye is generated."""
        self.said = True
        self._due = None

    def take_back(self) -> None:
        """The caller has something to say after all. The longest time of a call stays what it is."""
        if self.reason is not Reason.LIMIT_REACHED:
            self.reason = None
            self.said = False
            self._due = None
        self._answer_due = None

    def tool_done(self, now: float) -> None:
        """A tool has ended: what it found is to be said before the call ends."""
        if self._due is not None:
            self._due = now + _PATIENCE

    def caller_spoke(self, now: float) -> None:
        """The caller has finished a turn; whether it had words is not known yet."""
        if self.said:
            self._answer_due = now + _ANSWER_PATIENCE
        elif self._due is not None:
            self._due = now + _PATIENCE

    def cough(self) -> None:
        """That turn had no words."""
        self._answer_due = None

    def hang_up_at(self, playout_ends_at: float) -> float | None:
        """When to hang up if nothing else happens; None while there is no goodbye."""
        if self.said:
            return max(playout_ends_at + _LAST_WORD_MARGIN, self._answer_due or 0.0)
        # Words are heard to their end, whether or not they are a goodbye.
        return None if self._due is None else max(self._due, playout_ends_at + _LAST_WORD_MARGIN)
