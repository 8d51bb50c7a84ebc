"""What a telephone line makes of speech, a little differently each time."""

from __future__ import annotations

import numpy as np

from local.speech import FloatAudio, Resampler, ulaw_decode, ulaw_encode

RATE = 16_000


class Line:
    """Carries speech; random, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def carry(self, audio: FloatAudio) -> FloatAudio:
        """Colour it, set it in silence, add noise, send half of it through G.711, change its loudness."""
        if self._chance(0.6):
            audio = self._coloured(audio)
        audio = self._amid_silence(audio)
        if self._chance(0.35):
            audio = audio + self._noise(len(audio))
        if self._chance(0.55):
            if self._chance(0.3):
                audio = self._narrow(audio)
            loudness = np.float32(self._random.uniform(0.3, 1.2))
            narrow = np.clip(_resampled(audio, RATE, 8_000) * loudness, -1.0, 1.0).astype(np.float32)
            audio = _resampled(ulaw_decode(ulaw_encode(narrow)), 8_000, RATE)
        return (audio * self._random.uniform(0.2, 1.5)).astype(np.float32)

    def nobody(self) -> FloatAudio:
        """Silence, hiss or a click: what has no words."""
        samples = int(self._random.uniform(1.5, 1.9) * RATE)
        audio = np.zeros(samples, np.float32)
        if self._chance(0.8):
            audio += self._random.normal(0, 10 ** self._random.uniform(-4.0, -1.3), samples).astype(
                np.float32
            )
        if self._chance(0.3):
            at = int(self._random.integers(samples - 500))
            audio[at : at + 40] += np.float32(0.8)
        return audio

    def _chance(self, share: float) -> bool:
        return bool(self._random.random() < share)

    def _coloured(self, audio: FloatAudio) -> FloatAudio:
        """Louder and softer by a few dB, smoothly along frequency: rooms, handsets, voices."""
        spectrum = np.fft.rfft(audio)
        decibels = np.interp(
            np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 6), self._random.normal(0, 3.5, 6)
        )
        return np.fft.irfft(spectrum * 10 ** (decibels / 20), len(audio)).astype(np.float32)

    def _narrow(self, audio: FloatAudio) -> FloatAudio:
        """Only 300 to 3400 Hz or so."""
        spectrum = np.fft.rfft(audio)
        hertz = np.maximum(np.linspace(0, RATE / 2, len(spectrum)), 1.0)
        low, high = self._random.uniform(150, 350), self._random.uniform(3200, 3700)
        passed = spectrum / (1 + (low / hertz) ** 6) / (1 + (hertz / high) ** 20)
        return np.fft.irfft(passed, len(audio)).astype(np.float32)

    def _amid_silence(self, audio: FloatAudio) -> FloatAudio:
        """Silence around it; a word on its own gets as much as the recogniser gives it."""
        before, after = self._random.uniform(0.05, 0.6), self._random.uniform(0.1, 0.5)
        seconds = len(audio) / RATE
        if seconds + before + after < 1.5:
            before = after = max(0.05, (float(self._random.choice([1.5, 1.5, 2.0])) - seconds) / 2)
        return np.pad(audio, (int(before * RATE), int(after * RATE)))

    def _noise(self, samples: int) -> FloatAudio:
        """White or rumbling, 14 to 40 dB below speech at -20 dB."""
        noise = self._random.normal(0, 1, samples)
        if self._chance(0.5):
            noise = np.cumsum(noise)
            noise -= np.convolve(noise, np.ones(400) / 400, "same")
            noise /= noise.std() + 1e-6
        return (noise * 0.1 * 10 ** (-self._random.uniform(14, 40) / 20)).astype(np.float32)


def _resampled(audio: FloatAudio, from_rate: int, to_rate: int) -> FloatAudio:
    resampler = Resampler(from_rate, to_rate)
    return np.concatenate([resampler.feed(audio), resampler.flush()])
