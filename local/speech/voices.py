"""Voices made from one: hibari is a source-filter vocoder, so pitch and vocal tract can be changed apart.

For each frame of 12.5 ms the network gives the pitch and, over 601 bins from 0 to 12 kHz, what shapes the
voice: magnitude and phase of the filter on the pulse train, magnitude of the noise, and magnitude and phase
of a rest. Scaling the pitch and stretching those along frequency (a shorter or longer vocal tract) makes
another speaker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hibari import dsp
from numpy.typing import NDArray

type Frames = NDArray[np.float32]

_BIN_HZ = dsp.SR / dsp.N_FFT
_LOWEST_PITCH_HZ = 40.0  # below this the vocoder takes a frame for unvoiced


@dataclass(frozen=True, slots=True)
class VoiceShape:
    """How a voice differs from the agent's."""

    pitch: float
    """Factor on the fundamental frequency."""
    tract: float
    """Factor on the formants: below 1 a longer vocal tract."""
    pace: float = 1.0
    """Factor on the speed of speech."""


VOICES: dict[str, VoiceShape] = {
    "agent": VoiceShape(1.0, 1.0),
    "low": VoiceShape(0.58, 0.86),
    "bright": VoiceShape(1.2, 1.08),
    "old": VoiceShape(0.8, 0.93, 0.9),
}
"""The agent's voice, which is hibari's own, and the voices of callers."""


def reshape(outputs: list[Frames], shape: VoiceShape) -> list[Frames]:
    """Change what the network gave into what it would give for another speaker.

    `outputs` are the five spectra, each (601, frames), and the pitch in Hz, (frames,), in the order that
    `hibari.dsp.synth` takes them.
    """
    if shape.pitch == 1.0 and shape.tract == 1.0:
        return outputs
    pulse_level, pulse_phase, noise_level, rest_level, rest_phase, pitch = outputs
    bins = np.arange(len(pulse_level), dtype=np.float32)[:, None]
    source = np.broadcast_to(bins / np.float32(shape.tract), pulse_level.shape)
    level, phase = _between_harmonics(pulse_level, pulse_phase, source, pitch)
    return [
        level,
        phase,
        _interpolate(noise_level, source),
        _interpolate(rest_level, source),
        _nearest(rest_phase, source),
        (pitch * np.float32(shape.pitch)).astype(np.float32),
    ]


def _between_harmonics(level: Frames, phase: Frames, source: Frames, pitch: Frames) -> tuple[Frames, Frames]:
    """Read the pulse filter at `source` bins from its values at the harmonics alone.

    The network learnt the filter at the harmonics of the pitch it gives; between them its values mean
    nothing, and a changed pitch would put its own harmonics right there.
    """
    voiced = pitch > _LOWEST_PITCH_HZ
    spacing = np.where(voiced, pitch / np.float32(_BIN_HZ), 1.0).astype(np.float32)
    harmonic = source / spacing
    below = np.maximum(np.floor(harmonic), np.float32(1))
    weight = np.clip(harmonic - below, 0.0, 1.0)
    lower = _interpolate(level, below * spacing)
    upper = _interpolate(level, (below + np.float32(1)) * spacing)
    closest = np.maximum(np.rint(harmonic), np.float32(1)) * spacing
    return (
        np.where(voiced, lower + weight * (upper - lower), _interpolate(level, source)),
        _nearest(phase, np.where(voiced, closest, source)),
    )


def _interpolate(values: Frames, position: Frames) -> Frames:
    """Values at fractional bins, one position for each bin and frame."""
    position = np.clip(position, 0, len(values) - 1)
    below = position.astype(np.intp)
    above = np.minimum(below + 1, len(values) - 1)
    weight = (position - below).astype(np.float32)
    low = np.take_along_axis(values, below, axis=0)
    return low + weight * (np.take_along_axis(values, above, axis=0) - low)


def _nearest(values: Frames, position: Frames) -> Frames:
    """Values at the nearest bins; phases cannot be averaged."""
    index = np.clip(np.rint(position), 0, len(values) - 1).astype(np.intp)
    return np.take_along_axis(values, index, axis=0)
