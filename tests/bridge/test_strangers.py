"""Peers that take too much, on real sockets: strangers, media sockets, and the calls beside them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bridge import limits, strangers
from bridge.carriers.acs import AcsCarrier
from bridge.server import BridgeServer
from tests.bridge.stage import Stage, open_stage, soon
from tests.bridge.stand_ins import SECRET, Caller
from tests.shared.acs_server import AcsServer
from tests.shared.until import until


@pytest.fixture
async def stage(azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(AcsCarrier, "quiet_seconds", 60.0)  # these callers send only what a test is about
    async with open_stage(azurite, table_prefix) as opened:
        yield opened


def counted(stage: Stage, name: str = "tabletalk_limited_total") -> dict[str, float]:
    """The limits that were met, by name."""
    families = text_string_to_metric_families(stage.services.metrics.page().decode())
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return {"".join(sample.labels.values()): sample.value for sample in samples}


async def raw(stage: Stage) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = stage.url.removeprefix("ws://").partition(":")
    return await asyncio.open_connection(host, int(port))


async def said(stage: Stage, *pieces: bytes) -> bytes:
    """What is answered to these bytes, up to the end of the connection."""
    reader, writer = await raw(stage)
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
    answer = b""
    with contextlib.suppress(ConnectionError):
        answer = await soon(reader.read())
    writer.close()
    return answer


async def refused(stage: Stage, path: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"{stage.url}{path}", additional_headers=named, proxy=None)
    return caught.value.response.status_code


class TestRequest:
    """What is no request, or takes too long or too much to be one."""

    async def test_a_request_that_does_not_come_to_its_end(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(strangers, "REQUEST_SECONDS", 0.05)
        assert (await said(stage, b"GET /acs/x HTTP/1.1\r\nHost: b")).startswith(b"HTTP/1.1 408 ")
        assert await said(stage) != b""
        assert counted(stage) == {"slow_request": 2.0}
        assert await refused(stage, "/nothing") == 404  # whoever is done in time does not notice

    async def test_a_request_that_is_too_large(self, stage: Stage) -> None:
        lines = [b"X-%d: %s\r\n" % (number, b"a" * 8_000) for number in range(6)]
        assert (await said(stage, b"GET / HTTP/1.1\r\n", *lines)).startswith(b"HTTP/1.1 431 ")
        assert counted(stage) == {"large_request": 1.0}

    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", b"414"),
            (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 130 + b"\r\n", b"431"),
            (b"GET / HTTP/1.1\r\nX: " + b"a" * 9_000 + b"\r\n\r\n", b"431"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b""),
            (b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 9\r\n\r\n", b""),
        ],
        ids=["long path", "many headers", "long header", "TLS", "POST"],
    )
    async def test_a_request_that_websockets_does_not_read(
        self, stage: Stage, request_: bytes, status: bytes
    ) -> None:
        answer = await said(stage, request_)
        assert answer[9:12] == status
        assert counted(stage) == {"bad_request": 1.0}

    @pytest.mark.parametrize(
        "path", ["/acs/20261122-00000000-0123456789abcdef/s", "/%2e%2e/%00", "//", "/metrics"]
    )
    async def test_bytes_that_are_no_text_break_nothing(self, stage: Stage, path: str) -> None:
        head = f"GET {path} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer \xff.\xff.\xff\r\n\r\n"
        assert (await said(stage, head.encode("latin-1")))[9:12] in (b"401", b"404")


async def test_a_crowd_that_waits_keeps_nobody_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each further connection costs the oldest that has not said what it wants; calls begin all the same."""
    monkeypatch.setattr(strangers, "MOST", 20)
    crowd = [await raw(stage) for _ in range(60)]
    _, caller, session = await stage.talk()
    await caller.say("AAAAAAAA")
    assert await soon(session.audio.get()) == "AAAAAAAA"
    assert await soon(crowd[0][0].read()) == b""
    assert counted(stage)["connections"] >= 40
    assert counted(stage, "tabletalk_connections_unproven")[""] <= 20
    for _, writer in crowd:
        writer.close()


class TestAddress:
    """Refused requests are counted by the address they come from."""

    async def test_who_is_refused_too_often_waits_but_the_service_gets_in(self, stage: Stage) -> None:
        """A stranger at the address of ACS, where everybody's resources call from, does not shut us out."""
        call = await stage.call()
        stranger = f"Bearer {AcsServer().token()}"
        for _ in range(limits.REFUSALS_AT_ONCE):
            assert await refused(stage, f"/acs/{call.id}/{SECRET}", Authorization=stranger) == 401
        assert await refused(stage, f"/acs/{call.id}/{SECRET}", Authorization=stranger) == 429
        assert await refused(stage, f"/browser/{call.id}/wrong") == 429
        assert await refused(stage, "/nothing") == 429
        assert counted(stage) == {"address": 3.0}
        caller = await Caller.dial(stage.url, call, stage.acs.token())
        await soon(stage.model.sessions.get())
        await caller.socket.close()

    async def test_behind_a_proxy_the_last_entry_alone_is_believed(self, stage: Stage) -> None:
        settings = replace(stage.services.settings, proxies=1)
        server = BridgeServer(replace(stage.services, settings=settings))
        behind = replace(stage, url=f"ws://127.0.0.1:{await server.start()}")
        for number in range(limits.REFUSALS_AT_ONCE):
            forwarded = f"203.0.113.{number}, 198.51.100.7"
            assert await refused(behind, "/nothing", X_Forwarded_For=forwarded) == 404
        assert await refused(behind, "/nothing", X_Forwarded_For="203.0.113.99, 198.51.100.7") == 429
        assert await refused(behind, "/nothing", X_Forwarded_For="198.51.100.7, 203.0.113.99") == 404
        await server.drain(0)


class TestFrames:
    """A media socket that sends too much ends its own call, with a code that says so."""

    async def ends(self, caller: Caller) -> int | None:
        await soon(caller.socket.wait_closed())
        return caller.socket.close_code

    async def test_frames_without_end(self, stage: Stage) -> None:
        call, caller, _ = await stage.talk()
        _, other, session = await stage.talk(2)
        with contextlib.suppress(ConnectionClosed):
            for _ in range(limits.FRAMES_AT_ONCE * 2):
                await caller.send({"kind": "Unheard"})
        await stage.hung_up(call)
        assert await self.ends(caller) == 1008
        assert counted(stage) == {"frames": 1.0}
        await other.say("AAAAAAAA")
        assert await soon(session.audio.get()) == "AAAAAAAA"

    async def test_audio_without_end(self, stage: Stage) -> None:
        call, caller, _ = await stage.talk()
        with contextlib.suppress(ConnectionClosed):
            for _ in range(60):
                await caller.say("AAAAAAAA" * 12_000)
        await stage.hung_up(call)
        assert await self.ends(caller) == 1008
        assert counted(stage) == {"audio": 1.0}

    async def test_frames_that_cannot_be_read(self, stage: Stage) -> None:
        """Brackets within brackets, no JSON, no base64, half a sample: each is passed over, fifty end it."""
        call, caller, session = await stage.talk()
        bad: list[str | bytes] = ['{"kind":"x","y":' + "[" * 60_000, "garbage", b"\x00\xff"]
        for frame in bad:
            await caller.socket.send(frame)
        await caller.say("not base64!!")
        await caller.say("AAAA")  # a sample and a half
        await caller.say("AAAAAAAA")
        assert await soon(session.audio.get()) == "AAAAAAAA"
        with contextlib.suppress(ConnectionClosed):
            for _ in range(50):
                await caller.socket.send("garbage")
        await stage.hung_up(call)
        assert await self.ends(caller) == 1008
        assert counted(stage) == {"bad_frames": 1.0}

    async def test_a_frame_that_is_too_large(self, stage: Stage) -> None:
        call, caller, _ = await stage.talk()
        with contextlib.suppress(ConnectionClosed):
            await caller.socket.send("x" * 200_000)
        await stage.hung_up(call)
        assert await self.ends(caller) == 1009
        await until(lambda: counted(stage))
        assert counted(stage) == {"frame_size": 1.0}


async def test_whoever_asks_for_readiness_a_lot_asks_the_store_once(stage: Stage) -> None:
    asked = 0
    ping = stage.services.tables.ping

    async def counting() -> None:
        nonlocal asked
        asked += 1
        await ping()

    stage.server._pages._store._ping = counting
    answers = await asyncio.gather(
        *(said(stage, b"GET /readyz HTTP/1.1\r\nHost: b\r\n\r\n") for _ in range(30))
    )
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
    assert asked <= 3
