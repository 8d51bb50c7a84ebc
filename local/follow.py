"""Follows a call in the store while it goes on, and says each turn and tool once it has happened."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from azure.core.exceptions import AzureError

from local.ear import RATE
from local.line import Progress
from local.phone import Phone
from local.processes import Tell
from local.report import Sound, TurnReport, report_turns, sample_of
from shared.call_store import CallStore
from shared.calls import Call, CallState, ToolRun, Turn

POLL_SECONDS = 0.25
SETTLE_SECONDS = 5.0
"""How long after the end of a call its record may take to say so."""
LATE_WORDS_SAMPLES = RATE // 2
"""The words of a caller are stored up to this long after the tool they led to; a tool is told after them."""
RESULT_WIDTH = 60
"""Characters of a tool's result that are shown."""


class Follower:
    """One call, as the store tells it. `tell` gets one line of text for each turn and tool."""

    def __init__(self, store: CallStore, phone: Phone, progress: Progress, tell: Tell) -> None:
        self.call: Call | None = None
        self.turns: list[Turn] = []
        self.tools: list[ToolRun] = []
        self._store = store
        self._phone = phone
        self._progress = progress
        self._tell = tell
        self._told: set[int] = set()

    async def follow(self) -> None:
        """Look again and again until cancelled. A store that does not answer ends no call."""
        while True:
            try:
                await self._look()
            except AzureError as error:
                self._tell(f"the store does not answer: {type(error).__name__}")
            await asyncio.sleep(POLL_SECONDS)

    async def settle(self) -> None:
        """Wait for the record of an ended call to be complete, and tell the rest. Raises AzureError."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            ended = self.call is not None and self.call.state is CallState.ENDED
            await self._look()
            if ended:
                break  # looked once more after the end: the bridge writes its last turn beside the callback
            await asyncio.sleep(POLL_SECONDS)
        self._say_what_is_over(everything=True)

    @property
    def sound(self) -> Sound | None:
        """What the phone heard so far; None before the line's clock started."""
        started_at = self._progress.first_frame_at
        if started_at is None:
            return None
        return Sound(self._phone.caller.spans, self._phone.agent.spans, started_at)

    async def _look(self) -> None:
        if not self._progress.correlation_id:
            return
        self.call = await self._find() if self.call is None else await self._store.get(self.call.id)
        if self.call is not None:
            self.turns = await self._store.turns(self.call.id)
            # One that has begun and not ended stands there without a result.
            self.tools = [run for run in await self._store.tools(self.call.id) if run.result]
            self._say_what_is_over()

    async def _find(self) -> Call | None:
        now = datetime.now(UTC)
        dialled = datetime.fromtimestamp(self._progress.dialled_at, UTC)
        for day in sorted({now.date(), dialled.date()}):
            for call in await self._store.day(day):
                if call.correlation_id == self._progress.correlation_id:
                    return call
        return None

    def transcript(self) -> list[str]:
        """A line for each turn and tool so far, in the order they began."""
        sound = self.sound
        return [] if sound is None else [line for _, line in sorted(self._lines(sound).items())]

    def _say_what_is_over(self, *, everything: bool = False) -> None:
        """Tell the tools, and the turns wholly said or heard: a reply is stored before that."""
        sound = self.sound
        if sound is None:
            return
        now = self._phone.agent.now
        over = {turn.seq for turn in self.turns if sample_of(turn.ended_at, sound) <= now}
        over |= {
            run.seq for run in self.tools if sample_of(run.started_at, sound) + LATE_WORDS_SAMPLES <= now
        }
        for seq, line in sorted(self._lines(sound).items()):
            if seq not in self._told and (everything or seq in over):
                self._told.add(seq)
                self._tell(line)

    def _lines(self, sound: Sound) -> dict[int, str]:
        turns = {seq: turn_line(report) for seq, report in report_turns(self.turns, sound).items()}
        return turns | {run.seq: tool_line(run) for run in self.tools}


def turn_line(turn: TurnReport) -> str:
    """A turn for people: when, who, the words, and how long the caller waited for them."""
    when = "" if turn.start_ms is None else f"{turn.start_ms / 1000:6.1f} s"
    notes = []
    if turn.latency_ms is not None:
        notes.append(f"{turn.latency_ms} ms")
    if turn.interrupted:
        notes.append("interrupted")
    return f"{when:>8}  {turn.role:<7} {turn.text}" + (f"  [{', '.join(notes)}]" if notes else "")


def tool_line(run: ToolRun) -> str:
    """A tool run for people, its result cut to what fits on a line."""
    result = run.result if len(run.result) <= RESULT_WIDTH else run.result[: RESULT_WIDTH - 3] + "..."
    return f"{'':>8}  tool    {run.name} {run.arguments} -> {result}  [{run.ms} ms]"
