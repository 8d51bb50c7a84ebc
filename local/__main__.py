"""`python -m local`: the cloud on one machine, from the command line."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path

COMMANDS = {
    "up": ("local.up", "start the whole system and place one call through it"),
    "call": ("local.call", "place a call through the running system"),
    "screenshots": ("local.screenshots", "pictures of every view of the page"),
    "measure": ("local.measure", "measure how fast calls are answered, against what is promised"),
    "voice-live": ("local.voice_live.service", "the Voice Live stand-in alone"),
    "acs": ("local.acs.service", "the Azure Communication Services stand-in alone"),
    "event-grid": ("local.event_grid.service", "the Event Grid stand-in alone"),
    "balancer": ("local.balancer", "one address for several bridges alone"),
    "inbox": ("local.inbox", "a restaurant's inbox for events alone"),
    "functions": ("local.functions_host.service", "the Functions host alone"),
}

HELP = "\n".join(
    [
        "usage: python -m local COMMAND [OPTION]...",
        "",
        "The cloud on one machine. Each command tells more with --help.",
        "",
        *(f"  {name:<12}{meaning}" for name, (_, meaning) in COMMANDS.items()),
    ]
)

ENVIRONMENT = Path(__file__).parent.parent / ".venv"


def main(argv: list[str]) -> int:
    """Run the command that `argv` names and return the exit status."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(HELP)
        return 0
    if argv[0] not in COMMANDS:
        print(f"python -m local: no command {argv[0]!r}\n\n{HELP}", file=sys.stderr)
        return 2
    _use_environment()
    module, _ = COMMANDS[argv[0]]
    # Only the chosen room is imported: speech alone takes longer to load than the others to answer.
    status = importlib.import_module(module).main(argv[1:])
    return int(status)


def _use_environment() -> None:
    """Go on under the interpreter of .venv when this one lacks what `make setup` installed there."""
    if importlib.util.find_spec("msgspec") is not None and sys.version_info >= (3, 13):
        return
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists() or Path(sys.prefix) == ENVIRONMENT:
        sys.exit("python -m local: the environment is not set up; run `make setup` first")
    os.execv(python, [str(python), "-m", "local", *sys.argv[1:]])  # noqa: S606 - our own interpreter


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
