"""The machine: its clock, its Python and its packages."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import Final

import aiohttp

from shared.findings import Finding, failed, ok, skipped, warning

_SECONDS: Final = 8.0
_UNWELL: Final = 30.0
_BROKEN: Final = 240.0
"""Seconds that the clock may be off. Tokens are refused from five minutes on."""
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(\[[^\]]*\])?==([^\s;\\]+)")


async def check_clock(url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Finding:
    """Against the Date header of whoever answers at `url`, whatever they answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as http,
            http.get(url) as answer,
        ):
            there = parsedate_to_datetime(answer.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
        return skipped("machine.clock", "nobody told the time")
    off = abs((now() - there).total_seconds())
    if off < _UNWELL:
        return ok("machine.clock", "the clock is right")
    verdict = failed if off >= _BROKEN else warning
    return verdict(
        "machine.clock",
        f"the clock is off by {off:.0f} s",
        "with a key the store refuses it from 15 minutes on, tokens of its identity are thought good or "
        "lapsed when they are not, and its logs tell a wrong time; calls go by the time of the store",
        "set the clock by NTP; on a laptop that slept: timedatectl set-ntp true",
    )


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    if version >= (3, 13):
        return ok("machine.python", f"Python {version[0]}.{version[1]}")
    return failed(
        "machine.python",
        f"Python {version[0]}.{version[1]}",
        "the code needs 3.13",
        "make setup, then run it with .venv/bin/python; in Azure the runtime of the app must be Python 3.13",
    )


def check_packages(requirements: Path, installed: Callable[[str], str] = metadata.version) -> list[Finding]:
    """Whether what is installed is what the file pins."""
    try:
        pins = dict(_pins(requirements.read_text("utf-8")))
    except OSError:
        return [skipped("machine.packages", f"{requirements.name} is not here")]
    wrong = dict(_different(pins, installed))
    if not wrong:
        return [ok("machine.packages", f"{len(pins)} packages are as {requirements.name} pins them")]
    return [
        warning(
            "machine.packages",
            f"{requirements.name} pins other versions: "
            + ", ".join(f"{name} {pins[name]}, here {found}" for name, found in wrong.items()),
            "what runs is not what was tested",
            "make setup; in Azure: azd deploy",
        )
    ]


def _pins(text: str) -> list[tuple[str, str]]:
    return [(pin[1], pin[3]) for line in text.splitlines() if (pin := _PIN.match(line.strip()))]


def _different(pins: Mapping[str, str], installed: Callable[[str], str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, version in pins.items():
        try:
            have = installed(name)
        except metadata.PackageNotFoundError:
            have = "none"
        if have != version:
            found.append((name, have))
    return found
