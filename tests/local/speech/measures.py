"""How tests judge sound and words."""

from __future__ import annotations

import re

import numpy as np

from local.speech import (
    FloatAudio,
    Resampler,
    Speaker,
    pcm16_to_float,
    ulaw_decode,
    ulaw_encode,
)

_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_NUMBERS = {word: str(number) for number, word in enumerate(_UNITS, start=1)} | {"thirty": "30"}


def resampled(audio: FloatAudio, from_rate: int, to_rate: int) -> FloatAudio:
    resampler = Resampler(from_rate, to_rate)
    return np.concatenate([resampler.feed(audio), resampler.flush()])


def over_the_telephone(audio_16k: FloatAudio) -> FloatAudio:
    """As a line with 8 kHz mu-law carries it."""
    return resampled(ulaw_decode(ulaw_encode(resampled(audio_16k, 16_000, 8_000))), 8_000, 16_000)


def spoken(speaker: Speaker, text: str, voice: str = "agent") -> FloatAudio:
    """Synthesised speech as recognition takes it: 16 kHz, with a breath of silence before."""
    audio = pcm16_to_float(b"".join(speaker.stream(text, voice)))
    return np.pad(resampled(audio, 24_000, 16_000), (4_000, 0))


def words(text: str) -> list[str]:
    """Words to compare: without case and marks, numbers as digits, "7:30" as two of them."""
    plain = re.sub(r"[^a-z0-9 ]", " ", text.lower().replace("'", ""))
    return [_NUMBERS.get(word, word) for word in plain.split()]


def word_errors(said: str, heard: str) -> int:
    """Words to put in, leave out or change to get from what was said to what was heard."""
    wanted, got = words(said), words(heard)
    row = list(range(len(got) + 1))
    for i, word in enumerate(wanted, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(got, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def pitch(audio: FloatAudio, rate: int) -> float:
    """Median fundamental frequency of the voiced parts in Hz, by autocorrelation."""
    size = rate // 25
    lags = np.arange(rate // 400, rate // 60)
    found = []
    for start in range(0, len(audio) - size - int(lags[-1]), rate // 50):
        frame = audio[start : start + size]
        later = np.lib.stride_tricks.sliding_window_view(audio[start : start + size + lags[-1]], size)[lags]
        energy = np.sqrt(np.square(later).sum(axis=1) * np.square(frame).sum())
        if energy.min() < size * 1e-3:
            continue
        likeness = later @ frame / energy
        # Twice the period fits as well as the period: the first lag that comes near the best is the period.
        near = int(np.flatnonzero(likeness > 0.92 * likeness.max())[0])
        while near + 1 < len(likeness) and likeness[near + 1] > likeness[near]:
            near += 1
        if likeness.max() > 0.6:
            found.append(rate / lags[near])
    return float(np.median(found))


def tone(frequency: float, seconds: float, rate: int, amplitude: float = 0.5) -> FloatAudio:
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)).astype(
        np.float32
    )
