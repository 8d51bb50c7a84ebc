"""Whether words are only the start of a sentence, so that a pause after them does not end the turn.

The service documents the names of the levels and models of end-of-utterance detection and nothing of what
they do. What they do here is in `is_unfinished`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from local.voice_live.transcripts import HESITATIONS, words_of

type Level = Literal["low", "medium", "high"]

_NEVER_LAST = frozenset(
    {"a", "an", "the", "my", "our", "your"}
    | {"for", "at", "to", "of", "with", "from", "and", "or", "but", "because"}
    | {"i'd", "i'll", "i'm", "we'd", "we'll", "we're"}
)
"""Words after which an English speaker has more to say."""

_NEEDS_OBJECT = frozenset(
    {"want", "need", "like", "prefer", "find", "book", "reserve", "order", "get", "have", "make", "take"}
    | {"would", "could", "can", "will", "should", "is", "are", "in", "on", "about", "around", "some", "any"}
)
"""English words that mostly go on, but may well end a sentence: "can you book", "what is it like"."""

_NEVER_LAST_ELSEWHERE = frozenset(
    {"el", "los", "las", "una", "para", "por", "y"}  # Spanish
    | {"le", "les", "une", "pour", "avec", "et", "je"}  # French
    | {"il", "gli", "della", "e"}  # Italian, and Portuguese "e"
    | {"der", "das", "ein", "eine", "einen", "für", "mit", "und", "ich"}  # German
    | {"uma", "com", "para"}  # Portuguese
)
"""The same in the other European languages of the multilingual model, but for what is an English word."""


@dataclass(frozen=True, slots=True)
class UtteranceEnd:
    """How long a turn goes on in silence, given its words."""

    longest_ms: int
    """Silence after which the turn ends whatever was said."""
    level: Level = "medium"
    multilingual: bool = False

    def waits_after(self, text: str) -> bool:
        return is_unfinished(text, self.level, multilingual=self.multilingual)


def is_unfinished(text: str, level: Level = "medium", *, multilingual: bool = False) -> bool:
    """True for the start of a sentence, judged by its last word.

    low: only after a hesitation, as in "for four people, um".
    medium: also after an article, a preposition, a conjunction or "I'd", as in "I'd like a table for".
    high: also after a verb or such without its object, as in "can you book" or "I want".

    `multilingual` knows such words of Spanish, French, Italian, German and Portuguese as well; the level high
    adds English ones only. Punctuation tells nothing: recognition ends a short answer with a comma as often
    as with a full stop.
    """
    words = words_of(text)
    if not words:
        return False
    last = words[-1]
    if last in HESITATIONS:
        return True
    if level == "low":
        return False
    if last in _NEVER_LAST or (multilingual and last in _NEVER_LAST_ELSEWHERE):
        return True
    return level == "high" and last in _NEEDS_OBJECT
