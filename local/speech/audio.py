"""Samples: the array types, PCM16 to float and back, and speech level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type FloatAudio = NDArray[np.float32]
"""Mono samples in -1..1, shape (samples,)."""

_FULL_SCALE = 32768.0
_FRAME_SECONDS = 0.02
_ACTIVE_BELOW_PEAK_DB = 25.0


def pcm16_to_float(data: bytes | bytearray | memoryview) -> FloatAudio:
    """Decode PCM16LE mono bytes to -1..1. Raises ValueError when a sample is cut in half."""
    if len(data) % 2:
        raise ValueError(f"PCM16 audio of {len(data)} bytes: the length must be even, two bytes a sample")
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)


def float_to_pcm16(audio: FloatAudio) -> bytes:
    """Encode -1..1 as PCM16LE mono bytes. Louder samples are clipped, not wrapped."""
    scaled = np.rint(np.asarray(audio, np.float32) * np.float32(_FULL_SCALE))
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()


def speech_level(audio: FloatAudio, rate: int) -> float:
    """Level of the speaking parts in dB below full scale; -inf for silence.

    Pauses are left out (20 ms frames more than 25 dB below the loudest one), in the spirit of the active
    speech level of ITU-T P.56.
    """
    size = max(1, int(rate * _FRAME_SECONDS))
    frames = audio[: len(audio) // size * size].reshape(-1, size)
    if not len(frames):
        return -np.inf
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    loudest = power.max()
    if loudest <= 0.0:
        return -np.inf
    active = power[power > loudest * 10 ** (-_ACTIVE_BELOW_PEAK_DB / 10)]
    return float(10 * np.log10(active.mean()))
