"""Somebody who wants a table: what to say next, from what was heard. No I/O and no clock.

Knows the line as its callers do, by ear: there is no script that the agent must follow, so a sentence that
got lost is said again, and an apology is answered. What such a caller was told is what the store must hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from local.scripts import Wish

YES = "Yes, please."
NO = "No, thank you. Goodbye."
NAME = "My name is Anna."
QUESTIONS = (
    "What is the address of Sakura House?",
    "What are the opening hours of Golden Lotus?",
    "Do you know a good Indian restaurant?",
    "What is on the menu at Napoli Pizza?",
)

WHENS = {
    "tomorrow at six": time(18),
    "tomorrow at half past six": time(18, 30),
    "tomorrow at seven": time(19),
    "tomorrow at half past seven": time(19, 30),
    "tomorrow at eight": time(20),
}
"""When they may want it, and what that is on the clock."""

_GREETING = re.compile(r"\bassistant\b", re.I)
"""Said nowhere else; what comes before it is often misheard."""
_BOOKED = re.compile(r"\b(is|are) booked\b|\bbooking code\b", re.I)
_FULL = re.compile(r"\bno table\b|\bnothing was booked\b", re.IGNORECASE)
_GOODBYE = re.compile(r"\bgood ?bye\b|\bcall again\b", re.I)
_RIGHT = re.compile(
    r"\bis (that|this|it) (right|correct|all right)\b|\bthat right\b|\bshall i (book|go on)\b", re.I
)
_NAME = re.compile(r"\bname\b", re.I)
_REMEMBER = re.compile(r"\bremember\b", re.I)
_WHEN = re.compile(r"\b(which|what) (day|time|date)\b|\bwhen\b", re.I)
_AGAIN = re.compile(
    r"\bagain\b|\bonce more\b|\bstill there\b|\bcannot hear\b|\bcan't hear\b|\bi am back\b", re.I
)
_FILLER = re.compile(
    r"\W*(one moment,? please|let me check|i am just looking that up|i'm just looking that up)\W*", re.I
)


@dataclass(slots=True)
class Booker:
    """One caller's mind."""

    wish: Wish
    when: str
    """The day and the time, as one says them: "tomorrow at seven"."""
    questions: Sequence[str] = ()
    """Asked before the table is."""
    later: Sequence[str] = ()
    """Other times, for when there is no table left."""
    greeted: int = 0
    """How often the agent has introduced itself."""
    told: bool = False
    """Whether the caller was told that the table is booked."""
    sent_away: bool = False
    """Whether the agent has said goodbye before that."""
    said: list[str] = field(default_factory=list)
    _asked: int = 0

    @property
    def request(self) -> str:
        """All that a booking takes but the name."""
        return self._request(self.when)

    def _request(self, when: str) -> str:
        return f"A table for {self.wish.party_word} at {self.wish.restaurant_name} {when}."

    def wants(self, now: datetime) -> datetime:
        """When the table is to be, for who calls at `now`; in the same zone."""
        return datetime.combine(now.date() + timedelta(days=1), WHENS[self.when], now.tzinfo)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All that this caller may say."""
        times = (self.when, *self.later)
        requests = [self._request(when) for when in times]
        return (*self.questions, *requests, NAME, YES, NO, *(f"{when.capitalize()}." for when in times))

    def hear(self, heard: str) -> str | None:
        """What to say after the agent said this; None to listen on."""
        answer = self._answer(heard)
        if answer is not None:
            self.said.append(answer)
        return answer

    def hears_nothing(self) -> str:
        """What to say when nobody has said anything for long: the last thing again."""
        self.said.append(self.said[-1] if self.said else self._next())
        return self.said[-1]

    def _answer(self, heard: str) -> str | None:
        self.greeted += len(_GREETING.findall(heard))
        if _FILLER.fullmatch(heard):
            return None
        if _BOOKED.search(heard):
            self.told = True
            return NO
        if _GOODBYE.search(heard):
            self.sent_away = not self.told
            return None
        if self.told:
            return NO
        if _FULL.search(heard) and self.later:
            self.when, *self.later = self.later
            return self.request
        if not self.said:
            return self._next()
        return self._reply(heard)

    def _reply(self, heard: str) -> str:
        if _RIGHT.search(heard):
            return YES
        if _REMEMBER.search(heard):
            return NO
        if self.request in self.said:
            if _NAME.search(heard):
                return NAME
            if _WHEN.search(heard):
                return f"{self.when.capitalize()}."
        if _AGAIN.search(heard):
            return self.said[-1]
        return self._next()

    def _next(self) -> str:
        """The next question, or what it is all about."""
        if self._asked < len(self.questions):
            self._asked += 1
            return self.questions[self._asked - 1]
        return self.request
