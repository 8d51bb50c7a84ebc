"""The writer of a tape holds nothing up, keeps what the store takes, and obeys a no at once."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

import bridge.tape_writer
from bridge.metrics import Metrics
from bridge.tape_writer import TapeWriter
from shared.g711 import RATE
from shared.tapes import PIECE, Extent, Piece, Span, Tape, TapeState, TapeStore, extent

FRAME = b64encode(b"\x00\x10" * 480).decode()


class FlakyStore(TapeStore):
    """Stands for the store where its failures matter; fails the first `failures` writes of pieces."""

    def __init__(self, tape: Tape | None = None, failures: int = 0, status: int | None = None) -> None:
        self.tape = tape
        self.failures = failures
        self.refusal = HttpResponseError("no")
        self.refusal.status_code = status
        self.pieces: list[Piece] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.found, self.begun, self.busy = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.refused = 0
        self.lookups_fail = 0

    async def find(self, call_id: str) -> Tape | None:
        if self.lookups_fail:
            self.lookups_fail -= 1
            raise ServiceRequestError("away")
        self.found.set()
        return self.tape

    async def begin(self, call_id: str, at: datetime) -> Tape:
        await self.gate.wait()
        self.tape = self.tape or Tape(TapeState.ON, at)
        self.begun.set()
        return self.tape

    async def add(self, call_id: str, piece: Piece) -> None:
        self.busy.set()
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise ServiceRequestError("away") if self.refusal.status_code is None else self.refusal
        assert self.tape is not None, "a piece without a head is never found again"
        self.pieces.append(piece)

    async def refuse(self, call_id: str, at: datetime) -> None:
        await self.gate.wait()
        self.refused += 1
        self.tape = Tape(TapeState.REFUSED, at)
        self.pieces.clear()

    @property
    def written(self) -> list[Span]:
        """Where the pieces are that it has."""
        return [Span(piece.start, piece.samples, piece.last) for piece in self.pieces]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.tape_writer, "_PAUSE", 0.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Counts(Metrics):
    """Metrics that tell what was lost."""

    def __init__(self) -> None:
        super().__init__(())
        self.lost = 0.0
        self.on_lost: Callable[[], None] = lambda: None

    def recording_lost(self, seconds: float) -> None:
        self.lost += seconds
        self.on_lost()


class Clock:
    """Time in the hand of a test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_writer(
    store: TapeStore, clock: Clock, counts: Metrics | None = None, *, resumed: bool = False
) -> TapeWriter:
    return TapeWriter(store, "call", counts or Metrics(()), resumed=resumed, clock=clock)


async def test_nothing_is_kept_before_it_may_be(clock: Clock) -> None:
    store = FlakyStore()
    async with a_writer(store, clock) as writer:
        writer.caller(FRAME, clock())
        writer.agent(bytes(960), clock())
        writer.stopped(clock())
        clock.now += 9
    assert store.tape is None
    assert store.pieces == []


async def test_the_end_of_the_call_is_the_end_of_the_tape(clock: Clock) -> None:
    store = FlakyStore()
    async with a_writer(store, clock) as writer:
        writer.start()
        clock.now += 8
        writer.caller(FRAME, clock())
    assert [(piece.samples, piece.last) for piece in store.pieces] == [(PIECE, False), (3 * RATE, True)]
    silent, spoken = store.pieces
    assert (silent.caller, silent.agent, spoken.agent) == (b"", b"", b"")
    assert len(spoken.caller) == 3 * RATE
    assert extent(store.written).complete


async def test_another_bridge_goes_on_where_the_tape_is_and_ends_it_only_with_the_call(clock: Clock) -> None:
    store = FlakyStore(Tape(TapeState.ON, datetime.now(UTC) - timedelta(seconds=60)))
    async with a_writer(store, clock, resumed=True) as writer:
        await store.found.wait()
        writer.call_goes_on = True
        clock.now += 1
    [piece] = store.pieces
    assert piece.start == pytest.approx(60 * RATE, abs=20 * RATE)  # the wall clock goes on meanwhile
    assert piece.samples == RATE
    assert not piece.last


async def test_another_bridge_asks_until_the_store_tells_of_the_tape(clock: Clock) -> None:
    store = FlakyStore(Tape(TapeState.ON, datetime.now(UTC) - timedelta(seconds=60)))
    store.lookups_fail = 20
    async with a_writer(store, clock, resumed=True):
        await store.begun.wait()
        clock.now += 1
    [piece] = store.pieces
    assert piece.start >= 60 * RATE


async def test_a_yes_before_the_store_tells_of_the_tape_overwrites_nothing(clock: Clock) -> None:
    store = FlakyStore(Tape(TapeState.ON, datetime.now(UTC) - timedelta(seconds=60)))
    store.lookups_fail = 10**9
    async with a_writer(store, clock, resumed=True) as writer:
        writer.start()
        clock.now += 8
    first, second = store.pieces
    assert first.start >= 60 * RATE
    assert (second.start, second.last) == (first.start + PIECE, True)


@pytest.mark.parametrize("status", [None, 429, 503])
async def test_waits_for_a_store_that_is_away(clock: Clock, status: int | None) -> None:
    store = FlakyStore(failures=20, status=status)
    async with a_writer(store, clock) as writer:
        writer.start()
        clock.now += 8
    assert extent(store.written) == Extent(8 * RATE, complete=True)


async def test_what_the_store_refuses_is_missing_and_counted(clock: Clock) -> None:
    store, counts = FlakyStore(failures=1, status=400), Counts()
    async with a_writer(store, clock, counts) as writer:
        writer.start()
        clock.now += 8
    assert extent(store.written) == Extent(8 * RATE, complete=False)
    assert counts.lost == 5.0


async def test_a_store_that_never_answers_ends_no_call_late(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing that the pumps do waits for it meanwhile."""
    monkeypatch.setattr(bridge.tape_writer, "_DRAIN_SECONDS", 0.1)
    store, counts = FlakyStore(), Counts()
    store.gate.clear()
    async with a_writer(store, clock, counts) as writer:
        writer.start()
        for _ in range(100):
            clock.now += 0.02
            writer.caller(FRAME, clock())
            writer.agent(bytes(960), clock())
    assert counts.lost == pytest.approx(2.0)


async def test_only_so_much_waits_for_the_store(clock: Clock) -> None:
    """The newest is given up, and is a gap of its length."""
    store, counts = FlakyStore(), Counts()
    store.gate.clear()
    counts.on_lost = store.gate.set
    async with a_writer(store, clock, counts) as writer:
        writer.start()
        clock.now += 5 * bridge.tape_writer._WAITING + 22
    assert counts.lost > 0
    spans = extent(store.written)
    assert not spans.complete
    assert sum(span.samples for span in store.written) / RATE == pytest.approx(
        5 * bridge.tape_writer._WAITING + 22 - counts.lost
    )


class TestANo:
    async def test_stops_it_at_once_and_for_good(self, clock: Clock) -> None:
        store = FlakyStore()
        async with a_writer(store, clock) as writer:
            writer.start()
            clock.now += 8
            await writer.refuse()
            assert not writer.running
            writer.start()
            writer.caller(FRAME, clock())
            clock.now += 8
            assert not writer.running
        assert store.pieces == []
        assert store.refused == 1

    async def test_comes_after_the_piece_that_is_on_its_way(self, clock: Clock) -> None:
        """Else that one would arrive behind what was deleted, and stay."""
        store = FlakyStore()
        async with a_writer(store, clock) as writer:
            writer.start()
            await store.begun.wait()
            store.gate.clear()
            await writer._pieces.put(Piece(0, PIECE, b"", b""))
            await store.busy.wait()
            no = asyncio.create_task(writer.refuse())
            await asyncio.sleep(0)
            assert store.refused == 0
            store.gate.set()
            await no
        assert store.pieces == []
        assert store.refused == 1

    async def test_that_another_bridge_was_told_stands(self, clock: Clock) -> None:
        store = FlakyStore(Tape(TapeState.REFUSED, datetime.now(UTC)))
        async with a_writer(store, clock, resumed=True) as writer:
            await store.found.wait()
            await asyncio.sleep(0)
            writer.start()
            assert not writer.running

    async def test_that_another_bridge_was_told_stands_whatever_is_said_before_the_store_tells(
        self, clock: Clock
    ) -> None:
        store = FlakyStore(Tape(TapeState.REFUSED, datetime.now(UTC)))
        store.lookups_fail = 10**9
        async with a_writer(store, clock, resumed=True) as writer:
            writer.start()
            await store.begun.wait()
            await asyncio.sleep(0)
            assert not writer.running
            assert writer.refused
            clock.now += 8
        assert store.pieces == []

    async def test_is_for_others_to_repeat_when_the_store_fails(self, clock: Clock) -> None:
        """Nothing is recorded meanwhile."""

        class Down(FlakyStore):
            async def refuse(self, call_id: str, at: datetime) -> None:
                raise ServiceRequestError("away")

        async with a_writer(Down(), clock) as writer:
            writer.start()
            with pytest.raises(ServiceRequestError):
                await writer.refuse()
            assert not writer.running
