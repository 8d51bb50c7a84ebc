"""What happened in a call, as one OpenTelemetry trace across both planes, and numbers to an OTLP endpoint.

The trace id is worked out from the call id, and so is the id of its first span, `call`. Whoever does
something for a call adds a span beneath it, without anything handed from plane to plane: Event Grid, Call
Automation and Table Storage would not carry it. With neither an OTLP endpoint nor Application Insights set,
nothing is made or sent.

Spans hold no personal data: what may be said about a call are the attributes below and nothing else, none of
them free text.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from shared.calls import Call, EventKind, Outcome, ToolRun, Turn
from shared.clock import utc_now

type Attribute = Literal[
    "tabletalk.call_id",
    "tabletalk.answer",
    "tabletalk.callbacks",
    "tabletalk.cached_tokens",
    "tabletalk.carrier",
    "tabletalk.end",
    "tabletalk.endpoint",
    "tabletalk.filler",
    "tabletalk.first_audio_ms",
    "tabletalk.greeting_ms",
    "tabletalk.heard_ms",
    "tabletalk.input_tokens",
    "tabletalk.interrupted",
    "tabletalk.latency_ms",
    "tabletalk.outcome",
    "tabletalk.output_tokens",
    "tabletalk.ring_ms",
    "tabletalk.role",
    "tabletalk.tool",
    "tabletalk.tool_ms",
    "tabletalk.transcript_ms",
    "tabletalk.transferred",
]
"""Everything a span can say. A count, a time, a yes or no, or one of a few words."""

type Value = str | bool | int | float
type SpanName = Literal["answer", "callback", "call", "media", "session", "turn", "tool"]

root_ids: ContextVar[tuple[int, int] | None] = ContextVar("root_ids", default=None)
"""Trace and span id of the span that is begun now, when they are given; else they are random."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Traces:
    """Adds spans to the traces of calls. Never raises, never waits."""

    def __init__(self, tracer: trace.Tracer | None = None) -> None:
        self._tracer = tracer or trace.NoOpTracer()

    def call(self, call: Call) -> None:
        """The call has ended: the span that all others hang beneath."""
        ended = call.ended_at or call.rang_at
        with _as_root(call.id):
            self._add(
                otel_context.Context(),
                "call",
                (call.rang_at, ended),
                {
                    "tabletalk.call_id": call.id,
                    "tabletalk.outcome": call.outcome,
                    "tabletalk.end": call.end_reason.partition(":")[0] or None,
                    "tabletalk.greeting_ms": call.greeting_ms,
                    "tabletalk.transferred": call.transferred_at is not None,
                },
                kind=SpanKind.SERVER,
                failed=call.outcome is Outcome.FAILED,
            )

    def answer(self, call_id: str, rang_at: datetime, began: datetime, answer: str) -> None:
        """An IncomingCall event was dealt with; `answer` is one of a few words."""
        ring_ms = (began - rang_at) // timedelta(milliseconds=1)
        said: dict[Attribute, Value | None] = {"tabletalk.answer": answer, "tabletalk.ring_ms": ring_ms}
        self._beneath(
            call_id, "answer", (began, utc_now()), said, SpanKind.CONSUMER, failed=answer == "failed"
        )

    def callbacks(self, call_id: str, began: datetime, count: int) -> None:
        """Callbacks of Call Automation were taken in, `count` in one request."""
        self._beneath(
            call_id, "callback", (began, utc_now()), {"tabletalk.callbacks": count}, SpanKind.CONSUMER
        )

    def media(self, call_id: str, began: datetime, *, carrier: str, end: EventKind) -> None:
        """A bridge has carried the call, from the media socket on."""
        said: dict[Attribute, Value | None] = {"tabletalk.carrier": carrier, "tabletalk.end": end}
        self._beneath(
            call_id, "media", (began, utc_now()), said, SpanKind.SERVER, failed=end is EventKind.FAILED
        )

    def session(self, call_id: str, began: datetime, *, endpoint: int, failed: bool) -> None:
        """A Voice Live session of the call is over; `endpoint` is its place in the failover order, from 0."""
        said: dict[Attribute, Value | None] = {"tabletalk.endpoint": endpoint}
        self._beneath(call_id, "session", (began, utc_now()), said, SpanKind.CLIENT, failed=failed)

    def turn(self, call_id: str, turn: Turn) -> None:
        """Somebody has spoken, and what was heard of it is known."""
        self._beneath(
            call_id,
            "turn",
            (turn.started_at, turn.ended_at),
            {
                "tabletalk.role": turn.role,
                "tabletalk.latency_ms": turn.latency_ms,
                "tabletalk.first_audio_ms": turn.first_audio_ms,
                "tabletalk.transcript_ms": turn.transcript_ms,
                "tabletalk.tool_ms": turn.tool_ms,
                "tabletalk.filler": turn.filler,
                "tabletalk.interrupted": turn.interrupted,
                "tabletalk.heard_ms": turn.heard_ms,
                "tabletalk.input_tokens": turn.input_tokens,
                "tabletalk.output_tokens": turn.output_tokens,
                "tabletalk.cached_tokens": turn.cached_tokens,
            },
        )

    def tool(self, call_id: str, run: ToolRun, *, label: str, fault: bool) -> None:
        """A tool has run. `label` is its name as metrics have it: the model may have made one up."""
        ended_at = run.started_at + timedelta(milliseconds=run.ms)
        self._beneath(call_id, "tool", (run.started_at, ended_at), {"tabletalk.tool": label}, failed=fault)

    def _beneath(
        self,
        call_id: str,
        name: SpanName,
        times: tuple[datetime, datetime],
        attributes: Mapping[Attribute, Value | None],
        kind: SpanKind = SpanKind.INTERNAL,
        *,
        failed: bool = False,
    ) -> None:
        """One span beneath the call's. `times` are aware; attributes that are None are left out."""
        trace_id, span_id = call_ids(call_id)
        parent = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        context = trace.set_span_in_context(NonRecordingSpan(parent))
        self._add(
            context, name, times, {"tabletalk.call_id": call_id, **attributes}, kind=kind, failed=failed
        )

    def _add(
        self,
        context: otel_context.Context,
        name: SpanName,
        times: tuple[datetime, datetime],
        attributes: Mapping[Attribute, Value | None],
        *,
        kind: SpanKind,
        failed: bool,
    ) -> None:
        began, ended = times
        span = self._tracer.start_span(
            name,
            context,
            kind,
            {key: value for key, value in attributes.items() if value is not None},
            start_time=_ns(began),
        )
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(_ns(max(began, ended)))  # a clock may have been set back in between


NO_TRACES: Final = Traces()
"""For who has nowhere to send them."""


def call_ids(call_id: str) -> tuple[int, int]:
    """Trace id and id of the first span of a call: the same in every process."""
    digest = hashlib.sha256(call_id.encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


@contextlib.contextmanager
def _as_root(call_id: str) -> Iterator[None]:
    token = root_ids.set(call_ids(call_id))
    try:
        yield
    finally:
        root_ids.reset(token)


def _ns(at: datetime) -> int:
    """Nanoseconds since 1970, without the rounding of a float."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000
