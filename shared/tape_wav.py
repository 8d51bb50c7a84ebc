"""A recording as a WAV file of which any range can be had: 16-bit PCM, 8 kHz, caller left, agent right.

Every browser and every tool plays it, and where a byte of it comes from is arithmetic. No I/O.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

from shared.g711 import RATE, stereo_pcm16

_CHANNELS: Final = 2
_FRAME: Final = 2 * _CHANNELS
"""Bytes of a moment: a sample of each channel."""
HEADER: Final = 44
"""Bytes before the sound (RIFF WAVE, WAVEFORMATEX without an extension)."""
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `first` to `last`, both of them in it."""

    first: int
    last: int


class UnsatisfiableError(ValueError):
    """The range begins behind the end."""


def size_of(samples: int) -> int:
    """Bytes of the file."""
    return HEADER + samples * _FRAME


def header(samples: int) -> bytes:
    """What comes before the sound."""
    sound = samples * _FRAME
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", HEADER - 8 + sound, b"WAVE"),
        *(b"fmt ", 16, 1, _CHANNELS, RATE, RATE * _FRAME, _FRAME, 16),
        *(b"data", sound),
    )


def samples_of(part: ByteRange) -> tuple[int, int]:
    """The samples that bytes of the file come from: the first, and the one behind the last."""
    first = max(0, part.first - HEADER) // _FRAME
    return first, max(first, -(-(part.last + 1 - HEADER) // _FRAME))


def cut(part: ByteRange, samples: int, left: bytes, right: bytes) -> bytes:
    """Bytes of a file of so many samples; the channels (mu-law) are those of `samples_of`."""
    first, _ = samples_of(part)
    sound = stereo_pcm16(left, right)
    if part.first < HEADER:
        return (header(samples) + sound)[part.first : part.last + 1]
    begin = part.first - HEADER - first * _FRAME
    return sound[begin : begin + part.last + 1 - part.first]


def read_range(text: str, size: int, most: int) -> ByteRange | None:
    """The one range that a header Range asks for, its first `most` bytes; None for what may be ignored.

    Of a range that is asked for a server may give a part (RFC 9110, 15.3.7), and several at once it may
    ignore (14.2), as it does a unit or a form that it does not know.

    Raises:
        UnsatisfiableError: it begins behind the end.
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if found[1]:
        first = int(found[1])
        last = min(int(found[2]), size - 1) if found[2] else size - 1
        if found[2] and int(found[2]) < first:
            return None
    else:
        first, last = max(0, size - int(found[2])), size - 1
    if first >= size or last < first:
        raise UnsatisfiableError(f"{text}: the file has {size} bytes")
    return ByteRange(first, min(last, first + most - 1))
