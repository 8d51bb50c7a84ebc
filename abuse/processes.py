"""What the processes of a system hold: memory and open files, by service."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psutil

_NAMES: Final[Mapping[str, str]] = {
    "-m bridge": "bridge",
    "-m local functions": "functions",
    "-m local acs": "acs",
    "-m local event-grid": "event-grid",
    "-m local voice-live": "voice-live",
    "-m local inbox": "inbox",
    "azurite": "azurite",
}
"""Part of a command line, and the service that it is."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one service holds."""

    pid: int
    megabytes: float
    files: int
    """Open files, sockets included."""


def services() -> dict[str, Held]:
    """The services that this process has started, by name."""
    found: dict[str, Held] = {}
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            command = " ".join(process.cmdline())
            name = next((name for part, name in _NAMES.items() if part in command), None)
            # Each service runs under a guard, whose command line has its own in it.
            if name is not None and "guard.py" not in command:
                memory = process.memory_info().rss / 2**20
                held = Held(process.pid, memory, process.num_fds())
                if name not in found or memory > found[name].megabytes:
                    found[name] = held
    return found
