"""The sounds of the cases: words synthesised, noises made, and both as a telephone line carries them."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from local.speech import FloatAudio, Resampler, Speaker, pcm16_to_float, ulaw_decode, ulaw_encode
from tests.e2e.interruptions.cases import Cough, Noise

RATE = 24_000

_GAP_MS = 120
"""Between the bursts of a noise."""
_RESONANCES = ((600, 200, 1.0), (1500, 350, 0.7), (2800, 600, 0.4), (4500, 1500, 0.2))
"""Centre and half width in Hz, and gain, of an average open mouth."""


def words(speaker: Speaker, text: str, voice: str) -> FloatAudio:
    """`text` as a caller says it, 24 kHz, with the short pause that the speaker leaves at its end."""
    return pcm16_to_float(b"".join(speaker.stream(text, voice)))


def noise(case: Noise) -> FloatAudio:
    """The bursts of a noise, 24 kHz, the same each time: a quick attack and a slow decay each."""
    source = np.random.default_rng(crc32(case.name.encode()))
    pieces = []
    for duration_ms in case.bursts_ms:
        burst = _band(source.standard_normal(RATE * duration_ms // 1000), case.band_hz)
        shape = np.minimum(np.linspace(0, 8, len(burst)), np.exp(np.linspace(0.0, -2.5, len(burst))))
        burst = burst * shape
        loudness = float(np.sqrt(np.mean(np.square(burst))))
        pieces += [burst / loudness * 10 ** (case.level_db / 20), np.zeros(RATE * _GAP_MS // 1000)]
    return np.clip(np.concatenate(pieces), -1.0, 1.0).astype(np.float32)


def cough(case: Cough) -> FloatAudio:
    """Coughs, 24 kHz, the same each time and each a little weaker."""
    source = np.random.default_rng(crc32(case.name.encode()))
    gap = np.zeros(RATE * _GAP_MS // 1000)
    pieces = [np.concatenate([_one_cough(case, source) * 0.8**number, gap]) for number in range(case.times)]
    coughs = np.concatenate(pieces)
    quieter: FloatAudio = (coughs / np.abs(coughs).max() * 0.6).astype(np.float32)
    return quieter


def over_the_telephone(audio: FloatAudio) -> FloatAudio:
    """24 kHz audio after a G.711 line at 8 kHz."""
    return _resampled(ulaw_decode(ulaw_encode(_resampled(audio, RATE, 8_000))), 8_000, RATE)


def _one_cough(case: Cough, source: np.random.Generator) -> NDArray[np.float64]:
    """The burst of the opening glottis, the hiss of the air after it, and perhaps a voice at its end."""
    burst = source.standard_normal(_samples(0.04)) * np.linspace(1.0, 0.5, _samples(0.04))
    length = _samples(0.22 * case.size)
    hiss = source.standard_normal(length) * np.exp(-np.linspace(0.0, 2.2, length)) * 0.6
    air = _through_a_mouth(np.concatenate([burst, hiss]), case.size)
    if not case.pitch:
        return air
    length = _samples(0.09 * case.size)
    sinking = case.pitch * np.linspace(1.1, 0.75, length)
    pulses = 2 * (np.cumsum(sinking / RATE) % 1) - 1
    groan = (pulses + 0.3 * source.standard_normal(length)) * np.hanning(length)
    return np.concatenate([air, 0.6 * _through_a_mouth(groan, case.size)])


def _through_a_mouth(air: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """Resonances of a vocal tract of this size; the loudest sample becomes 1."""
    frequencies = np.fft.rfftfreq(len(air), 1 / RATE)
    response = np.zeros_like(frequencies)
    for centre_hz, width_hz, gain in _RESONANCES:
        response += gain / np.sqrt(1 + np.square((frequencies - centre_hz / size) / width_hz))
    shaped = np.fft.irfft(np.fft.rfft(air) * response, len(air))
    return np.asarray(shaped / np.abs(shaped).max())


def _samples(seconds: float) -> int:
    return int(RATE * seconds)


def _band(white: NDArray[np.float64], band_hz: tuple[int, int]) -> FloatAudio:
    spectrum = np.fft.rfft(white)
    frequencies = np.fft.rfftfreq(len(white), 1 / RATE)
    spectrum[(frequencies < band_hz[0]) | (frequencies > band_hz[1])] = 0
    return np.fft.irfft(spectrum, len(white)).astype(np.float32)


def _resampled(audio: FloatAudio, from_rate: int, to_rate: int) -> FloatAudio:
    resampler = Resampler(from_rate, to_rate)
    return np.concatenate([resampler.feed(audio), resampler.flush()])
