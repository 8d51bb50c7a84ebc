"""Words to the recogniser's tokens."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from local.speech.moonshine import read_tokens

_FIRST_WORD_PIECE = 259  # before it: marks and single bytes
_WORD_START = "\u2581"


class Tokenizer:
    """Byte-pair merges, the earlier in the vocabulary the sooner."""

    def __init__(self, vocabulary: bytes) -> None:
        pieces = [token.decode("utf-8", "replace") for token in read_tokens(vocabulary)]
        self.size = len(pieces)
        self._ids: dict[str, int] = {}
        for index, piece in enumerate(pieces[_FIRST_WORD_PIECE:], start=_FIRST_WORD_PIECE):
            self._ids.setdefault(piece, index)
        self._word = lru_cache(maxsize=65_536)(self._merged)

    def tokens(self, text: str) -> list[int]:
        return [token for word in text.split(" ") for token in self._word(word)]

    def _merged(self, word: str) -> tuple[int, ...]:
        parts = list(_WORD_START + word)
        while merges := [
            (self._ids[left + right], at)
            for at, (left, right) in enumerate(pairwise(parts))
            if left + right in self._ids
        ]:
            at = min(merges)[1]
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return tuple(self._ids[part] for part in parts)
