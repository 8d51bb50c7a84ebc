"""One running system for all calls of a test run, started the way a script starts it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import cache
from pathlib import Path

import pytest

from local.call import Script, read_lines, run_call
from local.driver import System, running_system
from local.phone import Line
from local.report import CallReport, summary
from shared.call_store import CallStore
from shared.settings import DEFAULT_AGENT_DIR, StoreSettings
from shared.tables import Tables
from tests.shared.otlp_server import OtlpServer, otlp_server

PERSON = "+15550142"
METRICS_TOKEN = "shown-by-tests"

type PlaceCall = Callable[..., Coroutine[None, None, CallReport]]


@pytest.fixture(scope="session")
def agent_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped agent in a folder of its own, with a person to hand calls over to."""
    folder = tmp_path_factory.mktemp("agent")
    shutil.copytree(DEFAULT_AGENT_DIR, folder, dirs_exist_ok=True)
    with (folder / "agent.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[transfer]\nto = "{PERSON}"\n')
    return folder


@pytest.fixture(scope="session")
async def receiver() -> AsyncIterator[OtlpServer]:
    """Where the system sends its traces and numbers."""
    async with otlp_server() as server:
        yield server


@pytest.fixture(scope="session")
async def system(agent_folder: Path, receiver: OtlpServer) -> AsyncIterator[System]:
    """The system that all calls share."""
    settings = {
        "AGENT_DIR": str(agent_folder),
        "METRICS_TOKEN": METRICS_TOKEN,
        # Recording takes a session at a moment of its own, and with it what a test orders for the next one.
        "RECORD_PHRASES": "off",
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "ADMISSION_WHEN_FULL": "answer",  # however busy the machine is
    }
    async with running_system(settings) as system:
        yield system


@pytest.fixture(scope="session")
async def store(system: System) -> AsyncIterator[CallStore]:
    """The records of the system's calls."""
    async with Tables(StoreSettings(system.addresses.tables, endpoint=None, prefix="")) as tables:
        yield CallStore(tables)


@cache
def spoken(text: str, voice: str) -> Line:
    """A line of speech, made once a run."""
    (line,) = read_lines([("say", text)], voice)
    return line


@pytest.fixture(scope="session")
def place_call(system: System, tmp_path_factory: pytest.TempPathFactory) -> PlaceCall:
    """Places a call with these lines and prints it; pytest shows that for a call that fails, or with -s."""

    async def place(
        *texts: str,
        voice: str = "low",
        barge_in_ms: int | None = None,
        digits: str = "",
        caller: str | None = None,
    ) -> CallReport:
        lines = [await asyncio.to_thread(spoken, text, voice) for text in texts]
        told: list[str] = []
        folder = tmp_path_factory.mktemp("call")
        script = Script(lines, digits, barge_in_ms)
        report = await run_call(system.addresses, script, told.append, caller=caller, save=folder)
        print("\n".join([*told, summary(report)]))
        return report

    return place
