"""A short notation for ways of saying something, and the line of plain words it is looked for in.

In the notation " | " parts whole phrases, "a/b" is one word or the other, "(a/b)" may be left out, and "*"
stands for up to three words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from local.voice_live.mind.words import Token, phrases, word_set

_GAP = r"(?:\S+ ){0,3}"


_SWALLOWED = frozenset({"a", "an", "the", "a/an", "a/the", "an/a", "the/a", "a/an/the"})
"""Articles, which a recogniser may not hear: "have nice evening"."""


@lru_cache(maxsize=512)
def pattern_of(written: str) -> re.Pattern[str]:
    """The pattern for some phrases in the notation, the longer of two that begin alike first."""
    alternatives = sorted(phrases(written), key=lambda phrase: -len(phrase.split()))
    return re.compile(rf"(?<!\S)(?:{'|'.join(map(_phrase, alternatives))})(?!\S)")


def _phrase(phrase: str) -> str:
    """ "go (over) to/there" as a regular expression; each part but the last brings the space after it."""
    parts = phrase.split()
    if len(parts) > 1:
        parts = [f"({part})" if part in _SWALLOWED else part for part in parts]
    written = ""
    for i, part in enumerate(parts):
        words = "|".join(re.escape(word) for word in part.strip("()").split("/"))
        if part == "*":
            written += _GAP
        elif part.startswith("("):
            # What may be left out at the end brings the space before it instead.
            last = all(after.startswith("(") for after in parts[i:])
            written += rf"(?: (?:{words}))?" if last else rf"(?:(?:{words}) )?"
        else:
            ends = all(after.startswith("(") for after in parts[i + 1 :])
            written += rf"(?:{words})" + ("" if ends else " ")
    return written


_HESITATIONS = word_set("um uh er erm hmm mm ah oh please")
_ARTICLES = ("the", "a", "an")
_CONTRACTED = {
    "whats": "what is", "wheres": "where is", "whens": "when is", "hows": "how is", "whos": "who is",
    "theres": "there is", "thats": "that is", "isnt": "is not", "arent": "are not", "doesnt": "does not",
    "dont": "do not", "didnt": "did not", "cant": "can not", "cannot": "can not", "wont": "will not",
    "wouldnt": "would not", "couldnt": "could not", "shouldnt": "should not", "hasnt": "has not",
    "havent": "have not", "theyre": "they are", "youre": "you are", "im": "i am", "ive": "i have",
    "weve": "we have", "theyve": "they have", "itll": "it will", "thatll": "that will", "lets": "let us",
}  # fmt: skip
"""Contractions that are no other word once the apostrophe is gone."""
_SHORT = {"'s": "is", "'re": "are", "'d": "would", "'ll": "will", "'ve": "have", "'m": "am"}
_PRONOUNS = word_set("i we you he she it they there that who what where")


@dataclass(frozen=True, slots=True)
class Line:
    """`text` are the words, contractions written out and hesitations left out; what is named is "it"."""

    text: str
    owners: tuple[int, ...]
    """The token position that each character belongs to."""

    def find(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """Where a pattern stands: the first token and the one after the last."""
        for found in pattern.finditer(self.text):
            yield self.owners[found.start()], self.owners[found.end() - 1] + 1

    def has(self, written: str) -> bool:
        """True when one of some phrases in the notation stands in it."""
        return pattern_of(written).search(self.text) is not None


def line_of(tokens: Sequence[Token], named: Iterable[tuple[int, int]] = ()) -> Line:
    """The line of a sentence. `named` are the spans of token positions at which a subject is named."""
    starts = dict(named)
    inside = {place for start, end in starts.items() for place in range(start + 1, end)}
    parts: list[str] = []
    owners: list[int] = []

    def add(word: str, place: int) -> None:
        parts.append(word)
        owners.extend([place] * (len(word) + 1))

    for place, token in enumerate(tokens):
        if place in starts:
            if parts and parts[-1] in _ARTICLES:  # "at the Golden Lotus" is "at it"
                del owners[-len(parts.pop()) - 1 :]
            add("it", place)
        elif place not in inside and token.text and token.text not in _HESITATIONS:
            add(_written_out(token), place)
    return Line(" ".join(parts), tuple(owners))


def _written_out(token: Token) -> str:
    if token.text in _CONTRACTED:
        return _CONTRACTED[token.text]
    raw = token.raw.lower()
    for ending, verb in _SHORT.items():
        start = raw.removesuffix(ending)
        if start != raw and start in _PRONOUNS:
            return f"{start} {verb}"
    return token.text
