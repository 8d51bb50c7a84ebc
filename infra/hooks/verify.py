"""Whether what was deployed answers."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from infra.hooks.azure import Azure
from infra.hooks.settings import AzdEnvironment

_COLD_START: Final = 180.0
_ROOT: Final = Path(__file__).parents[2]

Probe = Callable[[str], tuple[int | None, str]]
"""Asks a URL for its status (None: no answer) and its text."""


def ask(url: str) -> tuple[int | None, str]:
    """One GET without any proof of who asks."""
    try:
        with urllib.request.urlopen(url, timeout=15) as answer:  # noqa: S310 - our own addresses
            return answer.status, answer.read(500).decode(errors="replace").strip()
    except urllib.error.HTTPError as error:
        return error.code, error.read(500).decode(errors="replace").strip()
    except (urllib.error.URLError, TimeoutError) as error:
        return None, str(error)


def silent(azure: Azure, environment: AzdEnvironment, probe: Probe) -> Iterator[str]:
    """Which of the two planes is not well, waiting out cold starts."""
    bridge = environment["TABLETALK_MEDIA_BASE_URL"].replace("wss://", "https://")
    places = {
        "the Functions app": f"{environment['TABLETALK_CALLBACK_BASE_URL']}/api/health",
        "the bridge": f"{bridge}/readyz",
    }
    for name, url in places.items():
        last: tuple[int | None, str] = (None, "")

        def well(url: str = url) -> bool:
            nonlocal last
            last = probe(url)
            return last[0] == 200

        if not azure.wait_until(well, _COLD_START):
            status = "no answer" if last[0] is None else f"HTTP {last[0]}"
            yield f"{name} is not well: {url}: {status}: {last[1]}"


def doctor() -> int:
    """Run `python -m doctor` on the deployment; its exit status, 0 where there is none."""
    if importlib.util.find_spec("doctor") is None:
        return 0
    return subprocess.run([sys.executable, "-m", "doctor"], cwd=_ROOT, check=False, timeout=600).returncode
