"""What the agent says: paced to the carrier, held back and resumed, and known to have been heard.

ACS gives no playback acknowledgement, so playback is modelled. A carrier queues what it gets and takes a
frame of it to play every 20 ms; StopAudio drops the queue. When its frames begin is not known, only that the
first is taken within 20 ms of the write. So audio is taken to begin half a frame late and is credited by
whole frames: never more than was played and at most 40 ms less, also when the network is up to 10 ms faster
or slower with the audio than with the stop (a delay that both have alike does not matter). Resuming may
therefore repeat two frames, which is no word, and loses nothing. It does not look for a quieter place further
back: that would say short words twice.

No I/O, no clock: `now` is a monotonic time in seconds, handed in, and never runs backwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.carriers import SAMPLE_RATE

LEAD = 0.3
"""The most seconds that are with the carrier and not heard yet."""

_REFILL = 0.1
"""Seconds left with the carrier when it gets more: so late an event loop may be, at 5 writes a second."""

_FRAME = SAMPLE_RATE // 50
_FRAME_SECONDS = _FRAME / SAMPLE_RATE
_HALF_FRAME = _FRAME_SECONDS / 2

_LEAD_SAMPLES = round(LEAD * SAMPLE_RATE)
_SAMPLE_BYTES = 2
_SAMPLES_PER_MS = SAMPLE_RATE // 1000

_MOST_SAMPLES = 120 * SAMPLE_RATE
"""Two minutes of audio, 5.8 MB: nobody listens to a longer reply, and it would be a fault of the model."""

_KEPT_ITEMS = 32
"""Items remembered for `heard` when nothing of them is left to hear."""

_NOISE = 1e-2
"""Of a sample: what times lose by being added up, so that at the end of a frame it counts as heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of an item the caller has heard, and how much the model has delivered. Milliseconds."""

    item_id: str
    heard_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class Write:
    """Audio of one item to be written to the carrier now: PCM16LE 24 kHz mono, whole samples."""

    response_id: str
    item_id: str
    pcm: bytes
    starts_at: float
    """When its first sample is heard, in monotonic seconds."""
    ends_at: float


class Playout:
    """The audio of one call, from its arrival to its being heard.

    `add` what the model delivers and write what `due` gives; `timer` says when it has something. Kept is only
    what has not been heard, at most two minutes of it.
    """

    def __init__(self) -> None:
        self.paused = False
        """Whether audio is held back."""
        self._runs: deque[_Run] = deque()
        self._samples = 0
        """In all runs."""
        self._written = 0
        """How many of them are with the carrier: the first ones."""
        self._stretches: deque[_Stretch] = deque()
        """Where these are on the carrier's clock; the first one may have begun before them."""
        self._items: dict[str, _Item] = {}
        self._ready_at = 0.0

    def add(self, response_id: str, item_id: str, pcm: bytes, now: float) -> int:
        """Queue audio of an item: PCM16LE 24 kHz mono. Half a sample waits for the item's next piece.

        Returns the milliseconds of it that there was no room for: nobody will hear them.
        """
        self._let_go(now)
        item = self._item(item_id)
        whole = item.whole_samples(pcm)
        room = (_MOST_SAMPLES - self._samples) * _SAMPLE_BYTES
        lost_ms = -(-max(0, len(whole) - room) // (_SAMPLE_BYTES * _SAMPLES_PER_MS))
        kept = whole[:room]
        if not kept:
            return lost_ms
        last = self._runs[-1] if self._runs else None
        if last is None or (last.response_id, last.item_id) != (response_id, item_id):
            last = _Run(response_id, item_id)
            self._runs.append(last)
        last.pcm += kept
        self._samples += len(kept) // _SAMPLE_BYTES
        self._ready_at = now
        return lost_ms

    def due(self, now: float) -> list[Write]:
        """What is to be written to the carrier now, in order; it counts as written."""
        at = self.timer()
        if at is None or now < at:
            return []
        self._let_go(now)
        count = min(_LEAD_SAMPLES - self._written, self._samples - self._written)
        starts_at = self._place(count, now)
        writes: list[Write] = []
        for run, start, end in self._between(self._written, self._written + count):
            ends_at = starts_at + (end - start) / SAMPLE_RATE
            pcm = bytes(run.pcm[start * _SAMPLE_BYTES : end * _SAMPLE_BYTES])
            writes.append(Write(run.response_id, run.item_id, pcm, starts_at, ends_at))
            starts_at = ends_at
        self._written += count
        return writes

    def timer(self) -> float | None:
        """When `due` has something; None while it is paused or everything is written."""
        if self.paused or self._written == self._samples:
            return None
        return self._stretches[-1].ends_at - _REFILL if self._stretches else self._ready_at

    def pause(self, now: float) -> None:
        """The carrier was told to drop its queue: what was not heard goes back to the front and is held."""
        self.paused = True
        self._forget_heard(self._newly_heard(now))
        self._stretches.clear()
        self._written = 0

    def resume(self, now: float) -> None:
        """Go on from the 20 ms frame where the caller stopped hearing."""
        self.paused = False
        self._ready_at = now

    def stop(self, now: float) -> list[Heard]:
        """Drop everything, also what is held back; the carrier was told so too.

        Returns how much was heard of each item that had audio left, in order. Nothing is paused afterwards.
        """
        self.pause(now)
        self.paused = False
        cut = [self.heard(item_id, now) for item_id in dict.fromkeys(run.item_id for run in self._runs)]
        self._runs.clear()
        self._samples = 0
        return cut

    def unheard(self, now: float) -> float:
        """Seconds of audio not heard yet, with the carrier and queued."""
        return (self._samples - self._newly_heard(now)) / SAMPLE_RATE

    def is_playing(self, now: float) -> bool:
        """Whether there is audio that the caller has not heard, held back or not."""
        return self._samples > self._newly_heard(now)

    def ends_at(self, now: float) -> float:
        """When all audio will have been heard if nothing happens; `now` when there is none.

        What is paused is taken to go on now. With audio still queued this may be a frame late.
        """
        if not self.is_playing(now):
            return now
        written = (stretch.heard_at for stretch in self._stretches)
        begin = max([now + _HALF_FRAME, *written])
        return begin + _whole_frames(self._samples - self._written) / SAMPLE_RATE

    def heard(self, item_id: str, now: float) -> Heard:
        """How much of an item has been heard; nothing of one that is not known, or long over."""
        item = self._items.get(item_id)
        if item is None:
            return Heard(item_id, 0, 0)
        newly = self._between(0, self._newly_heard(now))
        heard = item.heard + sum(end - start for run, start, end in newly if run.item_id == item_id)
        return Heard(item_id, heard // _SAMPLES_PER_MS, item.received // _SAMPLES_PER_MS)

    def whole(self, item_id: str) -> Heard:
        """An item as it will have been heard if it gets no more audio and is heard out."""
        item = self._items.get(item_id)
        received_ms = 0 if item is None else item.received // _SAMPLES_PER_MS
        return Heard(item_id, received_ms, received_ms)

    # --- inside ---------------------------------------------------------------------------------------

    def _item(self, item_id: str) -> _Item:
        item = self._items.get(item_id)
        if item is not None:
            return item
        if len(self._items) >= _KEPT_ITEMS:
            needed = {run.item_id for run in self._runs}
            idle = [known for known in self._items if known not in needed]
            for known in idle[: len(self._items) + 1 - _KEPT_ITEMS]:
                del self._items[known]
        item = self._items[item_id] = _Item()
        return item

    def _between(self, begin: int, end: int) -> Iterator[tuple[_Run, int, int]]:
        """The runs that hold the samples from `begin` to `end` of all, each with the bounds within it."""
        at = 0
        for run in self._runs:
            if at >= end:
                return
            if at + run.samples > begin:
                yield run, max(begin - at, 0), min(end - at, run.samples)
            at += run.samples

    def _place(self, count: int, now: float) -> float:
        """Put samples on the carrier's clock; returns when the first is heard."""
        last = self._stretches[-1] if self._stretches else None
        if last is None or now >= last.over_at:
            last = _Stretch(now + _HALF_FRAME, frame=_FRAME)
            self._stretches.append(last)
        elif now > last.joins_until:
            # The carrier may have filled up the last frame with silence, or puts these samples into it: its
            # frames are not known any more. So count single samples, from when the latest frame would begin.
            last = _Stretch(max(now, last.earliest_end) + _FRAME_SECONDS, frame=1)
            self._stretches.append(last)
        starts_at = last.ends_at
        last.samples += count
        return starts_at

    def _newly_heard(self, now: float) -> int:
        """Samples heard by now and still kept."""
        return sum(stretch.heard(now) for stretch in self._stretches)

    def _let_go(self, now: float) -> None:
        """Forget what has been heard."""
        self._forget_heard(self._newly_heard(now))
        for stretch in self._stretches:
            stretch.passed += stretch.heard(now)
        while self._stretches and self._stretches[0].passed == self._stretches[0].samples:
            self._stretches.popleft()

    def _forget_heard(self, count: int) -> None:
        for run, _, end in list(self._between(0, count)):
            self._items[run.item_id].heard += end
            del run.pcm[: end * _SAMPLE_BYTES]
            if not run.pcm:
                self._runs.popleft()
        self._samples -= count
        self._written -= count


@dataclass(slots=True)
class _Item:
    """What is known of an item. In samples, but for `odd`."""

    heard: int = 0
    received: int = 0
    odd: bytes = b""
    """The first byte of a sample whose second has not come yet."""

    def whole_samples(self, pcm: bytes) -> bytes:
        """The samples that `pcm` completes."""
        joined = self.odd + pcm
        size = len(joined) // _SAMPLE_BYTES * _SAMPLE_BYTES
        self.odd = joined[size:]
        self.received += size // _SAMPLE_BYTES
        return joined[:size]


@dataclass(slots=True)
class _Run:
    """Audio of one item that is not heard yet, as it came."""

    response_id: str
    item_id: str
    pcm: bytearray = field(default_factory=bytearray)

    @property
    def samples(self) -> int:
        return len(self.pcm) // _SAMPLE_BYTES


@dataclass(slots=True)
class _Stretch:
    """Audio that the carrier plays without a gap, as far as we know. Times in seconds, else samples."""

    starts_at: float
    frame: int
    """What is heard at once: a frame, or a sample where it is not known how the carrier's frames fall."""
    samples: int = 0
    passed: int = 0
    """Heard, and let go."""

    def heard(self, now: float) -> int:
        """Samples heard by now and not let go."""
        frames = int((now - self.starts_at) * SAMPLE_RATE + _NOISE) // self.frame
        return max(min(frames * self.frame, self.samples), self.passed) - self.passed

    @property
    def ends_at(self) -> float:
        """When what comes next is heard, if it comes in time."""
        return self.starts_at + self.samples / SAMPLE_RATE

    @property
    def heard_at(self) -> float:
        """When all counts as heard."""
        return self.starts_at + -(-self.samples // self.frame) * self.frame / SAMPLE_RATE

    @property
    def earliest_end(self) -> float:
        """When the carrier has played all of it, if its first frame began with the write."""
        return self.ends_at - (_HALF_FRAME if self.frame == _FRAME else _FRAME_SECONDS)

    @property
    def joins_until(self) -> float:
        """Until when more audio surely goes on without a gap."""
        unfilled = self.samples % self.frame
        return self.earliest_end - unfilled / SAMPLE_RATE

    @property
    def over_at(self) -> float:
        """When the carrier surely has nothing left of it to play."""
        return self.heard_at - (_HALF_FRAME if self.frame == _FRAME else 0.0)


def _whole_frames(samples: int) -> int:
    """Samples, with the last frame filled up."""
    return -(-samples // _FRAME) * _FRAME
