"""The language of callers: `python -m local.speech.tuning.language`.

Counts n-grams in sentences made at random and writes what `local/speech/language.py` reads. Probabilities are
those of interpolated Kneser-Ney smoothing: every order gives up a little for what the shorter ones know.
No restaurant of the catalogue is in it: a session says which names it expects by its phrase list.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from local.speech.language import ORDER, STARTS, key
from local.speech.moonshine import END
from local.speech.questions import Question
from local.speech.recognizer import DEFAULT_LANGUAGE, DEFAULT_MODEL_DIR
from local.speech.tuning.sentences import Sentences
from local.speech.tuning.tokenizer import Tokenizer

_DISCOUNT = 0.8
"""Given up by every n-gram for those never seen."""
_SEEN_AT_LEAST = (1, 1, 2, 2)
"""Times that n-grams of each length must come up to be kept."""

_NOTHING_BEFORE = frozenset(STARTS.values())
_ANSWERS = 0.85
"""Share of those who answer what they are asked; the others want something else."""
_NO_ANSWERS = ("find", "details", "book", "order", "talk")

type Gram = tuple[int, ...]


def counted(sentences: Iterator[tuple[Question | None, list[int]]]) -> list[Counter[Gram]]:
    """How often each n-gram comes up, by its length, in sentences and what each of them answers."""
    counts: list[Counter[Gram]] = [Counter() for _ in range(ORDER)]
    for asked, sentence in sentences:
        tokens = (STARTS[asked], *sentence, END)
        for last in range(1, len(tokens)):
            for length in range(min(last + 1, ORDER)):
                counts[length][tokens[last - length : last + 1]] += 1
    return counts


class Model:
    """Probabilities of n-grams, by their length."""

    def __init__(self, counts: list[Counter[Gram]], vocabulary: int) -> None:
        """Shorter n-grams count by how many different tokens come before them."""
        self._spread = [_spread(short, long) for short, long in itertools.pairwise(counts)]
        self._spread.append(counts[-1])
        total, kinds = sum(self._spread[0].values()), len(self._spread[0])
        self.unseen = _DISCOUNT * kinds / total / vocabulary
        self.probabilities: list[dict[Gram, float]] = [
            {
                gram: max(count - _DISCOUNT, 0.0) / total + self.unseen
                for gram, count in self._spread[0].items()
            }
        ]
        self.back_off: list[dict[Gram, float]] = [{}]
        for length in range(1, ORDER):
            seen = counts[length]
            self._add(
                {
                    gram: count
                    for gram, count in self._spread[length].items()
                    if seen[gram] >= _SEEN_AT_LEAST[length]
                }
            )

    def _add(self, kept: dict[Gram, int]) -> None:
        length = len(self.probabilities)
        total: defaultdict[Gram, int] = defaultdict(int)
        given: defaultdict[Gram, float] = defaultdict(float)
        for gram, count in self._spread[length].items():
            total[gram[:-1]] += count
        for gram, count in kept.items():
            given[gram[:-1]] += count - _DISCOUNT
        self.back_off.append(
            {context: max(1e-4, 1 - share / total[context]) for context, share in given.items()}
        )
        self.probabilities.append(
            {
                gram: (count - _DISCOUNT) / total[gram[:-1]]
                + self.back_off[length][gram[:-1]] * self._probability(gram[1:])
                for gram, count in kept.items()
            }
        )

    def _probability(self, gram: Gram) -> float:
        length = len(gram) - 1
        if (known := self.probabilities[length].get(gram)) is not None:
            return known
        if length == 0:
            return self.unseen
        return self.back_off[length].get(gram[:-1], 1.0) * self._probability(gram[1:])


def _spread(short: Counter[Gram], long: Counter[Gram]) -> Counter[Gram]:
    spread = Counter(gram[1:] for gram in long)
    for gram, count in short.items():
        if gram[0] in _NOTHING_BEFORE:
            spread[gram] += count
    return spread


def save(model: Model, vocabulary: int, file: Path) -> None:
    """Write logarithms in half precision, contexts as differences."""
    anywhere = np.full(vocabulary, np.log(model.unseen), np.float16)
    for (token,), probability in model.probabilities[0].items():
        anywhere[token] = np.log(probability)
    arrays: dict[str, Any] = {"anywhere": anywhere}
    for length in range(1, ORDER):
        followers: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for gram, probability in model.probabilities[length].items():
            followers[key(gram[:-1])].append((gram[-1], probability))
        back_off = {key(context): share for context, share in model.back_off[length].items()}
        contexts = sorted(followers)
        rows = [row for context in contexts for row in sorted(followers[context])]
        arrays[f"{length}/contexts"] = np.diff(np.array([0, *contexts], np.uint64))
        arrays[f"{length}/counts"] = np.array([len(followers[context]) for context in contexts], np.uint16)
        arrays[f"{length}/back_off"] = np.log([back_off[context] for context in contexts]).astype(np.float16)
        arrays[f"{length}/tokens"] = np.array([token for token, _ in rows], np.uint16)
        arrays[f"{length}/scores"] = np.log([probability for _, probability in rows]).astype(np.float16)
    np.savez_compressed(file, **arrays)


def _asked(count: int, answers: int, seed: int) -> Iterator[tuple[Question | None, str | None]]:
    """What is asked, and the kind of sentence that comes of it; None for any."""
    chance = random.Random(seed)
    yield from itertools.repeat((None, None), count)
    for question in Question:
        for _ in range(answers):
            yield question, question.value if chance.random() < _ANSWERS else chance.choice(_NO_ANSWERS)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=160_000, help="sentences")
    options.add_argument("--answers", type=int, default=20_000, help="sentences after each question")
    options.add_argument("--seed", type=int, default=777)
    options.add_argument("--out", type=Path, default=DEFAULT_LANGUAGE)
    given = options.parse_args()
    tokenizer = Tokenizer((DEFAULT_MODEL_DIR / "tokenizer.bin").read_bytes())
    sentences = Sentences(given.seed, catalogue=False)
    said = ((asked, sentences.next(kind)) for asked, kind in _asked(given.count, given.answers, given.seed))
    counts = counted((asked, tokenizer.tokens(text)) for asked, text in said)
    save(Model(counts, tokenizer.size), tokenizer.size, given.out)
    print(f"{given.out}: {', '.join(str(len(grams)) for grams in counts)} n-grams seen, by length")


if __name__ == "__main__":
    main()
