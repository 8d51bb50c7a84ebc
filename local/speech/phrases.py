"""Contextual biasing: favour hypotheses that contain phrases the caller is likely to say.

The phrases become one Aho-Corasick automaton over folded text. A hypothesis carries its place in it, so a
beam step costs the few characters of the new token, however many phrases there are. Matched characters
earn credit at once, which keeps a half-spoken phrase in the beam; that credit is only lent, and ends when
the phrase breaks off, so a finished transcript is paid for whole phrases alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from local.speech.questions import Question

CREDIT_PER_CHARACTER = 0.5
"""Log-probability added for each character of a matched phrase. Tuned on sentences with confusable words:
less leaves "pad tie", more hears phrases that were not said."""

MAX_PHRASES = 500
"""Further phrases are ignored."""

_YES_OR_NO = ("yes", "yeah", "no", "correct", "sure", "okay")
_DAYS = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("today", "tonight", "tomorrow"),
)
_NUMBERS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
)
ANSWERS: dict[Question | None, tuple[str, ...]] = {
    Question.AGREEMENT: (*_YES_OR_NO, "goodbye"),
    Question.DAY: _DAYS,
    Question.TIME: (*_NUMBERS, "noon", "midnight"),
    Question.PARTY: _NUMBERS,
    Question.NAME: (),
    Question.CHOICE: (),
    None: (*_YES_OR_NO, *_NUMBERS, *_DAYS, "noon", "midnight", "goodbye"),
}
"""What people answer on the telephone in a word, favoured as a whole utterance, by what was asked.

A word on its own gives the model no context and a telephone line hides its consonants: "six" alone is the
likeliest word to be misheard. In a longer utterance these earn nothing.
"""

ANSWER_CREDIT = 2.5
"""Log-probability added for such an answer. More would end "no, thank you" after its first word."""

WHOLE_CREDIT = 2.0
CHOICE_CREDIT = 5.0
"""Log-probability added when such a phrase is all that was said, as it is where it answers a question; the
second where the question was for one of them."""

_AHEAD = 2
"""Credit is lent for this many times the characters matched, up to the whole phrase, since the first token of
a rare name may cost more than its few characters give back."""

_ROOT = 0
_START, _STOP = "^", "$"  # the ends of an utterance; folding leaves no such characters in text


def fold(text: str) -> str:
    """Reduce text to what is compared: lower-case ASCII letters, digits and spaces.

    Accents, apostrophes and full stops are dropped, "&" reads "and", any other mark parts words.
    """
    plain = unicodedata.normalize("NFKD", text.replace("&", " and "))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", " ", re.sub(r"['.]", "", ascii_only))


@dataclass(slots=True)
class _Node:
    character: str
    depth: int
    children: dict[str, int] = field(default_factory=dict)
    worth: float = 0.0  # credit of the phrase that ends here
    most: float = 0.0  # credit of the best phrase through here
    fallback: int = _ROOT  # the longest proper suffix that also starts a phrase
    kept: float = 0.0  # credit earned for good on arriving here
    earned: float = 0.0  # all that was kept on the way here from the root
    lent: float = 0.0  # credit that lasts only while the phrase goes on


class PhraseBias:
    """An automaton over a fixed set of phrases. Not changed once built, so threads may share it."""

    def __init__(
        self,
        phrases: Sequence[str],
        credit: float = CREDIT_PER_CHARACTER,
        asked: Question | None = None,
    ) -> None:
        self._nodes = [_Node("", 0)]
        whole = CHOICE_CREDIT if asked is Question.CHOICE else WHOLE_CREDIT
        for phrase in phrases[:MAX_PHRASES]:
            words = fold(phrase).split()
            if words:
                # The space at both ends makes "ham" match the word and not the start of "hamster".
                pattern = f" {' '.join(words)} "
                worth = credit * (len(pattern) - 2)
                self._add(pattern, worth)
                self._add(f"{_START}{pattern}{_STOP}", worth + whole)
        for answer in ANSWERS[asked]:
            self._add(f"{_START} {answer} {_STOP}", ANSWER_CREDIT)
        self._link(credit)
        self.start, _ = self.advance(_ROOT, f"{_START} ")

    def advance(self, node: int, folded: str) -> tuple[int, float]:
        """Read folded text from `node` on; return the new node and the credit earned for good."""
        earned = 0.0
        for character in folded:
            # Marks fold to spaces, so "pad, thai" holds two in a row: they part words as one does.
            if character == " " and self._nodes[node].character == " ":
                continue
            node = self._next(node, character)
            earned += self._nodes[node].kept
        return node, earned

    def lent(self, node: int) -> float:
        """Credit that a hypothesis at `node` has only while its phrase goes on."""
        return self._nodes[node].lent

    def finish(self, node: int) -> float:
        """Credit earned when the text ends at `node`: the end closes a word as a space does."""
        return self.advance(node, f" {_STOP}")[1]

    def _add(self, pattern: str, worth: float) -> None:
        index = _ROOT
        for depth, character in enumerate(pattern, start=1):
            children = self._nodes[index].children
            if character not in children:
                children[character] = len(self._nodes)
                self._nodes.append(_Node(character, depth))
            index = children[character]
            self._nodes[index].most = max(self._nodes[index].most, worth)
        self._nodes[index].worth = worth

    def _link(self, credit: float) -> None:
        """Set fallbacks and credits breadth first: both depend on shallower nodes alone."""
        queue = deque([_ROOT])
        while queue:
            index = queue.popleft()
            parent = self._nodes[index]
            for character, child_index in parent.children.items():
                child = self._nodes[child_index]
                if index != _ROOT:
                    child.fallback = self._next(parent.fallback, character)
                # A longer phrase earns what the shorter ones within it have not earned already.
                child.kept = max(self._nodes[child.fallback].kept, child.worth - parent.earned)
                child.earned = parent.earned + child.kept
                ahead = min(child.most, credit * _AHEAD * (child.depth - 1))
                child.lent = max(0.0, ahead - child.earned)
                queue.append(child_index)

    def _next(self, node: int, character: str) -> int:
        while True:
            following = self._nodes[node].children.get(character)
            if following is not None:
                return following
            if node == _ROOT:
                return _ROOT
            node = self._nodes[node].fallback


@lru_cache(maxsize=64)
def phrase_bias(phrases: tuple[str, ...], asked: Question | None = None) -> PhraseBias:
    """Build the automaton of a phrase list and a question once; sessions with the same list share it."""
    return PhraseBias(phrases, asked=asked)
