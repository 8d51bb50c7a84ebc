"""Whether a call may be recorded: what the caller was told or asked, and what they said. No I/O, no clock.

Nothing is recorded before the caller has heard of it to the end. When the agent was cut short while saying
it, or the caller turns out to speak another language, it is said (again) before the next reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from shared.agent_tables import RecordingMode
from shared.phrases import Phrases, says_ai

_MOST_TIMES: Final = 3
"""A caller who cuts it short so often is not told once more, and not recorded."""
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+(?=[A-ZÀ-Þ¿¡])")
_WORDS: Final = re.compile(r"\w+")


def opening(greeting: str, mode: RecordingMode, phrases: Phrases) -> str:
    """The greeting with what has to be said of the recording.

    That the call is recorded is told before the question with which the greeting ends; the question whether
    it may be stands in the place of that one, for nobody answers two.
    """
    *first, last = _SENTENCE.split(greeting.strip())
    before = " ".join(first)
    match mode:
        case "announce":
            return " ".join([*first, phrases.recording_notice or "", last])
        case "ask":
            kept = before if says_ai(before) else greeting
            return f"{kept} {phrases.recording_question or ''}"
        case _:
            return greeting


class Notice:
    """What one caller knows and wants of being recorded.

    Args:
        mode: how the operator wants it.
        resumed: another bridge has begun the call, and with it, this.
    """

    def __init__(self, mode: RecordingMode = "off", *, resumed: bool = False) -> None:
        self.mode = mode
        self.refused = False
        """Whether the caller does not want it. That stands for the whole call."""
        self._asks = mode == "ask"
        self._closed = mode != "announce" or resumed
        self._opened = False
        self._told: set[str] = set()
        """What was heard to its end, word for word."""
        self._times = 0
        self._saying = False
        """Whether it was asked for, and no turn has ended since."""

    def opening(self, greeting: str, phrases: Phrases) -> str:
        """What is said first."""
        return opening(greeting, self.mode, phrases)

    def words(self, phrases: Phrases) -> str:
        """What the caller has to hear."""
        return (phrases.recording_question if self._asks else phrases.recording_notice) or ""

    def heard(self, texts: Iterable[str], phrases: Phrases) -> bool:
        """Turns of the agent are over, as they were heard; True when the call may be recorded from now on."""
        words, knew = self.words(phrases), bool(self._told)
        for text in texts:
            self._opened, self._saying = True, False
            if _holds(text, words):
                self._told.add(words)
        return not self._asks and not knew and bool(self._told) and not self.refused

    def to_say(self, phrases: Phrases) -> str | None:
        """What has to be said before the next reply; None for nothing. Asked for once each time."""
        if self._closed or self.refused or self._saying or not self._opened or self._times == _MOST_TIMES:
            return None
        words = self.words(phrases)
        if words in self._told:
            return None
        self._times += 1
        self._saying = True
        return words

    @property
    def asked(self) -> bool:
        """Whether the caller has heard what a yes would be to."""
        return bool(self._told)


def _holds(text: str, words: str) -> bool:
    """Whether all of some words stand in a text, one after the other."""
    said, wanted = _plain(text), _plain(words)
    return bool(wanted) and f" {wanted} " in f" {said} "


def _plain(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))
