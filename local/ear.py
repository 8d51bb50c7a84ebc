"""When somebody spoke, told from audio alone: the measure that every time in a call report is taken with.

Works on 20 ms frames of one side of a call and counts time in samples of its clock (24 kHz), so what it says
does not depend on how busy this machine is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 24_000
FRAME_SAMPLES = 480
"""20 ms."""

VOICED_LEVEL = 328
"""A sample this far from zero (-40 dB of full scale) is sound: far above rounding and quiet line noise, far
below the faintest consonant of a voice at telephone level."""

JOIN_SAMPLES = RATE * 3 // 10
"""Sounds less than 300 ms apart are one span: the gap inside a word or between two words."""

type Samples = NDArray[np.int16]


def to_ms(samples: int) -> int:
    """Samples of the call's clock as milliseconds."""
    return round(samples * 1000 / RATE)


@dataclass(frozen=True, slots=True)
class Span:
    """Sound from sample `start` up to, not including, sample `end`."""

    start: int
    end: int


class Ear:
    """Listens to one side of a call."""

    def __init__(self) -> None:
        self.now = 0
        """Samples heard so far."""
        self._spans: list[Span] = []

    @property
    def spans(self) -> tuple[Span, ...]:
        """Everything that sounded, in order. The last span may still grow."""
        return tuple(self._spans)

    @property
    def last_sound(self) -> int | None:
        """The sample after the last voiced one; None while there was only silence."""
        return self._spans[-1].end if self._spans else None

    def hear(self, frame: Samples) -> None:
        """Take in the next samples, shape (n,)."""
        voiced = np.flatnonzero(np.abs(frame.astype(np.int32)) >= VOICED_LEVEL)
        for sound in np.split(voiced, np.flatnonzero(np.diff(voiced) > JOIN_SAMPLES) + 1):
            if len(sound):
                self._sound(self.now + int(sound[0]), self.now + int(sound[-1]) + 1)
        self.now += len(frame)

    def onset_after(self, moment: int) -> int | None:
        """Where the first span that began at or after `moment` began."""
        return next((span.start for span in self._spans if span.start >= moment), None)

    def _sound(self, start: int, end: int) -> None:
        if self._spans and start - self._spans[-1].end < JOIN_SAMPLES:
            start = self._spans.pop().start
        self._spans.append(Span(start, end))
