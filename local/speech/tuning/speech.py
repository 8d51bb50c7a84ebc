"""Speech to train on: `python -m local.speech.tuning.speech --count 2500 --folder .local/tuning`."""

from __future__ import annotations

import argparse
import random
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyworld
from hibari.g2p import G2P
from numpy.typing import NDArray

from local.speech import VOICES, Resampler, Speaker, pcm16_to_float, read_wav
from local.speech.audio import FloatAudio, float_to_pcm16
from local.speech.tuning.sentences import Sentences
from local.speech.voices import VoiceShape

RATE = 16_000
_A_FILE = 250

_AMERICAN = str.maketrans(
    {"\u0252": "\u0254", "Q": "O", "a": "\u00e6", "\u02d0": None}  # the vowels of lot, goat and trap; length
)
"""British sounds that the voice was never taught, as the nearest that it was."""


def own(sentences: Sentences, count: int, seed: int) -> Iterator[tuple[str, FloatAudio]]:
    """Sentences by hibari, every one in another voice: as high as a child's or as low as an old man's.

    Half of them are pronounced as in Britain.
    """
    chance = random.Random(seed)
    speakers = [Speaker(), Speaker(British())]
    for _ in range(count):
        pitch = chance.uniform(0.52, 1.4)
        tract = 1 + 0.35 * (pitch - 1) * chance.uniform(0.3, 1.2) + chance.uniform(-0.06, 0.06)
        VOICES["tuning"] = VoiceShape(pitch, min(1.2, max(0.8, tract)), chance.uniform(0.8, 1.25))
        text = sentences.next()
        spoken = chance.choice(speakers).stream(sentences.as_said(text), "tuning")
        audio = _at_16k(pcm16_to_float(b"".join(spoken)), 24_000)
        yield text, vocoded(audio, chance, VoiceShape(1.0, 1.0)) if chance.random() < 0.15 else audio


class British:
    """Text to the sounds of British English, as far as the American voice has them."""

    def __init__(self) -> None:
        self._g2p = G2P(british=True)

    def __call__(self, text: str) -> str:
        return str(self._g2p(text)).translate(_AMERICAN)


def by_command(command: str, sentences: Sentences, count: int, seed: int) -> Iterator[tuple[str, FloatAudio]]:
    """Sentences by a synthesiser that writes {wav} for {text}, more than half of them reshaped."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "said.wav"
        for _ in range(count):
            text = sentences.next()
            filled = [part.format(wav=wav, text=sentences.as_said(text)) for part in shlex.split(command)]
            subprocess.run(filled, check=True, capture_output=True, timeout=60)
            audio = _at_16k(*read_wav(wav))
            if chance.random() < 0.65:
                pitch = chance.uniform(0.75, 1.4)
                shape = VoiceShape(pitch, chance.uniform(0.88, 1.14), chance.uniform(0.85, 1.25))
                audio = vocoded(audio, chance, shape)
            yield text, audio


def vocoded(audio: FloatAudio, chance: random.Random, shape: VoiceShape) -> FloatAudio:
    """Taken apart and put together by a vocoder, with another pitch, vocal tract and pace, sometimes blurred.

    Blurred along frequency and without breath, as voices of small devices are.
    """
    sound = audio.astype(np.float64)
    pitch, at = pyworld.harvest(sound, RATE) if len(sound) < RATE else pyworld.dio(sound, RATE)
    pitch = pyworld.stonemask(sound, pitch, at, RATE)
    envelope = pyworld.cheaptrick(sound, pitch, at, RATE)
    breath = pyworld.d4c(sound, pitch, at, RATE)
    bins = np.arange(envelope.shape[1])
    source = np.clip(bins / shape.tract, 0, bins[-1])
    envelope = np.stack([np.interp(source, bins, frame) for frame in envelope])
    if chance.random() < 0.5:
        kept = chance.randint(24, 60)
        cepstrum = np.fft.irfft(np.log(envelope + 1e-12), axis=1)
        cepstrum[:, kept:-kept] = 0
        envelope = np.exp(np.fft.rfft(cepstrum, axis=1).real)
    if chance.random() < 0.5:
        breath = breath ** chance.uniform(1.0, 3.0)
    if chance.random() < 0.3:  # spoken evenly
        voiced = pitch > 0
        pitch[voiced] = pitch[voiced] ** 0.5 * np.median(pitch[voiced]) ** 0.5 if voiced.any() else 0
    period = pyworld.default_frame_period / shape.pace
    made = pyworld.synthesize(
        pitch * shape.pitch, np.ascontiguousarray(envelope), np.ascontiguousarray(breath), RATE, period
    )
    loudness = np.std(audio) / (np.std(made) + 1e-9)
    return np.asarray(made * loudness, np.float32)


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


def load(file: Path) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """What `save` wrote: text and 16 kHz samples."""
    with np.load(file) as arrays:
        pieces = np.split(arrays["audio"], np.cumsum(arrays["lengths"])[:-1])
        yield from zip(map(str, arrays["texts"]), pieces, strict=True)


def _write(file: Path, texts: list[str], audio: list[NDArray[np.int16]]) -> None:
    lengths = np.array([len(sound) for sound in audio])
    made = file.with_suffix(".part")
    with made.open("wb") as out:
        np.savez(out, texts=np.array(texts), lengths=lengths, audio=np.concatenate(audio))
    made.rename(file)  # whole at once: training may be reading already
    print(f"{file.name}: {len(texts)} sentences", flush=True)


def _at_16k(audio: FloatAudio, rate: int) -> FloatAudio:
    resampler = Resampler(rate, RATE)
    return np.concatenate([resampler.feed(audio), resampler.flush()])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, required=True, help="where to write")
    options.add_argument("--count", type=int, default=2500, help="sentences to say")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--say", help="command of a synthesiser, with {wav} and {text}; default: our own")
    given = options.parse_args()
    sentences = Sentences(given.seed)
    said = (
        by_command(given.say, sentences, given.count, given.seed)
        if given.say
        else own(sentences, given.count, given.seed)
    )
    save(said, given.folder, f"{'said' if given.say else 'own'}-{given.seed}")


if __name__ == "__main__":
    main()
