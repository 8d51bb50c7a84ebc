"""The items of one conversation: their order, their wire form, and the client events that change them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from local.voice_live.client_events import (
    ClientItem,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputAudio,
    MessageItem,
    TruncateItem,
)
from local.voice_live.errors import ClientError
from local.voice_live.ids import Ids
from local.voice_live.outbox import Outbox

ROOT = "root"
"""As `previous_item_id`: before every other item."""

_ALLOWED_PARTS = {"user": ("input_text", "input_audio"), "system": ("input_text",), "assistant": ("text",)}


@dataclass(slots=True, eq=False)
class Item:
    """One item in wire form, with what the wire does not show."""

    wire: dict[str, Any]
    audio_ms: int = 0
    """Caller's item: audio heard. Assistant's item: audio sent, or kept after a truncation."""
    spoken_by_caller: bool = False
    heard: str | None = None
    """What the caller was understood to say; None while recognition still works on it."""

    @property
    def id(self) -> str:
        return str(self.wire["id"])

    @property
    def in_progress(self) -> bool:
        return self.wire.get("status") == "in_progress"

    @property
    def awaits_recognition(self) -> bool:
        return self.spoken_by_caller and self.heard is None

    def words(self) -> str:
        """All words of the item, whoever said or wrote them."""
        if "content" in self.wire:
            parts = self.wire["content"]
            return " ".join(part.get("text") or part.get("transcript") or "" for part in parts)
        return str(self.wire.get("arguments") or self.wire.get("output") or "")

    def as_input(self) -> dict[str, Any]:
        """The wire form the mind reads: a copy, with what the caller was understood to say filled in."""
        shown = copy.deepcopy(self.wire)
        if self.spoken_by_caller:
            shown["content"] = [{"type": "input_audio", "transcript": self.heard or ""}]
        return shown


class Conversation:
    """An ordered list of items. Every change is told to the client."""

    def __init__(self, outbox: Outbox, ids: Ids) -> None:
        self._outbox = outbox
        self._ids = ids
        self.items: list[Item] = []

    @property
    def last_id(self) -> str | None:
        return self.items[-1].id if self.items else None

    def last_said(self) -> str:
        """What the agent said last, as far as it was heard."""
        return next(
            (item.words() for item in reversed(self.items) if item.wire.get("role") == "assistant"), ""
        )

    def find(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)

    def add(self, item: Item, previous_item_id: str | None = None) -> None:
        """Insert after `previous_item_id`, at the end without one. Raises `ClientError` if it is unknown."""
        place = self._place_after(previous_item_id)
        self.items.insert(place, item)
        before = self.items[place - 1].id if place else None
        shown = copy.deepcopy(item.wire)
        self._outbox.send("conversation.item.created", previous_item_id=before, item=shown)

    def create(self, item: ClientItem, previous_item_id: str | None) -> None:
        """`conversation.item.create`."""
        if item.id is not None and self.find(item.id) is not None:
            raise ClientError("invalid_value", f"An item with id '{item.id}' already exists.", "item.id")
        if isinstance(item, FunctionCallOutputItem) and not self._has_call(item.call_id):
            message = f"Tool call ID '{item.call_id}' not found in conversation."
            raise ClientError("invalid_tool_call_id", message, "item.call_id")
        self.add(self.build(item), previous_item_id)

    def delete(self, item_id: str) -> Item:
        """`conversation.item.delete`. Returns the item that is gone."""
        item = self._need(item_id, "delete", "deleting")
        self.items.remove(item)
        self._outbox.send("conversation.item.deleted", item_id=item_id)
        return item

    def retrieve(self, item_id: str) -> None:
        """`conversation.item.retrieve`."""
        item = self._need(item_id, "retrieve", "retrieving")
        self._outbox.send("conversation.item.retrieved", item=copy.deepcopy(item.wire))

    def truncate(self, event: TruncateItem) -> None:
        """`conversation.item.truncate`: forget the part of a spoken reply that nobody heard."""
        item = self._need(event.item_id, "truncate", "truncating")
        parts = item.wire.get("content") or []
        if item.wire.get("role") != "assistant" or item.in_progress or not item.audio_ms:
            message = "Only model output audio messages can be truncated."
            raise ClientError("unsupported_content_type", message, "item_id")
        if event.content_index >= len(parts):
            message = f"Item '{item.id}' has no content part {event.content_index}."
            raise ClientError("invalid_value", message, "content_index")
        if event.audio_end_ms > item.audio_ms:
            message = f"Audio content of {item.audio_ms}ms is already shorter than {event.audio_end_ms}ms."
            raise ClientError("invalid_value", message, "audio_end_ms")
        self.cut(item, event.audio_end_ms, event.content_index)

    def cut(self, item: Item, audio_end_ms: int, content_index: int = 0) -> None:
        """Keep the first `audio_end_ms` of a spoken reply, and as large a share of its words."""
        part = item.wire["content"][content_index]
        words = part["transcript"].split()
        kept = round(len(words) * audio_end_ms / item.audio_ms) if item.audio_ms else 0
        part["transcript"] = " ".join(words[:kept])
        item.audio_ms = audio_end_ms
        self._outbox.send(
            "conversation.item.truncated",
            item_id=item.id,
            content_index=content_index,
            audio_end_ms=audio_end_ms,
        )

    def build(self, item: ClientItem) -> Item:
        """A client's item as the service shows it. Raises `ClientError` for parts its role may not have."""
        item_id = item.id or self._ids.item()
        head = {"id": item_id, "object": "realtime.item"}
        match item:
            case MessageItem():
                return Item({**head, "type": "message", "status": "completed", **_message(item)})
            case FunctionCallItem():
                call = {"name": item.name, "call_id": item.call_id, "arguments": item.arguments}
                return Item({**head, "type": "function_call", "status": "completed", **call})
            case FunctionCallOutputItem():
                output = {"call_id": item.call_id, "output": item.output}
                return Item({**head, "type": "function_call_output", **output})

    def _has_call(self, call_id: str) -> bool:
        return any(
            item.wire["type"] == "function_call" and item.wire["call_id"] == call_id for item in self.items
        )

    def _place_after(self, previous_item_id: str | None) -> int:
        if previous_item_id is None:
            return len(self.items)
        if previous_item_id == ROOT:
            return 0
        for place, item in enumerate(self.items):
            if item.id == previous_item_id:
                return place + 1
        message = f"Previous item with id '{previous_item_id}' not found in conversation."
        raise ClientError("invalid_value", message, "previous_item_id")

    def _need(self, item_id: str, verb: str, doing: str) -> Item:
        item = self.find(item_id)
        if item is None:
            message = f"Error {doing} item: the item with id '{item_id}' does not exist."
            raise ClientError(f"item_{verb}_invalid_item_id", message, "item_id")
        return item


def _message(item: MessageItem) -> dict[str, Any]:
    allowed = _ALLOWED_PARTS[item.role]
    content: list[dict[str, Any]] = []
    for index, part in enumerate(item.content):
        kind = part.__struct_config__.tag
        if kind not in allowed:
            supported = " and ".join(f"'{name}'" for name in allowed)
            message = f"Invalid value: '{kind}'. Supported values for the role {item.role} are: {supported}."
            raise ClientError("invalid_value", message, f"item.content[{index}].type")
        if isinstance(part, InputAudio):
            content.append({"type": "input_audio", "transcript": part.transcript})
        else:
            content.append({"type": kind, "text": part.text})
    return {"role": item.role, "content": content}
