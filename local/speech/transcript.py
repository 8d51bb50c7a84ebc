"""What recognition returns, and the rules on it that need no model."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_SPLIT_WORD = re.compile(r"\b(to)[ -](night|morrow)\b", re.IGNORECASE)

_HEARD_IN_NOISE = dict.fromkeys(
    ("you", "yeah", "okay", "oh", "so", "bye", "thanks for watching", "we'll be right back"), 0.4
) | {"thank you": 0.6}
"""What the model makes of clicks, breath and hum, and the confidence that it has when somebody did say it."""
_GUESS = 0.15
"""Confidence below which no text is worth anything. Hardly any speech falls below, so a caller is rather
misheard, and asked again, than not answered."""
_BRIEF_SECONDS = 0.2
"""Nobody says one of those in less."""

_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Transcript:
    """Recognised text as spoken, and the mean probability of its tokens (0..1)."""

    text: str
    confidence: float


def tidy(text: str) -> str:
    """Undo spelling habits of the recogniser that are never meant: "to night" is "tonight"."""
    return _SPLIT_WORD.sub(r"\1\2", text).strip()


def is_noise(transcript: Transcript, voiced_seconds: float = math.inf) -> bool:
    """Tell what the model makes up when nobody spoke: nothing, music notes, "You".

    `voiced_seconds` is how long voice activity was found in the audio, where that is known.
    """
    if not _LETTER_OR_DIGIT.search(transcript.text) or transcript.confidence < _GUESS:
        return True
    # The model ends whatever somebody says with a mark. A bare "You", however sure, is how it says nothing.
    if transcript.text == "You":
        return True
    sure = _HEARD_IN_NOISE.get(transcript.text.lower().strip(" .,!?"))
    return sure is not None and (transcript.confidence < sure or voiced_seconds < _BRIEF_SECONDS)
