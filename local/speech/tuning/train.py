"""Training: `python -m local.speech.tuning.train --folder .local/tuning --minutes 60`.

Low-rank factors beside the weights are learnt from speech and its words; the weights stay as they are.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from local.speech import FloatAudio
from local.speech.moonshine import BEGIN, END
from local.speech.recognizer import DEFAULT_ADAPTER, DEFAULT_MODEL_DIR
from local.speech.tuning.line import RATE, Line
from local.speech.tuning.model import Weights, decode, encode, front, halved, read
from local.speech.tuning.speech import load
from local.speech.tuning.tokenizer import Tokenizer

RANK = 24
SIDES = ("down", "up")
_RATE_AT_MOST = 1e-3
_WARM_UP_STEPS = 40
_NOBODY = 0.02
"""Share of examples in which nobody speaks."""

_SIZES = ((2.0, 24, 14), (2.8, 17, 18), (3.8, 13, 24), (5.2, 9, 32), (8.5, 5, 52))
"""Examples go together by length: seconds at most, how many at once, and tokens at most."""

_AVERAGED = 0.99
"""What is saved is an average over the last hundred steps or so: better than any one of them."""
_SAVE_EVERY_SECONDS = 240.0

type Example = tuple[FloatAudio, list[int]]
type Batch = tuple[
    NDArray[np.float32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]
]
"""Audio, samples, tokens before, tokens after, and which of those count."""


def batches(folder: Path, tokenizer: Tokenizer, seed: int) -> Iterator[Batch]:
    """Examples without end, every one carried by another line; files that come later are taken up."""
    chance, line = random.Random(seed), Line(seed)
    waiting: list[list[Example]] = [[] for _ in _SIZES]
    said: dict[Path, list[tuple[NDArray[np.int16], list[int]]]] = {}
    while True:
        for file in sorted(set(folder.glob("*.npz")) - set(said)):
            said[file] = [(samples, tokenizer.tokens(text)) for text, samples in load(file)]
        if not said:
            raise FileNotFoundError(f"{folder}: no speech; make some with local.speech.tuning.speech")
        everything = [example for examples in said.values() for example in examples]
        print(f"{len(everything)} sentences", flush=True)
        for samples, tokens in chance.sample(everything, len(everything)):
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


def going_on(factors: Weights, names: dict[str, tuple[str, str]], start: Path) -> Weights:
    """Fresh factors whose first columns are those of an adapter that was made before."""
    learnt = dict(factors)
    with np.load(start) as arrays:
        for module, (model_file, name) in names.items():
            if f"{module}/down" in factors:
                down, up = (jnp.asarray(arrays[f"{model_file}/{name}/{side}"], jnp.float32) for side in SIDES)
                rank = min(RANK, down.shape[1])
                learnt[f"{module}/down"] = factors[f"{module}/down"].at[:, :rank].set(down[:, :rank])
                learnt[f"{module}/up"] = factors[f"{module}/up"].at[:rank].set(up[:rank])
    return learnt


def _loss(factors: Weights, weights: Weights, batch: Batch) -> Array:
    audio, samples, before, after, counts = batch
    frames, real = front(weights, audio, samples)
    short, added = halved(weights), halved(factors)
    encoded = encode(short, added, frames.astype(jnp.bfloat16), real)
    scores = decode(short, added, encoded, real, before).astype(jnp.float32)
    likely = jnp.take_along_axis(jax.nn.log_softmax(scores, -1), after[..., None], -1)[..., 0]
    return -(likely * counts).sum() / counts.sum()


def train(
    weights: Weights,
    factors: Weights,
    examples: Iterator[Batch],
    seconds: float,
    rate_at_most: float,
    keep: Callable[[Weights], None],
) -> None:
    """Learn for so long, ever more carefully; tells the mean loss of a token, keeps what was learnt."""
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.scale_by_adam(b2=0.98), optax.add_decayed_weights(1e-3)
    )
    state = optimizer.init(factors)

    def change(
        factors: Weights, average: Weights, state: optax.OptState, rate: float, kept: float, batch: Batch
    ) -> tuple[Weights, Weights, optax.OptState, Array]:
        loss, slopes = jax.value_and_grad(_loss)(factors, weights, batch)
        changes, state = optimizer.update(slopes, state, factors)
        factors = jax.tree.map(lambda value, by: value - rate * by, factors, changes)
        average = jax.tree.map(lambda mean, value: kept * mean + (1 - kept) * value, average, factors)
        return factors, average, state, loss

    step = jax.jit(change, donate_argnums=(0, 1, 2))
    losses: list[float] = []
    begun = saved = time.monotonic()
    average = jax.tree.map(jnp.copy, factors)
    for number, batch in enumerate(examples, start=1):
        now = time.monotonic()
        done = (now - begun) / seconds
        if done > 1 or now - saved > _SAVE_EVERY_SECONDS:
            keep(average)
            saved = now
        if done > 1:
            break
        slowing = 0.5 * (1 + np.cos(np.pi * done)) * 0.97 + 0.03
        rate = rate_at_most * min(1.0, number / _WARM_UP_STEPS) * slowing
        kept = min(_AVERAGED, number / (number + 10))
        factors, average, state, loss = step(factors, average, state, rate, kept, batch)
        losses.append(float(loss))
        if number % 50 == 0:
            print(
                f"step {number}, {done:.0%}, {now - begun:.0f} s: loss {np.mean(losses[-100:]):.3f}",
                flush=True,
            )


def save(factors: Weights, names: dict[str, tuple[str, str]], file: Path) -> None:
    """Write what `local/speech/adapter.py` reads, in half precision."""
    arrays: dict[str, Any] = {}
    for module, (model_file, name) in names.items():
        if f"{module}/down" in factors:
            down, up = (np.asarray(factors[f"{module}/{side}"]) for side in SIDES)
            # Equally large, so that neither runs out of half precision's range.
            balance = np.sqrt(np.linalg.norm(down) / max(float(np.linalg.norm(up)), 1e-8))
            arrays[f"{model_file}/{name}/down"] = (down / balance).astype(np.float16)
            arrays[f"{model_file}/{name}/up"] = (up * balance).astype(np.float16)
    made = file.with_suffix(".part")
    with made.open("wb") as out:
        np.savez_compressed(out, **arrays)
    made.rename(file)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, required=True, help="speech, as `speech` writes it")
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--rate", type=float, default=_RATE_AT_MOST, help="of learning, at most")
    options.add_argument("--seed", type=int, default=3)
    options.add_argument("--out", type=Path, default=DEFAULT_ADAPTER)
    options.add_argument("--start", type=Path, help="an adapter to go on from; default: from nothing")
    given = options.parse_args()
    weights, names = read(DEFAULT_MODEL_DIR)
    tokenizer = Tokenizer((DEFAULT_MODEL_DIR / "tokenizer.bin").read_bytes())
    modules = [module for module in names if not module.endswith("proj_out")]
    factors = fresh(weights, modules, given.seed)
    if given.start:
        factors = going_on(factors, names, given.start)
    print(f"{sum(value.size for value in factors.values())} numbers to learn")
    examples = batches(given.folder, tokenizer, given.seed)
    seconds = given.minutes * 60
    train(weights, factors, examples, seconds, given.rate, lambda learnt: save(learnt, names, given.out))


if __name__ == "__main__":
    main()
