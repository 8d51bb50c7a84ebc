"""`python -m abuse`: starts a system, holds calls in it, attacks every port, and says what the calls felt."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from abuse import attacker, probe
from abuse.attacker import Outcome
from abuse.probe import Waits
from abuse.processes import services
from abuse.verdict import Phase, Run, describe, judge
from local.azurite import AzuriteMissingError
from local.call import LINE_BROKE, STORE_LOST, Script, read_lines, run_call
from local.line import LineError
from local.measure import latencies
from local.phone import Line
from local.processes import StartError
from local.report import CallReport
from local.scripts import LONG_TALK
from local.services import ROOT
from local.stack import Stack, open_stack
from shared import calls
from shared.call_store import CallStore
from shared.settings import StoreSettings
from shared.tables import Tables

PER_SECOND: Final = 40.0
"""Attacks a second. Each costs the abuser about as much as the attacked, and both share this machine."""
CALLERS: Final = 4
TALK: Final = (*LONG_TALK[:5], LONG_TALK[-1])
"""What callers say: half a minute of questions."""
CALM: Final = 0.75
"""Of the time of the abuse: calls alone before it, for enough replies to tell a 99th percentile."""
_SETTLE_SECONDS: Final = 20.0
"""After the abuse, before it is looked at what the services still hold."""
_LATE_SECONDS: Final = 20.0
"""A record may take that is late."""
_LOOK_SECONDS: Final = 5.0
_ENTRY: Final = re.compile(r"\{|\d{4}-\d\d-\d\d ")
"""How an entry of a log begins."""
_WEB_SERVER: Final = " aiohttp.server: "
_COMPLETED: Final = str(calls.Outcome.COMPLETED)
_TOKEN: Final = "shown-to-the-abuse-run"  # noqa: S105 - of a system that ends with it


def main(argv: Sequence[str]) -> int:
    """Exit status 0 when every promise was kept, 1 otherwise."""
    options = _parser().parse_args(argv)
    try:
        run = asyncio.run(abuse(options.minutes * 60, options.per_second, options.seed))
    except (LineError, StartError, AzuriteMissingError, OSError) as error:
        print(f"abuse: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(describe(run))
    return 1 if run.broken else 0


async def abuse(seconds: float, per_second: float, seed: int) -> Run:
    """Some time calls alone, then all of it calls under abuse."""
    talk = await asyncio.to_thread(read_lines, [("say", text) for text in TALK], "bright")
    _tell("starting a system ...")
    os.environ |= {"METRICS_TOKEN": _TOKEN, "ADMISSION_WHEN_FULL": "answer"}
    async with open_stack(on_disk=False, tell=_tell) as stack:
        await _calls(stack, talk[-1:], 0.0)  # what is loaded once is loaded, and counts for nothing
        _tell(f"calls alone, for {seconds * CALM:.0f} s ...")
        before = await _phase(stack, talk, seconds * CALM)
        _tell(f"  {before.completed} of {before.calls} calls, {len(before.replies_ms)} replies")
        held, known = services(), _tracebacks(stack.directory)
        _tell(f"calls under abuse, for {seconds:.0f} s ...")
        async with _watched() as most:
            attacking = asyncio.create_task(_attack(stack, seconds, per_second, seed))
            under = await _phase(stack, talk, seconds)
            outcome = await attacking
        await asyncio.sleep(_SETTLE_SECONDS)
        run = Run(
            before,
            under,
            held,
            most,
            services(),
            outcome,
            await _limits(stack),
            _tracebacks(stack.directory) - known,  # while it starts, one meets others that are not up yet
            seconds,
            per_second,
        )
        run.broken.extend(judge(run))
        return run


async def _phase(stack: Stack, talk: list[Line], seconds: float) -> Phase:
    """Callers who call again and again, and one who says nothing beside them."""
    probing = await _started(probe.__name__)
    assert probing.stdin is not None  # noqa: S101 - it was started with a pipe
    probing.stdin.write(msgspec.json.encode(probe.Order(stack.addresses.functions, _operator(stack))) + b"\n")
    reports = await _calls(stack, talk, seconds)
    said, _ = await probing.communicate()
    waits = msgspec.json.decode(said, type=Waits)
    ends = [report.outcome for report in reports]
    late = [await _late(stack, report) for report in reports if report.outcome != _COMPLETED]
    return Phase(
        calls=len(reports),
        completed=(ends + late).count(_COMPLETED),
        others=[end for end in late if end != _COMPLETED],
        late=late.count(_COMPLETED),
        replies_ms=[ms for report in reports for ms in latencies(report)],
        greetings_ms=[report.greeting_ms for report in reports if report.greeting_ms is not None],
        pings_ms=waits.ms,
        talks_broken=waits.broken,
    )


async def _late(stack: Stack, report: CallReport) -> str:
    """How a call ended whose record was not complete in time; a line that broke has broken."""
    if report.call_id is None or report.outcome in (LINE_BROKE, STORE_LOST):
        return report.outcome
    async with Tables(StoreSettings(stack.addresses.tables, endpoint=None, prefix="")) as tables:
        store, until = CallStore(tables), time.monotonic() + _LATE_SECONDS
        while True:
            call = await store.get(report.call_id)
            if call is not None and call.outcome is not None:
                return str(call.outcome)
            if time.monotonic() >= until:
                return report.outcome
            await asyncio.sleep(0.5)


async def _calls(stack: Stack, talk: list[Line], seconds: float) -> list[CallReport]:
    """Calls one after the other by a few callers, begun until the time is over."""
    end = time.monotonic() + seconds
    reports: list[CallReport] = []

    async def caller(number: int) -> None:
        kept = stack.directory / f"caller-{number}"  # the last call of each; the others are not looked at
        while True:
            reports.append(await run_call(stack.addresses, Script(talk), lambda _: None, save=kept))
            if time.monotonic() >= end:
                return

    async with asyncio.TaskGroup() as group:
        for number in range(CALLERS):
            group.create_task(caller(number))
    return reports


async def _attack(stack: Stack, seconds: float, per_second: float, seed: int) -> Outcome:
    order = attacker.Order(stack.addresses, stack.inbox, _operator(stack), seconds, per_second, seed)
    attacking = await _started(attacker.__name__)
    said, _ = await attacking.communicate(msgspec.json.encode(order))
    return msgspec.json.decode(said, type=Outcome)


async def _started(module: str) -> asyncio.subprocess.Process:
    """A module of this room in a process of its own, so that its work is not the callers'."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, stdin=pipe, stdout=pipe, cwd=ROOT
    )


@contextlib.asynccontextmanager
async def _watched() -> AsyncIterator[dict[str, float]]:
    """The most megabytes that each service holds meanwhile."""
    most: dict[str, float] = {}

    async def look() -> None:
        while True:
            for name, held in (await asyncio.to_thread(services)).items():
                most[name] = max(most.get(name, 0.0), held.megabytes)
            await asyncio.sleep(_LOOK_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield most
    finally:
        looking.cancel()


async def _limits(stack: Stack) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {_TOKEN}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{stack.addresses.bridge}/metrics", headers=headers) as answer,
    ):
        text = await answer.text()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {one.labels["limit"]: one.value for one in samples if one.name == "tabletalk_limited_total"}


def _tracebacks(directory: Path) -> int:
    """In the logs of the two planes; not those of the web server that stands in for the Functions host."""
    found = 0
    for plane in ("bridge", "functions"):
        entry = ""
        for line in (directory / f"{plane}.log").read_text("utf-8", "replace").splitlines():
            if _ENTRY.match(line):
                entry = line
            found += '"exception":' in line or (line.startswith("Traceback ") and _WEB_SERVER not in entry)
    return found


def _operator(stack: Stack) -> str:
    """The token that opens the page."""
    return stack.addresses.page.partition("#token=")[2]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m abuse",
        description="Start a system of its own, place calls one after the other, then attack every port "
        "of it while they go on, and say what they felt and what the services still hold.",
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="of abuse (default 10); half before it")
    parser.add_argument(
        "--per-second", type=float, default=PER_SECOND, help=f"attacks (default {PER_SECOND:.0f})"
    )
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
