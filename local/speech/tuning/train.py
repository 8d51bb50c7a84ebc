"""Training: `python -m local.speech.tuning.train --folder .local/tuning --minutes 60`.

Low-rank factors beside the weights are learnt from speech and its words; the weights stay as they are.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from local.speech import FloatAudio
from local.speech.moonshine import BEGIN, END, read_tokens
from local.speech.recognizer import DEFAULT_ADAPTER, DEFAULT_MODEL_DIR
from local.speech.tuning.line import RATE, Line
from local.speech.tuning.model import Weights, decode, encode, front, read
from local.speech.tuning.speech import load

RANK = 16
_RATE_AT_MOST = 1e-3
_WARM_UP_STEPS = 40
_NOBODY = 0.02
"""Share of examples in which nobody speaks."""

_SIZES = ((2.0, 18, 18), (3.4, 12, 30), (5.5, 7, 44))
"""Examples go together by length: seconds and tokens at most, and how many at once."""

_FIRST_WORD_PIECE = 259  # before it: marks and single bytes
_WORD_START = "\u2581"

type Example = tuple[FloatAudio, list[int]]
type Batch = tuple[
    NDArray[np.float32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]
]
"""Audio, samples, tokens before, tokens after, and which of those count."""


class Tokenizer:
    """Words to tokens: byte-pair merges, the earlier in the vocabulary the sooner."""

    def __init__(self, vocabulary: bytes) -> None:
        pieces = [token.decode("utf-8", "replace") for token in read_tokens(vocabulary)]
        self._ids: dict[str, int] = {}
        for index, piece in enumerate(pieces[_FIRST_WORD_PIECE:], start=_FIRST_WORD_PIECE):
            self._ids.setdefault(piece, index)

    def tokens(self, text: str) -> list[int]:
        parts = list(_WORD_START + text.replace(" ", _WORD_START))
        while merges := [
            (self._ids[left + right], at)
            for at, (left, right) in enumerate(pairwise(parts))
            if left + right in self._ids
        ]:
            at = min(merges)[1]
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return [self._ids[part] for part in parts]


def batches(said: list[tuple[NDArray[np.int16], list[int]]], seed: int) -> Iterator[Batch]:
    """Examples without end, every one carried by another line."""
    chance, line = random.Random(seed), Line(seed)
    waiting: list[list[Example]] = [[] for _ in _SIZES]
    while True:
        for samples, tokens in chance.sample(said, len(said)):
            example: Example = (
                (line.nobody(), [])
                if chance.random() < _NOBODY
                else (
                    line.carry(samples.astype(np.float32) / np.float32(32_768)),
                    tokens,
                )
            )
            for kind, (seconds, count, longest) in enumerate(_SIZES):
                if len(example[0]) <= seconds * RATE and len(example[1]) < longest:
                    waiting[kind].append(example)
                    if len(waiting[kind]) == count:
                        yield _batch(waiting[kind], int(seconds * RATE), longest)
                        waiting[kind] = []
                    break


def _batch(examples: list[Example], samples: int, length: int) -> Batch:
    audio = np.stack([np.pad(sound, (0, samples - len(sound))) for sound, _ in examples])
    before, after = (np.zeros((len(examples), length), np.int32) for _ in range(2))
    counts = np.zeros((len(examples), length), np.float32)
    for row, (_, tokens) in enumerate(examples):
        end = len(tokens) + 1
        before[row, :end], after[row, :end], counts[row, :end] = [BEGIN, *tokens], [*tokens, END], 1
    return audio, np.array([len(sound) for sound, _ in examples]), before, after, counts


def fresh(weights: Weights, modules: list[str], seed: int) -> Weights:
    """Factors that add nothing yet."""
    chance = np.random.default_rng(seed)
    factors: Weights = {}
    for module in modules:
        inputs, outputs = weights[module].shape
        factors[f"{module}/down"] = jnp.asarray(chance.normal(0, inputs**-0.5, (inputs, RANK)), jnp.float32)
        factors[f"{module}/up"] = jnp.zeros((RANK, outputs))
    return factors


def _loss(factors: Weights, weights: Weights, batch: Batch) -> Array:
    audio, samples, before, after, counts = batch
    frames, real = front(weights, audio, samples)
    scores = decode(weights, factors, encode(weights, factors, frames, real), real, before)
    likely = jnp.take_along_axis(jax.nn.log_softmax(scores, -1), after[..., None], -1)[..., 0]
    return -(likely * counts).sum() / counts.sum()


def train(weights: Weights, factors: Weights, examples: Iterator[Batch], seconds: float) -> Weights:
    """Learn for so long, ever more carefully; tells the mean loss of a token as it goes."""
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.scale_by_adam(), optax.add_decayed_weights(1e-3)
    )
    state = optimizer.init(factors)

    def change(
        factors: Weights, state: optax.OptState, rate: float, batch: Batch
    ) -> tuple[Weights, optax.OptState, Array]:
        loss, slopes = jax.value_and_grad(_loss)(factors, weights, batch)
        changes, state = optimizer.update(slopes, state, factors)
        return jax.tree.map(lambda value, by: value - rate * by, factors, changes), state, loss

    step = jax.jit(change)
    losses: list[float] = []
    begun = time.monotonic()
    for number, batch in enumerate(examples, start=1):
        done = (time.monotonic() - begun) / seconds
        if done > 1:
            break
        slowing = 0.5 * (1 + np.cos(np.pi * done)) * 0.97 + 0.03
        rate = _RATE_AT_MOST * min(1.0, number / _WARM_UP_STEPS) * slowing
        factors, state, loss = step(factors, state, rate, batch)
        losses.append(float(loss))
        if number % 20 == 0:
            print(f"step {number}, {done:.0%}: loss {np.mean(losses[-40:]):.3f}", flush=True)
    return factors


def save(factors: Weights, names: dict[str, tuple[str, str]], file: Path) -> None:
    """Write what `local/speech/adapter.py` reads, in half precision."""
    arrays: dict[str, Any] = {}
    for module, (model_file, name) in names.items():
        if f"{module}/down" in factors:
            down, up = (np.asarray(factors[f"{module}/{side}"]) for side in ("down", "up"))
            # Equally large, so that neither runs out of half precision's range.
            balance = np.sqrt(np.linalg.norm(down) / max(float(np.linalg.norm(up)), 1e-8))
            arrays[f"{model_file}/{name}/down"] = (down / balance).astype(np.float16)
            arrays[f"{model_file}/{name}/up"] = (up * balance).astype(np.float16)
    np.savez_compressed(file, **arrays)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, required=True, help="speech, as `speech` writes it")
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--seed", type=int, default=3)
    options.add_argument("--out", type=Path, default=DEFAULT_ADAPTER)
    given = options.parse_args()
    weights, names = read(DEFAULT_MODEL_DIR)
    tokenizer = Tokenizer((DEFAULT_MODEL_DIR / "tokenizer.bin").read_bytes())
    said = [(samples, tokenizer.tokens(text)) for text, samples in load(given.folder)]
    modules = [module for module in names if not module.endswith("proj_out")]
    factors = fresh(weights, modules, given.seed)
    print(f"{len(said)} sentences, {sum(value.size for value in factors.values())} numbers to learn")
    save(train(weights, factors, batches(said, given.seed), given.minutes * 60), names, given.out)


if __name__ == "__main__":
    main()
