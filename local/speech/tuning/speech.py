"""Speech to train on: `python -m local.speech.tuning.speech --count 2500 --folder .local/tuning`."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from local.speech import VOICES, Resampler, Speaker, pcm16_to_float, read_wav
from local.speech.audio import FloatAudio, float_to_pcm16
from local.speech.tuning.sentences import Sentences
from local.speech.voices import VoiceShape

_A_FILE = 250


def reshaped(
    speaker: Speaker, sentences: Sentences, count: int, seed: int
) -> Iterator[tuple[str, FloatAudio]]:
    """Sentences by hibari, every one in another voice: as high as a child's or as low as an old man's."""
    chance = random.Random(seed)
    for _ in range(count):
        pitch = chance.uniform(0.52, 1.4)
        tract = 1 + 0.35 * (pitch - 1) * chance.uniform(0.3, 1.2) + chance.uniform(-0.06, 0.06)
        VOICES["tuning"] = VoiceShape(pitch, min(1.2, max(0.8, tract)), chance.uniform(0.82, 1.25))
        text = sentences.next()
        yield text, _at_16k(pcm16_to_float(b"".join(speaker.stream(text, "tuning"))), 24_000)


def recorded(folder: Path) -> Iterator[tuple[str, FloatAudio]]:
    """Speech made elsewhere: NAME.wav beside NAME.txt."""
    for file in sorted(folder.glob("*.wav")):
        yield file.with_suffix(".txt").read_text("utf-8").strip(), _at_16k(*read_wav(file))


def save(said: Iterator[tuple[str, FloatAudio]], folder: Path, name: str) -> None:
    """Write speech as .npz files that `train` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: list[str] = []
    audio: list[NDArray[np.int16]] = []
    for number, (text, sound) in enumerate(said, start=1):
        texts.append(text)
        audio.append(np.frombuffer(float_to_pcm16(sound), np.int16))
        if number % _A_FILE == 0:
            _write(folder / f"{name}-{number:05}.npz", texts, audio)
            texts, audio = [], []
    if texts:
        _write(folder / f"{name}-rest.npz", texts, audio)


def load(folder: Path) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """What `save` wrote: text and 16 kHz samples."""
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as arrays:
            pieces = np.split(arrays["audio"], np.cumsum(arrays["lengths"])[:-1])
            yield from zip(map(str, arrays["texts"]), pieces, strict=True)


def _write(file: Path, texts: list[str], audio: list[NDArray[np.int16]]) -> None:
    lengths = np.array([len(sound) for sound in audio])
    np.savez(file, texts=np.array(texts), lengths=lengths, audio=np.concatenate(audio))
    print(f"{file.name}: {len(texts)} sentences", flush=True)


def _at_16k(audio: FloatAudio, rate: int) -> FloatAudio:
    resampler = Resampler(rate, 16_000)
    return np.concatenate([resampler.feed(audio), resampler.flush()])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, required=True, help="where to write")
    options.add_argument("--count", type=int, default=2500, help="sentences by the project's own synthesis")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--wavs", type=Path, help="speech made elsewhere: NAME.wav beside NAME.txt")
    given = options.parse_args()
    if given.wavs:
        save(recorded(given.wavs), given.folder, "recorded")
    save(
        reshaped(Speaker(), Sentences(given.seed), given.count, given.seed), given.folder, f"own-{given.seed}"
    )


if __name__ == "__main__":
    main()
