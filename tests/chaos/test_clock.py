"""A clock that is set from outside: in a process of its own, since it is that of the whole process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from chaos.clock import set_clock, with_clock
from local.processes import Spec

HOUR = 3600.0
PYTHON_MODULE = (sys.executable, "-m")
SAYS_THE_TIME = """
import asyncio, datetime, json, sys, time
import uvloop

async def main():
    for _ in sys.stdin:
        before = time.monotonic()
        await asyncio.sleep(0.01)
        date = datetime.datetime.now(datetime.UTC)
        print(json.dumps([time.time(), date.timestamp(), time.monotonic() - before]), flush=True)

assert (__name__, sys.argv[1:]) == ("__main__", ["one", "--two"])
uvloop.run(main())
"""


class Process:
    """One that says the time when it is asked."""

    def __init__(self, directory: Path) -> None:
        (directory / "says_the_time.py").write_text(SAYS_THE_TIME, "utf-8")
        spec = with_clock(Spec("one", (*PYTHON_MODULE, "says_the_time", "one", "--two"), {}), directory)
        path = f"{Path.cwd()}:{directory}"
        self._process = subprocess.Popen(
            spec.command, env={"PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def off(self) -> float:
        """By how much its clock differs from ours, in hours."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        wall, date, passed = cast(list[float], json.loads(self._process.stdout.readline()))
        assert abs(wall - date) < HOUR / 2
        assert 0 < passed < HOUR / 2, "a clock that nobody sets has leapt"
        return round((wall - time.time()) / HOUR, 1)

    def until_off(self, hours: float) -> None:
        while self.off() != hours:
            pass

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.mark.timeout(60)
def test_it_leaps_as_often_as_it_is_set(tmp_path: Path) -> None:
    with closing(Process(tmp_path)) as process:
        assert process.off() == 0
        for hours in (1.0, -1.0, 26.0, 0.0):
            set_clock(tmp_path, "one", hours * HOUR)
            process.until_off(hours)


def test_who_is_started_again_has_the_wrong_time_from_the_beginning(tmp_path: Path) -> None:
    set_clock(tmp_path, "one", -HOUR)
    with closing(Process(tmp_path)) as process:
        assert process.off() == -1.0


def test_what_is_no_python_module_runs_as_it_is(tmp_path: Path) -> None:
    spec = Spec("azurite", ("node", "azurite"), {})
    assert with_clock(spec, tmp_path) is spec
