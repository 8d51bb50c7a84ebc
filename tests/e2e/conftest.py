"""One running system for all calls of a test run, started the way a script starts it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import cache

import pytest

from local.call import Script, read_lines, run_call
from local.driver import System, running_system
from local.phone import Line
from local.report import CallReport, summary

type PlaceCall = Callable[..., Coroutine[None, None, CallReport]]


@pytest.fixture(scope="session")
async def system() -> AsyncIterator[System]:
    """The system that all calls share."""
    async with running_system() as system:
        yield system


@cache
def spoken(text: str, voice: str) -> Line:
    """A line of speech, made once a run."""
    (line,) = read_lines([("say", text)], voice)
    return line


@pytest.fixture(scope="session")
def place_call(system: System, tmp_path_factory: pytest.TempPathFactory) -> PlaceCall:
    """Places a call with these lines and prints it; pytest shows that for a call that fails, or with -s."""

    async def place(
        *texts: str, voice: str = "low", barge_in_ms: int | None = None, digits: str = ""
    ) -> CallReport:
        lines = [await asyncio.to_thread(spoken, text, voice) for text in texts]
        told: list[str] = []
        folder = tmp_path_factory.mktemp("call")
        script = Script(lines, digits, barge_in_ms)
        report = await run_call(system.addresses, script, told.append, save=folder)
        print("\n".join([*told, summary(report)]))
        return report

    return place
