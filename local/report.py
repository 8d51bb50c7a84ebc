"""The report of one call: what was said, from the store; when it was said, from the audio at the phone.

The two meet by time. The store's turns carry wall-clock times of the bridge, the phone's spans of sound
carry samples of the line's clock, and the phone knows the wall-clock time of sample 0. Those stamps only pair
a turn with its sound; every number reported is the sound's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import msgspec

from local.ear import RATE, Span, to_ms
from shared.calls import ToolRun, Turn

PAIR_SAMPLES = RATE // 2
"""The stamps of the store are good to 500 ms: a sound further from a turn is not that turn's."""


class TurnReport(msgspec.Struct):
    """One turn. Times are milliseconds of the line's clock; None when the turn made no sound at the phone."""

    role: str
    text: str
    start_ms: int | None
    end_ms: int | None
    latency_ms: int | None
    """Agent: from the caller's last sound to the reply's first; None when the caller was silent before it."""
    interrupted: bool
    """Agent: cut short by the caller. One that went on after an "mm-hm" was not."""


class ToolReport(msgspec.Struct):
    """One tool the agent used."""

    name: str
    arguments: Any
    result: Any
    ms: int


class CallReport(msgspec.Struct):
    """What `call --json` prints, its fields in this order."""

    call_id: str | None
    outcome: str
    answered_ms: int | None
    greeting_ms: int | None
    """From the answer to the first sound of the agent."""
    turns: list[TurnReport]
    tools: list[ToolReport]
    recording: str | None


@dataclass(frozen=True, slots=True)
class Sound:
    """What sounded on each side, and the wall-clock second of sample 0."""

    caller: Sequence[Span]
    agent: Sequence[Span]
    started_at: float


def report_turns(turns: Sequence[Turn], sound: Sound) -> dict[int, TurnReport]:
    """The turns that were said or heard, with the times of their sound, by `seq`, in the order they began."""
    spans = _pair(turns, sound)
    ordered = sorted(turns, key=lambda turn: (_begin(turn, spans.get(turn.seq), sound), turn.seq))
    reports: dict[int, TurnReport] = {}
    last_agent_start = -1
    for turn in ordered:
        span = spans.get(turn.seq)
        if span is None and not turn.text:
            continue  # a reply that was called off before a word of it was heard
        latency = None
        if turn.role == "agent" and span is not None:
            latency = _latency(span, sound.caller, last_agent_start)
            last_agent_start = span.start
        reports[turn.seq] = TurnReport(
            role=turn.role,
            text=turn.text,
            start_ms=None if span is None else to_ms(span.start),
            end_ms=None if span is None else to_ms(span.end),
            latency_ms=None if latency is None else to_ms(latency),
            interrupted=turn.interrupted,
        )
    return reports


def report_tool(run: ToolRun) -> ToolReport:
    """A tool run with its JSON texts opened."""
    return ToolReport(run.name, _opened(run.arguments), _opened(run.result), run.ms)


def sample_of(moment: datetime, sound: Sound) -> int:
    """A wall-clock time as a sample of the line's clock."""
    return round((moment.timestamp() - sound.started_at) * RATE)


def summary(report: CallReport) -> str:
    """One line of numbers to close a call with."""
    latencies = [turn.latency_ms for turn in report.turns if turn.latency_ms is not None]
    parts = [f"greeting after {report.greeting_ms} ms" if report.greeting_ms is not None else "no greeting"]
    if latencies:
        parts.append(
            f"{len(latencies)} replies: median {round(median(latencies))} ms, worst {max(latencies)} ms"
        )
    return f"{report.outcome}; " + "; ".join(parts)


def _pair(turns: Sequence[Turn], sound: Sound) -> dict[int, Span]:
    """The sound of each turn, by `seq`: every span goes to the turn of its side that is nearest in time.

    A turn may be left without: pressed keys, or a reply that was called off before it was heard.
    """
    found: dict[int, Span] = {}
    for role, spans in (("caller", sound.caller), ("agent", sound.agent)):
        own = [(turn.seq, _stored_span(turn, sound)) for turn in turns if turn.role == role]
        for span in spans if own else ():
            seq, stored = min(own, key=lambda pair: _distance(span, pair[1]))
            if _distance(span, stored) > PAIR_SAMPLES:
                continue
            known = found.get(seq, span)
            found[seq] = Span(min(known.start, span.start), max(known.end, span.end))
    return found


def _stored_span(turn: Turn, sound: Sound) -> Span:
    return Span(sample_of(turn.started_at, sound), sample_of(turn.ended_at, sound))


def _distance(span: Span, other: Span) -> int:
    """Samples between two spans; below zero by as much as they overlap."""
    return max(span.start, other.start) - min(span.end, other.end)


def _begin(turn: Turn, span: Span | None, sound: Sound) -> int:
    return sample_of(turn.started_at, sound) if span is None else span.start


def _latency(reply: Span, caller: Sequence[Span], since: int) -> int | None:
    """Samples of silence before the reply; None when the caller was silent between `since` and the reply."""
    ends = [span.end for span in caller if since < span.end <= reply.start]
    return reply.start - ends[-1] if ends else None


def _opened(text: str) -> object:
    try:
        value: object = msgspec.json.decode(text)
        return value
    except msgspec.DecodeError:
        return text
