"""What the speaker was asked: half of the answer, for whoever hears it over a bad line.

"Two" and "ten" sound alike on a telephone; after "What day would you like?" neither is likely.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Question(StrEnum):
    """What an answer is about."""

    DAY = "day"
    TIME = "time"
    PARTY = "party"
    """How many people."""
    NAME = "name"
    CHOICE = "choice"
    """Which of several, or which of all restaurants."""
    AGREEMENT = "agreement"
    """Yes or no."""


_ASKS = (
    (Question.NAME, r"\byour name\b|\b(name|who)\b[^.?!]*(\?|$)"),
    (Question.DAY, r"\b(what|which) (day|date)\b|\bwhen would\b"),
    (Question.TIME, r"\bwhat time\b"),
    (Question.PARTY, r"\bhow many (people|guests|persons|of you|will|are)\b|\bparty size\b"),
    (Question.CHOICE, r"\bwhich (one|restaurant|place|of)\b|\bwhich would you like\b"),
    (
        Question.AGREEMENT,
        r"\b(is (that|this|it)|are you) (right|correct|okay|sure)\b|(?<![a-z] )\bshall i\b|\byes or no\b"
        r"|(?<![a-z] )\b(would you like|do you want) me to\b|\bis there anything else\b|\bsuit you\b",
    ),
)


def asked_for(said: str) -> Question | None:
    """What somebody who was told this last will most likely answer; None when that may be anything."""
    asked = [
        (found.start(), question)
        for question, asks in _ASKS
        for found in re.finditer(asks, said, re.IGNORECASE)
    ]
    return max(asked)[1] if asked else None
