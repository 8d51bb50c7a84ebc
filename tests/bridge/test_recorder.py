"""The recorder writes in order, tries again, and never holds up a call."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

import bridge.recorder
from bridge.metrics import Metrics
from bridge.recorder import Recorder
from shared.call_store import CallStore
from shared.calls import ToolRun, Turn

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)


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
