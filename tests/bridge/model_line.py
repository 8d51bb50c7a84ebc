"""The caller's end of a modelled call: audio that tells its place, and the carrier that plays it."""

from __future__ import annotations

import math
import sys
from array import array
from collections import deque

RATE = 24_000
FRAME = 480
"""Samples of 20 ms."""
FRAME_SECONDS = FRAME / RATE
_TAPE_SAMPLES = 60 * RATE
_HIGH = 0x8000


def _record() -> bytes:
    """A minute of audio in which every two samples hold the number of their place."""
    pairs = range(_TAPE_SAMPLES // 2)
    samples = array("H", bytes(_TAPE_SAMPLES * 2))
    samples[0::2] = array("H", [pair & 0x7FFF for pair in pairs])
    samples[1::2] = array("H", [_HIGH | pair >> 15 for pair in pairs])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


_TAPE = _record()


class Tape:
    """Hands out audio of which no two places are alike, so that what is played tells where it is from."""

    def __init__(self) -> None:
        self._at = 0
        self._items: deque[tuple[int, int, str]] = deque(maxlen=64)

    def record(self, item_id: str, samples: int) -> bytes:
        """New audio for an item, an even number of samples long."""
        samples += samples % 2
        if self._at + samples > _TAPE_SAMPLES:
            self._at = 0
        begin, self._at = self._at, self._at + samples
        self._items.append((begin, self._at, item_id))
        return _TAPE[begin * 2 : self._at * 2]

    def find(self, pcm: bytes) -> tuple[str, int] | None:
        """The item that audio is from, and its first sample there; None when it is too short to tell.

        Items begin with a whole pair, so what is too short is the rest of the item before.
        """
        samples = array("H", pcm[:4])
        late = int(samples[0] & _HIGH != 0)  # it begins with the second half of a pair
        for begin, end, item_id in reversed(self._items):
            if len(samples) == 2:
                low, high = samples[late], samples[1 - late] & ~_HIGH
                pair = low | (high + (late and low == 0)) << 15
                place = pair * 2 - late
            else:
                place = end - 1 if late else begin
            if begin <= place < end and _TAPE[place * 2 : place * 2 + len(pcm[:4])] == pcm[:4]:
                return item_id, place - begin
        return None


class ModelCarrier:
    """Queues what it is given, plays a frame of it every 20 ms and drops the rest when told to.

    Args:
        phase: seconds after `now` when its first frame begins.
    """

    def __init__(self, now: float, phase: float) -> None:
        self.tape = Tape()
        self.heard: dict[str, int] = {}
        """Samples of each item that have been played."""
        self.last_sound = now
        """When the caller last heard something."""
        self.is_lost = False
        """Whether its media socket is broken."""
        self.back_at = -math.inf
        """When it last came back."""
        self._queue: deque[tuple[str, int, int]] = deque()
        """Items with the samples from and to."""
        self._queued = 0
        self._tick = now + phase
        self._last = ("", 0)

    @property
    def silent(self) -> bool:
        """Whether it has nothing to play."""
        return not self._queue

    def write(self, pcm: bytes) -> str:
        """Audio from the bridge; returns the item it is from."""
        item_id, begin = self.tape.find(pcm) or self._last
        end = begin + len(pcm) // 2
        self._last = (item_id, end)
        self._queue.append((item_id, begin, end))
        self._queued += end - begin
        return item_id

    def stop(self) -> None:
        """StopAudio: what is queued is not played."""
        self._queue.clear()
        self._queued = 0

    def breaks(self, now: float) -> None:
        """The media socket breaks: what is queued is lost."""
        self.until(now)
        self.stop()
        self.is_lost = True

    def comes_back(self, now: float, phase: float) -> None:
        """There is a new media socket, whose first frame begins `phase` seconds after `now`."""
        self.is_lost, self.back_at = False, now
        self._tick = now + phase

    def until(self, now: float) -> None:
        """Time passes: what is played by `now`."""
        while self._queue and self._tick <= now:
            self._play_frame()
            self.last_sound = self._tick + FRAME_SECONDS
            self._tick += FRAME_SECONDS
        if self._tick <= now:
            self._tick += FRAME_SECONDS * (int((now - self._tick) / FRAME_SECONDS) + 1)

    @property
    def seconds_left(self) -> float:
        """What it has queued."""
        return self._queued / RATE

    def _play_frame(self) -> None:
        room = FRAME
        while room and self._queue:
            item_id, begin, end = self._queue.popleft()
            taken = min(room, end - begin)
            room -= taken
            self._queued -= taken
            if begin + taken < end:
                self._queue.appendleft((item_id, begin + taken, end))
            known = self.heard.get(item_id, 0)
            assert begin <= known, f"{item_id}: {begin - known} samples were lost"
            assert begin >= known - 2 * FRAME, f"{item_id}: {known - begin} samples were said twice"
            self.heard[item_id] = max(known, begin + taken)
