"""Playout against a carrier with its own clock: paced, resumed, and nothing credited that was not played."""

from __future__ import annotations

import pickle
import random
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.playout import LEAD, Heard, Playout

RATE = 24_000
FRAME = 480
"""Samples of 20 ms."""
NOISE = random.Random(1).randbytes(2**21)
"""No two places of it are alike, so that audio lost, doubled or reordered shows."""


def seconds(samples: int) -> float:
    """The monotonic time so many samples after the beginning; on a lattice, so that bounds are exact."""
    return 100.0 + samples / RATE


def samples_after(timer: float) -> int:
    """The place on the lattice just after `timer`: who waits wakes up late."""
    return int((timer - 100.0) * RATE) + 1


def pcm(ms: float) -> bytes:
    return NOISE[: round(ms * 24) * 2]


class Carrier:
    """Queues what it gets, takes a frame of it every 20 ms and drops the rest on stop. Time in samples.

    Args:
        phase: when its first frame begins.
        tick_first: whether a frame goes before what arrives in the same moment.
    """

    def __init__(self, phase: int, *, tick_first: bool) -> None:
        self.queue = bytearray()
        self.played = bytearray()
        self._next_tick = phase
        self._tick_first = tick_first

    def until(self, now: int) -> None:
        """Time passes."""
        while self._next_tick < now or (self._tick_first and self._next_tick == now):
            self.played += self.queue[: FRAME * 2]
            del self.queue[: FRAME * 2]
            self._next_tick += FRAME


@dataclass
class Piece:
    """Audio that is not heard yet."""

    response_id: str
    item_id: str
    pcm: bytes


def split(pieces: list[Piece], size: int) -> tuple[list[Piece], list[Piece]]:
    """The first `size` bytes of all, and the rest."""
    front: list[Piece] = []
    for index, piece in enumerate(pieces):
        if size <= len(piece.pcm):
            rest = Piece(piece.response_id, piece.item_id, piece.pcm[size:])
            front.append(Piece(piece.response_id, piece.item_id, piece.pcm[:size]))
            return front, [rest, *pieces[index + 1 :]]
        front.append(piece)
        size -= len(piece.pcm)
    assert size == 0
    return front, []


def length(pieces: list[Piece]) -> int:
    return sum(len(piece.pcm) for piece in pieces)


class AnyOrder(RuleBasedStateMachine):
    """Audio of two responses and three items in any sizes, and everything that may happen to it."""

    items = st.sampled_from([("r1", "a"), ("r1", "b"), ("r2", "c")])
    sizes = st.one_of(st.integers(0, 3), st.integers(0, 3000), st.sampled_from([960, 4800, 24_000, 96_000]))
    waits = st.one_of(st.integers(0, 2 * FRAME), st.integers(0, RATE), st.sampled_from([FRAME, 2400, 7200]))

    @initialize(phase=st.integers(0, FRAME - 1), tick_first=st.booleans())
    def begins(self, phase: int, tick_first: bool) -> None:
        self.carrier = Carrier(phase, tick_first=tick_first)
        self.playout = Playout()
        self.now = 0
        self.taken_from_noise = 0
        self.odd: dict[str, bytes] = {}
        self.received: dict[str, int] = {}
        self.heard: dict[str, int] = {}
        self.with_carrier: list[Piece] = []
        self.queued: list[Piece] = []

    @rule(item=items, size=sizes)
    def add(self, item: tuple[str, str], size: int) -> None:
        response_id, item_id = item
        audio = NOISE[self.taken_from_noise : self.taken_from_noise + size]
        self.taken_from_noise = (self.taken_from_noise + size) % 1_500_000
        self.playout.add(response_id, item_id, audio, seconds(self.now))
        whole = self.odd.get(item_id, b"") + audio
        self.odd[item_id] = whole[len(whole) // 2 * 2 :]
        whole = whole[: len(whole) // 2 * 2]
        self.received[item_id] = self.received.get(item_id, 0) + len(whole)
        self.queued.append(Piece(response_id, item_id, whole))

    @rule()
    def write(self) -> None:
        """As the call does it: all that is due, in order."""
        for write in self.playout.due(seconds(self.now)):
            front, self.queued = split(self.queued, len(write.pcm))
            assert {(piece.response_id, piece.item_id) for piece in front if piece.pcm} == {
                (write.response_id, write.item_id)
            }
            assert b"".join(piece.pcm for piece in front) == write.pcm
            assert write.starts_at > seconds(self.now)
            self.with_carrier += front
            self.carrier.queue += write.pcm
        assert len(self.carrier.queue) <= LEAD * RATE * 2
        assert length(self.with_carrier) - self.credit() <= LEAD * RATE * 2

    @rule(wait=waits)
    def late(self, wait: int) -> None:
        """Time passes, and nobody asks what is due."""
        self.pass_time(self.now + wait)

    @rule(wait=waits)
    def in_time(self, wait: int) -> None:
        """Time passes, and what is due is written when it is."""
        until = self.now + wait
        while (timer := self.playout.timer()) is not None:
            at = max(self.now, samples_after(timer))
            if at > until:
                break
            self.pass_time(at)
            before = length(self.queued)
            self.write()
            assert length(self.queued) < before, "the timer went off for nothing"
        self.pass_time(until)

    @rule()
    def pause(self) -> None:
        credit, unheard = self.credit(), self.playout.unheard(seconds(self.now))
        self.playout.pause(seconds(self.now))
        self.carrier_stops(credit)
        assert self.playout.unheard(seconds(self.now)) == unheard
        assert self.playout.timer() is None
        assert self.playout.due(seconds(self.now)) == []

    @precondition(lambda self: self.playout.paused)
    @rule()
    def resume(self) -> None:
        self.playout.resume(seconds(self.now))

    @rule()
    def stop(self) -> None:
        credit = self.credit()
        result = self.playout.stop(seconds(self.now))
        self.carrier_stops(credit)
        cut = dict.fromkeys(piece.item_id for piece in self.queued if piece.pcm)
        assert result == [
            Heard(item_id, self.heard.get(item_id, 0) // 48, self.received[item_id] // 48) for item_id in cut
        ]
        self.queued = []
        assert not self.playout.is_playing(seconds(self.now))
        assert not self.playout.paused

    @invariant()
    def agrees_with_the_carrier(self) -> None:
        """Not a sample more than was played, and at most 40 ms less."""
        played, credit = len(self.carrier.played), self.credit()
        assert credit <= played <= credit + 40 * 48
        front, _ = split(self.with_carrier, credit)
        for item_id, received in self.received.items():
            newly = length([piece for piece in front if piece.item_id == item_id])
            heard = (self.heard.get(item_id, 0) + newly) // 48
            assert self.playout.heard(item_id, seconds(self.now)) == Heard(item_id, heard, received // 48)

    @invariant()
    def knows_when_it_ends(self) -> None:
        """At the time given nothing is unheard, as far as everything is written."""
        ends_at = self.playout.ends_at(seconds(self.now))
        if not length(self.queued):
            assert not self.playout.is_playing(ends_at)
        if self.playout.is_playing(seconds(self.now)):
            left = self.playout.unheard(seconds(self.now))
            assert 0 < left <= ends_at - seconds(self.now) + 0.02 + 1e-6
        else:
            assert ends_at == seconds(self.now)

    def pass_time(self, until: int) -> None:
        self.now = until
        self.carrier.until(until)

    def credit(self) -> int:
        """Bytes of what is with the carrier that count as heard."""
        unheard = round(self.playout.unheard(seconds(self.now)) * RATE) * 2
        return length(self.with_carrier) + length(self.queued) - unheard

    def carrier_stops(self, credit: int) -> None:
        """The carrier's queue is gone; what does not count as heard waits again."""
        heard, unheard = split(self.with_carrier, credit)
        for piece in heard:
            self.heard[piece.item_id] = self.heard.get(piece.item_id, 0) + len(piece.pcm)
        self.with_carrier, self.queued = [], unheard + self.queued
        self.carrier.queue.clear()
        self.carrier.played.clear()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


@given(
    phase=st.integers(0, FRAME - 1),
    faster=st.integers(-FRAME // 2, FRAME // 2),
    pause_after=st.integers(0, 3 * RATE),
)
@settings(deadline=None)
def test_an_uneven_network_does_not_matter(phase: int, faster: int, pause_after: int) -> None:
    """The stop may take 10 ms more or less than the audio did: nothing is lost, and 40 ms suffice."""
    playout, carrier = Playout(), Carrier(phase, tick_first=True)
    playout.add("r", "a", pcm(2000), seconds(FRAME))
    now, end = FRAME, FRAME + pause_after
    while (timer := playout.timer()) is not None and timer <= seconds(end):
        now = max(now, samples_after(timer))
        carrier.until(now)
        for write in playout.due(seconds(now)):
            carrier.queue += write.pcm
    carrier.until(end + faster)
    heard_bytes = playout.heard("a", seconds(end)).heard_ms * 48
    assert heard_bytes <= len(carrier.played) <= heard_bytes + 40 * 48


@given(
    phase=st.integers(0, FRAME - 1),
    tick_first=st.booleans(),
    pieces=st.lists(st.tuples(st.integers(1, 3 * FRAME), st.integers(0, 2 * FRAME)), max_size=30),
)
@settings(max_examples=1000, deadline=None)
def test_a_model_hardly_faster_than_speech(
    phase: int, tick_first: bool, pieces: list[tuple[int, int]]
) -> None:
    """Pieces that fill no frame come about when the last one ends: into its frame of the carrier or not."""
    playout, carrier, now = Playout(), Carrier(phase, tick_first=tick_first), FRAME
    carrier.until(now)
    for size, later in pieces:
        playout.add("r", "a", NOISE[: size * 2], seconds(now))
        for write in playout.due(seconds(now)):
            carrier.queue += write.pcm
        for _ in range(4):
            now += max(1, (size + later - FRAME) // 4)
            carrier.until(now)
            heard_bytes = playout.heard("a", seconds(now)).heard_ms * 48
            assert heard_bytes <= len(carrier.played) < heard_bytes + 41 * 48


@given(st.data())
@settings(deadline=None)
def test_few_messages(data: st.DataObject) -> None:
    """Of a model twice as fast as speech: six messages a second of audio, and a few to begin with."""
    playout, now, ready_at, count, total = Playout(), 100.0, 100.0, 0, 0.0
    for ms in data.draw(st.lists(st.integers(20, 500), min_size=1, max_size=60)):
        while (timer := playout.timer()) is not None and max(timer, now) <= ready_at:
            now = max(timer, now)
            count += len(playout.due(now))
        now = ready_at
        playout.add("r", "a", pcm(ms), now)
        total += ms / 1000
        ready_at += ms / 1000 / data.draw(st.floats(2.0, 50.0))
    while (timer := playout.timer()) is not None:
        now = max(timer, now)
        count += len(playout.due(now))
    assert count <= 6 * total + 6


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 400)), max_size=60))
@settings(deadline=None)
def test_half_a_sample_waits_for_its_other_half(pieces: list[tuple[str, int]]) -> None:
    """However an item's audio is cut up, and whatever comes between, it is written as it was."""
    playout, now = Playout(), 100.0
    sent, written = {"a": b"", "b": b""}, {"a": b"", "b": b""}
    for index, (item_id, size) in enumerate(pieces):
        audio = NOISE[index * 400 : index * 400 + size]
        sent[item_id] += audio
        playout.add("r", item_id, audio, now)
        now += 0.5
        for write in playout.due(now):
            written[write.item_id] += write.pcm
    for item_id, audio in sent.items():
        assert written[item_id] == audio[: len(audio) // 2 * 2]


def test_the_first_audio_is_due_at_once_and_then_five_times_a_second() -> None:
    """300 ms to begin with, then 200 ms whenever 100 ms are left."""
    playout = Playout()
    assert playout.timer() is None
    playout.add("r", "a", pcm(1000), 100.0)
    assert playout.timer() == 100.0
    first = playout.due(100.0)
    assert [(len(write.pcm) // 48, round(write.starts_at, 3)) for write in first] == [(300, 100.01)]
    assert playout.due(100.0) == []
    timer = playout.timer()
    assert timer is not None
    assert round(timer, 3) == 100.21
    assert playout.due(timer - 0.001) == []
    second = playout.due(timer)
    assert [(len(write.pcm) // 48, round(write.starts_at, 3)) for write in second] == [(200, 100.31)]


def test_goes_on_at_the_frame_where_the_caller_stopped_hearing() -> None:
    """Paused after 130 ms, of which six frames count as heard: the seventh comes next."""
    playout = Playout()
    playout.add("r", "a", pcm(1000), 100.0)
    playout.due(100.0)
    playout.pause(100.14)
    playout.add("r", "b", pcm(100), 103.0)
    assert playout.due(103.0) == []
    assert playout.heard("a", 103.0) == Heard("a", 120, 1000)
    playout.resume(104.0)
    (write,) = playout.due(104.0)
    assert write.pcm == pcm(1000)[120 * 48 : 420 * 48]
    assert write.starts_at == 104.01


def test_stop_tells_what_was_cut_and_nothing_else() -> None:
    """An item heard to its end is not cut; one that waits was heard for 0 ms. What follows plays at once."""
    playout = Playout()
    for item_id in ("first", "second", "third"):
        playout.add("r", item_id, pcm(100), 100.0)
    assert len(playout.due(100.0)) == 3
    assert playout.stop(100.155) == [Heard("second", 40, 100), Heard("third", 0, 100)]
    assert playout.stop(100.155) == []
    playout.add("r", "fourth", pcm(100), 100.2)
    assert [write.item_id for write in playout.due(100.2)] == ["fourth"]


def test_a_gap_is_not_heard() -> None:
    """Silence between two pieces is credited to nobody."""
    playout = Playout()
    playout.add("r", "a", pcm(100), 100.0)
    playout.due(100.0)
    playout.add("r", "a", pcm(100), 105.0)
    playout.due(105.0)
    assert playout.heard("a", 104.0) == Heard("a", 100, 200)
    assert playout.heard("a", 105.05) == Heard("a", 140, 200)


def test_no_more_than_two_minutes_are_kept() -> None:
    """A model gone mad does not take the memory: how much comes on top, and is lost, is told."""
    playout = Playout()
    lost = [playout.add("r", "a", pcm(10_000), 100.0) for _ in range(13)]
    assert playout.unheard(100.0) == 120.0
    assert lost == [0] * 12 + [10_000]
    assert playout.heard("a", 100.0) == Heard("a", 0, 130_000)
    assert playout.whole("a") == Heard("a", 130_000, 130_000)


def test_a_long_call_takes_no_more_memory_than_a_short_one() -> None:
    """What was heard is let go, and old items are forgotten."""
    playout, now = Playout(), 100.0
    sizes = []
    for index in range(2000):
        playout.add(f"r{index}", f"item{index:04}", pcm(500), now)
        while (timer := playout.timer()) is not None:
            now = max(now, timer)
            playout.due(now)
        now = playout.ends_at(now)
        sizes.append(len(pickle.dumps(playout)))
    assert max(sizes[100:]) <= max(sizes[:100]) + 64
    assert playout.heard("item0000", now) == Heard("item0000", 0, 0)
    assert playout.heard("item1999", now) == Heard("item1999", 500, 500)
