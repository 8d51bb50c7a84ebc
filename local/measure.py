"""`python -m local measure`: how fast calls are answered on this machine, against what is promised."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec
from azure.core.exceptions import AzureError

from local.azurite import AzuriteMissingError
from local.call import Script, read_lines, run_call
from local.line import LineError
from local.phone import Line
from local.processes import StartError, Tell
from local.report import CallReport
from local.scripts import LONG_TALK, LONG_TALK_REPLIES, WISHES, Wish
from local.services import Addresses
from local.stack import open_stack
from shared.settings import StoreSettings
from shared.tables import Tables

GREETING_MS = 1_000
REPLY_MEDIAN_MS = 1_500
REPLY_WORST_MS = 3_000
"""What is promised of a call of ten turns on an idle machine with two cores."""
VOICE = "bright"


class Measurement(msgspec.Struct):
    """What `measure --json` prints, its fields in this order. Times are milliseconds."""

    outcome: str
    """Of the long call."""
    greeting_ms: int | None
    replies_ms: list[int]
    median_ms: int | None
    worst_ms: int | None
    bookings: int
    """Correct bookings of the five calls at once."""
    at_once_replies_ms: list[int]
    """Replies in those five calls together; nothing is promised of them but the bookings."""
    broken: list[str]
    """Promises that were not kept, in words."""


def main(argv: list[str]) -> int:
    """The `measure` command. Exit status 0 when every promise was kept, 1 otherwise."""
    options = _parser().parse_args(argv)
    tell: Tell = _to_stderr
    try:
        measurement = asyncio.run(_measure(tell))
    except (LineError, StartError, AzuriteMissingError, AzureError, OSError) as error:
        print(f"measure: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(msgspec.json.encode(measurement).decode() if options.json else describe(measurement))
    return 1 if measurement.broken else 0


def judge(long_call: CallReport, at_once: Sequence[CallReport], bookings: int) -> Measurement:
    """The numbers of the calls, and the promises they break."""
    replies = latencies(long_call)
    measurement = Measurement(
        outcome=long_call.outcome,
        greeting_ms=long_call.greeting_ms,
        replies_ms=replies,
        median_ms=round(median(replies)) if replies else None,
        worst_ms=max(replies, default=None),
        bookings=bookings,
        at_once_replies_ms=[ms for report in at_once for ms in latencies(report)],
        broken=[],
    )
    for name, value, limit in (
        ("greeting", measurement.greeting_ms, GREETING_MS),
        ("median reply", measurement.median_ms, REPLY_MEDIAN_MS),
        ("worst reply", measurement.worst_ms, REPLY_WORST_MS),
    ):
        if value is None:
            measurement.broken.append(f"{name}: none was heard")
        elif value > limit:
            measurement.broken.append(f"{name}: {value} ms, above {limit} ms")
    if long_call.outcome != "completed":
        measurement.broken.append(f"the long call ended as {long_call.outcome}")
    if len(replies) < LONG_TALK_REPLIES:
        measurement.broken.append(f"replies: {len(replies)}, fewer than {LONG_TALK_REPLIES}")
    if bookings != len(WISHES):
        measurement.broken.append(f"bookings: {bookings} correct ones, {len(WISHES)} were wished for")
    return measurement


def latencies(report: CallReport) -> list[int]:
    """Milliseconds that the caller waited for each reply."""
    return [turn.latency_ms for turn in report.turns if turn.latency_ms is not None]


async def bookings_of(tables: Tables, call_id: str | None) -> list[dict[str, Any]]:
    """The rows that the store holds for the bookings that a call has made and that stand."""
    table = await tables.table("bookings")
    rows = table.query_entities(
        "call_id eq @call and state eq @state and RowKey ge 'booking-' and RowKey lt 'booking.'",
        parameters={"call": call_id or "", "state": "booked"},
    )
    return [dict(row) async for row in rows]


def grants(booked: Sequence[dict[str, Any]], wish: Wish) -> bool:
    """Whether a call's bookings are the wished-for table and no other."""
    return [(row["restaurant_id"], row["party_size"]) for row in booked] == [
        (wish.restaurant_id, wish.party_size)
    ]


def describe(measurement: Measurement) -> str:
    """The measurement for people."""
    replies, at_once = measurement.replies_ms, measurement.at_once_replies_ms
    lines = [
        f"greeting      {_ms(measurement.greeting_ms)} (promised: {GREETING_MS} ms)",
        f"replies       {', '.join(map(str, replies)) or 'none'} ms",
        f"median        {_ms(measurement.median_ms)} (promised: {REPLY_MEDIAN_MS} ms)",
        f"worst         {_ms(measurement.worst_ms)} (promised: {REPLY_WORST_MS} ms)",
        f"five at once  {measurement.bookings} correct bookings (promised: {len(WISHES)})",
    ]
    if at_once:
        lines.append(f"              replies: median {round(median(at_once))} ms, worst {max(at_once)} ms")
    return "\n".join([*lines, *(f"NOT KEPT: {promise}" for promise in measurement.broken)])


async def _measure(tell: Tell) -> Measurement:
    long_talk = await asyncio.to_thread(_spoken, LONG_TALK, VOICE)
    talks = [await asyncio.to_thread(_spoken, wish.talk, wish.voice) for wish in WISHES]
    tell("starting a system to measure ...")
    async with open_stack(on_disk=False, tell=tell) as stack:
        tell("\na long call:\n")
        long_call = await run_call(stack.addresses, Script(long_talk), tell)
        tell("\nfive calls at once ...\n")
        try:
            async with asyncio.TaskGroup() as group:
                calls = [
                    group.create_task(run_call(stack.addresses, Script(talk), _ignore)) for talk in talks
                ]
        except* LineError as failures:
            raise failures.exceptions[0] from None
        at_once = [call.result() for call in calls]
        return judge(long_call, at_once, await _granted(stack.addresses, at_once))


async def _granted(addresses: Addresses, reports: Sequence[CallReport]) -> int:
    """How many of the calls got their caller the table wished for."""
    async with Tables(StoreSettings(addresses.tables, endpoint=None, prefix="")) as tables:
        booked = [await bookings_of(tables, report.call_id) for report in reports]
    return sum(grants(rows, wish) for rows, wish in zip(booked, WISHES, strict=True))


def _spoken(talk: Sequence[str], voice: str) -> list[Line]:
    return read_lines([("say", text) for text in talk], voice)


def _ms(value: int | None) -> str:
    return "none" if value is None else f"{value} ms"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local measure",
        description="Start a system of its own, place one call of ten turns, then five calls at once, and "
        "compare greeting, replies and bookings with what is promised. For an idle machine with two cores.",
    )
    parser.add_argument("--json", action="store_true", help="print the numbers as one JSON line")
    return parser


def _ignore(_: str) -> None:
    pass


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
