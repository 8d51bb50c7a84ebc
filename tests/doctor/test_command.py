"""`python -m doctor` as somebody types it, and the same through the Functions app."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doctor.report import Report
from shared.findings import failed, ok, warning
from tests.doctor.house import House, open_house

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def house(azurite: str, table_prefix: str) -> AsyncIterator[House]:
    async with open_house(azurite, table_prefix) as house:
        yield house


async def doctor(*arguments: str) -> tuple[int, str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TABLETALK", "AZURE"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "doctor", *arguments),
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_it_looks_at_what_a_file_says(house: House, tmp_path: Path) -> None:
    """As JSON for programs, from lines as a stack leaves them."""
    file = tmp_path / "settings.env"
    file.write_text("# a stack\n" + "".join(f"{n}={v}\n" for n, v in house.env.items()), "utf-8")
    status, out, err = await doctor("--settings", str(file), "--json")
    assert status == 0, out + err
    checks = {finding["check"]: finding["verdict"] for finding in json.loads(out)["findings"]}
    assert checks["voice.session"] == checks["store.write"] == "ok"


async def test_it_says_what_is_wrong_and_ends_with_1(house: House, tmp_path: Path) -> None:
    """For people, from a local.settings.json; one plane only."""
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps({"Values": {**house.env, "VOICE_LIVE_API_KEY": "wrong"}}), "utf-8")
    status, out, _ = await doctor("--settings", str(file), "--plane", "bridge")
    assert status == 1
    assert out.startswith(" FAIL  Voice Live endpoint 1 does not take our key  [voice.key]\n")
    assert "what mends it:  VOICE_LIVE_API_KEY" in out
    assert "[functions." not in out


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "No such file"), ("{}", "Values"), ("A=1\nnonsense", "entry 2")]
)
async def test_a_file_that_cannot_be_used(tmp_path: Path, content: str | None, complaint: str) -> None:
    file = tmp_path / "settings"
    if content is not None:
        file.write_text(content, "utf-8")
    status, _, err = await doctor("--settings", str(file))
    assert status == 2
    assert complaint in err


def test_the_worst_comes_first_and_nothing_twice() -> None:
    report = Report.of([ok("a", "x"), failed("b", "y", "w", "f"), warning("c", "z", "w", "f"), ok("a", "x")])
    assert [finding.check for finding in report.findings] == ["b", "c", "a"]
    assert (report.verdict, report.status) == ("failed", 1)
    assert Report.read(report.json().encode()) == report
    assert report.text().endswith("doctor: 1 failed, 1 warning, 1 ok")
    assert Report.of([]).text().endswith("nothing was looked at")
