"""The words of all menus, and which of them a said word can mean: as written, nearly so, or by its sound.

Letters are compared first. Sound comes second and only when letters found no dish: rice and rose sound
alike, and so do pasta and pesto.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from rapidfuzz import fuzz, process

from shared.name_matching import rough_sound, singular

LEAST = 0.7
"""A word less like than this is another word."""

_COMPOUND = 0.9
"""A word within a longer one: "berry" in "strawberry"."""

_SHORTEST_PART = 4
_BY_SOUND = 0.8
"""What a word is worth that only sounds like the said one."""

_SOUND_LETTERS = 0.34
"""Of words that sound alike this much of the letters has to agree as well: vowels have no sound here."""

_VOWELS = frozenset("aeiou")

_REMEMBERED = 4096

type Meanings = Mapping[str, float]
"""Words of the menus to how well each fits the said one, up to 1."""


class Vocabulary:
    """Looks said words up. Remembers what it found, because callers say the same words."""

    def __init__(self, words: Iterable[str]) -> None:
        """`words` as `singular` gives them."""
        self._words = sorted(set(words))
        self._known = frozenset(self._words)
        self._by_length: dict[int, list[str]] = defaultdict(list)
        self._by_sound: dict[str, list[str]] = defaultdict(list)
        for word in self._words:
            self._by_length[len(word)].append(word)
            self._by_sound[rough_sound(word)].append(word)
        self._found: dict[tuple[str, bool], Meanings] = {}

    def meanings(self, said: str, *, by_sound: bool = False) -> Meanings:
        """The words that `said` can mean; none when nothing is near."""
        key = (said, by_sound)
        if (found := self._found.get(key)) is None:
            found = self._look_up(singular(said), by_sound=by_sound)
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[key] = found
        return found

    def _look_up(self, said: str, *, by_sound: bool) -> Meanings:
        found: dict[str, float] = {}
        if by_sound:
            for word in self._by_sound.get(rough_sound(said), ()):
                begin_alike = (said[:1] in _VOWELS) == (word[:1] in _VOWELS)
                if begin_alike and fuzz.ratio(said, word) >= 100 * _SOUND_LETTERS:
                    found[word] = _BY_SOUND
        if len(said) >= _SHORTEST_PART:
            found |= {word: _COMPOUND for word in self._words if said in word}
        if said in self._known:
            return found | {said: 1.0}
        shortest, longest = len(said) * LEAST / (2 - LEAST), len(said) * (2 - LEAST) / LEAST
        for length, words in self._by_length.items():
            if shortest <= length <= longest:
                near = process.extract(said, words, scorer=fuzz.ratio, score_cutoff=100 * LEAST, limit=None)
                for word, score, _ in near:
                    found[word] = max(found.get(word, 0.0), score / 100)
        return found


def readings(said: Sequence[str]) -> list[tuple[str, ...]]:
    """The words as heard, and with two neighbours as one: "moose aka" may be "mooseaka"."""
    joined = [
        (*said[:index], first + second, *said[index + 2 :])
        for index, (first, second) in enumerate(pairwise(said))
    ]
    return [tuple(said), *joined]
