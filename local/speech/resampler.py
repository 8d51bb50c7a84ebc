"""Streaming conversion between sample rates (libsamplerate)."""

from __future__ import annotations

import numpy as np
import samplerate

from local.speech.audio import FloatAudio

_TAIL_SECONDS = 0.1


class Resampler:
    """Converts a mono stream, chunk by chunk, without a seam between chunks.

    What comes out keeps the time of what went in. A chunk of any size will do. libsamplerate's quickest sinc
    filter holds back at most 2.5 ms; its errors and aliases stay below -100 dB, so the better ones buy
    nothing here.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        """Rates in Hz. Raises ValueError for a ratio outside 1/256 to 256."""
        if from_rate <= 0 or to_rate <= 0 or not 1 / 256 <= to_rate / from_rate <= 256:
            raise ValueError(f"cannot resample from {from_rate} Hz to {to_rate} Hz")
        self._from_rate = from_rate
        self._ratio = to_rate / from_rate
        self._taken = 0
        self._given = 0
        self._converter = samplerate.Resampler("sinc_fastest", channels=1)

    def feed(self, x: FloatAudio) -> FloatAudio:
        """The output that `x` makes available."""
        self._taken += len(x)
        output = self._convert(x)
        self._given += len(output)
        return output

    def flush(self) -> FloatAudio:
        """What was held back, so that the output is as long as the input was. Ends the stream."""
        missing = max(round(self._taken * self._ratio) - self._given, 0)
        # Asked for its rest the library gives no more than fits the input it gets, and that is none:
        # silence after the end pushes the rest out instead.
        return self._convert(np.zeros(int(self._from_rate * _TAIL_SECONDS), np.float32))[:missing]

    def _convert(self, x: FloatAudio) -> FloatAudio:
        return np.asarray(self._converter.process(x, self._ratio), np.float32)
