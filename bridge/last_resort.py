"""When nothing can answer any more: an apology, a person, else goodbye. No I/O, no clock."""

from __future__ import annotations

from bridge.commands import AskForPerson, Command, HangUp
from bridge.goodbye import Reason
from bridge.parts import Parts
from bridge.stopgap import Stopgap
from shared.handover import Transfer


class LastResort:
    """Ends a call that has no model left, with recorded words."""

    def __init__(self, parts: Parts, stopgap: Stopgap) -> None:
        self._parts = parts
        self._stopgap = stopgap
        self.taken = False
        """Whether the call goes on without the model, to its end."""
        self._reason = Reason.NO_MODEL

    def take(self, reason: Reason, now: float) -> list[Command]:
        """There is no use in waiting any longer."""
        if self.taken:
            return []
        self.taken, self._reason = True, reason
        self._parts.no_model = True
        self._parts.replies.connected = False
        self._parts.patience.answer_due = None
        return [AskForPerson()] if self._parts.agent.transfer.any else self.nobody(now)

    def person(self, transfer: Transfer | None, now: float) -> list[Command]:
        """Whom to hand the call over to, if anybody."""
        if transfer is None:
            return self.nobody(now)
        phrases = self._parts.phrases
        self._parts.goodbye.take_back()
        self._parts.handing_over.begin(transfer, None)
        self._parts.handing_over.announced()
        return self._stopgap.say(phrases.transferring, now, answers=True) or []

    def nobody(self, now: float) -> list[Command]:
        """Apologise and say goodbye, then hang up; without a recording at once."""
        commands = self._stopgap.say(self._parts.phrases.trouble, now, answers=True)
        if commands is None:
            return [HangUp(self._reason, failed=True)]
        self._parts.goodbye.take_back()
        self._parts.goodbye.wish(self._reason, now)
        self._parts.goodbye.word_said()
        return commands
