"""Lines of speech with pauses between them as one WAV: what a browser takes for its microphone."""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

from local.ear import RATE
from local.phone import Line

SILENCE_AT_END = 60.0
"""Seconds. A microphone goes on when nobody speaks."""


def write_spoken(
    path: Path, script: Iterable[tuple[float, Line]], *, silence_at_end: float = SILENCE_AT_END
) -> None:
    """Write lines, each after so many seconds of silence."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for pause, line in script:
            file.writeframes(bytes(round(pause * RATE) * 2))
            file.writeframes(line.samples.astype("<i2").tobytes())
        file.writeframes(bytes(round(silence_at_end * RATE) * 2))
