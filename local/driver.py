"""Starts a whole system from a script: what tests, benchmarks and evaluations place their calls through."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import msgspec

from local.processes import StartError
from local.services import ROOT, Addresses

START_SECONDS = 90
STOP_SECONDS = 30


@dataclass
class System:
    """`python -m local up --json --no-demo`, running."""

    process: asyncio.subprocess.Process
    addresses: Addresses

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit status."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), STOP_SECONDS)


async def start_system(settings: Mapping[str, str] | None = None, *options: str) -> System:
    """Start a system, with these settings beside its own, and wait until it says that it is ready.

    `options` are those of `up`.

    Raises StartError, TimeoutError.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local", "up", "--json", "--no-demo", *options),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **(settings or {})},
    )
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    if not line:
        raise StartError("the system ended before it was ready; its last words are on stderr")
    return System(process, msgspec.json.decode(line, type=Addresses))


@contextlib.asynccontextmanager
async def running_system(settings: Mapping[str, str] | None = None, *options: str) -> AsyncIterator[System]:
    """A system of one's own, stopped at the end."""
    system = await start_system(settings, *options)
    try:
        yield system
    finally:
        if system.process.returncode is None:
            await system.stop()
