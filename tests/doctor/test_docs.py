"""docs/operate.md names every finding there can be, and none that there cannot."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def complaints() -> set[str]:
    """Names of all findings that can be failed or warned of, read off the code that makes them."""
    names = {
        node.value
        for file in (ROOT / "doctor").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"settings|files|[a-z]+\.[a-z_]+(\.[a-z_]+)?", node.value)
    }
    good = {
        "requirements.txt",
        "store.write",
        "acs.ask",
        "events.publish",
        "voice.session",
        "scale.calls",
        "telemetry.sent",
    }
    return names - good


def documented() -> set[str]:
    page = (ROOT / "docs/operate.md").read_text("utf-8")
    table = page.partition("| finding | what it is about |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return set(re.findall(r"`([a-z_.]+)`", " ".join(rows)))


def test_every_finding_is_documented() -> None:
    undocumented = complaints() - documented()
    # The subscription's are one row: what follows the second dot says which part of it.
    assert {name for name in undocumented if not name.startswith("cloud.subscription.")} == set()


def test_no_finding_is_documented_that_there_is_not() -> None:
    made_of_parts = {"bridge.encrypted", "functions.encrypted"}
    assert documented() - complaints() - made_of_parts == set()
