"""From a transcript to tokens: lower case, numbers recognised, punctuation kept as a mark on the token
before it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from local.voice_live.mind.misheard import as_meant

MAX_CHARS = 2_000
"""A spoken turn is far shorter; more text than this is cut so that a pasted page cannot stall a reply."""

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_TEENS = "seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
CARDINALS: dict[str, int] = {word: n for n, word in enumerate(f"{_UNITS} {_TEENS}".split())} | {
    word: 10 * n for n, word in enumerate(_TENS.split(), start=2)
}
ORDINALS: dict[str, int] = {word: n for n, word in enumerate(_ORDINALS.split())} | {
    word.removesuffix("y") + "ieth": 10 * n for n, word in enumerate(_TENS.split(), start=2)
}

HOMOPHONES: dict[str, int] = {
    "won": 1, "wan": 1, "to": 2, "too": 2, "tu": 2, "tree": 3, "free": 3, "for": 4, "fore": 4,
    "therefore": 4, "fur": 4, "or": 4, "ore": 4,
    "fife": 5, "sicks": 6, "sex": 6, "ate": 8, "adate": 8, "nein": 9, "tin": 10,
}  # fmt: skip
"""Words a recogniser writes for a number. Only believed where a number must stand."""

_COUNT_AS_TIME = re.compile(r"\b(\d{1,2}):00(?= (?:people|of us|persons|guests)\b)", re.IGNORECASE)
"""A count written as a time: "1:00, 4:00 people"."""
_RUN_TOGETHER = re.compile(r"\b(\d{1,2})[:.]([1-5])([1-46-9])\b")
"""A time and a count written as one: "7:33 of us" for "seven thirty, three of us". Nobody dines at 7:33."""
_MERIDIEM = re.compile(r"\b([ap])\.\s?m\b\.?", re.IGNORECASE)
_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{1,2}[:.]\d{2}(?!\d)|\d+(?:st|nd|rd|th)\b|\d+|[^\W\d_]+(?:['-][^\W\d_]+)*|[^\s\w]"
)
_NO_APOSTROPHE = str.maketrans("", "", "'\u2019")
_ASCII = str.maketrans({"\u2019": "'", "\u2013": " "})
_PUNCTUATION = frozenset(".,;:?!")


@dataclass(frozen=True, slots=True)
class Token:
    """One word. `number` is its value when it is a number, `mark` the punctuation that follows it."""

    text: str
    raw: str
    number: int | None = None
    ordinal: bool = False
    mark: str = ""

    @property
    def cardinal(self) -> int | None:
        """The value of a plain number such as "seven" or "12", not of "seventh"."""
        return None if self.ordinal else self.number

    @property
    def capital(self) -> bool:
        """True when the transcript wrote it with a capital letter."""
        return self.raw[:1].isupper()


def plain(text: str) -> str:
    """Lower case, accents and apostrophes gone: "Café Nino's" becomes "cafe ninos"."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c)).translate(_NO_APOSTROPHE)


@lru_cache(maxsize=4096)
def tokenise(text: str) -> tuple[Token, ...]:
    """The words of a transcript, compound numbers joined ("twenty seventh" is one token, 27)."""
    prepared = text[:MAX_CHARS].translate(_ASCII).replace("'clock", "clock")
    prepared = _MERIDIEM.sub(lambda m: f"{m[1]}m", prepared)
    prepared = _COUNT_AS_TIME.sub(r"\1", prepared)
    prepared = _RUN_TOGETHER.sub(r"\1:\g<2>0 \3", prepared)
    prepared = as_meant(prepared)
    tokens: list[Token] = []
    for raw in _TOKEN.findall(prepared):
        if raw in _PUNCTUATION:
            if tokens:
                tokens[-1] = replace(tokens[-1], mark=raw)
        elif raw[0].isalnum():
            tokens.extend(_word(raw))
    return tuple(_join_tens(tokens))


_HESITATIONS = frozenset(["um", "uh", "er", "erm", "uhm", "ehm"])
_LONGEST_STUMBLE = 2
_SHORT = 3


def fluent(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The sentence without hesitations and without words begun again: "can I um can I book".

    Numbers may truly stand twice ("for four"), and so may a word after a mark ("Thai or Indian, Indian"), so
    both are left alone; a short word after a mark is begun again all the same ("the, the").
    """
    kept: list[Token] = []
    for place, token in enumerate(tokens):
        agrees = token.text == "uh" and place + 1 < len(tokens) and tokens[place + 1].text == "huh"
        if token.text not in _HESITATIONS or agrees:
            kept.append(token)
        for size in range(1, _LONGEST_STUMBLE + 1):
            again = [word.text for word in kept[-size:]]
            before = [word.text for word in kept[-2 * size : -size]]
            meant = len(kept) > size and kept[-size - 1].mark and len(kept[-1].text) > _SHORT
            if again == before and not meant and not any(_may_count(word) for word in kept[-size:]):
                del kept[-2 * size : -size]
    return tuple(kept) or tuple(tokens)


def _may_count(token: Token) -> bool:
    return token.number is not None or token.text in HOMOPHONES


def _word(raw: str) -> list[Token]:
    text = plain(raw)
    if text[:1].isdigit() and text[-2:] in ("st", "nd", "rd", "th"):
        return [Token(text, raw, _int(text[:-2]), ordinal=True)]
    if text.isdigit():
        return [Token(text, raw, _int(text))]
    if "-" in text and not text[0].isdigit():
        parts = text.split("-")
        if all(part in CARDINALS or part in ORDINALS for part in parts):  # "twenty-seventh"
            return _join_tens([token for part in parts for token in _word(part)])
        return [token for piece in raw.split("-") if piece for token in _word(piece)]
    if text in ORDINALS:
        return [Token(text, raw, ORDINALS[text], ordinal=True)]
    return [Token(text, raw, CARDINALS.get(text))]


def _int(digits: str) -> int | None:
    """The value of a short run of digits; a long one (a phone number) is no quantity."""
    return int(digits) if digits.isdecimal() and len(digits) <= 6 else None


def _join_tens(tokens: list[Token]) -> list[Token]:
    joined: list[Token] = []
    for place, token in enumerate(tokens):
        last = joined[-1] if joined else None
        if (
            last is not None
            and not last.mark  # "seven thirty, three of us" is no thirty-three
            and last.text in CARDINALS
            and last.number in range(20, 100, 10)
            and (token.text in CARDINALS or token.text in ORDINALS)
            and token.number in range(1, 10)
            and not (_is_hour(joined[:-1]) and _begins_a_count(tokens, place))
        ):
            joined[-1] = Token(
                f"{last.text} {token.text}",
                f"{last.raw} {token.raw}",
                (last.number or 0) + (token.number or 0),
                token.ordinal,
                token.mark,
            )
        else:
            joined.append(token)
    return joined


def _is_hour(before: Sequence[Token]) -> bool:
    last = before[-1] if before else None
    return last is not None and not last.mark and not last.ordinal and last.number in range(1, 13)


_COUNTED = frozenset(["of", "people", "persons", "guests", "adults"])


def _begins_a_count(tokens: Sequence[Token], i: int) -> bool:
    """ "seven thirty three of us" has lost its comma: the three count people. So have minutes nobody says."""
    follows = tokens[i + 1].text if i + 1 < len(tokens) and not tokens[i].mark else ""
    return not tokens[i].ordinal and (follows in _COUNTED or tokens[i].number != 5)


def stem(word: str) -> str:
    """A crude common form: "bookings", "booked" and "booking" all give "book"."""
    for suffix in ("ings", "ing", "ies", "ied", "es", "ed", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            base = word.removesuffix(suffix)
            return base + "y" if suffix in ("ies", "ied") else base.removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word


def word_set(text: str) -> frozenset[str]:
    """The words of a list written with spaces between them."""
    return frozenset(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a list written with `|` between them."""
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))
