"""Starting services: readiness, taken ports, early ends. Real processes, each a few lines of Python."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from local.processes import PORTS, PortTakenError, Service, Spec, StartError, free_ports, says_ready

SERVES = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def spec(script: str, *arguments: str, health_url: str | None = None) -> Spec:
    return Spec(
        "service",
        [sys.executable, "-I", "-S", "-c", script, *arguments],
        dict(os.environ),
        ready_line=None if health_url else says_ready,
        health_url=health_url,
    )


def soon() -> float:
    return time.monotonic() + 60


async def test_a_signal_reaches_the_service_itself(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """Not its guard, which would stop it in its own way; one that has ended gets none."""
    script = """
import signal, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))
print('{"ready": true}', flush=True)
signal.pause()
"""
    service = await Service.start(spec(script), tmp_path / "log", tmp_path)
    await service.ready(http, soon())
    service.send(signal.SIGUSR1)
    assert "ended with status 7" in await service.died()
    with pytest.raises(ProcessLookupError):
        service.send(signal.SIGUSR1)
    await service.stop()


async def test_a_service_is_ready_when_it_says_so_and_not_before(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    script = """
print("starting", flush=True)
print('{"ready": false}', flush=True)
print('{"ready": true, "port": 1}', flush=True)
import signal
signal.pause()
"""
    service = await Service.start(spec(script), tmp_path / "log", tmp_path)
    await service.ready(http, soon())
    assert service.last_lines()[-1] == '{"ready": true, "port": 1}'
    await service.stop()


async def test_a_service_is_ready_when_its_address_answers_and_its_port_is_free_once_it_stopped(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    (port,) = free_ports(1)
    health = spec(SERVES, str(port), health_url=f"http://127.0.0.1:{port}/healthz")
    service = await Service.start(health, tmp_path / "log", tmp_path)
    await service.ready(http, soon())
    await service.stop()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


HALF_READY = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Answer.asked += 1
        healthy = Answer.asked > int(sys.argv[2])
        self.send_response(200 if healthy else 503)
        self.end_headers()
        self.wfile.write(b"the store does not answer")
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer)
print('{"ready": true}', flush=True)
server.serve_forever()
"""
"""Says that it is ready, and answers 503 to the first requests for its health."""


def half_ready(requests: int) -> Spec:
    (port,) = free_ports(1)
    command = [sys.executable, "-I", "-S", "-c", HALF_READY, str(port), str(requests)]
    url = f"http://127.0.0.1:{port}/healthz"
    return Spec("service", command, dict(os.environ), ready_line=says_ready, health_url=url)


async def test_a_service_with_both_signs_is_ready_once_it_has_given_both(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    service = await Service.start(half_ready(3), tmp_path / "log", tmp_path)
    await service.ready(http, soon())
    async with http.get(service.spec.health_url or "") as answer:
        assert answer.status == 200
    assert sum("GET /healthz" in line for line in service.last_lines()) == 5
    await service.stop()


async def test_a_service_that_stays_unhealthy_is_given_up_with_its_own_words(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    service = await Service.start(half_ready(1_000_000), tmp_path / "log", tmp_path)
    with pytest.raises(StartError, match="answers 503: the store does not answer"):
        await service.ready(http, time.monotonic() + 2)
    await service.stop()


async def test_a_service_that_ends_before_it_is_ready_is_reported_with_its_last_words(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    script = "import sys; print('ACS_ENDPOINT: missing', file=sys.stderr); sys.exit(2)"
    service = await Service.start(spec(script), tmp_path / "log", tmp_path)
    with pytest.raises(
        StartError, match=r"service ended with status 2(.|\n)*ACS_ENDPOINT: missing"
    ) as caught:
        await service.ready(http, soon())
    assert not isinstance(caught.value, PortTakenError)


@pytest.mark.parametrize(
    "script",
    ["raise SystemExit(3)", "raise SystemExit('listen EADDRINUSE: address already in use 127.0.0.1:1')"],
)
async def test_a_taken_port_is_told_apart_from_other_failures(
    script: str, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    service = await Service.start(spec(script), tmp_path / "log", tmp_path)
    with pytest.raises(PortTakenError):
        await service.ready(http, soon())


async def test_a_service_that_never_becomes_ready_is_given_up(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    service = await Service.start(spec("import signal; signal.pause()"), tmp_path / "log", tmp_path)
    with pytest.raises(StartError, match="not ready in time"):
        await service.ready(http, time.monotonic())
    await service.stop()


async def test_a_line_longer_than_any_buffer_does_not_stop_the_log(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    script = "print('x' * 300_000); print('{\"ready\": true}', flush=True)\nimport signal\nsignal.pause()"
    service = await Service.start(spec(script), tmp_path / "log", tmp_path)
    await service.ready(http, soon())
    await service.stop()
    assert (tmp_path / "log").stat().st_size > 300_000


def test_free_ports_are_distinct_and_none_of_them_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ports = free_ports(50)
        assert len(set(ports)) == 50
        assert set(ports) <= set(PORTS)


def test_a_port_somebody_listens_on_is_never_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two ports to choose from and one of them taken, the other is given."""
    free, taken = free_ports(2)
    monkeypatch.setattr("local.processes.PORTS", (free, taken))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", taken))
        listener.listen()
        assert free_ports(1) == [free]
