"""Sessions that are connected before a call needs one, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

import bridge.voicelive.warm
from bridge.metrics import Metrics
from bridge.voicelive.connection import VoiceLive
from bridge.voicelive.endpoints import Endpoint, Endpoints
from bridge.voicelive.warm import WarmSessions
from tests.bridge.stage import soon
from tests.bridge.stand_ins import Model

TARGET = {"model": "gpt-4.1"}


async def key() -> dict[str, str]:
    return {"api-key": "model-key"}


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with Model().serve() as model:
        yield model


def warm_sessions(model: Model, size: int = 1, connections: int = 30) -> WarmSessions:
    endpoints = Endpoints(
        [Endpoint(model.url, key)],
        Metrics([]),
        connections_per_minute=connections,
        tokens_per_minute=100_000,
    )
    return WarmSessions(endpoints, size)


async def taken(warm: WarmSessions) -> VoiceLive:
    """The next one, as soon as there is one."""
    for _ in range(1_000):
        if (session := warm.take(TARGET)) is not None:
            return session
        await asyncio.sleep(0.02)
    raise AssertionError("none is kept")


async def test_none_is_kept_before_the_first_call(model: Model) -> None:
    """Nor for it: nobody knows yet what it wants."""
    warm = warm_sessions(model)
    async with warm.kept():
        await asyncio.sleep(0)
        assert model.handshakes == 0
        assert warm.take(TARGET) is None


async def test_after_the_first_call_the_next_finds_one(model: Model) -> None:
    warm = warm_sessions(model)
    async with warm.kept():
        assert warm.ready == 0
        session = await taken(warm)
        assert session.is_open
        await session.close()


async def test_one_that_was_closed_is_replaced(model: Model) -> None:
    warm = warm_sessions(model)
    async with warm.kept():
        warm.take(TARGET)
        first = await soon(model.sessions.get())
        await first.socket.close()
        await soon(model.sessions.get())
        assert (await taken(warm)).is_open


async def test_one_that_is_old_is_replaced(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.voicelive.warm, "_LOOK_EVERY", 0.01)
    monkeypatch.setattr(bridge.voicelive.warm, "_OLDEST", 0.05)
    warm = warm_sessions(model)
    async with warm.kept():
        warm.take(TARGET)
        first = await soon(model.sessions.get())
        await soon(first.socket.wait_closed())
        await soon(model.sessions.get())


async def test_without_calls_they_are_let_go(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.voicelive.warm, "_LOOK_EVERY", 0.01)
    monkeypatch.setattr(bridge.voicelive.warm, "_TRAFFIC", 0.3)
    warm = warm_sessions(model)
    async with warm.kept():
        warm.take(TARGET)
        kept = await soon(model.sessions.get())
        await soon(kept.socket.wait_closed())


async def test_half_of_the_quota_is_left_to_calls(model: Model) -> None:
    warm = warm_sessions(model, size=9, connections=4)
    async with warm.kept():
        warm.take(TARGET)
        for _ in range(2):
            await soon(model.sessions.get())
        await asyncio.sleep(0.05)
        assert model.handshakes == 2


async def test_another_target_lets_go_of_them(model: Model) -> None:
    warm = warm_sessions(model)
    async with warm.kept():
        warm.take(TARGET)
        kept = await soon(model.sessions.get())
        assert warm.take({"model": "gpt-5"}) is None
        await soon(kept.socket.wait_closed())
