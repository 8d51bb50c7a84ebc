"""What is written down about one call: its turns, tool runs and events, on the record and in the metrics."""

from __future__ import annotations

import logging
import time
from collections import deque
from datetime import datetime, timedelta

from bridge.commands import RunTool
from bridge.metrics import Metrics
from bridge.recorder import Recorder
from bridge.summary import Ran, Said, summarise
from bridge.turns import AgentTurn, CallerTurn
from shared.calls import CallEvent, EventKind, ToolRun, Turn
from shared.clock import utc_now

_REMEMBERED = 12
"""Turns and tool runs kept for the summary of a hand-over."""

log = logging.getLogger(__name__)


class CallLog:
    """Turns what the rules of a call tell into what is stored and counted.

    Args:
        call_connection_id: the carrier's id of the call; empty for a browser.
        resumed: the call has been going at another bridge, and the caller is not greeted.
    """

    def __init__(
        self, recorder: Recorder, metrics: Metrics, call_connection_id: str, *, resumed: bool = False
    ) -> None:
        self._recorder = recorder
        self._metrics = metrics
        self._call_connection_id = call_connection_id
        self._said: deque[Said] = deque(maxlen=_REMEMBERED)
        self._ran: deque[Ran] = deque(maxlen=_REMEMBERED)
        self._greeted = resumed
        # The monotonic time of the rules and the UTC of the record, read together once: a turn's length does
        # not change when the wall clock is set.
        self._epoch = (time.monotonic(), utc_now())

    def event(self, kind: EventKind, detail: str = "") -> None:
        """Something that happened to the call."""
        self._recorder.event(CallEvent(kind, utc_now(), detail, self._call_connection_id))

    def greeted(self) -> None:
        """Sound was written to the carrier: the first time tells how long the caller waited for it."""
        if self._greeted:
            return
        self._greeted = True
        ms = round((time.monotonic() - self._epoch[0]) * 1000)
        self._metrics.greeted(ms)
        self._recorder.event(CallEvent(EventKind.GREETED, utc_now(), ms=ms))

    def turn(self, turn: CallerTurn | AgentTurn) -> Turn:
        """A turn, or more of one; returns it as it is stored."""
        if turn.text:
            self._said.append(("caller" if isinstance(turn, CallerTurn) else "agent", turn.text))
        self._metrics.turn(turn)
        stored = self._stored(turn)
        self._recorder.turn(stored, over=isinstance(turn, CallerTurn) or turn.over)
        return stored

    def tool_begins(self, tool: RunTool) -> None:
        """A tool begins that may change something: that is on record, should nobody live to tell the rest."""
        self._recorder.tool_begins(ToolRun(tool.seq, tool.name, tool.arguments, "", 0, utc_now()))

    def tool(self, tool: RunTool, result: str, began: float, *, fault: bool) -> ToolRun:
        """A tool has ended that began at `began`, monotonic; `fault` when it broke or took too long. Returns
        it as it is stored."""
        ms = round((time.monotonic() - began) * 1000)
        log.info("tool run", extra={"tool": self._metrics.tool_label(tool.name), "ms": ms})
        self._metrics.tool(tool.name, ms, fault=fault)
        self._ran.append((tool.name, result))
        run = ToolRun(tool.seq, tool.name, tool.arguments, result, ms, self._utc(began))
        self._recorder.tool(run, fault=fault)
        return run

    def tool_label(self, name: str) -> str:
        """What a tool is called in logs: its name may be any text of the model."""
        return self._metrics.tool_label(name)

    def summary(self) -> str:
        """What a person who takes the call over needs to know."""
        return summarise(self._said, self._ran)

    # --- inside ---------------------------------------------------------------------------------------

    def _stored(self, turn: CallerTurn | AgentTurn) -> Turn:
        if isinstance(turn, CallerTurn):
            started, ended = self._utc(turn.started_at), self._utc(turn.ended_at)
            return Turn(
                turn.seq,
                "caller",
                turn.text,
                started,
                ended,
                item_id=turn.item_id,
                transcript_ms=turn.transcript_ms,
            )
        started_at = turn.started_at if turn.started_at is not None else time.monotonic()
        ended_at = turn.ended_at if turn.ended_at is not None else started_at
        return Turn(
            turn.seq,
            "agent",
            turn.text,
            self._utc(started_at),
            self._utc(ended_at),
            latency_ms=turn.latency_ms,
            interrupted=turn.interrupted,
            heard_ms=turn.heard_ms,
            item_id=turn.item_id,
            first_audio_ms=turn.first_audio_ms,
            tool_ms=turn.tool_ms,
            filler=turn.filler,
            interrupted_ms=turn.interrupted_ms,
            input_tokens=None if turn.tokens is None else turn.tokens.input_tokens,
            output_tokens=None if turn.tokens is None else turn.tokens.output_tokens,
            cached_tokens=None if turn.tokens is None else turn.tokens.cached_tokens,
        )

    def _utc(self, at: float) -> datetime:
        monotonic, utc = self._epoch
        return utc + timedelta(seconds=at - monotonic)
