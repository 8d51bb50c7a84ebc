"""What the bridge counts and times, as Prometheus text. Of a call neither data nor id: counts and seconds."""

from __future__ import annotations

from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bridge.turns import AgentTurn, CallerTurn

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Of `Metrics.page`."""

_REPLY_BUCKETS = (0.3, 0.5, 0.7, 0.85, 1.0, 1.25, 1.5, 2.0, 3.0, 4.5, 6.0)
"""Seconds. Around a second is what callers take for attention; after six the bridge apologises."""
_TOOL_BUCKETS = (0.02, 0.05, 0.1, 0.25, 0.5, 0.8, 1.5, 3.0, 5.0, 10.0)
"""Seconds. After 0.8 the caller hears a filler."""
_OTHER_TOOL = "other"
"""Label of a tool that does not exist: its name is text of the model and may be anything."""


class Metrics:
    """The counters and histograms of one bridge process.

    Args:
        tools: names of the tools that exist.
    """

    def __init__(self, tools: Collection[str]) -> None:
        # Else each series brings one more, the time of its making.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library types nearly everything
        self._tools = frozenset(tools)
        self.registry = CollectorRegistry()
        self._live = Gauge("tabletalk_calls_live", "Calls that are running.", registry=self.registry)
        self._calls = self._counter("calls", "Calls that have ended, by what ended them.", "end")
        self._refused = self._counter("refused", "Media sockets refused, by HTTP status.", "status")
        self._greeting = self._times("greeting", "From the media socket to the greeting's first audio.")
        self._first_audio = self._times(
            "first_audio", "From the caller's last speech to the model's first audio received."
        )
        self._latency = self._times(
            "reply", "From the caller's last speech to the reply's first audio written."
        )
        self._transcript = self._times("transcript", "From the caller's last speech to its transcript.")
        self._turns = self._counter("turns", "Turns that were heard, by who spoke.", "role")
        self._fillers = self._counter("filled_replies", "Replies before which a filler was heard.")
        self._lost = self._counter("audio_lost_seconds", "Audio of the agent that there was no room for.")
        self._interrupted = self._counter("interrupted", "Agent turns that the caller cut short.")
        self._tool = Histogram(
            "tabletalk_tool_seconds",
            "How long a tool ran.",
            ["tool"],
            buckets=_TOOL_BUCKETS,
            registry=self.registry,
        )
        self._tool_faults = self._counter("tool_faults", "Tools that broke or took too long.", "tool")
        self._tokens = self._counter("tokens", "Tokens of the model; cached ones are input.", "kind")

    def call_began(self) -> None:
        """A call has begun."""
        self._live.inc()

    def call_ended(self, end: str) -> None:
        """A call that had begun has ended; `end` is one of a few kinds, never a free text."""
        self._live.dec()
        self._calls.labels(end).inc()

    def refused(self, status: int) -> None:
        """A media socket was refused with this HTTP status."""
        self._refused.labels(str(status)).inc()

    def greeted(self, ms: int) -> None:
        """The greeting began, so long after the media socket."""
        self._greeting.observe(ms / 1000)

    def turn(self, turn: CallerTurn | AgentTurn) -> None:
        """A turn as it goes to the store. An agent's turn counts when it is over, which it is once."""
        if isinstance(turn, CallerTurn):
            self._turns.labels("caller").inc()
            _observe(self._transcript, turn.transcript_ms)
        elif turn.over:
            self._agent_turn(turn)

    def tool_label(self, name: str) -> str:
        """What a tool is called in counts and logs: its name, or "other" when there is no such tool."""
        return name if name in self._tools else _OTHER_TOOL

    def tool(self, name: str, ms: int, *, fault: bool) -> None:
        """A tool ran; `fault` when it broke or took too long, not when it found nothing."""
        tool = self.tool_label(name)
        self._tool.labels(tool).observe(ms / 1000)
        if fault:
            self._tool_faults.labels(tool).inc()

    def page(self) -> bytes:
        """The text that GET /metrics answers with, of type `CONTENT_TYPE`."""
        return generate_latest(self.registry)

    def _agent_turn(self, turn: AgentTurn) -> None:
        self._turns.labels("agent").inc()
        _observe(self._first_audio, turn.first_audio_ms)
        _observe(self._latency, turn.latency_ms)
        self._fillers.inc(turn.filler)
        self._interrupted.inc(turn.interrupted_ms is not None)
        self._lost.inc(turn.lost_ms / 1000)
        if turn.tokens is not None:
            self._tokens.labels("input").inc(turn.tokens.input_tokens)
            self._tokens.labels("cached").inc(turn.tokens.cached_tokens)
            self._tokens.labels("output").inc(turn.tokens.output_tokens)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"tabletalk_{name}_total", meaning, labels, registry=self.registry)

    def _times(self, name: str, meaning: str) -> Histogram:
        return Histogram(f"tabletalk_{name}_seconds", meaning, buckets=_REPLY_BUCKETS, registry=self.registry)


def _observe(times: Histogram, ms: int | None) -> None:
    if ms is not None:
        times.observe(ms / 1000)
