"""Which name a caller meant, when the recogniser wrote something near it.

A telephone line and a recogniser turn "Thai Orchid" into "tie orchid" and "Sakura" into "sukura". Names are
compared by their letters and by a rough English sound, whole and word by word, and a choice is only made
when the best is clearly better than the next: a wrong restaurant is worse than one more question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

GOOD = 0.8
"""The least likeness at which a name counts as meant."""

_CLEAR = 0.08
"""How much better than the runner-up the best must be."""

_VOWELS = frozenset("aeiou")
_SHORT_LETTERS = 0.5
"""Words with one consonant sound alike too easily, so as many of their letters have to agree as well."""

_FEW = 300
"""Up to so many names are all compared closely."""

_SHORTLISTED = 100
"""Of more names so many are compared closely, by their letters, and as many for the sound of each word."""

_PART = 0.97
"""A name said in part ("Lotus") ranks just below the same likeness of the whole."""

_WORD = 0.65
"""A said word less like than this belongs to another name: "golden palace" is not Golden Lotus."""

_BY_SOUND = 0.95
"""Names that only sound alike rank below names that are written alike."""

_FILLERS = frozenset(
    {"a", "an", "and", "any", "anything", "at", "dish", "dishes", "food", "for", "from", "good", "in", "like"}
    | {"my", "of", "on", "or", "place", "please", "restaurant", "some", "something", "that", "the", "this"}
    | {"to", "with"}
)
_SOUNDS = (
    (r"[^a-z0-9]", ""),
    (r"ph", "f"),
    (r"gn", "n"),
    (r"th|dt", "t"),
    (r"kh|ck|q|c(?![eiy])", "k"),
    (r"c|z|x", "s"),
    (r"gh|h", ""),
    (r"w|v", "v"),
    (r"y|j", "i"),
    (r"[aeiou]", ""),
    (r"(.)\1+", r"\1"),
)
"""Rough English sound: spellings that a recogniser confuses fall together. Vowels go: they
are what the line loses first. Applied in order."""


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome of a look-up: the one key meant, or the nearest names to offer."""

    key: str | None
    nearest: tuple[str, ...]
    """Names in order of likeness, at most three; for telling the caller what there is."""


@lru_cache(maxsize=16_384)
def words(text: str) -> tuple[str, ...]:
    """Lower-case words without accents and apostrophes: "Luigi's Café" -> ("luigis", "cafe")."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'\u2019")
    return tuple(re.findall(r"[a-z0-9]+", plain))


def key_words(text: str) -> tuple[str, ...]:
    """The words that carry a name or a dish; all of them when only fillers were said."""
    found = words(text)
    return tuple(word for word in found if word not in _FILLERS) or found


def likeness(said: str, name: str) -> float:
    """How alike two texts are, 0 to 1, by letters or by sound, whichever is more."""
    a, b = "".join(words(said)), "".join(words(name))
    if not a or not b:
        return 0.0
    letters, one, other = _ratio(a, b), rough_sound(a), rough_sound(b)
    if min(len(one), len(other)) < 2 and not _may_be_heard_as(a, b, letters):
        return letters
    return max(letters, _BY_SOUND * _ratio(one, other))


def match(said: str, names: Mapping[str, Iterable[str]]) -> Match:
    """The key of `names` (key to the names it goes by, first the main one) that was meant by `said`."""
    scores = {key: max((_score(said, name) for name in known), default=0.0) for key, known in names.items()}
    ranked = sorted(scores, key=lambda key: -scores[key])
    nearest = tuple(next(iter(names[key])) for key in ranked[:3])
    if not ranked or scores[ranked[0]] < GOOD:
        return Match(None, nearest)
    best, second = scores[ranked[0]], scores[ranked[1]] if len(ranked) > 1 else 0.0
    exact = best == 1.0 > second
    return Match(ranked[0] if exact or best - second >= _CLEAR else None, nearest)


def _may_be_heard_as(a: str, b: str, letters: float) -> bool:
    """Whether one consonant in common means anything: "tie" may be "thai", "yes" is not "house"."""
    return (a[0] in _VOWELS) == (b[0] in _VOWELS) and letters >= _SHORT_LETTERS


class Names:
    """Many names to look up: of more than a few only those that can be meant are compared closely."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        """Keys to the names each goes by, first the main one."""
        self._names = dict(names)
        self._letters: dict[str, str] = {}
        self._by_sound: dict[str, set[str]] = {}
        if len(self._names) > _FEW:
            for key, known in self._names.items():
                for number, name in enumerate(known):
                    self._letters[f"{number} {key}"] = "".join(key_words(name))
                    for word in key_words(name):
                        self._by_sound.setdefault(rough_sound(word), set()).add(key)

    def match(self, said: str) -> Match:
        """The key that was meant by `said`."""
        if not self._letters:
            return match(said, self._names)
        heard = key_words(said)
        near = process.extract("".join(heard), self._letters, scorer=fuzz.ratio, limit=_SHORTLISTED)
        keys = {found[2].split(" ", 1)[1] for found in near}
        for word in heard:
            alike = self._by_sound.get(rough_sound(word), set())
            keys |= alike if len(alike) <= _SHORTLISTED else set()
        return match(said, {key: self._names[key] for key in keys})


@lru_cache(maxsize=65_536)
def word_likeness(said: str, word: str) -> float:
    """How well one said word matches one word of a dish, 0 to 1: number and compounds forgiven, then letters.

    Not by sound: rice and rose, pasta and pesto sound alike. Remembered, because a search asks for the same
    pairs again and again while calls are waiting for their audio.
    """
    said, word = singular(said), singular(word)
    if said == word:
        return 1.0
    if len(said) >= 4 and said in word:
        return 0.9
    if 2 * min(len(said), len(word)) < _WORD * (len(said) + len(word)):
        return 0.0  # so different in length that the letters need no look
    return _ratio(said, word)


def _score(said: str, name: str) -> float:
    heard, known = key_words(said), key_words(name)
    if heard == known:
        return 1.0
    if _FILLERS.issuperset(heard):
        return 0.0  # "the" is nobody's name
    whole = _ratio("".join(heard), "".join(known))
    return max(whole, _PART * _word_by_word(heard, known))


def _word_by_word(heard: Sequence[str], known: Sequence[str]) -> float:
    """Mean likeness of the said words, each to a name word of its own; 0 when one has none."""
    left, total = list(known), 0.0
    for word in heard:
        best = max(left, key=lambda other: likeness(word, other), default="")
        if likeness(word, best) < _WORD:
            return 0.0
        total += likeness(word, best)
        left.remove(best)
    return total / max(len(heard), 1)


def _ratio(a: str, b: str) -> float:
    return fuzz.ratio(a, b) / 100


@lru_cache(maxsize=65_536)
def rough_sound(letters: str) -> str:
    """Spellings that a telephone line and a recogniser confuse, as one: "thai" and "tie" are both "t"."""
    for pattern, sound in _SOUNDS:
        letters = re.sub(pattern, sound, letters)
    return letters


def singular(word: str) -> str:
    """A word without the ending of its plural."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
