"""What to do when caller and agent do not understand each other: another way each time. No I/O, no clock."""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from shared.repairs import asks_again, plain_words

_RECENT_TURNS = 6
"""The agent's turns among which the same words make a loop."""

_LOOP = 3
"""Times that the same words make a loop. Twice is what a caller who asks again wants to hear."""

_SHORTEST_LOOP = 3
"""Words. "Of course" may be said as often as it is true."""


class Rung(StrEnum):
    """How to go on after a misunderstanding, each further from plain talk than the one before."""

    REPHRASE = "rephrase"
    """Say it again in other words."""
    NARROW = "narrow"
    """Ask something that can be answered in one word."""
    KEYPAD = "keypad"
    """Offer the keys of the phone."""
    PERSON = "person"
    """Hand over, if there is somebody."""


class Misunderstandings:
    """Climbs a rung at each misunderstanding, whichever side it is on, and stays on the last.

    A turn that was understood leads one rung down, not to the ground: on a line where two turns of three are
    lost, the keypad and the person would otherwise never be reached. Answers to an agent that repeats itself
    lead nowhere, so they do not count as understood.
    """

    def __init__(self) -> None:
        self._height = 0
        self._loops = False
        self._recent: deque[str] = deque(maxlen=_RECENT_TURNS)

    def not_heard(self) -> Rung:
        """The caller spoke, and the transcription is empty or failed."""
        return self._climb()

    def caller_said(self, text: str, language: str) -> Rung | None:
        """A turn of the caller, in a language such as "en-US"; None when the caller does not ask again.

        Punctuation alone is an empty transcription.
        """
        if not plain_words(text) or asks_again(text, language):
            return self._climb()
        if not self._loops:
            self._height = max(0, self._height - 1)
        return None

    def agent_said(self, text: str) -> Rung | None:
        """A turn in the model's own words; None unless it goes round in circles.

        Fixed words, such as fillers, are repeated on purpose and do not belong here.
        """
        words = plain_words(text)
        if len(words) < _SHORTEST_LOOP:
            return None
        said = " ".join(words)
        self._recent.append(said)
        self._loops = self._recent.count(said) >= _LOOP
        return self._climb() if self._loops else None

    def _climb(self) -> Rung:
        rungs = tuple(Rung)
        self._height = min(self._height + 1, len(rungs))
        return rungs[self._height - 1]
