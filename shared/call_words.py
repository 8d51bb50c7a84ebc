"""Words said in calls, and the search for them. No I/O.

Beside the facts of an ended call stand the words that were said in it, each once. They tell which calls can
hold what is searched for; whether one does, and where, its transcript tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

from shared.calls import Turn
from shared.repairs import plain_words

UNKNOWN: Final = "*"
"""Stands in place of the words where there are too many of them to keep: any word may have been said."""
_LONGEST: Final = 12_000
"""Characters kept of a call, some 1,800 different words: 90 calls go into one transaction of 4 MiB."""
_MOST_TERMS: Final = 10
_MOST_EXCERPTS: Final = 3
_EXCERPT: Final = 160
"""Characters of an excerpt."""
_LEAD: Final = 40
"""Of these before the first word that was searched for."""
_PARTS: Final = re.compile(r'["“”„]([^"“”„]*)["“”„]|([^"“”„]+)')
"""What stands in quotes, and what does not."""


class NothingToFindError(ValueError):
    """There is no word in what was asked for, or there are too many."""


def words_of(turns: Iterable[Turn]) -> str:
    """The different words of a call in their order, parted by spaces; UNKNOWN when they are too many."""
    words = " ".join(sorted({word for turn in turns for word in plain_words(turn.text)}))
    return words if len(words) <= _LONGEST else UNKNOWN


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where it was said."""

    seq: int
    """Of the turn."""
    role: Literal["caller", "agent"]
    text: str


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow one another within a turn, or (not `whole`) the beginning of a single word."""

    words: tuple[str, ...]
    whole: bool

    def may_be_in(self, held: str) -> bool:
        """`held`: the words of a call with a space on both sides of each."""
        return all(f" {word} " in held for word in self.words) if self.whole else f" {self.words[0]}" in held

    def is_in(self, said: Sequence[str]) -> bool:
        """`said`: the words of a turn, in their order."""
        if not self.whole:
            return any(word.startswith(self.words) for word in said)
        size = len(self.words)
        return any(tuple(said[at : at + size]) == self.words for at in range(len(said) - size + 1))


@dataclass(frozen=True, slots=True)
class Said:
    """What is searched for. A call holds it when each term was said in it, by either side."""

    terms: tuple[Term, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Words, and in quotes words that follow one another: `gluten "table for two"`.

        Raises:
            NothingToFindError
        """
        found: list[Term] = []
        for part in _PARTS.finditer(text):
            words = plain_words(part[1] or part[2] or "")
            if part[1] and words:
                found.append(Term(tuple(words), whole=True))
            else:
                found += [Term((word,), whole=False) for word in words]
        terms = tuple(dict.fromkeys(found))
        if not 1 <= len(terms) <= _MOST_TERMS:
            raise NothingToFindError("no word in it" if not terms else f"more than {_MOST_TERMS} words")
        return cls(terms)

    def may_be_in(self, words: str | None) -> bool:
        """False when the words of a call, as `words_of` gives them, tell that it was not said; None, of calls
        that were counted before their words were kept, tells nothing."""
        if words is None or words == UNKNOWN:
            return True
        held = f" {words} "
        return all(term.may_be_in(held) for term in self.terms)

    def excerpts(self, turns: Sequence[Turn]) -> list[Excerpt]:
        """The turns in which it was said, those with the most terms first, a few at most; none when the call
        does not hold all of it."""
        left = set(self.terms)
        found: list[tuple[int, Excerpt]] = []
        for turn in turns:
            words = plain_words(turn.text)
            here = [term for term in self.terms if term.is_in(words)]
            left.difference_update(here)
            if here:
                found.append((len(here), Excerpt(turn.seq, turn.role, _excerpt(turn.text, here))))
        if left:
            return []
        found.sort(key=lambda one: (-one[0], one[1].seq))
        return [excerpt for _, excerpt in found[:_MOST_EXCERPTS]]


def _excerpt(text: str, terms: Iterable[Term]) -> str:
    """The part of a turn around the first of these terms, cut between words."""
    flat = " ".join(text.split())
    if len(flat) <= _EXCERPT:
        return flat
    firsts = tuple(term.words[0] for term in terms)
    spans = [match.span() for match in re.finditer(r"\S+", flat)]
    at = next((a for a, b in spans if any(word.startswith(firsts) for word in plain_words(flat[a:b]))), 0)
    begin = max((a for a, _ in spans if a <= max(0, at - _LEAD)), default=0)
    end = max((b for _, b in spans if b <= begin + _EXCERPT), default=0)
    if end <= at:  # one word that is longer than an excerpt
        begin, end = at, at + _EXCERPT
    return f"{'… ' if begin else ''}{flat[begin:end]}{' …' if end < len(flat) else ''}"
