"""What callers say and who they are stays in the store, where the design says: nothing else has it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from local.call import CALLER
from local.driver import System
from local.report import CallReport
from local.stack import STACKS, StackFile
from shared.personal_data import COLUMNS, Kind
from shared.tracing import SpanName, call_ids
from tests.shared.canary import kinds_in, kinds_in_tables
from tests.shared.otlp_server import OtlpServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

STORE = "tables"
"""Folder of a stack in which Azurite keeps the tables."""


async def test_a_call_leaves_personal_data_where_the_design_says_and_nowhere_else(
    system: System, receiver: OtlpServer, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    """A call with a number, a name and sentences; then every log line, span, number, table and file of the
    whole system is searched."""
    report = await place_call(
        "Book a table for two at Cedar Grill on Saturday at half past six.",
        "Sarah Johnson.",
        "Yes.",
        caller=CALLER,
    )
    words = [turn.text for turn in report.turns if len(turn.text) > 8]
    assert any(turn.role == "caller" for turn in report.turns)
    names = [tool.arguments["name"] for tool in report.tools if tool.name == "book_table"]
    assert names, "the call was to book under a name"
    marks = {Kind.NUMBER: ["15550100"], Kind.NAME: names, Kind.WORDS: words}
    await _whole_trace(receiver, report)
    for sent in receiver.raw:
        assert not kinds_in(sent.decode("latin-1"), marks), "a span or a number holds something of a person"
    _search_files(_folder(system), report, marks)
    found, _ = await kinds_in_tables(system.addresses.tables, "", marks)
    for table, columns in found.items():
        for column, kinds in columns.items():
            # A name and a number are words as well, once they are said.
            assert kinds <= COLUMNS.get(table, {}).get(column, frozenset()), f"{table}.{column}"
    assert {"calls", "turns", "bookings"} <= found.keys(), "the search finds what is there"


def _search_files(folder: Path, report: CallReport, marks: dict[Kind, list[str]]) -> None:
    """All that the system has written, but for the store itself."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"bridge.log", "functions.log"} <= {path.name for path in files}
    for path in files:
        if STORE in path.relative_to(folder).parts:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        assert not kinds_in(text, marks), f"{path.name} holds something of a person"
        if path.name in ("bridge.log", "functions.log"):
            assert (report.call_id or "no id") in text, f"{path.name} does not speak of the call at all"


def _folder(system: System) -> Path:
    """What this system writes into."""
    for file in STACKS.glob("*/stack.json"):
        stack = msgspec.convert(json.loads(file.read_text()), StackFile)
        if stack.addresses.bridge == system.addresses.bridge:
            return file.parent
    raise AssertionError("the system has no stack.json")


async def _whole_trace(receiver: OtlpServer, report: CallReport) -> None:
    """Wait until the call's trace is whole: both planes, from the ring to the end, each turn and tool."""
    trace_id = f"{call_ids(report.call_id or '')[0]:032x}"
    expected = set(get_args(SpanName.__value__))  # all that docs/operate.md tells of

    def whole() -> bool:
        return expected <= {span.name for span in receiver.trace(trace_id)}

    async with asyncio.timeout(60), receiver.changed:
        await receiver.changed.wait_for(whole)
    spans = receiver.trace(trace_id)
    assert {span.service for span in spans} == {"tabletalk-bridge", "tabletalk-control"}
    tools = [span.attributes["tabletalk.tool"] for span in spans if span.name == "tool"]
    assert sorted(map(str, tools)) == sorted(tool.name for tool in report.tools)
    roles = [span.attributes["tabletalk.role"] for span in spans if span.name == "turn"]
    assert roles.count("caller") >= sum(turn.role == "caller" for turn in report.turns)
