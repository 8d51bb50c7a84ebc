"""The service around the sessions: refusals, frames that are no events, faults, its life as a process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from local.voice_live.faults import FAULT_HELP, Faults
from local.voice_live.service import parser
from tests.local.voice_live.conftest import Serve
from tests.local.voice_live.doubles import Event

QUERY = {"api-version": "2026-07-15", "model": "gpt-realtime"}
HEADERS = {"api-key": "any"}
TIMEOUT_S = 20.0


@contextlib.asynccontextmanager
async def dialled(url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A plain websocket to the service, before `session.created`."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/voice-live/realtime", params=QUERY, headers=HEADERS) as line,
    ):
        yield line


async def events_until(line: aiohttp.ClientWebSocketResponse, kind: str) -> list[Event]:
    """Every event up to and with the next of this type; ends early when the line does."""
    seen: list[Event] = []
    async with asyncio.timeout(TIMEOUT_S):
        async for frame in line:
            seen.append(json.loads(frame.data))
            if seen[-1]["type"] == kind:
                break
    return seen


async def get(url: str, **options: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    async with aiohttp.ClientSession() as http, http.get(url, **options) as answer:
        return answer.status, await answer.json(), dict(answer.headers)


async def order(url: str, **faults: object) -> int:
    async with aiohttp.ClientSession() as http, http.post(f"{url}/faults", json=faults) as answer:
        return answer.status


async def test_a_handshake_without_a_key_is_refused_in_json(serve: Serve) -> None:
    async with serve(api_key="right") as url:
        status, body, _ = await get(f"{url}/voice-live/realtime", params=QUERY, headers=HEADERS)
        assert status == 401
        assert body["error"]["code"] == "401"


async def test_a_plain_request_is_told_to_upgrade(serve: Serve) -> None:
    async with serve() as url:
        status, body, _ = await get(f"{url}/voice-live/realtime", params=QUERY, headers=HEADERS)
        assert status == 400
        assert "WebSocket" in body["error"]["message"]


async def test_health_counts_sessions(serve: Serve) -> None:
    async with serve() as url, dialled(url) as line:
        await events_until(line, "session.created")
        status, body, _ = await get(f"{url}/healthz")
        assert (status, body) == (200, {"status": "ok", "sessions": 1})


async def test_bad_frames_cost_one_error_each_and_nobody_else_notices(serve: Serve) -> None:
    async with serve() as url, dialled(url) as bad, dialled(url) as good:
        await events_until(bad, "session.created")
        await events_until(good, "session.created")
        await bad.send_bytes(b"\x00\x01")
        await bad.send_str("not json")
        await bad.send_str("{" * 100_000)
        for _ in range(3):
            assert len(await events_until(bad, "error")) == 1
        for line in (bad, good):
            await line.send_json({"type": "response.create"})
            assert (await events_until(line, "response.done"))[-1]["response"]["status"] == "completed"


async def test_a_frame_no_event_could_fill_ends_only_its_own_session(serve: Serve) -> None:
    async with serve() as url, dialled(url) as bad, dialled(url) as good:
        await events_until(bad, "session.created")
        with contextlib.suppress(ConnectionError):  # the service hangs up before it has read it all
            await bad.send_str("x" * (33 * 1024 * 1024))
        await events_until(bad, "no such event")
        assert bad.closed
        await good.send_json({"type": "response.create"})
        await events_until(good, "response.done")


async def test_a_session_ends_at_its_time(serve: Serve) -> None:
    async with serve(lifetime_s=0.05) as url, dialled(url) as line:
        seen = await events_until(line, "no such event")
        assert seen[-1]["error"]["code"] == "session_expired"
        assert line.close_code == 1001


async def test_a_session_may_be_made_to_end_early(serve: Serve) -> None:
    async with serve() as url:
        assert await order(url, expire_after_ms=50, sessions=1) == 200
        async with dialled(url) as short, dialled(url) as usual:
            seen = await events_until(short, "no such event")
            (created,) = await events_until(usual, "session.created")
        assert seen[-1]["error"]["code"] == "session_expired"
        assert created["session"]["expires_at"] - seen[0]["session"]["expires_at"] > 3_000


async def test_sessions_share_no_words(serve: Serve) -> None:
    async with serve() as url, dialled(url) as one, dialled(url) as other:
        ids = []
        for line in (one, other):
            await line.send_json({"type": "response.create"})
            seen = await events_until(line, "response.done")
            ids.append({seen[0]["session"]["id"], *(event["event_id"] for event in seen)})
        assert not ids[0] & ids[1]


async def test_refusal_hits_the_next_sessions_only(serve: Serve) -> None:
    async with serve() as url:
        assert await order(url, refuse_status=503, sessions=1) == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with dialled(url):
                pass
        assert refused.value.status == 503
        async with dialled(url) as line:
            await events_until(line, "session.created")


@pytest.mark.parametrize(("query", "headers", "status"), [(QUERY, HEADERS, 400), (QUERY, {}, 401)])
async def test_what_is_no_session_spends_no_fault(
    serve: Serve, query: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """A request that is no websocket, and one without a key."""
    async with serve() as url:
        await order(url, error_code="rate_limit_exceeded", sessions=1)
        found, _, _ = await get(f"{url}/voice-live/realtime", params=query, headers=headers)
        assert found == status
        async with dialled(url) as line:
            await line.send_json({"type": "response.create"})
            assert (await events_until(line, "error"))[-1]["error"]["code"] == "rate_limit_exceeded"
        async with dialled(url) as line:
            await line.send_json({"type": "response.create"})
            assert (await events_until(line, "response.done"))[-1]["response"]["status"] == "completed"


async def test_a_dropped_line_has_no_close_frame(serve: Serve) -> None:
    async with serve(faults=Faults(drop_after_audio_deltas=2)) as url, dialled(url) as line:
        await line.send_json({"type": "response.create"})
        seen = await events_until(line, "response.done")
        names = [event["type"] for event in seen]
        assert names.count("response.audio.delta") <= 2
        assert "response.done" not in names
        assert line.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


async def test_a_line_dropped_by_the_clock(serve: Serve) -> None:
    async with serve(faults=Faults(drop_after_ms=30)) as url, dialled(url) as line:
        await events_until(line, "no such event")
        assert line.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


async def test_all_lines_that_are_up_are_dropped_on_request(serve: Serve) -> None:
    async with serve() as url, dialled(url) as line:
        await events_until(line, "session.created")
        assert await order(url, drop_now=True) == 200
        await events_until(line, "no such event")
        assert line.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        async with dialled(url) as another:
            await another.send_json({"type": "response.create"})
            assert (await events_until(another, "response.done"))[-1]["response"]["status"] == "completed"


async def test_slow_sessions_are_whole(serve: Serve) -> None:
    slow = Faults(connect_delay_ms=5, event_latency_ms=1, response_latency_ms=5)
    async with serve(faults=slow) as url, dialled(url) as line:
        await line.send_json({"type": "response.create"})
        assert (await events_until(line, "response.done"))[-1]["response"]["status"] == "completed"


async def test_open_sessions_are_shown_as_they_were_set_up(serve: Serve) -> None:
    async with serve() as url:
        assert (await get(f"{url}/sessions"))[1] == {"sessions": []}
        async with dialled(url) as line:
            await line.send_json({"type": "session.update", "session": {"instructions": "Be brief."}})
            await events_until(line, "session.updated")
            _, shown, _ = await get(f"{url}/sessions")
            assert [one["instructions"] for one in shown["sessions"]] == ["Be brief."]


async def test_standing_faults_can_be_seen_and_cleared(serve: Serve) -> None:
    async with serve() as url:
        await order(url, event_latency_ms=7)
        assert (await get(f"{url}/faults"))[1]["event_latency_ms"] == 7
        async with aiohttp.ClientSession() as http, http.delete(f"{url}/faults"):
            pass
        assert (await get(f"{url}/faults"))[1]["event_latency_ms"] == 0


@pytest.mark.parametrize("fault", [{"drop_after_ms": "soon"}, {"no_such_fault": 1}, {"refuse_status": 200}])
async def test_a_fault_that_cannot_be_is_refused(serve: Serve, fault: dict[str, object]) -> None:
    async with serve() as url:
        assert await order(url, **fault) == 400


async def test_sessions_are_told_when_the_service_stops(serve: Serve) -> None:
    async with aiohttp.ClientSession() as http:
        async with serve() as url:
            line = await http.ws_connect(f"{url}/voice-live/realtime", params=QUERY, headers=HEADERS)
            await events_until(line, "session.created")
            reading = asyncio.create_task(events_until(line, "no such event"))
        assert await reading == []
        assert line.close_code == aiohttp.WSCloseCode.GOING_AWAY


def test_every_fault_is_in_the_help() -> None:
    text = parser().format_help()
    assert set(FAULT_HELP) == set(Faults.__struct_fields__)
    for name in FAULT_HELP:
        assert f"--fault-{name.replace('_', '-')}" in text


def test_what_is_not_here_is_in_the_help() -> None:
    text = parser().format_help()
    for name in ("avatar", "MCP tools", "images", "agent mode", "input_audio.turn.*", "input_text.*"):
        assert name in text


@pytest.fixture(scope="module")
def process() -> Any:
    command = [sys.executable, "-m", "local", "voice-live", "--port", "0"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def test_the_process_says_when_it_listens_and_ends_on_sigterm(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert (ready["ready"], ready["service"]) == (True, "voice-live")
    with socket.create_connection(("127.0.0.1", ready["port"])):
        pass
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert process.stdout.read() == ""


def test_a_fault_option_that_makes_no_sense_is_named() -> None:
    command = [sys.executable, "-m", "local", "voice-live", "--fault-drop-after-ms", "soon"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "drop_after_ms" in done.stderr
