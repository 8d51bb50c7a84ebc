"""WAV files: reading what people have."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from local.speech.audio import FloatAudio
from local.speech.g711 import alaw_decode, ulaw_decode

_LARGEST_BYTES = 200 * 2**20
_RATES = range(4_000, 384_001)
_MOST_CHANNELS = 32
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
"""What a recorder writing to a pipe leaves in the header, since it cannot go back: read to the end."""

_EXTENSIBLE_BYTES = 26  # where the real encoding of that format ends


class AudioError(ValueError):
    """A file that cannot be played. The message names the file and the fault."""


class _Encoding(IntEnum):
    """Format tags of RFC 2361."""

    PCM = 1
    FLOAT = 3
    ALAW = 6
    ULAW = 7
    EXTENSIBLE = 0xFFFE


@dataclass(frozen=True, slots=True)
class _Format:
    encoding: int
    channels: int
    rate: int
    bits: int


def read_wav(source: Path | bytes) -> tuple[FloatAudio, int]:
    """Read a WAV file as mono samples in -1..1 and their rate in Hz.

    Takes integer PCM of 8, 16, 24 or 32 bits, float of 32 or 64, mu-law and A-law; channels are averaged.

    Raises:
        AudioError: it is not there, no WAV, cut off, empty, or in another encoding.
    """
    name = source.name if isinstance(source, Path) else "audio"
    try:
        return _read(source if isinstance(source, bytes) else _load(source))
    except AudioError as error:
        raise AudioError(f"{name}: {error}") from None


def _load(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise AudioError(f"larger than {_LARGEST_BYTES // 2**20} MB; cut out what is to be said")
        return path.read_bytes()
    except OSError as error:
        raise AudioError(f"cannot be read: {error.strerror}") from None


def _read(data: bytes) -> tuple[FloatAudio, int]:
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise AudioError("not a WAV file; convert it to 16-bit PCM WAV")
    layout, samples = _chunks(data)
    values = _decode(samples, layout)
    frames = values[: len(values) // layout.channels * layout.channels].reshape(-1, layout.channels)
    if not len(frames):
        raise AudioError("there is no audio in it")
    if not np.isfinite(frames).all():
        raise AudioError("some of its samples are not numbers")
    return np.clip(frames.mean(axis=1, dtype=np.float32), -1.0, 1.0), layout.rate


def _chunks(data: bytes) -> tuple[_Format, bytes]:
    """Find the format and the samples; everything else in the file is skipped."""
    layout: _Format | None = None
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = at + 8
        if kind == b"data":
            if layout is None:
                raise AudioError("its samples come before their format; convert it to 16-bit PCM WAV")
            there = len(data) - body
            if size in _UNKNOWN_SIZES:
                size = there
            if size > there:
                raise AudioError(f"cut off: {size} bytes of audio announced, {there} there")
            return layout, data[body : body + size]
        if kind == b"fmt ":
            layout = _format(data[body : body + size])
        at = body + size + size % 2
    raise AudioError("cut off before its audio begins")


def _format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise AudioError("cut off within its header")
    encoding, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if encoding == _Encoding.EXTENSIBLE and len(chunk) >= _EXTENSIBLE_BYTES:
        encoding = int.from_bytes(chunk[_EXTENSIBLE_BYTES - 2 : _EXTENSIBLE_BYTES], "little")
    if not 1 <= channels <= _MOST_CHANNELS or rate not in _RATES:
        raise AudioError(f"{channels} channels at {rate} Hz: not a recording of speech")
    return _Format(encoding, channels, rate, bits)


def _decode(data: bytes, layout: _Format) -> NDArray[np.float32]:
    width = layout.bits // 8
    data = data[: len(data) // max(width, 1) * max(width, 1)]
    match layout.encoding, layout.bits:
        case (_Encoding.PCM, 8):  # the one width without a sign
            return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)
        case (_Encoding.PCM, 24):
            # Placed in the upper three bytes of 32-bit numbers, which carries the sign along.
            wide = np.zeros((len(data) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            return wide.reshape(-1).view("<i4").astype(np.float32) / np.float32(2**31)
        case (_Encoding.PCM, 16 | 32):
            return np.frombuffer(data, f"<i{width}").astype(np.float32) / np.float32(2 ** (layout.bits - 1))
        case (_Encoding.FLOAT, 32 | 64):
            return np.frombuffer(data, f"<f{width}").astype(np.float32)
        case (_Encoding.ALAW, 8):
            return alaw_decode(data)
        case (_Encoding.ULAW, 8):
            return ulaw_decode(data)
    raise AudioError(
        f"encoding {layout.encoding} with {layout.bits} bits is not one of PCM, float, mu-law and A-law; "
        "convert it to 16-bit PCM WAV"
    )
