"""Sound of a call made small for its tape: 24 kHz PCM16 to mu-law at the 8 kHz of the telephone network."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bridge.carriers import SAMPLE_RATE
from shared.g711 import LEVELS, RATE

STEP: Final = SAMPLE_RATE // RATE
"""Samples that become one."""
MARGIN: Final = 48
"""Samples at 24 kHz that the filter needs before and behind what it makes."""
_CUTOFF: Final = 3_600.0
"""Hertz. The telephone network carries 3,400; from 4,400 on nothing may be left."""
_OTHER_ZERO: Final = 0x7F
"""Zero has two bytes; this is not the usual one."""


def mu_law(pcm: bytes) -> bytes:
    """PCM16LE at 24 kHz, with MARGIN samples more on both sides, as mu-law at 8 kHz: one byte for STEP
    samples between the margins."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, 2 * MARGIN + 1)[::STEP]
    levels = np.clip(np.rint(windows @ _taps()), -32768, 32767).astype(np.int16)
    return _codes()[levels.view(np.uint16)].tobytes()


@cache
def _taps() -> NDArray[np.float32]:
    """A low pass: the ideal one, faded out."""
    at = np.arange(-MARGIN, MARGIN + 1)
    taps = np.sinc(2 * _CUTOFF / SAMPLE_RATE * at) * np.hamming(2 * MARGIN + 1)
    low_pass: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return low_pass


@cache
def _codes() -> NDArray[np.uint8]:
    """The byte of every 16-bit sample, in the order of their unsigned reading: that of the nearest level."""
    order = np.argsort(np.array(LEVELS))
    order = order[order != _OTHER_ZERO]
    levels = np.array(LEVELS)[order]
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, samples)
    codes: NDArray[np.uint8] = order[nearest].astype(np.uint8)
    return codes
