"""How loud the caller is: tells the end of a short sound before the service does. No I/O, no clock.

Loud and quiet are relative: to the loudest moment of the sound itself, and to the noise of the line before
it. On a line too noisy to tell them apart the caller is never quiet. Audio is kept as it comes and looked
into only while somebody wants to know.
"""

from __future__ import annotations

import math
from array import array
from base64 import b64decode
from collections import deque

from bridge.carriers import SAMPLE_RATE

_FRAME_SECONDS = 0.02
_FRAME_BYTES = round(SAMPLE_RATE * _FRAME_SECONDS) * 2

_KEPT = 60
"""Pieces kept while nobody looks: the service tells of a sound up to half a second after it began."""
_LEVELS = 150
"""Frames looked back on, 3 s: no sign of listening is so long."""

_FADED_DB = 20.0
"""So far below the loudest moment nobody speaks: consonants are 10 to 15 dB weaker than vowels."""
_ABOVE_NOISE_DB = 6.0
"""Noise is up to so much louder than it mostly is."""
_CLEAR_DB = 12.0
"""What the loudest moment must be above that, or sound and noise cannot be told apart."""
_FAINTEST_DB = -70.0
"""Below full scale: what G.711 makes of silence is no sound either."""

_AGAIN = 3
"""Loud frames in a row that are speech, and no click."""


class Loudness:
    """Listens to one caller.

    Args:
        kept: pieces of audio kept while nobody looks.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept: deque[str] = deque(maxlen=kept)
        self._rest = b""
        self._levels: deque[float] | None = None
        self._noise_db = 0.0

    @property
    def followed(self) -> bool:
        """Whether a sound is listened to."""
        return self._levels is not None

    def hear(self, base64: str) -> None:
        """A piece of the caller's audio: base64 of PCM16LE, 24 kHz, mono."""
        if self._levels is None:
            self._kept.append(base64)
        else:
            self._levels.extend(self._measured(base64))

    def follow(self) -> None:
        """A sound has begun lately: listen to it, from what is kept on."""
        before = [level for piece in self._kept for level in self._measured(piece)]
        self._kept.clear()
        self._noise_db = sorted(before)[len(before) // 4] if before else 0.0
        self._levels = deque(before, _LEVELS)

    def leave(self) -> None:
        """Nobody wants to know any more."""
        self._levels = None
        self._rest = b""

    @property
    def quiet(self) -> float:
        """Seconds since the sound was last loud; 0 when that cannot be told."""
        loud = self._loud
        return (len(loud) - 1 - _last(loud)) * _FRAME_SECONDS if True in loud else 0.0

    @property
    def sounded(self) -> float:
        """Seconds from the first loud moment to the last."""
        loud = self._loud
        return (_last(loud) + 1 - loud.index(True)) * _FRAME_SECONDS if True in loud else 0.0

    @property
    def sounds(self) -> bool:
        """Whether the caller is loud now."""
        return len(self._loud) >= _AGAIN and all(self._loud[-_AGAIN:])

    @property
    def unclear(self) -> bool:
        """Whether the line is louder now than its noise mostly is, and not so much that it is a voice."""
        latest = list(self._levels or ())[-_AGAIN:]
        return not self._loud and len(latest) == _AGAIN and min(latest) >= self._noise_at_most

    @property
    def loudest_db(self) -> float:
        """The loudest moment of late, in dB below full scale."""
        return max(self._levels or (), default=_FAINTEST_DB)

    @property
    def _loud(self) -> list[bool]:
        """Frame by frame; empty when nothing can be told."""
        peak, noise = self.loudest_db, self._noise_at_most
        if self._levels is None or peak < noise + _CLEAR_DB:
            return []
        return [level >= max(peak - _FADED_DB, noise) for level in self._levels]

    @property
    def _noise_at_most(self) -> float:
        return max(self._noise_db, _FAINTEST_DB) + _ABOVE_NOISE_DB

    def _measured(self, base64: str) -> list[float]:
        """The level of each whole frame, in dB below full scale; the rest waits for more."""
        pcm = self._rest + b64decode(base64)
        whole = len(pcm) - len(pcm) % _FRAME_BYTES
        self._rest = pcm[whole:]
        return [_level_db(pcm[at : at + _FRAME_BYTES]) for at in range(0, whole, _FRAME_BYTES)]


def _level_db(frame: bytes) -> float:
    samples = array("h", frame)
    power = math.sumprod(samples, samples) / len(samples)
    return 10 * math.log10(max(power, 1e-3)) - 20 * math.log10(32_768)


def _last(loud: list[bool]) -> int:
    return len(loud) - 1 - loud[::-1].index(True)
