"""The two stand-ins as processes: how they start, and how they end."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect

from tests.local.acs.harness import CALLED, CALLER, KEY, PATIENCE_S, RESOURCE_ID

ACS = ["acs", "--access-key", KEY, "--resource-id", RESOURCE_ID, "--event-grid", "http://127.0.0.1:1/x"]
EVENT_GRID = ["event-grid"]


@asynccontextmanager
async def process(arguments: list[str], port: int = 0) -> AsyncIterator[Process]:
    """A stand-in's process, which is not left behind."""
    command = [sys.executable, "-m", "local", *arguments, "--port", str(port)]
    child = await create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


@pytest.mark.parametrize("arguments", [ACS, EVENT_GRID], ids=["acs", "event-grid"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_one_ready_line_then_a_clean_end(arguments: list[str], number: signal.Signals) -> None:
    """Ready on the port it names; a signal ends it with 0 and nothing more on stdout."""
    async with process(arguments) as child, asyncio.timeout(PATIENCE_S):
        assert child.stdout is not None
        ready = json.loads(await child.stdout.readline())
        assert (ready["ready"], ready["service"]) == (True, arguments[0])
        _, writer = await asyncio.open_connection("127.0.0.1", ready["port"])
        writer.close()
        child.send_signal(number)
        assert await child.stdout.read() == b""
        assert await child.wait() == 0


async def test_a_signal_ends_calls_that_are_up() -> None:
    """The phone's line closes, and the process is gone without waiting for the ring to run out."""
    async with process(ACS) as child, asyncio.timeout(PATIENCE_S):
        assert child.stdout is not None
        port = json.loads(await child.stdout.readline())["port"]
        async with connect(f"ws://127.0.0.1:{port}/phone") as phone:
            await phone.send(json.dumps({"type": "dial", "from": CALLER, "to": CALLED}))
            assert json.loads(await phone.recv())["type"] == "ringing"
            child.send_signal(signal.SIGTERM)
            await phone.wait_closed()
        assert await child.wait() == 0


@pytest.mark.parametrize("arguments", [ACS, EVENT_GRID], ids=["acs", "event-grid"])
async def test_a_taken_port_is_said_plainly(arguments: list[str]) -> None:
    """Exit code 3 and one line that names the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with process(arguments, port) as child, asyncio.timeout(PATIENCE_S):
            out, err = await child.communicate()
            assert (child.returncode, out) == (3, b"")
            assert f"port {port}" in err.decode()


async def test_a_key_that_is_no_base64_is_refused_at_the_start() -> None:
    """Before anything listens."""
    arguments = [text if text != KEY else "not base64!" for text in ACS]
    async with process(arguments) as child, asyncio.timeout(PATIENCE_S):
        _, err = await child.communicate()
        assert child.returncode == 2
        assert "--access-key" in err.decode()
