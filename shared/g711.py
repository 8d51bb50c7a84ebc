"""Mu-law of G.711, the sound of the telephone network: one byte a sample, 8 kHz, full scale in 16 bits.

What a telephone call is recorded in. Here is what every plane needs; the bridge encodes by
`bridge.tape_sound`.
"""

from __future__ import annotations

from typing import Final

RATE: Final = 8_000
"""Samples a second."""
SILENT: Final = 0xFF
"""The byte of a sample that is zero."""
_BIAS: Final = 33


def _level(code: int) -> int:
    """The value of a byte, 16 bits (ITU-T G.711, table 2: 14 bits, its bits inverted)."""
    bits = ~code & 0xFF
    magnitude = (((bits & 0x0F) * 2 + _BIAS) << (bits >> 4 & 7)) - _BIAS
    return (-magnitude if bits & 0x80 else magnitude) * 4


LEVELS: Final = tuple(_level(code) for code in range(256))
"""What each byte means."""
_LOW: Final = bytes(level & 0xFF for level in LEVELS)
_HIGH: Final = bytes(level >> 8 & 0xFF for level in LEVELS)


def stereo_pcm16(left: bytes, right: bytes) -> bytes:
    """Two channels of the same length as interleaved PCM16LE.

    By table and slice, so that a minute takes milliseconds without any library.
    """
    if len(left) != len(right):
        raise ValueError(f"channels of {len(left)} and {len(right)} samples")
    pcm = bytearray(len(left) * 4)
    pcm[0::4], pcm[1::4] = left.translate(_LOW), left.translate(_HIGH)
    pcm[2::4], pcm[3::4] = right.translate(_LOW), right.translate(_HIGH)
    return bytes(pcm)
