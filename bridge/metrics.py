"""What the bridge counts and times. Of a call neither data nor id: counts and seconds."""

from __future__ import annotations

from collections.abc import Collection

from opentelemetry.metrics import Meter, NoOpMeter

from bridge.instruments import CONTENT_TYPE, Instruments, Times
from bridge.turns import AgentTurn, CallerTurn

__all__ = ["CONTENT_TYPE", "Metrics"]

_REPLY_BUCKETS = (0.3, 0.5, 0.7, 0.85, 1.0, 1.25, 1.5, 2.0, 3.0, 4.5, 6.0)
"""Seconds. Around a second is what callers take for attention; after six the bridge apologises."""
_TOOL_BUCKETS = (0.02, 0.05, 0.1, 0.25, 0.5, 0.8, 1.5, 3.0, 5.0, 10.0)
"""Seconds. After 0.8 the caller hears a filler."""
_QUEUE_BUCKETS = (5.0, 15.0, 30.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1800.0)
"""Seconds. Callers wait in line for minutes, not for hours."""
_LAG_BUCKETS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
"""Seconds. Audio comes in frames of 20 ms: what is later than that is heard sooner or later."""
_OTHER_TOOL = "other"
"""Label of a tool that does not exist: its name is text of the model and may be anything."""


class Metrics:
    """The counters and histograms of one bridge process.

    Args:
        tools: names of the tools that exist.
        meter: of OpenTelemetry, for the same numbers; left out, they only stand on the page.
    """

    def __init__(self, tools: Collection[str], meter: Meter | None = None) -> None:
        self._tools = frozenset(tools)
        self._made = made = Instruments(meter or NoOpMeter("tabletalk"))
        self.registry = made.registry
        self._live = made.level("calls_live", "Calls that are running.")
        self._calls = made.count("calls", "Calls that have ended, by what ended them.", "end")
        self._resumed = made.count("calls_resumed", "Calls that go on here after another bridge.")
        self._refused = made.count(
            "refused", "Media sockets and other requests refused, by HTTP status.", "status"
        )
        self._limited = made.count("limited", "Peers that were beyond a limit, by the limit.", "limit")
        self._strangers = made.level("connections_unproven", "Connections that have proved nothing yet.")
        self._greeting = self._times("greeting", "From the media socket to the greeting's first audio.")
        self._first_audio = self._times(
            "first_audio", "From the caller's last speech to the model's first audio received."
        )
        self._latency = self._times(
            "reply", "From the caller's last speech to the reply's first audio written."
        )
        self._transcript = self._times("transcript", "From the caller's last speech to its transcript.")
        self._turns = made.count("turns", "Turns that were heard, by who spoke.", "role")
        self._fillers = made.count("filled_replies", "Replies before which a filler was heard.")
        self._lost = made.count("audio_lost_seconds", "Audio of the agent that there was no room for.")
        self._interrupted = made.count("interrupted", "Agent turns that the caller cut short.")
        self._tool = made.times("tool", "How long a tool ran.", _TOOL_BUCKETS, "tool")
        self._tool_faults = made.count("tool_faults", "Tools that broke or took too long.", "tool")
        self._tokens = made.count("tokens", "Tokens of the model; cached ones are input.", "kind")
        self._lag = made.times("loop_lag", "How late the event loop ran what was due.", _LAG_BUCKETS)
        self._sessions = made.count(
            "sessions", "Sessions of Voice Live, by endpoint and what came of them.", "endpoint", "result"
        )
        self._replaced = made.count("sessions_replaced", "Sessions that another one followed.", "why")
        self._in_line = made.level("callers_waiting", "Callers in line for a place, at all bridges together.")
        self._in_line_now = 0
        self._stood = made.times("waited", "How long callers stood in line who got a place.", _QUEUE_BUCKETS)
        self._records = made.level("records_waiting", "Records of calls that wait to be written.")
        self._spilled = made.level("records_spilled_bytes", "Records on disk, for the store is away.")
        self._records_lost = made.count("records_lost", "Records that were given up.", "why")
        self._recordings = made.count("recordings", "Calls that are recorded, or go on being recorded here.")
        self._sound_lost = made.count("recording_lost_seconds", "Sound of recordings that was given up.")

    def call_began(self) -> None:
        """A call has begun."""
        self._live.add(1)

    def call_ended(self, end: str) -> None:
        """A call that had begun has ended; `end` is one of a few kinds, never a free text."""
        self._live.add(-1)
        self._calls.add(1, end)

    def callers_wait(self, count: int) -> None:
        """So many callers wait in line for a place."""
        self._in_line.add(count - self._in_line_now)
        self._in_line_now = count

    def waited(self, seconds: float) -> None:
        """A caller has got a place here after so long in line."""
        self._stood.observe(seconds)

    def call_resumed(self) -> None:
        """A call goes on here that another bridge has begun."""
        self._resumed.add()

    def refused(self, status: int) -> None:
        """A media socket, or a request for numbers, was refused with this HTTP status."""
        self._refused.add(1, str(status))

    def limited(self, limit: str) -> None:
        """A peer was beyond one of a few limits."""
        self._limited.add(1, limit)

    def stranger(self, more: int) -> None:
        """One more connection has proved nothing yet, or one fewer with a negative number."""
        self._strangers.add(more)

    def greeted(self, ms: int) -> None:
        """The greeting began, so long after the media socket."""
        self._greeting.observe_ms(ms)

    def turn(self, turn: CallerTurn | AgentTurn) -> None:
        """A turn as it goes to the store. An agent's turn counts when it is over, which it is once."""
        if isinstance(turn, CallerTurn):
            self._turns.add(1, "caller")
            self._transcript.observe_ms(turn.transcript_ms)
        elif turn.over:
            self._agent_turn(turn)

    def tool_label(self, name: str) -> str:
        """What a tool is called in counts and logs: its name, or "other" when there is no such tool."""
        return name if name in self._tools else _OTHER_TOOL

    def tool(self, name: str, ms: int, *, fault: bool) -> None:
        """A tool ran; `fault` when it broke or took too long, not when it found nothing."""
        tool = self.tool_label(name)
        self._tool.observe(ms / 1000, tool)
        if fault:
            self._tool_faults.add(1, tool)

    def session(self, endpoint: str, result: str) -> None:
        """Something came of a session: "opened", or one of a few troubles. `endpoint` counts from "1"."""
        self._sessions.add(1, endpoint, result)

    def session_needed(self, why: str) -> None:
        """A call needs another session, for one of a few reasons."""
        self._replaced.add(1, why)

    def loop_late(self, seconds: float) -> None:
        """The event loop ran something this much later than it was due."""
        self._lag.observe(seconds)

    def records_wait(self, more: int) -> None:
        """More records wait to be written, or fewer with a negative number."""
        self._records.add(more)

    def records_spilled(self, more: int) -> None:
        """More bytes of records are on disk, or fewer with a negative number."""
        self._spilled.add(more)

    def record_lost(self, why: str, count: int = 1) -> None:
        """Records were given up, for one of a few reasons."""
        self._records_lost.add(count, why)

    def recording_began(self) -> None:
        """A call is being recorded from now on."""
        self._recordings.add()

    def recording_lost(self, seconds: float) -> None:
        """So much of a recording is missing, because the store did not take it in time."""
        self._sound_lost.add(seconds)

    def page(self) -> bytes:
        """The text that GET /metrics answers with, of type `CONTENT_TYPE`."""
        return self._made.page()

    def _agent_turn(self, turn: AgentTurn) -> None:
        self._turns.add(1, "agent")
        self._first_audio.observe_ms(turn.first_audio_ms)
        self._latency.observe_ms(turn.latency_ms)
        self._fillers.add(turn.filler)
        self._interrupted.add(turn.interrupted_ms is not None)
        self._lost.add(turn.lost_ms / 1000)
        if turn.tokens is not None:
            self._tokens.add(turn.tokens.input_tokens, "input")
            self._tokens.add(turn.tokens.cached_tokens, "cached")
            self._tokens.add(turn.tokens.output_tokens, "output")

    def _times(self, name: str, meaning: str) -> Times:
        return self._made.times(name, meaning, _REPLY_BUCKETS)
