"""G.711: the eight-bit companding of telephone lines, mu-law and A-law.

The rules are those of ITU-T Recommendation G.711 as its reference software (G.191) has them, tabulated once
for every 16-bit sample and every byte.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from local.speech.audio import FloatAudio, float_to_pcm16, pcm16_to_float
from shared.g711 import LEVELS

_ULAW_BIAS = 33
_ULAW_LARGEST = 0x1FFF
_ALAW_EVEN_BITS = 0x55


def ulaw_encode(audio: FloatAudio) -> bytes:
    """Samples in -1..1 to mu-law, one byte each."""
    return _encode(audio, _TO_ULAW)


def ulaw_decode(data: bytes) -> FloatAudio:
    """Mu-law bytes to samples in -1..1."""
    return _ULAW_SAMPLES[np.frombuffer(data, np.uint8)]


def alaw_encode(audio: FloatAudio) -> bytes:
    """Samples in -1..1 to A-law, one byte each."""
    return _encode(audio, _TO_ALAW)


def alaw_decode(data: bytes) -> FloatAudio:
    """A-law bytes to samples in -1..1."""
    return _ALAW_SAMPLES[np.frombuffer(data, np.uint8)]


def _encode(audio: FloatAudio, table: NDArray[np.uint8]) -> bytes:
    # As an unsigned number a negative sample indexes the upper half of the table.
    codes: NDArray[np.uint8] = table[np.frombuffer(float_to_pcm16(audio), "<u2")]
    return codes.tobytes()


def _alaw_levels() -> NDArray[np.int32]:
    """The value of each A-law byte, at 13 bits (G.711 table 1)."""
    code = np.arange(256, dtype=np.int32) ^ _ALAW_EVEN_BITS
    segment, step = (code >> 4) & 7, code & 0x0F
    magnitude = np.where(segment == 0, step * 2 + 1, (step * 2 + 33) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude)


def _every_sample() -> NDArray[np.int32]:
    """All 16-bit samples, in the order of their unsigned reading."""
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)


def _segment(magnitude: NDArray[np.int32], lowest_bits: int) -> NDArray[np.int32]:
    """How often a magnitude must be halved to fit into `lowest_bits` bits."""
    bits: NDArray[np.int32] = np.frexp(magnitude)[1]
    return np.maximum(bits - lowest_bits, 0)


def _ulaw_codes() -> NDArray[np.uint8]:
    sample = _every_sample()
    # Negative samples are taken in one's complement, as the reference software does.
    magnitude = np.minimum((np.where(sample < 0, ~sample, sample) >> 2) + _ULAW_BIAS, _ULAW_LARGEST)
    segment = _segment(magnitude, 6)
    step = (magnitude >> (segment + 1)) & 0x0F
    sign = np.where(sample >= 0, 0x80, 0)
    codes: NDArray[np.uint8] = (sign | (7 - segment) << 4 | (0x0F - step)).astype(np.uint8)
    return codes


def _alaw_codes() -> NDArray[np.uint8]:
    sample = _every_sample()
    magnitude = np.where(sample < 0, ~sample, sample) >> 4
    halvings = _segment(magnitude, 5)
    # Below 16 the code is the magnitude; above, a segment from 1 on and the four bits after the leading one.
    code = np.where(magnitude < 16, magnitude, ((halvings + 1) << 4) + (magnitude >> halvings) - 16)
    sign = np.where(sample >= 0, 0x80, 0)
    return ((sign | code) ^ _ALAW_EVEN_BITS).astype(np.uint8)


_ULAW_SAMPLES = pcm16_to_float(np.array(LEVELS, "<i2").tobytes())
_ALAW_SAMPLES = pcm16_to_float((_alaw_levels() * 8).astype("<i2").tobytes())
_TO_ULAW = _ulaw_codes()
_TO_ALAW = _alaw_codes()
