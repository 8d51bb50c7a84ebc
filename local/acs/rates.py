"""16 kHz PCM16 to the line's 24 kHz and back, as a stream.

A windowed-sinc filter at the common rate of 48 kHz, applied only at the samples that are kept. Both ends hold
a whole number of samples a tick (320 and 480), so a stream never drifts.
"""

import numpy as np
from numpy.typing import NDArray

_UP_RATE = 48_000
_TAPS_PER_SIDE = 48
_CUTOFF_HZ = 7_600.0


def _low_pass() -> NDArray[np.float64]:
    """A linear-phase low pass at 48 kHz, unity gain, that passes speech and stops the 8 kHz image."""
    position = np.arange(-_TAPS_PER_SIDE, _TAPS_PER_SIDE + 1)
    taps = np.sinc(2 * _CUTOFF_HZ / _UP_RATE * position) * np.kaiser(len(position), 8.0)
    return np.asarray(taps / taps.sum(), np.float64)


class RateConverter:
    """Converts a stream between 16 and 24 kHz. The output lags the input by about 1 ms of filter."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        if {from_rate, to_rate} != {16_000, 24_000}:
            raise ValueError(f"cannot convert {from_rate} Hz to {to_rate} Hz; 16000 and 24000 are known")
        self._up = _UP_RATE // from_rate
        self._down = _UP_RATE // to_rate
        self._taps = _low_pass() * self._up
        # Input that later output still needs, and where in it (at 48 kHz) the next output sample is centred.
        self._held = np.zeros(2 * _TAPS_PER_SIDE // self._up + 1)
        self._next = 0
        self._odd = b""

    def feed(self, pcm: bytes) -> bytes:
        """Convert the next piece; a byte without its other half waits for the next call."""
        pcm = self._odd + pcm
        whole = len(pcm) // 2 * 2
        self._odd = pcm[whole:]
        if not whole:
            return b""
        fresh = np.frombuffer(pcm[:whole], "<i2").astype(np.float64)
        first = len(self._held) - 1
        signal = np.concatenate([self._held, fresh])
        stop = len(fresh) * self._up
        centres = np.arange(self._next, stop, self._down)
        self._next += len(centres) * self._down - stop
        # One matrix row an output sample: the input samples under the filter and the taps that fall on them.
        span = 2 * _TAPS_PER_SIDE // self._up + 1
        newest = first + 1 + centres // self._up
        columns = newest[:, None] - np.arange(span)
        taps = centres[:, None] % self._up + np.arange(span) * self._up
        weights = np.where(taps < len(self._taps), self._taps[np.minimum(taps, len(self._taps) - 1)], 0.0)
        out = (signal[columns] * weights).sum(axis=1)
        self._held = signal[len(signal) - len(self._held) :]
        return bytes(np.clip(np.rint(out), -32768, 32767).astype("<i2"))
