"""Names of people, favoured where a caller gives one: after "my name is" and the like, or alone when asked.

A name on its own gives the model no context, and what it would rather write is some everyday word: "sir" for
Sarah, "no one" for Nolan. Which names people have is general knowledge; the list has common ones of many
countries, and of those that sound alike the commonest: nobody hears whether Mark writes himself Marc.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from local.speech.phrases import fold

ALONE_CREDIT = 3.0
"""Log-probability added for an utterance that is a name, when a name was asked for."""

CUED_CREDIT = 2.5
"""Log-probability added for each name after a cue."""

RARE_LESS = 1.0
"""So much less of either for a name that is not among the commonest: Jack is oftener heard than Jacques."""

_COMMONEST = 250
_LENT_PER_CHARACTER = 0.5
"""Credit is lent while a name goes on, so that it stays in the beam."""

_CUES = frozenset(
    (
        *("name is", "my names", "the names", "names", "name of", "surname is", "under", "under the name"),
        *("its", "for", "im", "i am", "this is"),
    )
)
_LONGEST_CUE = 3
_MOST_NAMES = 3
_FILE = Path(__file__).parent / "names.txt"

type _Node = dict[str, _Node]
_END, _RARE = ".", "!"  # no name has one: folding drops them


@dataclass(frozen=True, slots=True)
class Naming:
    """Where in a name an utterance is."""

    node: _Node | None
    """What may come next; None where no name is expected."""
    alone: bool
    """Whether there was nothing but names so far."""
    named: int
    """How many in a row."""
    rare: bool
    """Whether one of them is no common one."""
    word: str
    words: tuple[str, ...]
    """The word that goes on, and the last few before it."""


class Names:
    """Not changed once built, so threads may share it."""

    def __init__(self, common: list[str], rare: list[str]) -> None:
        """A name in both is common."""
        self._root: _Node = {}
        known = frozenset(common)
        for name in (*rare, *common):
            node = self._root
            for character in fold(name).strip().replace(" ", ""):
                node = node.setdefault(character, {})
            node[_END] = {}
            if name in known:
                node.pop(_RARE, None)
            else:
                node[_RARE] = {}

    def start(self, *, asked: bool) -> Naming:
        """Where every utterance begins; with `asked` it may be a name and nothing else."""
        return Naming(self._root if asked else None, alone=asked, named=0, rare=False, word="", words=())

    def advance(self, at: Naming, folded: str) -> tuple[Naming, float]:
        """Read folded text on; where that leads, and the credit earned for good."""
        earned = 0.0
        for character in folded:
            if character != " ":
                node = at.node.get(character) if at.node is not None else None
                at = replace(at, node=node, word=at.word + character)
            elif at.word:
                at, credit = self._word_ends(at)
                earned += credit
        return at, earned

    def lent(self, at: Naming) -> float:
        """Credit only while a name goes on."""
        if at.node is None or not at.word:
            return 0.0
        return min(ALONE_CREDIT if at.alone else CUED_CREDIT, _LENT_PER_CHARACTER * len(at.word))

    def finish(self, at: Naming) -> float:
        """Credit earned when the utterance ends."""
        at, earned = self._word_ends(at) if at.word else (at, 0.0)
        return ALONE_CREDIT - RARE_LESS * at.rare if at.alone and at.named else earned

    def _word_ends(self, at: Naming) -> tuple[Naming, float]:
        words = (*at.words, at.word)[-_LONGEST_CUE:]
        if at.node is not None and _END in at.node and at.named < _MOST_NAMES:
            rare = _RARE in at.node
            credit = 0.0 if at.alone else CUED_CREDIT - RARE_LESS * rare
            return Naming(self._root, at.alone, at.named + 1, at.rare or rare, "", words), credit
        cued = any(" ".join(words[-count:]) in _CUES for count in range(1, len(words) + 1))
        return Naming(self._root if cued else None, False, 0, rare=False, word="", words=words), 0.0


def known_names() -> tuple[list[str], list[str]]:
    """First names and family names, common ones first; those that sound like everyday words are last."""
    first, last, other_first, other_last = (part.split() for part in _FILE.read_text("utf-8").split("\n\n"))
    return first + other_first, last + other_last


@cache
def names() -> Names:
    """The names that are favoured: all but those that sound like everyday words. Built once."""
    first, last, *_ = (part.split() for part in _FILE.read_text("utf-8").split("\n\n"))
    return Names(first[:_COMMONEST] + last[:_COMMONEST], first[_COMMONEST:] + last[_COMMONEST:])
