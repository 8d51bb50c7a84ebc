"""One side of a call on a timeline: where each sound belongs, and what lies between. No I/O, no clock.

Places are samples at 24 kHz since the beginning of the tape. What the caller says comes in frames of a steady
stream, some of them late; what the agent says comes with the moment at which it is heard, and may be called
off before that.
"""

from __future__ import annotations

from base64 import b64decode
from bisect import insort
from dataclasses import dataclass, field

from bridge.carriers import SAMPLE_RATE, audio_bytes

_SAMPLE_BYTES = 2
_JITTER = SAMPLE_RATE // 10
"""So far from where it was expected, a frame of a stream follows the one before without a gap."""
_ROUNDING = 2
"""Samples by which moments that are one may differ."""


@dataclass(slots=True, order=True)
class _Sound:
    """Sound at its place."""

    start: int
    order: int
    pcm: bytes = field(compare=False)

    @property
    def end(self) -> int:
        return self.start + len(self.pcm) // _SAMPLE_BYTES


class Track:
    """Sound by place; between two sounds is silence. Where they overlap, the later one is heard."""

    def __init__(self) -> None:
        self._sounds: list[_Sound] = []
        self._made = 0
        self._end = 0

    def put(self, start: int, pcm: bytes) -> None:
        """Put PCM16LE at a place."""
        if abs(start - self._end) <= _ROUNDING:
            start = self._end
        self._made += 1
        sound = _Sound(start, self._made, pcm)
        insort(self._sounds, sound)
        self._end = sound.end

    def silence_from(self, place: int) -> None:
        """Take away all from a place on."""
        kept = [sound for sound in self._sounds if sound.start < place]
        for sound in kept:
            sound.pcm = sound.pcm[: (place - sound.start) * _SAMPLE_BYTES]
        self._sounds = kept
        self._end = min(self._end, max(place, 0))

    def render(self, begin: int, end: int) -> bytes | None:
        """The sound from one place to another as PCM16LE; None when all of it is silent."""
        heard = [sound for sound in self._sounds if sound.end > begin and sound.start < end]
        if not heard:
            return None
        pcm = bytearray((end - begin) * _SAMPLE_BYTES)
        for sound in sorted(heard, key=lambda sound: sound.order):
            first, behind = max(begin, sound.start), min(end, sound.end)
            part = sound.pcm[(first - sound.start) * _SAMPLE_BYTES : (behind - sound.start) * _SAMPLE_BYTES]
            pcm[(first - begin) * _SAMPLE_BYTES : (behind - begin) * _SAMPLE_BYTES] = part
        return bytes(pcm)

    def forget_before(self, place: int) -> None:
        """Nobody asks for what is before a place any more."""
        self._sounds = [sound for sound in self._sounds if sound.end > place]


@dataclass(frozen=True, slots=True)
class _Frame:
    arrived: int
    base64: str
    samples: int


class Stream:
    """Frames of a steady stream as they arrive.

    A frame may come late, never early: so each is placed as late as its own arrival and that of all frames
    after it allow. After a stall of the network, frames that come all at once stand where they were said.
    """

    def __init__(self) -> None:
        self._frames: list[_Frame] = []
        self._cursor: int | None = None

    def add(self, base64: str, arrived: int) -> None:
        """A frame (base64 of PCM16LE) whose last sample arrived at a place of the timeline."""
        samples = audio_bytes(base64) // _SAMPLE_BYTES
        if samples:
            self._frames.append(_Frame(arrived, base64, samples))

    def take(self, before: int) -> list[tuple[int, bytes]]:
        """The frames that begin before a place, as sounds without a gap, each with its place. The other
        frames wait."""
        runs: list[tuple[int, list[bytes]]] = []
        count = 0
        for frame, latest_start in zip(self._frames, self._latest_starts(), strict=True):
            start, goes_on = latest_start, False
            if self._cursor is not None and abs(start - self._cursor) <= _JITTER:
                start, goes_on = self._cursor, bool(runs)
            if start >= before:
                break
            if not goes_on:
                runs.append((start, []))
            runs[-1][1].append(b64decode(frame.base64))
            self._cursor = start + frame.samples
            count += 1
        del self._frames[:count]
        return [(start, b"".join(pcm)) for start, pcm in runs]

    def _latest_starts(self) -> list[int]:
        starts: list[int] = []
        at: int | None = None
        for frame in reversed(self._frames):
            ends = frame.arrived if at is None else min(frame.arrived, at)
            at = ends - frame.samples
            starts.append(at)
        return starts[::-1]
