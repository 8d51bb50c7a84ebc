"""The two sides of a call cut into the pieces of its tape. No I/O and no clock: `now` is a monotonic time.

A piece is cut when nothing can change it any more: a frame of the caller that was late has come, and what the
agent had ahead with the carrier has been heard or was called off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bridge.carriers import SAMPLE_RATE
from bridge.tape_sound import MARGIN, STEP
from bridge.tape_track import Stream, Track
from shared.g711 import RATE
from shared.tapes import PIECE

SETTLED: Final = 2.0
"""Seconds after which a piece is cut. A stall of the network that lasts longer is silence on the tape."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece before it is made small. `start` and `samples` are of the tape, at 8 kHz; the channels are
    PCM16LE at 24 kHz with MARGIN samples more on both sides, None for silence."""

    start: int
    samples: int
    caller: bytes | None
    agent: bytes | None


class TapeCutter:
    """Takes the sound of a call and gives it back in pieces, in order and without a gap.

    Args:
        began: when the first sample of the tape was; the past, when another bridge has begun it.
        since: from when on there is sound.
    """

    def __init__(self, began: float, since: float) -> None:
        self._began = began
        self._at = max(0, round((since - began) * RATE))
        """Where the next piece begins, at 8 kHz."""
        self._stream = Stream()
        self._caller = Track()
        self._agent = Track()

    @property
    def due_at(self) -> float:
        """When the next piece can be cut."""
        return self._began + (self._at + PIECE) / RATE + SETTLED

    def caller(self, base64: str, now: float) -> None:
        """A frame of the caller arrived: base64 of PCM16LE, 24 kHz, mono."""
        self._stream.add(base64, self._place(now))

    def agent(self, pcm: bytes, starts_at: float) -> None:
        """The agent's sound (PCM16LE, 24 kHz, mono) went to the carrier, and is heard from a moment on."""
        self._agent.put(self._place(starts_at), pcm)

    def stopped(self, now: float) -> None:
        """The carrier dropped what it had queued: nobody hears it."""
        self._agent.silence_from(self._place(now))

    def due(self, now: float) -> list[Cut]:
        """The pieces that can be cut now."""
        cuts: list[Cut] = []
        while now >= self.due_at:
            cuts.append(self._cut(self._at + PIECE))
        return cuts

    def end(self, now: float) -> list[Cut]:
        """The rest, up to now. Nothing may follow."""
        self.stopped(now)
        until = round((now - self._began) * RATE)
        cuts: list[Cut] = []
        while self._at < until:
            cuts.append(self._cut(min(self._at + PIECE, until)))
        return cuts

    def _cut(self, until: int) -> Cut:
        begin, end = self._at * STEP - MARGIN, until * STEP + MARGIN
        for start, pcm in self._stream.take(end):
            self._caller.put(start, pcm)
        cut = Cut(self._at, until - self._at, self._caller.render(begin, end), self._agent.render(begin, end))
        self._at = until
        for track in (self._caller, self._agent):
            track.forget_before(until * STEP - MARGIN)
        return cut

    def _place(self, at: float) -> int:
        return round((at - self._began) * SAMPLE_RATE)
