"""One response on the wire: its events in the order the service sends them (recorded frames)."""

from __future__ import annotations

import copy
import json
import re
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.voice_live.audio_formats import OutputEncoder
from local.voice_live.conversation import Conversation, Item
from local.voice_live.ids import Ids
from local.voice_live.mind.outputs import CallFunction, Output
from local.voice_live.outbox import Outbox
from local.voice_live.plans import Plan
from local.voice_live.usage import cut, output_tokens

_PIECE = re.compile(r"\s*[\w'\u2019]+|\s*[^\w\s]+|\s+\Z")
_BYTES_PER_MS = 48
"""Synthesised speech: PCM16 mono at 24 kHz."""


def pieces(text: str) -> Iterator[str]:
    """The text in the small steps a model writes it; joined they are the text again."""
    return (match.group() for match in _PIECE.finditer(text))


@dataclass(slots=True)
class _Message:
    """The message item being written."""

    item: Item
    output_index: int
    encoder: OutputEncoder
    words: str = ""


@dataclass(slots=True, eq=False)
class Reply:
    """A response from `response.created` to `response.done`."""

    plan: Plan
    id: str
    conversation_id: str
    outbox: Outbox
    conversation: Conversation
    ids: Ids
    cause: str | None = None
    """The caller's item that made the service start this response by itself."""
    waits_for: set[str] = field(default_factory=set)
    """Items of the caller that are not understood yet."""
    waited_for: set[str] = field(default_factory=set)
    """Those that were not when it began."""
    thinks: bool = False
    """Whether the mind is at work on it."""
    to_come: deque[Output] = field(default_factory=deque)
    items: list[Item] = field(default_factory=list)
    has_content: bool = False
    """Whether the client has seen any of what it says or calls."""
    is_cut: bool = False
    """Whether the last output was cut at the token limit."""
    _message: _Message | None = None

    @property
    def speaks(self) -> bool:
        """Whether a message of it is being written."""
        return self._message is not None

    def begin(self) -> None:
        self.outbox.send("response.created", response=self._wire("in_progress", None, None))

    def within_limit(self, text: str) -> str:
        """As much of the next output as the token limit leaves; after a cut nothing more is given."""
        limit = self.plan.token_limit
        if limit is None:
            return text
        kept = cut(text, limit - output_tokens(self.items).text)
        if kept != text:
            self.is_cut = True
            self.to_come.clear()
        return kept

    def open_message(self) -> None:
        item = Item({**self._head("message"), "role": "assistant", "content": []})
        index = self._add(item)
        self._message = _Message(item, index, OutputEncoder(self.plan.output_audio_format))
        empty = {"type": "audio", "transcript": ""} if self.plan.speaks else {"type": "text", "text": ""}
        self._send_part("response.content_part.added", part=empty)

    def write(self, text: str) -> None:
        """Words of the open message: a transcript when it is spoken, else text."""
        message = self._open()
        kind = "response.audio_transcript.delta" if self.plan.speaks else "response.text.delta"
        for piece in pieces(text):
            self._send_part(kind, delta=piece)
            self.has_content = True
        message.words += text

    def sound(self, pcm: bytes) -> None:
        """Audio of the open message, PCM16LE 24 kHz mono, sent in the response's output format."""
        message = self._open()
        message.item.audio_ms += len(pcm) // _BYTES_PER_MS
        self._send_audio(message.encoder.encode(pcm))

    def close_message(self, *, broken_off: bool = False) -> None:
        message = self._open()
        content: dict[str, Any]
        if self.plan.speaks:
            self._send_audio(message.encoder.flush())
            content = {"type": "audio", "transcript": message.words}
            self._send_part("response.audio.done")
            self._send_part("response.audio_transcript.done", transcript=message.words)
            self._send_part("response.content_part.done", part=content)
        else:
            content = {"type": "text", "text": message.words}
            self._send_part("response.text.done", text=message.words)
            # The service leaves the text of this part empty; the words are in the events around it.
            self._send_part("response.content_part.done", part={"type": "text", "text": ""})
        message.item.wire["content"] = [content]
        self._message = None
        self._finish_item(message.item, message.output_index, incomplete=broken_off or self.is_cut)

    def call_function(self, call: CallFunction) -> None:
        arguments = self.within_limit(json.dumps(call.arguments, ensure_ascii=False))
        call_id = self.ids.call()
        head = self._head("function_call")
        item = Item({**head, "name": call.name, "call_id": call_id, "arguments": ""})
        index = self._add(item)
        place = {"response_id": self.id, "item_id": item.id, "output_index": index, "call_id": call_id}
        for piece in pieces(arguments):
            self.outbox.send("response.function_call_arguments.delta", **place, delta=piece)
        self.has_content = True
        self.outbox.send(
            "response.function_call_arguments.done", **place, name=call.name, arguments=arguments
        )
        item.wire["arguments"] = arguments
        self._finish_item(item, index, incomplete=self.is_cut)

    def break_off(self) -> None:
        """Close a message that will not be finished."""
        if self._message is not None:
            self.close_message(broken_off=True)

    def end(self, status: str, details: dict[str, Any] | None, usage: dict[str, Any]) -> None:
        self.outbox.send("response.done", response=self._wire(status, details, usage))

    def _open(self) -> _Message:
        if self._message is None:
            raise RuntimeError("no message is open in this response")
        return self._message

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.ids.item(), "object": "realtime.item", "type": kind, "status": "in_progress"}

    def _add(self, item: Item) -> int:
        index = len(self.items)
        self.items.append(item)
        shown = copy.deepcopy(item.wire)
        self.outbox.send("response.output_item.added", response_id=self.id, output_index=index, item=shown)
        if self.plan.joins_conversation:
            self.conversation.add(item)
        return index

    def _finish_item(self, item: Item, index: int, *, incomplete: bool) -> None:
        item.wire["status"] = "incomplete" if incomplete else "completed"
        shown = copy.deepcopy(item.wire)
        self.outbox.send("response.output_item.done", response_id=self.id, output_index=index, item=shown)

    def _send_audio(self, audio: bytes) -> None:
        if audio:
            self._send_part("response.audio.delta", delta=b64encode(audio).decode())
            self.has_content = True

    def _send_part(self, kind: str, **fields: Any) -> None:
        message = self._open()
        self.outbox.send(
            kind,
            response_id=self.id,
            item_id=message.item.id,
            output_index=message.output_index,
            content_index=0,
            **fields,
        )

    def _wire(
        self, status: str, details: dict[str, Any] | None, usage: dict[str, Any] | None
    ) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [copy.deepcopy(item.wire) for item in self.items],
            "usage": usage,
            "conversation_id": self.conversation_id if self.plan.joins_conversation else None,
            "modalities": self.plan.modalities,
            "voice": self.plan.voice,
            "output_audio_format": self.plan.output_audio_format,
            "temperature": self.plan.temperature,
            "max_output_tokens": self.plan.max_output_tokens,
            "metadata": self.plan.metadata,
        }
