"""What a call took, in the store and in the bridge's metrics: a real call, in audio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from local.driver import System
from local.ear import RATE
from local.report import CallReport
from local.speech import Speaker
from local.voice_live.usage import count_text
from shared.call_store import CallStore
from shared.calls import Call, ToolRun, Turn
from tests.e2e.conftest import METRICS_TOKEN, PlaceCall
from tests.e2e.interruptions.verdicts import Speak, speech_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WAY_MS = 500
"""Sound is at most this long on its way between the phone and the bridge."""
AUDIO_TOKENS_PER_SECOND = 20

type Page = dict[str, float]
"""Value by `name` or `name{label}`, the prefix of all left out."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that is over: its report, its record, and what it added to the metrics."""

    report: CallReport
    call: Call
    turns: Sequence[Turn]
    tools: Sequence[ToolRun]
    added: Page


async def idle_page(system: System) -> Page:
    """The bridge's metrics as soon as no call runs: all that was heard has been counted."""
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        while True:
            async with http.get(f"{system.addresses.bridge}/metrics") as answer:
                assert answer.status == 200
                page = read(await answer.text())
            if page["calls_live"] == 0:
                return page


def read(text: str) -> Page:
    return {
        sample.name.removeprefix("tabletalk_")
        + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
async def taken(system: System, place_call: PlaceCall, store: CallStore) -> Taken:
    """A caller asks one question, which takes a tool, and hangs up."""
    before = await idle_page(system)
    report = await place_call("What is the address of Sakura House?")
    after = await idle_page(system)
    call = await store.get(report.call_id or "")
    assert call is not None
    turns, tools = await store.turns(call.id), await store.tools(call.id)
    added = {name: value - before.get(name, 0.0) for name, value in after.items()}
    return Taken(report, call, turns, tools, added)


async def test_the_times_are_stored(taken: Taken) -> None:
    """What was waited for lies within the wait, which is the one that the caller heard."""
    greeting, question, reply = taken.turns
    (tool,) = taken.tools
    assert is_close(taken.call.greeting_ms, taken.report.greeting_ms)
    assert (greeting.first_audio_ms, greeting.latency_ms, greeting.tool_ms) == (None, None, None)
    assert question.transcript_ms is not None
    assert question.transcript_ms > 0
    assert reply.first_audio_ms is not None
    assert reply.latency_ms is not None
    assert reply.tool_ms is not None
    assert tool.ms - 1 <= reply.tool_ms < reply.first_audio_ms <= reply.latency_ms
    assert is_close(reply.latency_ms, taken.report.turns[-1].latency_ms)


async def test_the_tokens_are_stored(taken: Taken) -> None:
    """Those that the service tells: of the greeting its own, of the reply also what its tool took."""
    speak = speech_of(await asyncio.to_thread(Speaker))
    greeting, question, reply = taken.turns
    (tool,) = taken.tools
    assert greeting.output_tokens == spoken_tokens(greeting.text, speak)
    assert reply.output_tokens == spoken_tokens(reply.text, speak) + count_text(tool.arguments)
    assert greeting.input_tokens is not None
    assert reply.input_tokens is not None
    assert reply.cached_tokens is not None
    assert 0 < reply.cached_tokens < reply.input_tokens
    assert reply.input_tokens > 2 * greeting.input_tokens, "two responses, each with all that was said before"
    assert (question.input_tokens, question.output_tokens) == (None, None)


async def test_the_metrics_say_what_the_store_says(taken: Taken) -> None:
    question, reply = taken.turns[1:]
    (tool,) = taken.tools
    for name, label, ms in (
        ("greeting_seconds", "", taken.call.greeting_ms),
        ("first_audio_seconds", "", reply.first_audio_ms),
        ("reply_seconds", "", reply.latency_ms),
        ("transcript_seconds", "", question.transcript_ms),
        ("tool_seconds", "{restaurant_details}", tool.ms),
    ):
        assert ms is not None
        assert taken.added[f"{name}_count{label}"] == 1, name
        assert taken.added[f"{name}_sum{label}"] == pytest.approx(ms / 1000), name
    assert (taken.added["turns_total{agent}"], taken.added["turns_total{caller}"]) == (2, 1)
    for kind in ("input", "cached", "output"):
        stored = sum(getattr(turn, f"{kind}_tokens") or 0 for turn in taken.turns)
        assert taken.added[f"tokens_total{{{kind}}}"] == stored, kind
    assert sum(value for name, value in taken.added.items() if name.startswith("calls_total")) == 1


def is_close(stored: int | None, heard: int | None) -> bool:
    """Whether a time of the bridge is that of the phone, but for the way between them."""
    assert stored is not None
    assert heard is not None
    return abs(stored - heard) < WAY_MS


def spoken_tokens(text: str, speak: Speak) -> int:
    """Tokens of a text and of its speech, as the stand-in of Voice Live counts them."""
    return count_text(text) + round(len(speak(text)) * AUDIO_TOKENS_PER_SECOND / RATE)
