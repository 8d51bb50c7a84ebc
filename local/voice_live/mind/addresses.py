"""Street addresses as callers say them: "14 Lantern Street", "fourteen Lantern Street, flat two"."""

from __future__ import annotations

from collections.abc import Sequence

from local.voice_live.mind.spans import Found, at, texts
from local.voice_live.mind.words import Token, word_set

_WAYS = word_set(
    """
    street road lane avenue quay square place row way drive terrace court close hill gardens garden walk
    bridge mews alley parade crescent wharf strand yard steps gate market bank boulevard highway path
    """
)
_MOST_NAME = 4
"""Words at most in the name of a street."""
_DOOR = word_set("flat apartment floor unit door suite room top second first third ground")
_STOP = word_set("and please at for with from i we can could under in my the")


def find_address(tokens: Sequence[Token]) -> Found[str] | None:
    """A house number with a street after it, or a street with a number after it, and what finds the door."""
    words = texts(tokens)
    for i, word in enumerate(words):
        if word not in _WAYS:
            continue
        for start in range(max(0, i - _MOST_NAME), i - 1):
            broken = any(
                t.mark or t.text in _STOP | {"on", "to", "in", "of", "people"} for t in tokens[start:i]
            )
            if tokens[start].cardinal is not None and not broken:
                return _with_door(tokens, words, start, i + 1)
        after = i + (2 if at(words, i + 1) == "number" else 1)
        if after < len(tokens) and tokens[after].cardinal is not None and at(words, after + 1) not in _WAYS:
            start = (
                max(j for j in range(max(0, i - 2), i + 1) if j == i or words[j] not in _STOP | {"to"}) - 0
            )
            while start and words[start - 1] not in _STOP | {"to"} and i - start < 2:
                start -= 1
            street = " ".join(_written(token) for token in tokens[start : i + 1])
            return Found(f"{tokens[after].cardinal} {street}", start, after + 1)
    return None


def _with_door(tokens: Sequence[Token], words: list[str], start: int, end: int) -> Found[str]:
    text = " ".join(_written(token) for token in tokens[start:end])
    if at(words, end) in _DOOR and end < len(tokens):
        last = end + 1
        while (
            last < len(tokens) and last - end < 3 and words[last] not in _STOP and not tokens[last - 1].mark
        ):
            last += 1
        text = f"{text}, {' '.join(_written(token) for token in tokens[end:last])}"
        end = last
    return Found(text, start, end)


def _written(token: Token) -> str:
    if token.cardinal is not None:
        return str(token.cardinal)
    return token.raw if token.capital or token.text in _DOOR else token.raw.capitalize()
