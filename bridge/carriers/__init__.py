"""Carriers: who brings the caller's audio, and how they spell it on a websocket.

A carrier is a codec without I/O. Adding one (Twilio, Infobip, ...) is one more file, the proof it shows in
`bridge/admission.py`, and how its calls end in `bridge/server.py`; the conversation sees only the values
below. Audio is base64 of PCM16LE, 24 kHz, mono everywhere, so that a frame passes from one websocket to the
other without being decoded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from shared.calls import ToolRun, Turn
from shared.json_errors import NOT_JSON, where

SAMPLE_RATE = 24_000
BYTES_PER_MS = SAMPLE_RATE * 2 // 1000


@dataclass(frozen=True, slots=True)
class Audio:
    """What the caller said in one frame: base64 of PCM16LE, 24 kHz, mono."""

    base64: str


@dataclass(frozen=True, slots=True)
class MediaFormat:
    """The format the carrier announces at the start."""

    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key of the phone: 0-9, *, #, A-D."""

    key: str


Inbound = Audio | MediaFormat | KeyPressed


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The agent has a tool run; a `ToolRun` with the same `seq` follows when it has ended."""

    seq: int
    name: str
    arguments: str


Told = Turn | ToolRun | ToolStarted
"""What happens in a call besides sound. A turn may be told again as more of it is known."""


class CarrierError(ValueError):
    """A frame that this carrier does not send; the message names the field."""


class Carrier(Protocol):
    """The wire format of one carrier."""

    name: str
    quiet_seconds: float | None
    """Seconds without any frame after which its media is gone; None for one that may send nothing."""
    reconnects: bool
    """Whether it opens another media socket for a call whose socket broke."""

    def decode(self, frame: str | bytes) -> Inbound | None:
        """One frame from the carrier; None for a kind that means nothing to us.

        Raises:
            CarrierError: the frame cannot be read.
        """
        ...

    def encode_audio(self, base64: str) -> str:
        """The frame that plays `base64` (PCM16LE, 24 kHz, mono) after what is queued."""
        ...

    def encode_stop(self) -> str:
        """The frame that drops everything queued and stops what plays."""
        ...

    def encode_told(self, told: Told) -> str | None:
        """The frame that shows it to the caller; None for a carrier that only carries sound."""
        ...


def read_frame[T](decode: Callable[[str | bytes], T], frame: str | bytes, kind: str) -> T:
    """The frame as `decode` gives it. `kind` is what it should be, for the message.

    Raises:
        CarrierError: it is not; the message says where, and repeats nothing of the frame.
    """
    try:
        return decode(frame)
    except NOT_JSON as error:
        raise CarrierError(f"not {kind}: {where(error)}") from error


_KEYS = "0123456789*#ABCD"
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


def checked_audio(base64: str) -> Audio:
    """`base64` as Audio. The text is spliced into frames for Voice Live, so nothing else may stand in it.

    Raises:
        CarrierError: it has a character that base64 has not, or ends within a sample, so that all audio after
            it would be noise.
    """
    if len(base64) % 4 or _BASE64.fullmatch(base64) is None:
        raise CarrierError("audio data is not base64")
    if audio_bytes(base64) % 2:
        raise CarrierError("audio data ends within a sample")
    return Audio(base64)


def checked_key(key: str) -> KeyPressed:
    """`key` as KeyPressed.

    Raises:
        CarrierError: it is no key of a phone; what is told to the model must be keys and nothing else.
    """
    if len(key) != 1 or key not in _KEYS:
        raise CarrierError(f"key is not one of {_KEYS}")
    return KeyPressed(key)


def audio_bytes(base64: str) -> int:
    """How many bytes `base64` decodes to, without decoding it."""
    return len(base64) * 3 // 4 - base64[-2:].count("=")
