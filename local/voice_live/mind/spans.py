"""A value found in a sentence, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from local.voice_live.mind.words import Token


@dataclass(frozen=True, slots=True)
class Found[T]:
    """`value` stands in tokens `start` up to but not including `end`."""

    value: T
    start: int
    end: int

    @property
    def places(self) -> frozenset[int]:
        """The token positions it covers."""
        return frozenset(range(self.start, self.end))


def texts(tokens: Sequence[Token]) -> list[str]:
    """The words alone."""
    return [token.text for token in tokens]


def at(words: Sequence[str], index: int) -> str:
    """The word at `index`, empty outside the sentence."""
    return words[index] if 0 <= index < len(words) else ""


def places[T](found: Iterable[Found[T]]) -> frozenset[int]:
    """All positions covered by some findings."""
    return frozenset(place for one in found for place in one.places)


def has_any(words: Sequence[str], phrases: Iterable[str]) -> bool:
    """True when one of `phrases` stands in `words`."""
    line = f" {' '.join(words)} "
    return any(f" {phrase} " in line for phrase in phrases)
