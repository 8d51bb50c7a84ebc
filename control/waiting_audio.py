"""What a caller in line hears between two callbacks: words, then a soft tone until there are words again.

Silence sounds like a dead line, so there is a tone: two quiet notes every few seconds.
"""

from __future__ import annotations

import array
import functools
import io
import math
import wave
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from shared.recorded_lines import RATE

_PAUSE: Final = 0.35
"""Seconds of silence around words."""
_PATTERN: Final = 4.0
"""Seconds after which the tone begins again."""
_NOTES: Final = ((0.5, 392.0), (1.0, 523.25))
"""Begin of a note in seconds, and its pitch in Hertz: a G and the C above it."""
_NOTE: Final = 1.6
"""Seconds that a note takes to fade."""
_LOUD: Final = 1_800
"""Of 32767: well below speech."""


def wav(words: Sequence[bytes], tone: timedelta) -> bytes:
    """A file that Call Automation plays: the words one after the other, and so much of the tone.

    Args:
        words: PCM16LE mono at `RATE`.
    """
    quiet = bytes(2 * round(_PAUSE * RATE))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(quiet.join([b"", *words, b""]))
        out.writeframes(_tone(tone.total_seconds()))
    return file.getvalue()


def _tone(seconds: float) -> bytes:
    size = 2 * round(seconds * RATE)
    pattern = _pattern()
    return (pattern * (size // len(pattern) + 1))[:size]


@functools.cache
def _pattern() -> bytes:
    """PCM16LE of the tone until it begins again."""
    samples = [0.0] * round(_PATTERN * RATE)
    for begin, pitch in _NOTES:
        for n in range(round(_NOTE * RATE)):
            at = n / RATE
            swell = min(1.0, at / 0.02) * math.exp(-3.0 * at)  # no click at its begin
            samples[round(begin * RATE) + n] += swell * math.sin(2 * math.pi * pitch * at)
    pcm = array.array("h", (round(_LOUD * sample) for sample in samples))
    if array.array("h", [1]).tobytes() != b"\1\0":
        pcm.byteswap()
    return pcm.tobytes()
