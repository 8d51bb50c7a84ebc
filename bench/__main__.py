"""`python -m bench`: what is too long for the tests, on many generated calls.

fill    into the store of the environment, or of a running system (--stack)
check   the figures there against the raw rows
month   both, in an Azurite of its own that keeps nothing
ringing many phones at once, whose events come several times to several processes
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from bench.checking import Raw, differences
from bench.filling import Filler
from bench.ringing import ring
from control.operator_api_insights import figures
from local import azurite
from local.processes import free_ports
from local.stack import StackNotFoundError, find_stack
from shared.agent_config import load_agent
from shared.call_search import CallFilter, CallSearch
from shared.counter import facts_maker
from shared.insights import InsightStore
from shared.prices import FILE, load_prices
from shared.restaurants import Catalogue
from shared.settings import (
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    SettingError,
    StoreSettings,
)
from shared.tables import Tables


def main(argv: Sequence[str]) -> int:
    """Exit status 0; 1 when figures differ or a call was not answered once, 2 when there is no store."""
    options = _parser().parse_args(argv)
    try:
        return asyncio.run(_run(options))
    except (SettingError, StackNotFoundError, azurite.AzuriteMissingError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2


async def _run(options: argparse.Namespace) -> int:
    async with contextlib.AsyncExitStack() as stack:
        if options.command == "ringing":
            return await ring(
                await stack.enter_async_context(_own_azurite()),
                calls=options.calls,
                deliveries=options.deliveries,
                processes=options.processes,
            )
        if options.command == "month":
            settings = StoreSettings(await stack.enter_async_context(_own_azurite()), None, "")
        else:
            settings = _store(options.stack)
        tables = await stack.enter_async_context(Tables(settings))
        if options.command in ("fill", "month"):
            await fill(tables, options.last, options.days, options.calls, options.seed)
        if options.command in ("check", "month"):
            return await check(tables, options.last, options.days)
    return 0


async def fill(tables: Tables, last: date, days: int, calls: int, seed: int) -> None:
    """Write the calls of some days, and tell how long it takes."""
    catalogue = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
    maker = facts_maker(load_agent(DEFAULT_AGENT_DIR), load_prices(DEFAULT_AGENT_DIR), catalogue)
    filler = Filler(tables, catalogue, maker)
    begun, rows, written = time.monotonic(), 0, 0
    for number in range(days):
        day = last - timedelta(days=days - 1 - number)
        count = calls // days + (number < calls % days)
        rows += await filler.day(day, count, seed)
        written += count
        seconds = time.monotonic() - begun
        print(
            f"{day}: {written} calls, {rows} rows, {seconds:.0f} s, {rows / seconds:.0f} rows/s", flush=True
        )


async def check(tables: Tables, last: date, days: int) -> int:
    """Hold the figures against the rows, and the lists behind some of them."""
    catalogue, prices = Catalogue.load(DEFAULT_RESTAURANTS_FILE), load_prices(DEFAULT_AGENT_DIR)
    insights = InsightStore(tables, catalogue.zone)
    first = last - timedelta(days=days - 1)
    range_ = [first + timedelta(days=n) for n in range(days)]
    await insights.tally(first)  # connects
    begun = time.monotonic()
    shown = figures(
        dict(zip(range_, await insights.tallies(range_), strict=True)), catalogue, prices, capacity=None
    )
    size, ms = len(msgspec.json.encode(shown)), (time.monotonic() - begun) * 1000
    print(f"figures of {days} days, {shown.calls} calls: {ms:.0f} ms, {size} bytes")
    search = CallSearch(tables, insights)
    begun = time.monotonic()
    page = await search.page(CallFilter(first=first, last=last), 50)
    print(f"the newest {len(page.calls)} calls: {(time.monotonic() - begun) * 1000:.0f} ms")
    for words in ("anna", "zanzibar"):
        await _look_for(search, CallFilter(first=first, last=last, said=words))
    raw = await Raw.read(tables, first, last, catalogue.zone)
    table = tomllib.loads((DEFAULT_AGENT_DIR / FILE).read_text("utf-8"))
    wrong = differences(shown, raw.expected(catalogue, table))
    print(f"held against {len(raw.calls)} records: {'they agree' if not wrong else 'they differ'}")
    for line in wrong:
        print(f"  {line}")
    return 1 if wrong else 0


async def _look_for(search: CallSearch, wanted: CallFilter) -> None:
    """Until something is found, as the page looks."""
    begun, pages, token = time.monotonic(), 0, None
    while True:
        page = await search.page(wanted, 50, token)
        pages, token = pages + 1, page.next
        if page.calls or token is None:
            break
    ms = (time.monotonic() - begun) * 1000
    print(f"said {wanted.said!r}: {len(page.calls)} calls on page {pages}, {ms:.0f} ms")


def _store(stack_id: str | None) -> StoreSettings:
    """Of the environment, or of a system that runs here."""
    if stack_id is None and (os.environ.get("TABLES_CONNECTION_STRING") or os.environ.get("TABLES_ENDPOINT")):
        return StoreSettings.from_env(os.environ)
    stack = find_stack(stack_id)
    if stack is None:
        raise SettingError(
            "TABLES_CONNECTION_STRING: missing, and no system runs here; `make run` starts one"
        )
    return StoreSettings(stack.addresses.tables, None, "")


@contextlib.asynccontextmanager
async def _own_azurite() -> AsyncIterator[str]:
    """The connection string of an Azurite that keeps everything in memory."""
    port = free_ports(1)[0]
    process = await asyncio.create_subprocess_exec(
        *azurite.tables_command(port, None), stdout=subprocess.PIPE, env=os.environ | {"NODE_OPTIONS": _HEAP}
    )
    try:
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        async for line in process.stdout:
            if azurite.READY in line.decode():
                break
        yield azurite.connection_string(port)
    finally:
        process.terminate()
        await process.wait()


_HEAP = "--max-old-space-size=6144"
"""Megabytes that Azurite may take: a month is a million rows of a kilobyte or two."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    today = datetime.now(UTC).date()
    for name, text in (
        ("fill", "write generated calls"),
        ("check", "hold the figures against the records"),
        ("month", "both, in an Azurite of its own"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--days", type=int, default=30, help="(30)")
        command.add_argument(
            "--last", type=date.fromisoformat, default=today - timedelta(days=1), metavar="DAY"
        )
        if name != "check":
            command.add_argument("--calls", type=int, default=100_000, help="in all (100000)")
            command.add_argument("--seed", type=int, default=1)
        if name != "month":
            command.add_argument("--stack", help="id of a running system, where several run")
    ringing = commands.add_parser("ringing", help="answer many phones that ring at once")
    ringing.add_argument("--calls", type=int, default=1_000, help="(1000)")
    ringing.add_argument("--deliveries", type=int, default=5, help="of each event (5)")
    ringing.add_argument("--processes", type=int, default=4, help="(4)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
