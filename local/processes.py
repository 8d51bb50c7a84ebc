"""Child processes of a stack: ports for them, starting them under a guard, their readiness, logs and end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp
import msgspec

GUARD = Path(__file__).with_name("guard.py")
PORTS = range(20_000, 32_000)
"""Below the ephemeral ranges of Linux (32768 up) and macOS (49152 up): no outgoing connection can take one
between the moment it is found free and the moment the service listens on it."""
PORT_TAKEN = 3
"""Exit status of a service whose port is in use (all services of `local/` agree on it)."""
POLL_SECONDS = 0.05
HEALTH_TIMEOUT = aiohttp.ClientTimeout(total=2)
HEALTH_BYTES = 500
"""As much of a health answer as is shown."""

type Tell = Callable[[str], None]
"""Takes a line of text for whoever watches."""


class StartError(Exception):
    """A service did not become ready; the message holds its last words."""


class PortTakenError(StartError):
    """A service found its port taken; starting again with other ports will do."""


class ServiceDiedError(Exception):
    """A service ended while it was needed; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What to run, and how it says that it is ready: a line on stdout, an address answering 200, or both."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready_line: Callable[[str], bool] | None = None
    health_url: str | None = None
    stop_signal: Literal["INT", "TERM"] = "TERM"
    grace: float = 5.0
    comes_back: bool = False
    """Whether it is started again when it ends by itself, as a platform does with its containers."""


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now; another stack may still win one before we bind it."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # as servers do: TIME_WAIT is no obstacle
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise StartError(f"fewer than {count} free ports between {PORTS.start} and {PORTS.stop}")


def says_ready(line: str) -> bool:
    """Whether a line is the readiness line that every service of `local/` prints: {"ready": true, ...}."""
    try:
        message = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return False
    return isinstance(message, dict) and message.get("ready") is True


class Service:
    """One service, running under its guard. Both its outputs go to `log`."""

    def __init__(self, spec: Spec, guard: asyncio.subprocess.Process, log: Path) -> None:
        self.spec = spec
        self.log = log
        self._guard = guard
        self._said_ready = asyncio.Event()
        self._unhealthy = ""
        self._reader = asyncio.create_task(self._copy_output(), name=f"output of {spec.name}")

    @classmethod
    async def start(cls, spec: Spec, log: Path, cwd: Path) -> Service:
        """Start the service; it is running, not yet ready, when this returns."""
        pid_file = _pid_file(log)
        pid_file.unlink(missing_ok=True)
        options = ["--signal", spec.stop_signal, "--grace", str(spec.grace), "--pid-file", str(pid_file)]
        with log.open("ab") as stderr:
            guard = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(GUARD), *options, "--", *spec.command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                cwd=cwd,
                env=dict(spec.env),
                # Out of the terminal's foreground group: Ctrl-C reaches the runner alone, which then stops
                # everything in the right order.
                process_group=0,
            )
        return cls(spec, guard, log)

    async def ready(self, http: aiohttp.ClientSession, deadline: float) -> None:
        """Return once the service is ready; StartError if it ends or `deadline` (monotonic) passes first."""
        signs = [asyncio.create_task(self._guard.wait()), asyncio.create_task(self._all_signs(http))]
        try:
            done, _ = await asyncio.wait(
                signs, timeout=deadline - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for sign in signs:
                sign.cancel()
        if signs[0] in done:
            await self._reader
            taken = self._guard.returncode == PORT_TAKEN or any(map(_port_complaint, self.last_lines()))
            raise (PortTakenError if taken else StartError)(self.last_words())
        if not done:
            raise StartError(
                f"{self.spec.name} is not ready in time{self._unhealthy}; its last lines:\n{self._tail()}"
            )

    async def died(self) -> str:
        """Wait for the service to end by itself and return its last words."""
        await self._guard.wait()
        return self.last_words()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the service and whatever it started. ProcessLookupError when it has ended."""
        try:
            group = int(_pid_file(self.log).read_text("ascii"))
        except (FileNotFoundError, ValueError):
            raise ProcessLookupError(f"{self.spec.name} has not begun") from None
        os.killpg(group, number)

    async def stop(self) -> None:
        """Stop the service and wait until nothing of it is left."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()  # the guard's cue
        try:
            await asyncio.wait_for(self._guard.wait(), self.spec.grace + 2)
        except TimeoutError:
            # By now the guard has killed its child; a guard that is still here is stuck itself.
            self._guard.send_signal(signal.SIGKILL)
            await self._guard.wait()
        await self._reader

    def last_words(self) -> str:
        """How the service ended and what it said last, for an error message."""
        return f"{self.spec.name} ended with status {self._guard.returncode}; its last lines:\n{self._tail()}"

    def last_lines(self, count: int = 12) -> list[str]:
        """The last lines of its log."""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return [line.rstrip("\n") for line in deque(lines, maxlen=count)]

    def _tail(self) -> str:
        return "\n".join(f"  | {line}" for line in self.last_lines()) + f"\n  (all of it: {self.log})"

    async def _copy_output(self) -> None:
        assert self._guard.stdout is not None  # noqa: S101  (started with a pipe, above)
        with self.log.open("ab", buffering=0) as log:
            while line := await _read_line(self._guard.stdout):
                log.write(line)
                if self.spec.ready_line is not None and self.spec.ready_line(line.decode(errors="replace")):
                    self._said_ready.set()

    async def _all_signs(self, http: aiohttp.ClientSession) -> int:
        """Wait for every sign of readiness that the spec names; 0, for a list of tasks of one type."""
        if self.spec.ready_line is not None:
            await self._said_ready.wait()
        if self.spec.health_url is not None:
            await self._healthy(http, self.spec.health_url)
        return 0

    async def _healthy(self, http: aiohttp.ClientSession, url: str) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with http.get(url, timeout=HEALTH_TIMEOUT) as answer:
                    if answer.status == 200:
                        return
                    text = (await answer.content.read(HEALTH_BYTES)).decode(errors="replace").strip()
                    self._unhealthy = f" ({url} answers {answer.status}: {text})"
            await asyncio.sleep(POLL_SECONDS)


def _pid_file(log: Path) -> Path:
    return log.with_suffix(".pid")


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    """A line, or a piece of one that is longer than the stream's buffer; empty at the end."""
    try:
        return await stream.readuntil()
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await stream.readexactly(error.consumed)


def _port_complaint(line: str) -> bool:
    # Azurite and Core Tools know nothing of PORT_TAKEN; the system's own words are all they leave.
    return "EADDRINUSE" in line or "address already in use" in line.lower()
