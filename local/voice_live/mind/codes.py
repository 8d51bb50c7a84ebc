"""Codes spelled out by callers: "O K L M Q", "oh kay el em queue", "K as in kilo"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from local.voice_live.mind.schema import Parameter
from local.voice_live.mind.words import CARDINALS, Token, plain, tokenise, word_set

_NAMES = {
    "ay": "A", "bee": "B", "be": "B", "cee": "C", "see": "C", "sea": "C", "dee": "D", "ee": "E",
    "eff": "F", "ef": "F", "gee": "G", "aitch": "H", "haitch": "H", "eye": "I", "jay": "J", "kay": "K",
    "cay": "K", "el": "L", "ell": "L", "elle": "L", "em": "M", "en": "N", "oh": "O", "owe": "O", "pee": "P",
    "pea": "P", "cue": "Q", "queue": "Q", "kew": "Q", "are": "R", "ar": "R", "ess": "S", "tee": "T",
    "tea": "T", "you": "U", "yew": "U", "vee": "V", "ex": "X", "eks": "X", "xray": "X", "why": "Y",
    "wye": "Y", "zed": "Z", "zee": "Z", "ok": "OK",
    "alpha": "A", "alfa": "A", "bravo": "B", "charlie": "C", "delta": "D", "echo": "E", "foxtrot": "F",
    "golf": "G", "hotel": "H", "india": "I", "juliet": "J", "kilo": "K", "lima": "L", "mike": "M",
    "november": "N", "oscar": "O", "papa": "P", "quebec": "Q", "romeo": "R", "sierra": "S", "tango": "T",
    "uniform": "U", "victor": "V", "whiskey": "W", "whisky": "W", "yankee": "Y", "zulu": "Z",
}  # fmt: skip
"""Letters as recognisers write them out, and the spelling alphabet of the telephone."""
_DOUBTFUL = {"okay": ("K", "OK", ""), "ok": ("OK", "K", ""), "oh": ("O", ""), "so": ("",), "well": ("",)}
"""Words that are one letter, two, or none at all: the length of the code decides."""
_BETWEEN = word_set("um uh er then and dash comma")
_EXAMPLES = (("as", "in"), ("like",), ("for",))
_AFTER = re.compile(r"\b(?:code|reference|number) (?:is|was|its)?\s*[:,]?\s*([a-z0-9]{4,10})\b[ .,!]*$")
_DOUBLE_U = re.compile(r"\bdouble[ -]?(?:u|you)\b", re.IGNORECASE)
_X_RAY = re.compile(r"\bx[ -]ray\b", re.IGNORECASE)
_FEWEST = 4
"""Letters in a row from which they can only be a code, where its length is not known."""
_SPELLED = 3
"""Letters in a row that are an answer to the question for a code: two may be initials."""
_MOST_WAYS = 64


def code_length(parameter: Parameter) -> int | None:
    """How many characters a code has, where its description says so: "five letters"."""
    about = plain(parameter.description)
    found = re.search(r"\b(\w+)[ -](?:letters?|characters?|digits?)\b", about)
    if found is None:
        return None
    return int(found[1]) if found[1].isdecimal() else CARDINALS.get(found[1])


def read_code(text: str, length: int | None, *, asked: bool = False) -> str:
    """The code that a sentence spells, in capitals; empty without one.

    `asked`: a code was asked for, so that a run of the wrong length is one too, for the tool to judge.
    """
    tokens = tokenise(_X_RAY.sub("xray", _DOUBLE_U.sub("w", text)))
    runs = [_spelled(run, length) for run in _runs(tokens)]
    best = max(runs, key=lambda run: (len(run) == length, len(run)), default="")
    if len(best) == length or (length is None and len(best) >= _FEWEST):
        return best
    written = [token.raw for token in tokens if token.raw.isupper() and len(token.raw) == length]
    named = _AFTER.search(plain(text))
    if written or (named is not None and (length is None or len(named[1]) == length)):
        return written[0] if written else named[1].upper() if named is not None else ""
    return best if asked and len(best) >= _SPELLED else ""


def _runs(tokens: Sequence[Token]) -> list[list[tuple[str, ...]]]:
    """The stretches of tokens that may be letters, each token as what it may stand for."""
    runs: list[list[tuple[str, ...]]] = [[]]
    place = 0
    while place < len(tokens):
        word = tokens[place].text
        example = next((e for e in _EXAMPLES if _follows(tokens, place, e)), None)
        if runs[-1] and example is not None:
            place += len(example) + 1  # "as in kilo" says no new letter
            continue
        letters = _letters(tokens[place])
        if letters:
            runs[-1].append(letters)
        elif word not in _BETWEEN and runs[-1]:
            runs.append([])
        place += 1
    return runs


def _follows(tokens: Sequence[Token], place: int, words: tuple[str, ...]) -> bool:
    return tuple(t.text for t in tokens[place : place + len(words)]) == words and place + len(words) < len(
        tokens
    )


def _letters(token: Token) -> tuple[str, ...]:
    word = token.text
    if word in _DOUBTFUL:
        return _DOUBTFUL[word]
    if len(word) == 1 and word.isalnum():
        return (word.upper(),)
    if token.cardinal is not None and token.cardinal < 10:
        return (str(token.cardinal),)
    return (_NAMES[word],) if word in _NAMES else ()


def _spelled(run: Sequence[tuple[str, ...]], length: int | None) -> str:
    """The run as letters; words that may be fillers count so that the length comes out right."""
    first = ""
    for ways, choice in enumerate(product(*run)):
        text = "".join(choice)
        first = first or text
        if len(text) == length:
            return text
        if ways >= _MOST_WAYS:
            break
    return first
