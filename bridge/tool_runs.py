"""The tools that run for the model, and what it is told of them. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.commands import Command, Send
from bridge.tool_results import failure
from bridge.voicelive import wire

SPOKEN_ON = failure(
    "not_needed", "The caller spoke on before this was done. Answer that; call it again if it still matters."
).output
SPOKEN_OVER = failure(
    "not_transferred", "The caller spoke while being told, so nobody was called. Answer the caller first."
).output


@dataclass(frozen=True, slots=True)
class _Run:
    response_id: str
    name: str


class ToolRuns:
    """Follows tool calls from the model's request to the output it gets.

    Every call gets one output: a model whose call stays open cannot go on.

    Args:
        is_read_only: tells the tools that change nothing, so that they may be given up half-way.
        event_id: makes the id of a client event out of its type.
    """

    def __init__(self, is_read_only: Callable[[str], bool], event_id: Callable[[str], str]) -> None:
        self._is_read_only = is_read_only
        self._event_id = event_id
        self._runs: dict[str, _Run] = {}
        self._items: dict[str, str] = {}
        """The items of calls that have no output yet."""

    @property
    def running(self) -> bool:
        """Whether any tool runs."""
        return bool(self._runs)

    def run_for(self, response_id: str) -> bool:
        """Whether a tool runs that this response asked for."""
        return any(run.response_id == response_id for run in self._runs.values())

    def begin(self, call: wire.FunctionCallDone) -> bool:
        """The model calls a tool; False when that call runs already."""
        if call.call_id in self._runs:
            return False
        self._runs[call.call_id] = _Run(call.response_id, call.name)
        self._items[call.call_id] = call.item_id
        return True

    def over(self, call_id: str) -> str | None:
        """A tool has ended; returns the response that asked for it, None when it was given up."""
        run = self._runs.pop(call_id, None)
        return None if run is None else run.response_id

    def lookups(self) -> list[str]:
        """The calls of tools that change nothing."""
        return [call_id for call_id, run in self._runs.items() if self._is_read_only(run.name)]

    def told(self, items: Mapping[str, str]) -> None:
        """Another session knows these calls by these items."""
        self._items = dict(items)

    def output(self, call_id: str, output: str) -> Command:
        """Tells the model what came of a call; `output` is JSON.

        It stands right behind its call: some models refuse a history in which a filler lies between them.
        """
        item = wire.ItemCreate(
            event_id=self._event_id("conversation.item.create"),
            previous_item_id=self._items.pop(call_id, None),
            item=wire.FunctionOutputItem(call_id, output),
        )
        return Send(item)
