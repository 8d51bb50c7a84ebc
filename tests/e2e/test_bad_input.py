"""What is malformed, forged or absurd is refused clearly, and the call next to it does not notice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local.driver import System
from local.report import CallReport
from local.services import ROOT

type PlaceCall = Callable[..., Coroutine[None, None, CallReport]]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

UNKNOWN_CALL = "20260101-00000000-0123456789abcdef"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def post(http: aiohttp.ClientSession, url: str, body: bytes, **headers: str) -> int:
    async with http.post(url, data=body, headers={"Content-Type": "application/json", **headers}) as answer:
        return answer.status


async def refused_handshake(url: str) -> int:
    """The status a websocket handshake is refused with."""
    with pytest.raises(InvalidStatus) as caught:
        async with connect(url):
            pass
    return caught.value.response.status_code


async def send_huge_frame(url: str) -> None:
    """Returns once the socket that sent it has been closed for it."""
    async with connect(url, max_size=None) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send("x" * (8 * 1024 * 1024))
        await socket.wait_closed()


async def test_a_call_does_not_notice_what_is_thrown_at_the_system_beside_it(
    system: System, place_call: PlaceCall, http: aiohttp.ClientSession
) -> None:
    functions = system.addresses.functions
    media = system.addresses.bridge.replace("http", "ws", 1)
    call = asyncio.create_task(place_call("I feel like sushi tonight.", "No, thank you. Goodbye."))

    webhook = f"{functions}/runtime/webhooks/EventGrid?functionName=incoming_call"
    assert await post(http, f"{webhook}&code=wrong", b"[]") == 401
    callback = f"{functions}/api/calls/{UNKNOWN_CALL}/events/wrong-secret"
    assert await post(http, callback, b"[]") in (401, 403, 404)
    assert await post(http, callback, b"{", Authorization="Bearer not.a.token") in (400, 401, 403, 404)
    assert await refused_handshake(f"{media}/acs/{UNKNOWN_CALL}/wrong-secret") in (401, 403, 404)
    assert await refused_handshake(f"{media}/acs/no-call-id/wrong-secret") in (400, 401, 403, 404)
    assert await refused_handshake(f"{media}/nothing-here") in (400, 404)
    await send_huge_frame(f"{system.addresses.acs.replace('http', 'ws', 1)}/phone")

    report = await call
    assert report.outcome == "completed"
    assert any(tool.name == "find_restaurants" for tool in report.tools)
    assert any(turn.role == "agent" and turn.latency_ms is not None for turn in report.turns)


@pytest.mark.parametrize(
    ("first_frame", "complaint"),
    [
        ("no JSON", ""),
        (json.dumps({"type": "dial"}), "from"),
        (json.dumps({"type": "dial", "from": "+15550100", "to": "nobody"}), ""),
        (b"\x00" * 960, ""),
    ],
    ids=["no JSON", "no number", "wrong number", "audio before a dial"],
)
async def test_a_phone_that_does_not_dial_properly_is_told_so(
    system: System, first_frame: str | bytes, complaint: str
) -> None:
    url = f"{system.addresses.acs.replace('http', 'ws', 1)}/phone"
    async with connect(url) as socket:
        await socket.send(first_frame)
        answer = json.loads(await socket.recv())
    assert answer["type"] == "error"
    assert complaint in answer["message"]


def test_a_wav_that_is_none_is_refused_by_name(system: System, tmp_path: Path) -> None:
    """The system runs, so only the file can be at fault."""
    file = tmp_path / "shopping-list.wav"
    file.write_text("milk, eggs, bread")
    result = subprocess.run(
        [sys.executable, "-m", "local", "call", "--audio", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "shopping-list.wav" in result.stderr
    assert "Traceback" not in result.stderr
