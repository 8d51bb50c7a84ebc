"""Words that the line says in the agent's name: fillers, checks, notices, what was not heard, keys, the way
back from a hand-over. They answer nothing, and what was asked before them stays asked.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from local.voice_live.mind.words import plain


class LineWords(Enum):
    """What the line says something for."""

    FILLER = auto()
    """That something takes a moment, or that the caller is being put through."""
    NOTICE = auto()
    """That the call is recorded."""
    CHECK = auto()
    """Whether the caller is still there."""
    NOT_HEARD = auto()
    """That the caller's words could not be made out."""
    KEYS = auto()
    """Which key stands for what."""
    BACK = auto()
    """That no person was reached: the agent goes on."""


_OPENING = (
    r"(?:(?:sorry|okay|ok|right|sure|certainly|of course|thanks|thank you|well|i am sorry|im sorry)[,.]? )?"
)
_FILLER = re.compile(
    rf"{_OPENING}(?:"
    r"(?:just |please wait |give me )?(?:one|a) (?:moment|second|minute|sec)\b[^?]*|"
    r"let me (?:just |quickly |have a |take a )?(?:check|see|look|find|think)\b[^?]*|"
    r"(?:i am|im|ill|i will) (?:just |still |now |quickly )?"
    r"(?:look|check|search|find|see|put|connect|transfer)[^?]*|"
    r"(?:bear with me|hold on|hang on|please wait|please hold|still (?:looking|checking)|nearly there|"
    r"almost there|thank you for (?:waiting|holding|your patience))\b[^?]*)"
)
_MOST_FILLER = 12
"""Words in the longest filler: who says more says something."""
_CHECK = re.compile(
    r"\b(?:are you (?:still )?(?:there|on the line|with me)|can you (?:still )?hear me|is anybody there|"
    r"is anyone there|still there)\?$"
)
_AGAIN = re.compile(
    r"(?:(?:could|can|would|will) you (?:please )?(?:say|repeat)|please (?:say|repeat)|say) ?"
    r"(?:it|that|this)?(?: again| once more| one more time| in a moment)*,?(?: please)?"
    r"(?: in a moment)?[?.!]*$"
)
_FEW_WORDS = re.compile(r"\bin (?:a few words|a word|one word)\b")
_MISSED = re.compile(
    r"\b(?:did not|didnt|could not|couldnt|still did not|have lost)\b.*"
    r"\b(?:catch|get|hear|understand|thread|make out)\b"
)
_RECORDED = re.compile(r"(?:this|your|the) call (?:is|may be|will be) (?:being )?recorded\b")
_KEYS = re.compile(r"\bpress (?:the )?(?:key )?\d\b")
_NOBODY = re.compile(r"\b(?:nobody|no one|cannot reach (?:anybody|anyone)|could not reach)\b")
_HELP_ELSE = re.compile(r"\b(?:help you with|can i do for you|can i help)\b[^.?!]*\?$")


def line_words(text: str) -> LineWords | None:
    """What `text` is said for by the line; None for a reply of the agent's own."""
    said = plain(text).strip()
    sentences = [part for part in re.split(r"(?<=[.?!])\s+", said) if part]
    if not sentences:
        return None
    if _RECORDED.match(said) and not said.endswith("?"):
        return LineWords.NOTICE
    if _KEYS.search(said):
        return LineWords.KEYS
    if _CHECK.search(said):
        return LineWords.CHECK
    again = _AGAIN.search(sentences[-1]) is not None and _AGAIN.fullmatch(sentences[-1]) is not None
    missed = all(_MISSED.search(part) or part.startswith("i am sorry") for part in sentences[:-1])
    if (again and missed) or (_FEW_WORDS.search(said) and _MISSED.search(sentences[0])):
        return LineWords.NOT_HEARD
    if _NOBODY.search(said) and _HELP_ELSE.search(sentences[-1]):
        return LineWords.BACK
    short = len(said.split()) <= _MOST_FILLER
    return LineWords.FILLER if short and all(_FILLER.fullmatch(part) for part in sentences) else None
