"""How records stand one behind the other in a file, so that a crash at any byte costs the last one at most.

A frame is its payload's length and CRC-32 (4 bytes each, big endian) and the payload. What does not fit that
is a tail that was not written to its end, and whatever follows it. No I/O.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

_HEAD: Final = struct.Struct(">II")
MOST: Final = 1 << 20
"""Bytes of a payload: a tool run takes some 100 kB at most. A longer one is a broken length."""


def frame(payload: bytes) -> bytes:
    """One frame.

    Raises:
        ValueError: the payload is empty or longer than MOST.
    """
    if not 0 < len(payload) <= MOST:
        raise ValueError(f"a payload of {len(payload)} bytes")
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def frames(data: bytes) -> Iterator[bytes]:
    """The payloads of all whole frames from the beginning of `data`."""
    at = 0
    while at + _HEAD.size <= len(data):
        length, check = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        payload = data[at : at + length]
        # A length of 0 too: a file system may fill with zeros what a crash kept from being written.
        if not 0 < length <= MOST or len(payload) != length or zlib.crc32(payload) != check:
            return
        at += length
        yield payload
