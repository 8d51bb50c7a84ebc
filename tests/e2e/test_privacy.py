"""What callers say and who they are stays in the store: neither logs nor traces nor numbers have it."""

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
from shared.tracing import SpanName, call_ids
from tests.shared.otlp_server import OtlpServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def test_a_call_leaves_no_personal_data_in_a_log_or_a_trace(
    system: System, receiver: OtlpServer, place_call: Callable[..., Coroutine[None, None, CallReport]]
) -> None:
    """A call with a number, a name and sentences; then every log line, span and number is searched."""
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
    canaries = ["15550100", *names, *words]
    for log in _logs(system):
        text = log.read_text("utf-8", errors="replace")
        assert (report.call_id or "no id") in text, f"{log.name} does not speak of the call at all"
        for canary in canaries:
            assert canary not in text, f"{log.name} holds {canary!r}"
    await _whole_trace(receiver, report)
    for sent in receiver.raw:
        for canary in canaries:
            assert canary.encode() not in sent


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


def _logs(system: System) -> list[Path]:
    """The logs of the production code in this system: bridge and Functions app."""
    for file in STACKS.glob("*/stack.json"):
        stack = msgspec.convert(json.loads(file.read_text()), StackFile)
        if stack.addresses.bridge == system.addresses.bridge:
            return [file.parent / f"{plane}.log" for plane in ("bridge", "functions")]
    raise AssertionError("the system has no stack.json")
