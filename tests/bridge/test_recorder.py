"""The recorder writes in order, tries again, and never holds up a call."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec
import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

import bridge.recorder
from bridge.metrics import Metrics
from bridge.recorder import Recorder
from bridge.records import Record, RecordWriter, Recount, TurnRecord, decode
from bridge.spill import Spill
from bridge.spill_frames import frames
from bridge.spill_keeper import SpillKeeper
from shared.call_store import CallStore
from shared.calls import ToolRun, Turn, derive_call_id
from shared.retention_agenda import Agenda
from shared.tables import Tables
from tests.shared.until import until

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
CALL = derive_call_id(NOW, "one")


class FlakyStore(CallStore):
    """Stands for the store where its failures matter; fails the first `failures` writes."""

    def __init__(self, failures: int = 0, status: int | None = None) -> None:
        self.failures = failures
        self.refusal = HttpResponseError("no")
        self.refusal.status_code = status
        self.written: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def add_turn(self, call_id: str, turn: Turn) -> None:
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise (
                ServiceRequestError("the store is away") if self.refusal.status_code is None else self.refusal
            )
        self.written.append(turn.seq)

    async def recount(self, call_id: str) -> None:
        await self.gate.wait()
        if self.failures:
            raise ServiceRequestError("the store is away")

    async def add_tool(self, call_id: str, run: ToolRun) -> None:
        raise ValueError("a value the store has no type for")


def _turn(seq: int) -> Turn:
    return Turn(seq, "caller", "hello", NOW, NOW)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.recorder, "_PAUSE", 0.0)


async def test_writes_in_order_and_waits_at_the_end() -> None:
    """Leaving the context means that everything is written."""
    store = FlakyStore()
    async with Recorder(store, "call", metrics=Metrics(())) as recorder:
        for seq in range(20):
            recorder.turn(_turn(seq))
    assert store.written == list(range(20))


async def test_tries_again() -> None:
    """A store that fails for a moment loses nothing and keeps the order."""
    store = FlakyStore(failures=3)
    async with Recorder(store, "call", metrics=Metrics(())) as recorder:
        recorder.turn(_turn(1))
        recorder.turn(_turn(2))
    assert store.written == [1, 2]


@pytest.mark.parametrize("status", [None, 429, 503])
async def test_waits_for_a_store_that_is_away(status: int | None) -> None:
    """However often it was asked meanwhile, nothing is lost and the order stays."""
    store = FlakyStore(failures=100, status=status)
    async with Recorder(store, "call", metrics=Metrics(())) as recorder:
        for seq in range(20):
            recorder.turn(_turn(seq))
    assert store.written == list(range(20))


async def test_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bridge.recorder, "_HELD_SECONDS", 0.0)
    store = FlakyStore(failures=2)
    async with Recorder(store, "call", metrics=Metrics(())) as recorder:
        for seq in range(3):
            recorder.turn(_turn(seq))
    assert store.written == [2]
    assert "record given up" in caplog.text


async def test_gives_up_a_write_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """A write that the store refuses is reported and does not block the next."""
    store = FlakyStore(failures=4, status=400)
    async with Recorder(store, "call", metrics=Metrics(())) as recorder:
        recorder.turn(_turn(1))
        recorder.turn(_turn(2))
    assert store.written == [2]
    assert "record given up" in caplog.text


async def test_a_write_that_cannot_be_made_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours in one record."""
    store = FlakyStore()
    async with Recorder(store, "call", metrics=Metrics(())) as recorder:
        recorder.tool(ToolRun(0, "find", "{}", "{}", 1, NOW))
        recorder.turn(_turn(1))
    assert store.written == [1]
    assert "record given up" in caplog.text


async def test_is_bounded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """While the store hangs, a full queue gives up the newest instead of the call."""
    monkeypatch.setattr(bridge.recorder, "_WAITING", 3)
    store = FlakyStore()
    store.gate.clear()
    async with Recorder(store, "call", metrics=Metrics(())) as recorder:
        for seq in range(10):
            recorder.turn(_turn(seq))
        store.gate.set()
    assert store.written == [0, 1, 2]
    assert "too many wait" in caplog.text


class TestOnDisk:
    """What the store does not take is on disk, and in the end the keeper's."""

    @pytest.fixture
    def spill(self, tmp_path: Path) -> Spill:
        return Spill.open(tmp_path, 1_000_000)

    def recorder(self, store: FlakyStore, spill: Spill, metrics: Metrics | None = None) -> Recorder:
        metrics = metrics or Metrics(())
        tables = cast(Tables, None)  # nothing is taken up here
        keeper = SpillKeeper(spill, store, RecordWriter(store), Agenda(tables), metrics)
        return Recorder(store, CALL, metrics=metrics, keeper=keeper)

    @staticmethod
    def on_disk(spill: Spill) -> list[int]:
        """Turns in the only file, which nobody holds."""
        (path,) = spill.left()
        file = spill.take(path)
        assert file is not None
        records = [decode(payload) for payload in file.payloads()]
        file.close()
        assert records[-1] == Recount()
        return [record.turn.seq for record in records if isinstance(record, TurnRecord)]

    async def test_a_store_that_answers_leaves_nothing_on_disk(self, spill: Spill) -> None:
        store = FlakyStore(failures=3)
        async with self.recorder(store, spill) as recorder:
            for seq in range(20):
                recorder.turn(_turn(seq))
        assert store.written == list(range(20))
        assert spill.left() == []

    async def test_what_waits_is_on_disk_while_the_store_is_away(self, spill: Spill) -> None:
        """Before anything else happens: the process may be killed at any time."""
        store = FlakyStore(failures=10**9)
        async with self.recorder(store, spill) as recorder:
            for seq in range(5):
                recorder.turn(_turn(seq))
            (path,) = await until(spill.left)
            await until(lambda: path.stat().st_size > 200 and path)
            payloads = list(frames(path.read_bytes()))
            store.failures = 0
        assert [cast(TurnRecord, decode(payload)).turn.seq for payload in payloads][:5] == list(range(5))
        assert store.written == list(range(5))
        assert spill.left() == []

    async def test_what_the_end_leaves_is_the_keepers(
        self, spill: Spill, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(bridge.recorder, "_SHORT_DRAIN_SECONDS", 0.05)
        metrics = Metrics(())
        async with self.recorder(FlakyStore(failures=10**9), spill, metrics) as recorder:
            for seq in range(5):
                recorder.turn(_turn(seq))
        assert self.on_disk(spill) == list(range(5))
        assert "given up" not in caplog.text
        assert b"tabletalk_records_waiting 0.0" in metrics.page()

    async def test_a_store_that_hangs_is_left_as_well(
        self, spill: Spill, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge.recorder, "_SHORT_DRAIN_SECONDS", 0.05)
        store = FlakyStore()
        store.gate.clear()
        async with self.recorder(store, spill) as recorder:
            for seq in range(5):
                recorder.turn(_turn(seq))
        assert self.on_disk(spill) == list(range(5))

    async def test_what_memory_does_not_hold_comes_back_from_disk_in_order(
        self, spill: Spill, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge.recorder, "_WAITING", 3)
        store = FlakyStore(failures=10**9)
        async with self.recorder(store, spill) as recorder:
            for seq in range(40):
                recorder.turn(_turn(seq))
                await until(lambda: not recorder._backlog.unsaved())
            assert len(recorder._backlog) == 40
            store.failures = 0
        assert store.written == list(range(40))
        assert spill.left() == []

    async def test_whose_call_it_is_comes_back_from_disk_too(
        self, spill: Spill, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge.recorder, "_WAITING", 3)
        store, noted = FlakyStore(failures=10**9), list[int]()

        async def note() -> None:
            noted.append(len(store.written))

        async with self.recorder(store, spill) as recorder:
            for seq in range(10):
                recorder.turn(_turn(seq))
                await until(lambda: not recorder._backlog.unsaved())
            recorder.noted(note, NOW)
            await until(lambda: not recorder._backlog.unsaved())
            store.failures = 0
        assert noted == [10]

    async def test_what_the_disk_garbles_is_counted_and_not_quoted(
        self, spill: Spill, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(bridge.recorder, "_WAITING", 3)

        def of_another_version(payload: bytes) -> Record:
            raise msgspec.ValidationError(f"Invalid value {payload.decode()}")

        monkeypatch.setattr(bridge.recorder, "decode", of_another_version)
        store = FlakyStore(failures=10**9)
        async with self.recorder(store, spill) as recorder:
            for seq in range(10):
                recorder.turn(_turn(seq))
                await until(lambda: not recorder._backlog.unsaved())
            store.failures = 0
        told = [record for record in caplog.records if record.message == "records cannot be read from disk"]
        assert [record.__dict__["reason"] for record in told] == ["ValidationError"]
        assert told[0].exc_info is None
        assert "hello" not in caplog.text

    async def test_a_full_disk_is_told_and_costs_the_newest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(bridge.recorder, "_WAITING", 3)
        monkeypatch.setattr(bridge.recorder, "_SHORT_DRAIN_SECONDS", 0.05)
        metrics = Metrics(())
        store = FlakyStore(failures=10**9)
        async with self.recorder(store, Spill.open(tmp_path, 50), metrics) as recorder:
            for seq in range(20):
                recorder.turn(_turn(seq))
            await until(lambda: "records not saved on disk" in caplog.text)
            store.failures = 0
            await until(lambda: len(store.written) >= 3)
        assert store.written == list(range(len(store.written)))
        assert "record given up, too many wait" in caplog.text
        assert b'records_lost_total{why="full"}' in metrics.page()

    @pytest.mark.parametrize("text", ["half a character: \ud83d", "x" * 2_000_000])
    async def test_one_record_that_the_disk_does_not_take_keeps_the_others_from_nothing(
        self, spill: Spill, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        monkeypatch.setattr(bridge.recorder, "_SHORT_DRAIN_SECONDS", 0.05)
        async with self.recorder(FlakyStore(failures=10**9), spill) as recorder:
            recorder.turn(_turn(1))
            recorder.turn(Turn(2, "agent", text, NOW, NOW))
            recorder.turn(_turn(3))
        assert self.on_disk(spill) == [1, 3]

    async def test_what_cannot_wait_on_disk_is_told_to_be_lost(
        self, spill: Spill, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(bridge.recorder, "_SHORT_DRAIN_SECONDS", 0.05)

        async def never() -> None:
            raise ServiceRequestError("away")

        async with self.recorder(FlakyStore(), spill) as recorder:
            recorder.also(never)
            recorder.turn(_turn(1))
        assert "records given up" in caplog.text
        assert self.on_disk(spill) == [1]
