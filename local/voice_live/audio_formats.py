"""Between the audio formats of the wire and what hearing (16 kHz float) and synthesis (24 kHz PCM16) use."""

from __future__ import annotations

from local.speech.audio import FloatAudio, float_to_pcm16, pcm16_to_float
from local.speech.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from local.speech.resampler import Resampler

HEARING_RATE = 16_000
SPEECH_RATE = 24_000

_OUTPUT_RATES = {
    "pcm16": 24_000,
    "pcm16_16000hz": 16_000,
    "pcm16_8000hz": 8_000,
    "g711_ulaw": 8_000,
    "g711_alaw": 8_000,
}


class InputDecoder:
    """Turns a session's input audio into 16 kHz float samples; keeps half a sample for the next chunk."""

    def __init__(self, audio_format: str, rate: int) -> None:
        """`audio_format`: `pcm16`, `g711_ulaw` or `g711_alaw`; `rate` in Hz."""
        self._format = audio_format
        self._resampler = None if rate == HEARING_RATE else Resampler(rate, HEARING_RATE)
        self._half = b""

    def decode(self, data: bytes) -> FloatAudio:
        if self._format == "g711_ulaw":
            samples = ulaw_decode(data)
        elif self._format == "g711_alaw":
            samples = alaw_decode(data)
        else:
            data = self._half + data
            whole = len(data) // 2 * 2
            self._half = data[whole:]
            samples = pcm16_to_float(data[:whole])
        return samples if self._resampler is None else self._resampler.feed(samples)


class OutputEncoder:
    """Turns synthesised speech into a response's `output_audio_format`. One for each message."""

    def __init__(self, audio_format: str) -> None:
        self._format = audio_format
        rate = _OUTPUT_RATES[audio_format]
        self._resampler = None if rate == SPEECH_RATE else Resampler(SPEECH_RATE, rate)

    def encode(self, pcm: bytes) -> bytes:
        """PCM16LE 24 kHz mono in, the format's bytes out; resampling holds a few samples back."""
        if self._resampler is None:
            return pcm
        return self._pack(self._resampler.feed(pcm16_to_float(pcm)))

    def flush(self) -> bytes:
        """What was held back, at the end of the speech."""
        return b"" if self._resampler is None else self._pack(self._resampler.flush())

    def _pack(self, samples: FloatAudio) -> bytes:
        if self._format == "g711_ulaw":
            return ulaw_encode(samples)
        if self._format == "g711_alaw":
            return alaw_encode(samples)
        return float_to_pcm16(samples)
