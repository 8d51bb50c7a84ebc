"""`python -m shared.calls`: see calls from the terminal. It reads the store, by its settings.

list     a line a call, the newest first
show     one call: what was said, tools, times
export   all calls of some days with what was said, a JSON object a line
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TextIO

import msgspec
from azure.core.exceptions import AzureError

from shared.call_archive import CallArchive, Transcript
from shared.call_facts import CallerOutcome, CallFacts
from shared.call_search import CallFilter, CallSearch
from shared.call_store import CallStore
from shared.call_words import Excerpt, NothingToFindError
from shared.calls import Call, CallState, is_call_id
from shared.insights import InsightStore
from shared.intents import Intent
from shared.restaurants import Catalogue, CatalogueError
from shared.settings import OperatorSettings, SettingError, StoreSettings
from shared.tables import Tables

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands read from."""

    calls: CallStore
    archive: CallArchive
    insights: InsightStore
    search: CallSearch

    @classmethod
    def over(cls, tables: Tables, catalogue: Catalogue) -> Desk:
        insights = InsightStore(tables, catalogue.zone)
        return cls(CallStore(tables), CallArchive(tables), insights, CallSearch(tables, insights))


def main(argv: Sequence[str], env: Mapping[str, str] = os.environ, out: TextIO = sys.stdout) -> int:
    """Exit status 0; 1 when the store failed or there is no such call, 2 for a wrong setting or option."""
    options = _parser().parse_args(argv)
    try:
        return asyncio.run(_run(options, env, out))
    except NothingToFindError as error:
        print(f"calls: --said: {error}", file=sys.stderr)
        return 2
    except (SettingError, CatalogueError) as error:
        print(f"calls: {error}", file=sys.stderr)
        return 2
    except AzureError as error:
        print(f"calls: the store does not answer: {type(error).__name__}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # such as into `head`
        return 0


async def _run(options: argparse.Namespace, env: Mapping[str, str], out: TextIO) -> int:
    catalogue = Catalogue.load(OperatorSettings.from_env(env).restaurants_file)
    async with Tables(StoreSettings.from_env(env)) as tables:
        desk = Desk.over(tables, catalogue)
        match options.command:
            case "list":
                return await _list(desk, options, out)
            case "show":
                return await _show(desk, options, out)
            case _:
                return await _export(desk, options, out)


async def _list(desk: Desk, options: argparse.Namespace, out: TextIO) -> int:
    if options.live:
        for call_id in await desk.calls.open_ids():
            call = await desk.calls.get(call_id)
            if call is not None and call.state is not CallState.ENDED:
                print(f"{call.id}  {call.rang_at:%Y-%m-%d %H:%M:%S}  {call.state}", file=out)
        return 0
    left = options.limit
    async for facts, excerpts in _found(desk, options):
        print(_line(facts, desk), file=out)
        for excerpt in excerpts:
            print(f"    {excerpt.role:<6}  {excerpt.text}", file=out)
        left -= 1
        if left == 0:
            break
    return 0


async def _show(desk: Desk, options: argparse.Namespace, out: TextIO) -> int:
    call = await desk.calls.get(options.id) if is_call_id(options.id) else None
    if call is None:
        print(f"calls: there is no call {options.id!r}", file=sys.stderr)
        return 1
    said, facts = await desk.archive.transcript(call.id), await desk.insights.facts(call.id)
    if options.json:
        out.write(_object(call, said, facts))
        return 0
    print(f"call      {call.id}", file=out)
    print(f"rang      {call.rang_at.astimezone(desk.insights.zone):%Y-%m-%d %H:%M:%S %Z}", file=out)
    print(f"from, to  {call.caller or 'withheld'}, {call.called or '-'}", file=out)
    print(f"state     {call.state}{f', {call.end_reason}' if call.end_reason else ''}", file=out)
    if facts is not None:
        decision = facts.decision
        reached = "reached" if decision.reached else "not reached"
        print(f"outcome   {facts.outcome}, {facts.seconds} s", file=out)
        print(f"intent    {decision.intent}, {reached} ({decision.reason}; {decision.by})", file=out)
    print(file=out)
    for at, text in sorted([*_turns(said), *_tools(said)]):
        print(f"{(at - call.rang_at).total_seconds():7.1f} s  {text}", file=out)
    return 0


async def _export(desk: Desk, options: argparse.Namespace, out: TextIO) -> int:
    async for facts, _ in _found(desk, options):
        call = await desk.calls.get(facts.id)
        if call is not None:
            out.write(_object(call, await desk.archive.transcript(call.id), facts))
    return 0


async def _found(desk: Desk, options: argparse.Namespace) -> AsyncIterator[tuple[CallFacts, list[Excerpt]]]:
    """All ended calls that the options ask for, with where it was said, if that was asked."""
    last = options.to or desk.insights.day_of(datetime.now(UTC))
    first = options.first or last - timedelta(days=29)
    wanted = CallFilter(
        first=first,
        last=last,
        outcome=options.outcome,
        intent=options.intent,
        restaurant=options.restaurant,
        text=options.text,
        said=options.said,
    )
    token: str | None = None
    while True:
        page = await desk.search.page(wanted, _PAGE, token)
        for facts in page.calls:
            yield facts, page.excerpts.get(facts.id, [])
        token = page.next
        if token is None:
            return


def _line(facts: CallFacts, desk: Desk) -> str:
    at = facts.rang_at.astimezone(desk.insights.zone)
    reached = "reached" if facts.decision.reached else "not reached"
    slowest = "-" if facts.slowest_ms is None else f"{facts.slowest_ms} ms"
    return (
        f"{facts.id}  {at:%Y-%m-%d %H:%M:%S}  {facts.seconds:5d} s  {facts.outcome:<11} "
        f"{facts.decision.intent:<7} {reached:<11} slowest reply {slowest}"
    )


def _turns(said: Transcript) -> list[tuple[datetime, str]]:
    return [
        (turn.started_at, f"{turn.role:<6}  {turn.text}{_times(turn.latency_ms, turn.interrupted)}")
        for turn in said.turns
    ]


def _times(latency_ms: int | None, interrupted: bool) -> str:
    latency = "" if latency_ms is None else f"  [{latency_ms} ms]"
    return f"{latency}{'  [interrupted]' if interrupted else ''}"


def _tools(said: Transcript) -> list[tuple[datetime, str]]:
    return [(run.started_at, f"tool    {run.name} {run.arguments} -> {run.result}") for run in said.tools]


def _object(call: Call, said: Transcript, facts: CallFacts | None) -> str:
    """A call as one line of JSON; secrets of its URLs, hashed as they are, stay where they are. The words of
    its facts stand in its turns."""
    bare = None if facts is None else msgspec.structs.replace(facts, words=None)
    record = {name: getattr(call, name) for name in call.__slots__ if name != "secret_hashes"}
    whole = {"call": record, "facts": bare, "turns": said.turns, "tools": said.tools}
    return f"{msgspec.json.encode(whole).decode()}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shared.calls",
        description="Calls from the terminal. The settings of the store stand in the environment.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="a line a call, the newest first")
    listing.add_argument("--live", action="store_true", help="those in progress instead")
    listing.add_argument("--limit", type=_count, default=50, help="lines at most (50)")
    export = commands.add_parser("export", help="calls with all that was said, a JSON object a line")
    for one in (listing, export):
        one.add_argument(
            "--from", dest="first", type=date.fromisoformat, metavar="DAY", help="29 days before --to"
        )
        one.add_argument("--to", type=date.fromisoformat, metavar="DAY", help="today")
        one.add_argument("--outcome", type=CallerOutcome, choices=list(CallerOutcome))
        one.add_argument("--intent", type=Intent, choices=list(Intent))
        one.add_argument("--restaurant", metavar="ID")
        one.add_argument("--text", help="part of an id, a number, a code or a wish")
        one.add_argument("--said", metavar="WORDS", help='said in the call; "in quotes" one after the other')
    show = commands.add_parser("show", help="one call")
    show.add_argument("id")
    show.add_argument("--json", action="store_true", help="as `export` gives it")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count
