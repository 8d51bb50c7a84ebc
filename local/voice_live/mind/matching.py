"""Which of a few options a sentence names, forgiving what a recogniser does to a name.

Two spellings are compared by edit distance and by a small sound key (as in Metaphone: consonants by
sound, vowels dropped), so that "silver firn" finds "Silver Fern" and "jovanis" finds "Giovanni's".
Everyday words are never bent into a name: "please" must not find "Palace".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from local.voice_live.mind.concepts import PLAIN_WORDS
from local.voice_live.mind.vocabulary import COMMON, STOPWORDS, ordinary
from local.voice_live.mind.words import Token, plain, word_set

SURE = 0.8
"""Likeness from which a single word or a whole name counts as named."""

GUESS = 0.58
"""Likeness from which a name that must have been said is guessed."""

_MARGIN = 0.06
"""By how much a guess must lead the next one."""

_MOST_EDITS = 0.36
"""Words that differ in more of their letters than this cannot reach SURE, however alike they sound."""

_ARTICLES = frozenset({"the", "a", "an"})
_EDGES = _ARTICLES | frozenset({"at", "in", "on", "to", "for", "of", "and", "is", "from"})
"""Words with which no misheard name begins or ends; a name that truly has one must be said exactly."""
_SOUNDS = (
    (r"ough", "o"), (r"^kn", "n"), (r"^wr", "r"), (r"^ps", "s"), (r"sch|sh", "s"), (r"tch|ch", "s"),
    (r"ph", "f"), (r"gh", ""), (r"gn", "n"), (r"th", "t"), (r"ck", "k"), (r"qu", "k"), (r"wh", "w"),
    (r"c(?=[eiy])", "s"), (r"c", "k"), (r"g(?=[eiy])", "j"), (r"z", "s"), (r"v", "f"), (r"d", "t"),
    (r"b", "p"), (r"q", "k"), (r"g", "k"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """`option` is named by tokens `start` to `end`; `score` from 0 to 1. `rivals` fit those words as well."""

    option: str
    score: float
    start: int
    end: int
    rivals: tuple[str, ...] = ()

    @property
    def places(self) -> frozenset[int]:
        """The token positions it covers."""
        return frozenset(range(self.start, self.end))


@lru_cache(maxsize=8192)
def sound_key(word: str) -> str:
    """How a word sounds, roughly: "firn" and "fern" give "frn", "giovanni" and "jovani" "jfn"."""
    text = word
    for pattern, sound in _SOUNDS:
        text = re.sub(pattern, sound, text)
    kept = text[:1] + re.sub(r"[aeiouwhy]", "", text[1:])
    if kept[:1] in "aeiouy":
        kept = "a" + kept[1:]
    return re.sub(r"(.)\1+", r"\1", kept)


@lru_cache(maxsize=32_768)
def likeness(a: str, b: str) -> float:
    """How alike two words are in spelling and sound, 0 to 1."""
    if a == b:
        return 1.0
    longest = max(len(a), len(b))
    edits_allowed = longest * _MOST_EDITS
    if abs(len(a) - len(b)) > edits_allowed:
        return 0.0
    edits = Levenshtein.distance(a, b)
    if edits > edits_allowed:
        return 0.0
    spelling = 1 - edits / longest
    key_a, key_b = sound_key(a), sound_key(b)
    sound = 1 - Levenshtein.distance(key_a, key_b) / max(len(key_a), len(key_b), 1)
    return 0.55 * spelling + 0.45 * sound


def _distant_likeness(a: str, b: str) -> float:
    """Likeness of long names that may be misspelled throughout; sound counts more than spelling."""
    if min(len(a), len(b)) < 6 or abs(len(a) - len(b)) > 5:
        return 0.0
    key_a, key_b = sound_key(a), sound_key(b)
    sound = 1 - Levenshtein.distance(key_a, key_b) / max(len(key_a), len(key_b))
    if sound < GUESS:
        return 0.0
    return 0.4 * (1 - Levenshtein.distance(a, b) / max(len(a), len(b))) + 0.6 * sound


def option_words(option: str) -> tuple[str, ...]:
    """The words of an option as they are compared: "The Silver-Fern" gives ("silver", "fern")."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\-/&]", " ", option)
    words = tuple(w for w in re.sub(r"[^\w ]", "", plain(spaced)).split())
    return tuple(w for w in words if w not in _ARTICLES) or words


class Matcher:
    """Finds a fixed set of options in sentences.

    `phrases` maps further wordings to an option and must stand in the sentence exactly. Words in
    `general` (and everyday words) do not name an option by themselves, however rare among the options:
    "pizza" does not name a Pizza Palace.
    """

    def __init__(
        self,
        options: Sequence[str],
        *,
        phrases: Mapping[str, str] | None = None,
        general: frozenset[str] = frozenset(),
    ) -> None:
        self._options = [(option, option_words(option)) for option in options]
        self._general = general
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for phrase, option in (phrases or {}).items():
            words = tuple(phrase.split())
            self._phrases.setdefault(words[0], []).append((words, option))
        self._widest = max((len(words) for _, words in self._options), default=0) + 1
        self._by_width = {
            size: [
                (option, words, "".join(words))
                for option, words in self._options
                if abs(len(words) - size) <= 1
            ]
            for size in range(1, self._widest + 1)
        }
        self._parts = self._distinctive_words()
        self._exact: dict[str, tuple[str, ...]] = {}
        for option, words in self._options:
            name = " ".join(words)
            for said in (name, f"{name}s"):  # "green table's" and "green tables" are Green Table
                self._exact[said] = (*self._exact.get(said, ()), option)

    def find(self, tokens: Sequence[Token], *, kind_words: frozenset[str] = frozenset()) -> list[Match]:
        """The options a sentence names, best first, none overlapping a better one.

        A word right before one of `kind_words` ("food", "restaurant"), or after "fancy" and the like, is
        meant as a kind, so a short word that merely sounds like an option is believed there: "tie food".
        """
        words = [token.text for token in tokens]
        found = [*self._whole(words), *self._by_phrase(words), *self._by_part(words)]
        if not found and kind_words:
            found = self._by_sound(words, kind_words)
        return without_overlaps(found)

    def guess(self, tokens: Sequence[Token], taken: frozenset[int]) -> Match | None:
        """The option that a mangled name most likely was, if one stands out.

        Compares by sound first, over words that are not `taken` and not all everyday ones. Meant for
        sentences that must name an option and seem not to; the caller hears the guess and can object.
        """
        words = [token.text for token in tokens]
        best: dict[str, Match] = {}
        for size in range(1, self._widest + 2):
            for start in range(len(words) - size + 1):
                window = words[start : start + size]
                if (
                    taken & frozenset(range(start, start + size))
                    or "" in window
                    or all(map(_no_name, window))
                ):
                    continue
                for option, option_parts in self._options:
                    score = _distant_likeness("".join(window), "".join(option_parts))
                    if score >= GUESS and score > best.get(option, _NOTHING).score:
                        best[option] = Match(option, score, start, start + size)
        ranked = sorted(best.values(), key=lambda m: -m.score)
        if not ranked:
            return None
        # Two spellings of one sound ("lasagne", "lasagna") are no rivals.
        rival = next((m for m in ranked if sound_key(m.option) != sound_key(ranked[0].option)), _NOTHING)
        return ranked[0] if ranked[0].score - rival.score >= _MARGIN else None

    def _distinctive_words(self) -> dict[str, tuple[str, ...]]:
        """Words by which people shorten a name ("the Fern"), with the options that have them."""
        parts: dict[str, tuple[str, ...]] = {}
        for option, words in self._options:
            for word in set(words):
                if len(words) > 1 and len(word) > 3 and word not in COMMON and word not in self._general:
                    parts[word] = (*parts.get(word, ()), option)
        return parts

    def _whole(self, words: list[str]) -> list[Match]:
        found: list[Match] = []
        for size in range(1, self._widest + 1):
            for start in range(len(words) - size + 1):
                window = words[start : start + size]
                if "" in window or (size == 1 and window[0] in STOPWORDS):
                    continue  # an empty word has been understood as something else
                if all(map(ordinary, window)) or window[0] in _EDGES or window[-1] in _EDGES:
                    options = self._exact.get(" ".join(window), ())
                    found += [Match(option, 1.0, start, start + size) for option in options]
                    continue
                joined = "".join(window)
                for option, _, target in self._by_width[size]:
                    if abs(len(joined) - len(target)) > _MOST_EDITS * max(len(joined), len(target)):
                        continue
                    if (score := likeness(joined, target)) >= SURE:
                        found.append(Match(option, score, start, start + size))
        return found

    def _by_phrase(self, words: list[str]) -> list[Match]:
        found: list[Match] = []
        for start, word in enumerate(words):
            for phrase, option in self._phrases.get(word, ()):
                if tuple(words[start : start + len(phrase)]) == phrase:
                    found.append(Match(option, 0.9, start, start + len(phrase)))
        return found

    def _by_part(self, words: list[str]) -> list[Match]:
        found: list[Match] = []
        for place, word in enumerate(words):
            if ordinary(word) or word in self._general or len(word) < 4:
                continue
            bent = word not in PLAIN_WORDS
            for part, options in self._parts.items():
                score = max(likeness(word, part), likeness(word.removesuffix("s"), part))
                if score >= SURE + 0.02 and (bent or score >= 1.0):
                    found.append(Match(options[0], score * 0.85, place, place + 1, options[1:]))
        return found

    def _by_sound(self, words: list[str], kind_words: frozenset[str]) -> list[Match]:
        found: list[Match] = []
        for place, word in enumerate(words[:-1]):
            meant = words[place + 1] in kind_words or (place and words[place - 1] in _BEFORE_A_KIND)
            if not meant or len(word) < 3 or word in _NEVER_A_KIND:
                continue
            for option, option_parts in self._options:
                if len(option_parts) == 1 and _sounds(word) == _sounds(option_parts[0]):
                    found.append(Match(option, 0.75, place, place + 1))
        return found


def _no_name(word: str) -> bool:
    return word in PLAIN_WORDS or ordinary(word)


_NOTHING = Match("", 0.0, 0, 0)
_BEFORE_A_KIND = word_set("fancy eat some craving best good want love like having prefer")

_NEVER_A_KIND = word_set(
    """
    the any good great best that this your their some other which what for new same nice hot fast too two
    tea toy toe they
    """
)


@lru_cache(maxsize=2048)
def _sounds(word: str) -> str:
    """The sound key with a mark for a vowel at the end: "tie" and "thai" both give "t~"."""
    return sound_key(word) + ("~" if word[-1] in "aeiouy" or word.endswith("gh") else "")


def without_overlaps(found: Sequence[Match]) -> list[Match]:
    """The best matches that share no words, best first: longer names win over the words inside them."""
    ranked = sorted(found, key=lambda m: (-(m.score**3) * (m.end - m.start) ** 0.5, m.start, m.option))
    kept: list[Match] = []
    taken: set[int] = set()
    for match in ranked:
        if not taken & match.places:
            kept.append(match)
            taken |= match.places
    return kept
