"""What callers are likely to say: how probable each token is after the three before it.

A back-off model of n-grams over the recogniser's own tokens. How an utterance begins depends on what was
asked. `local/speech/tuning/language.py` makes the file from sentences made at random.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from local.speech.adapter import ModelError
from local.speech.moonshine import BEGIN, Scores
from local.speech.questions import Question

ORDER = 4
STARTS = {None: BEGIN} | {question: 32_000 + number for number, question in enumerate(Question)}
"""The token before the first, by what was asked: those from 32,000 on are in no text. With other
questions the file must be made again."""
_TOKEN_BITS = 15

type Tokens = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Continuations:
    """What follows the contexts of one length."""

    contexts: NDArray[np.uint64]
    """In order, as `key` writes them."""
    starts: NDArray[np.uint32]
    """Where the tokens of each context begin; one more than contexts."""
    back_off: Scores
    """Logarithm of what is left for tokens that were never seen after a context."""
    tokens: Tokens
    """Rising within a context."""
    scores: Scores


class Language:
    """Not changed once loaded, so threads may share it."""

    def __init__(self, anywhere: Scores, continuations: list[Continuations]) -> None:
        """`anywhere` has the logarithm of the probability of each token without context."""
        self._anywhere = anywhere
        self._continuations = continuations

    @classmethod
    def load(cls, path: Path) -> Language:
        """Read what `local/speech/tuning/language.py` wrote. Raises ModelError when it is missing or none."""
        try:
            with np.load(path) as arrays:
                continuations = [
                    Continuations(
                        np.cumsum(arrays[f"{length}/contexts"], dtype=np.uint64),
                        np.concatenate([[0], np.cumsum(arrays[f"{length}/counts"])]).astype(np.uint32),
                        arrays[f"{length}/back_off"].astype(np.float32),
                        arrays[f"{length}/tokens"],
                        arrays[f"{length}/scores"].astype(np.float32),
                    )
                    for length in range(1, ORDER)
                ]
                return cls(arrays["anywhere"].astype(np.float32), continuations)
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as fault:
            raise ModelError(f"{path}: missing, or no model of the language") from fault

    def scores(self, said: tuple[int, ...], tokens: NDArray[np.intp]) -> Scores:
        """The logarithm of the probability of each of `tokens` after what was said.

        That begins with one of `STARTS`.
        """
        found = self._anywhere[tokens]
        for length, known in enumerate(self._continuations, start=1):
            if length > len(said):
                break
            context = np.uint64(key(said[-length:]))
            at = int(np.searchsorted(known.contexts, context))
            if at == len(known.contexts) or known.contexts[at] != context:
                break  # and so is every longer one unknown
            start, end = int(known.starts[at]), int(known.starts[at + 1])
            followers = known.tokens[start:end]
            places = np.minimum(np.searchsorted(followers, tokens), len(followers) - 1)
            seen = followers[places] == tokens
            found = np.where(seen, known.scores[start:end][places], found + known.back_off[at])
        return found


def key(context: tuple[int, ...]) -> int:
    """A context as one number."""
    packed = 0
    for token in context:
        packed = packed << _TOKEN_BITS | token
    return packed
