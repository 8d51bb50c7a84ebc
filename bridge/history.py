"""What was said and done in a call, so that another session can be told of it. No I/O, no clock.

A session of Voice Live keeps the history of the conversation and takes it along when it ends. This one keeps
what the service is told and tells, as far as it counts: what the caller said, what they heard of the agent,
tool calls with their outputs, and notes to the model.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bridge.commands import Command, RunTool, SaveTurn, Send
from bridge.turns import AgentTurn, CallerTurn
from bridge.voicelive import wire

_KEPT = 300
"""Entries kept: more than a call of half an hour has. The oldest are forgotten, in whole."""


_BEFORE = -1
"""The place of what was before the first turn."""


@dataclass(slots=True, order=True)
class _Entry:
    """Something said or done. In the order in which it began."""

    seq: int
    order: int
    replayed_as: str = field(default="", compare=False)
    """Its item in the session that was told of it; empty when that is the one it happened in."""
    replayed_text: str = field(default="", compare=False)
    role: wire.Role | None = field(default=None, compare=False)
    """None for a tool call."""
    text: str = field(default="", compare=False)
    """Words, or the output of a tool call."""
    item_id: str = field(default="", compare=False)
    call: RunTool | None = field(default=None, compare=False)
    has_output: bool = field(default=False, compare=False)


class History:
    """Follows one call through its sessions.

    Args:
        event_id: makes the id of a client event out of its type.
    """

    def __init__(self, event_id: Callable[[str], str]) -> None:
        self._event_id = event_id
        self._entries: list[_Entry] = []
        self._turns: dict[int, _Entry] = {}
        """By place among the turns."""
        self._calls: dict[str, _Entry] = {}
        """By tool call."""
        self._session = 0
        self._made = 0

    def begins_with(self, items: Iterable[wire.HistoryItem]) -> None:
        """What was said and done before the first turn."""
        for item in items:
            match item:
                case wire.MessageItem(role, content):
                    self.note(role, content[0].text)
                case wire.FunctionCallItem(call_id, name, arguments):
                    self.called(RunTool(_BEFORE, call_id, name, arguments))
                case wire.FunctionOutputItem(call_id, output):
                    self.output(call_id, output)

    # --- what happens ---------------------------------------------------------------------------------

    def follow(self, command: Command) -> None:
        """Take note of what the rules command."""
        match command:
            case SaveTurn(turn):
                self.turn(turn)
            case RunTool():
                self.called(command)
            case Send(wire.ItemCreate(item=wire.FunctionOutputItem(call_id, output))):
                self.output(call_id, output)
            case Send(wire.ItemCreate(item=wire.MessageItem(role, content))):
                self.note(role, content[0].text)
            case _:
                pass

    def turn(self, turn: CallerTurn | AgentTurn) -> None:
        """A turn, or more or less of one than was known."""
        self.said("user" if isinstance(turn, CallerTurn) else "assistant", turn.seq, turn.text, turn.item_id)

    def said(self, role: wire.Role, seq: int, text: str, item_id: str = "") -> None:
        """Words of a turn; they replace what was known of it."""
        entry = self._turns.get(seq)
        if entry is None:
            entry = self._turns[seq] = self._add(seq)
            entry.role, entry.item_id = role, item_id
        entry.text = text

    def note(self, role: wire.Role, text: str) -> None:
        """Something the model is told between the turns."""
        entry = self._add(self._entries[-1].seq if self._entries else _BEFORE)
        entry.role, entry.text = role, text

    def called(self, call: RunTool) -> None:
        """The model calls a tool."""
        entry = self._calls[call.call_id] = self._add(call.seq)
        entry.call = call

    def output(self, call_id: str, output: str) -> None:
        """What came of a tool call."""
        entry = self._calls.get(call_id)
        if entry is not None:
            entry.text, entry.has_output = output, True

    # --- another session ------------------------------------------------------------------------------

    def replay(self) -> tuple[list[wire.ItemCreate], dict[str, str]]:
        """The items that tell a new session all of it, and the items of the tool calls by call id.

        From here on, the session before is over.
        """
        self._session += 1
        creates: list[wire.ItemCreate] = []
        calls: dict[str, str] = {}
        for entry in self._entries:
            entry.replayed_as = ""
            creates += [self._create(item, None) for item in self._items(entry)]
            if entry.call is not None and not entry.has_output:
                calls[entry.call.call_id] = entry.replayed_as
        return creates, calls

    def tell(self, seq: int) -> list[wire.ItemCreate]:
        """What tells the session of a turn that it has not made, once."""
        entry = self._turns.get(seq)
        if entry is None or entry.replayed_as:
            return []
        return [self._create(item, None) for item in self._items(entry)]

    def unsaid(self, item_id: str) -> list[wire.ClientEvent]:
        """Nothing of this item of the agent was heard: what makes up for having told the session of it."""
        for seq, entry in self._turns.items():
            if entry.item_id == item_id:
                entry.text = ""
                return self.corrections(seq)
        return []

    def corrections(self, seq: int) -> list[wire.ClientEvent]:
        """What makes up for telling the session more of a turn than was heard in the end. After `turn`."""
        entry = self._turns.get(seq)
        if entry is None or not entry.replayed_as or entry.replayed_text == entry.text:
            return []
        told = entry.replayed_as
        entry.replayed_as = ""
        # First the new one, in the place of the old.
        creates: list[wire.ClientEvent] = [self._create(item, told) for item in self._items(entry)]
        gone = wire.ItemDelete(event_id=self._event_id("conversation.item.delete"), item_id=told)
        return [*creates, gone]

    # --- inside ---------------------------------------------------------------------------------------

    def _add(self, seq: int) -> _Entry:
        self._made += 1
        entry = _Entry(seq, self._made)
        insort(self._entries, entry)
        while len(self._entries) > _KEPT:
            oldest = self._entries.pop(0)
            self._turns.pop(oldest.seq, None)
            if oldest.call is not None:
                self._calls.pop(oldest.call.call_id, None)
        return entry

    def _items(self, entry: _Entry) -> Iterator[wire.HistoryItem]:
        call = entry.call
        if call is not None:
            item_id = entry.replayed_as = self._item_id()
            yield wire.FunctionCallItem(call.call_id, call.name, call.arguments, item_id)
            if entry.has_output:
                yield wire.FunctionOutputItem(call.call_id, entry.text)
        elif entry.role is not None and entry.text:
            item_id = entry.replayed_as = self._item_id()
            entry.replayed_text = entry.text
            part = wire.TextPart("text" if entry.role == "assistant" else "input_text", entry.text)
            yield wire.MessageItem(entry.role, [part], item_id)

    def _item_id(self) -> str:
        self._made += 1
        return f"told-{self._session}-{self._made}"

    def _create(self, item: wire.HistoryItem, after: str | None) -> wire.ItemCreate:
        return wire.ItemCreate(
            event_id=self._event_id("conversation.item.create"), previous_item_id=after, item=item
        )
