"""Several endpoints of Voice Live on real sockets: whichever gives a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from http import HTTPStatus

import pytest

import bridge.voicelive.endpoints
from bridge.metrics import Metrics
from bridge.voicelive.connection import VoiceLive, VoiceLiveError
from bridge.voicelive.endpoints import Endpoint, Endpoints
from bridge.voicelive.pool import Trouble
from tests.bridge.stand_ins import Model

TARGET = {"model": "gpt-4.1"}


async def key() -> dict[str, str]:
    return {"api-key": "model-key"}


class Two:
    """Two endpoints, and where the sessions came from."""

    def __init__(self, first: Model, second: Model) -> None:
        self.first, self.second = first, second
        self.metrics = Metrics([])
        self.endpoints = Endpoints(
            [Endpoint(first.url, key), Endpoint(second.url, key)],
            self.metrics,
            connections_per_minute=30,
            tokens_per_minute=100_000,
        )

    async def open(self, *avoid: int) -> VoiceLive:
        session = await self.endpoints.open(TARGET, avoid)
        await session.close()
        return session

    def counted(self, endpoint: str, result: str) -> float | None:
        labels = {"endpoint": endpoint, "result": result}
        return self.metrics.registry.get_sample_value("tabletalk_sessions_total", labels)


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(Model().serve()) for _ in range(2)]
        yield Two(first, second)
        first.answers.set()


async def test_the_first_is_asked_first(two: Two) -> None:
    assert (await two.open()).endpoint == 0
    assert two.second.handshakes == 0


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (HTTPStatus.UNAUTHORIZED, "refused"),
        (HTTPStatus.TOO_MANY_REQUESTS, "throttled"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "failed"),
    ],
)
async def test_when_it_gives_none_the_next_is(two: Two, status: HTTPStatus, result: str) -> None:
    two.first.refusals.append(status)
    assert (await two.open()).endpoint == 1
    assert (two.counted("1", result), two.counted("2", "opened")) == (1, 1)


async def test_the_key_does_not_follow_a_redirect(two: Two) -> None:
    """Wherever it points, the key of Voice Live stays at home."""
    two.first.refusals.append(HTTPStatus.FOUND)
    assert (await two.open()).endpoint == 1
    assert (two.first.handshakes, two.counted("1", "refused")) == (1, 1)


async def test_one_that_takes_long_is_not_waited_for(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.voicelive.endpoints, "_HEDGE_AFTER", 0.05)
    two.first.answers.clear()
    assert (await two.open()).endpoint == 1


async def test_one_that_just_made_trouble_is_asked_last(two: Two) -> None:
    assert (await two.open(0)).endpoint == 1
    two.second.refusals.append(HTTPStatus.SERVICE_UNAVAILABLE)
    assert (await two.open(0)).endpoint == 0


async def test_when_none_gives_one_the_reason_is_told(two: Two) -> None:
    two.first.refusals.append(HTTPStatus.SERVICE_UNAVAILABLE)
    two.second.refusals.append(HTTPStatus.UNAUTHORIZED)
    with pytest.raises(VoiceLiveError, match="401"):
        await two.open()


async def test_what_was_lost_counts_against_its_endpoint(two: Two) -> None:
    for _ in range(3):
        session = await two.open()
        session.endpoint = 0
        two.endpoints.lost(session, Trouble.LOST)
    two.endpoints.lost(session, Trouble.LOST)
    two.endpoints.lost(session, Trouble.LOST)
    assert (await two.open()).endpoint == 1


async def test_tokens_count_against_theirs(two: Two) -> None:
    two.endpoints.used(await two.open(), 100_000)
    assert (await two.open()).endpoint == 1
