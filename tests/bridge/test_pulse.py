"""Whether a session of Voice Live lives, and what it costs one that does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from bridge.metrics import Metrics
from bridge.model_session import ModelSession
from bridge.voicelive.connection import VoiceLive, VoiceLiveError
from bridge.voicelive.endpoints import Endpoint, Endpoints
from bridge.voicelive.pool import Trouble
from bridge.voicelive.pulse import ASK_AFTER, DOUBTED_AFTER, Doubt, Finding, Pulse
from bridge.voicelive.source import Source
from tests.bridge.virtual_time import asleep, run_virtually


class TestPulse:
    """A session that tells nothing is asked whether it lives."""

    def test_is_left_alone_while_it_tells_something(self) -> None:
        pulse = Pulse(0.0, DOUBTED_AFTER)
        for step in range(1, 50):
            pulse.sign(step * 0.3)
            assert pulse.look(step * 0.3 + 0.2) is None

    def test_who_answers_is_asked_again_and_again(self) -> None:
        pulse, now, asked = Pulse(0.0, DOUBTED_AFTER), 0.0, 0
        for _ in range(50):
            now += pulse.wait(now)
            if pulse.look(now) is Finding.ASK:
                asked += 1
                pulse.sign(now + 0.05)
        assert asked >= 20

    @pytest.mark.parametrize("patience", [DOUBTED_AFTER, 3.0])
    def test_who_does_not_is_doubted_and_left(self, patience: float) -> None:
        pulse, now = Pulse(0.0, patience), 0.0
        found: dict[Finding, float] = {}
        while Finding.STILL not in found:
            now += pulse.wait(now)
            if (finding := pulse.look(now)) is not None:
                assert finding not in found
                found[finding] = now
        doubted = {} if patience == DOUBTED_AFTER else {Finding.DOUBT: ASK_AFTER + DOUBTED_AFTER}
        wanted = {Finding.ASK: ASK_AFTER, **doubted, Finding.STILL: ASK_AFTER + patience}
        assert found == pytest.approx(wanted)

    def test_who_answers_late_is_trusted_again(self) -> None:
        pulse = Pulse(0.0, 6.0)
        assert pulse.look(0.4) is Finding.ASK
        for now in (0.8, 1.2, 1.6):
            assert pulse.look(now) is None
        assert pulse.look(2.0) is Finding.DOUBT
        pulse.sign(2.1)
        assert pulse.look(2.2) is Finding.TRUST
        assert pulse.look(2.3) is None

    def test_who_got_no_time_starts_anew(self) -> None:
        """The answer may have come meanwhile, and nobody has read it."""
        pulse = Pulse(0.0, DOUBTED_AFTER)
        assert pulse.look(0.4) is Finding.ASK
        assert pulse.look(12.0) is None
        assert pulse.look(12.4) is None


class Peer(ClientConnection):
    """Stands for a connection that tells nothing, and answers while it `lives`."""

    def __init__(self, *, lives: bool) -> None:
        self.lives = lives
        self.closed = False

    async def recv(self, decode: bool | None = None) -> Any:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = True

    async def ping(self, data: object = None) -> Awaitable[float]:
        pong: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        if self.lives:
            asyncio.get_running_loop().call_later(0.05, pong.set_result, 0.05)
        return pong


async def told_by(peer: Peer, patience: Callable[[], float] = lambda: DOUBTED_AFTER) -> list[object]:
    """What is told of a session within a minute, or until it has ended."""
    told: list[object] = []
    try:
        async with asyncio.timeout(60.0):
            async for event in VoiceLive(peer).events_and_doubts(patience):
                told.append(event)  # noqa: PERF401 - until it raises
    except (TimeoutError, VoiceLiveError) as error:
        told.append(error)
    return told


class TestConnection:
    """The same on the socket."""

    def test_a_session_that_stands_still_has_ended(self) -> None:
        async def scene() -> None:
            [error] = await told_by(Peer(lives=False))
            assert isinstance(error, VoiceLiveError)
            assert error.trouble is Trouble.SILENT
            assert error.still_since == 0.0
            assert asyncio.get_running_loop().time() == pytest.approx(ASK_AFTER + DOUBTED_AFTER)

        run_virtually(scene())

    def test_or_is_doubted_first(self) -> None:
        async def scene() -> None:
            doubt, error = await told_by(Peer(lives=False), lambda: 6.0)
            assert doubt == Doubt(0.0)
            assert isinstance(error, VoiceLiveError)

        run_virtually(scene())

    @pytest.mark.parametrize("sleeps", [0.0, 30.0])
    def test_one_that_says_nothing_and_answers_goes_on(self, sleeps: float) -> None:
        """Also when the bridge got no time to read its answer."""

        async def scene() -> None:
            asyncio.get_running_loop().call_later(0.42, asleep, sleeps)
            [over] = await told_by(Peer(lives=True))
            assert isinstance(over, TimeoutError)

        run_virtually(scene())

    def test_patience_that_ends_meanwhile_is_over(self) -> None:
        async def scene() -> None:
            loop = asyncio.get_running_loop()
            told = await told_by(Peer(lives=False), lambda: 6.0 if loop.time() < 3.0 else DOUBTED_AFTER)
            assert isinstance(told[-1], VoiceLiveError)
            assert loop.time() == pytest.approx(3.0, abs=ASK_AFTER)

        run_virtually(scene())


async def no_headers() -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class StillSource(Source):
    """All sessions stand still."""

    peers: list[Peer] = field(default_factory=list)
    avoided: list[Collection[int]] = field(default_factory=list)

    async def open(self, avoid: Collection[int] = ()) -> VoiceLive:
        self.peers.append(Peer(lives=False))
        self.avoided.append(avoid)
        return VoiceLive(self.peers[-1])


class TestModelSession:
    """What a session costs that broke."""

    def session(self) -> tuple[StillSource, ModelSession]:
        endpoints = Endpoints(
            [Endpoint("", no_headers)] * 2, Metrics([]), connections_per_minute=30, tokens_per_minute=9_000
        )
        source = StillSource(endpoints, {})
        return source, ModelSession(source, lambda *_: None)

    def test_one_that_waits_to_be_used_is_let_go_and_its_endpoint_avoided(self) -> None:
        async def scene() -> None:
            source, session = self.session()
            number = await session.connect()
            with pytest.raises(VoiceLiveError) as caught:
                async for _ in session.events(number):
                    pass
            session.broke(number, caught.value, 1.9, in_use=False)
            await asyncio.sleep(0.01)
            assert source.peers[0].closed
            assert await session.connect() == number + 1
            assert source.avoided == [(), (0,)]
            assert session.patience(2.0) == 2 * DOUBTED_AFTER

        run_virtually(scene())

    def test_the_next_is_given_more_time_within_a_minute(self) -> None:
        _, session = self.session()
        still = VoiceLiveError("stands still", Trouble.SILENT, still_since=0.0)
        waits = []
        for now in (10.0, 40.0, 60.0):
            session.broke(1, still, now, in_use=True)
            waits.append(session.patience(now + 59.0))
        assert waits == [3.0, 6.0, 6.0]
        assert session.patience(60.0 + 61.0) == DOUBTED_AFTER
