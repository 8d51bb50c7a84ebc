"""What somebody says into a phone, ahead of the line that plays it.

A phone that is a process among others gets its turn late at times. Speech that is on the line by then is not
cut by that; were each 20 ms sent in its own, the line would have to play silence in the middle of a word.
"""

from __future__ import annotations

import numpy as np

from local.ear import FRAME_SAMPLES, Samples

LEAD_FRAMES = 25
"""Speech is half a second ahead at most; the line keeps two seconds."""


class Mouth:
    """Gives the line its next samples, frame by frame: once a tick of 20 ms."""

    def __init__(self) -> None:
        self._left = np.zeros(0, np.int16)
        self._ahead = 0

    @property
    def busy(self) -> bool:
        """Whether something is still being said, as the line plays it."""
        return bool(len(self._left) or self._ahead)

    def say(self, speech: Samples) -> None:
        """Begin to say this, 24 kHz, with the next tick instead of what is left of something else."""
        self._left = speech

    def next(self) -> Samples:
        """What the line is sent in this tick: whole frames of 20 ms, or none while it has speech to play."""
        frames = min(-(-len(self._left) // FRAME_SAMPLES), 1 + LEAD_FRAMES - self._ahead)
        if not frames and self._ahead:
            self._ahead -= 1
            return np.zeros(0, np.int16)
        frames = max(frames, 1)
        self._ahead += frames - 1
        samples = frames * FRAME_SAMPLES
        piece, self._left = self._left[:samples], self._left[samples:]
        return np.pad(piece, (0, samples - len(piece)))
