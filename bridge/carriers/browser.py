"""A browser as carrier: our own small JSON text frames.

Browser to bridge: {"type": "start", "sample_rate": 24000}, {"type": "audio", "audio": base64},
{"type": "key", "key": "5"}. Bridge to browser: {"type": "audio", "audio": base64}, {"type": "stop"}, and what
happens: {"type": "turn", "seq", "role", "text", "started_at", "ended_at", "latency_ms", "interrupted",
"interrupted_ms", "heard_ms"}, again with the same `seq` when more is known, and {"type": "tool", "seq",
"name", "arguments", "result", "ms"}, first without the last two. `arguments` and `result` are JSON texts.
"""

from __future__ import annotations

import msgspec

from bridge.carriers import (
    Inbound,
    MediaFormat,
    Told,
    ToolStarted,
    checked_audio,
    checked_key,
    read_frame,
)
from shared.calls import Turn


class _Start(msgspec.Struct, tag="start"):
    sample_rate: int


class _Audio(msgspec.Struct, tag="audio"):
    audio: str


class _Key(msgspec.Struct, tag="key"):
    key: str


_SHOWN = (
    *("seq", "role", "text", "started_at", "ended_at", "latency_ms"),
    *("interrupted", "interrupted_ms", "heard_ms"),
)
"""What the page is told of a turn."""

_decoder = msgspec.json.Decoder(_Start | _Audio | _Key)


class BrowserCarrier:
    """Frames of the page's microphone and loudspeaker, PCM16LE 24 kHz mono."""

    name = "browser"
    quiet_seconds: float | None = None
    """A page may send nothing while its microphone is muted; whether it is there, pings tell."""
    reconnects = False

    def decode(self, frame: str | bytes) -> Inbound | None:
        message = read_frame(_decoder.decode, frame, "a frame of the page")
        if isinstance(message, _Audio):
            return checked_audio(message.audio) if message.audio else None
        if isinstance(message, _Start):
            return MediaFormat(message.sample_rate, channels=1)
        return checked_key(message.key)

    def encode_audio(self, base64: str) -> str:
        return '{"type":"audio","audio":"' + base64 + '"}'

    def encode_stop(self) -> str:
        return '{"type":"stop"}'

    def encode_told(self, told: Told) -> str | None:
        shown: dict[str, object]
        if isinstance(told, Turn):
            shown = {"type": "turn"} | {name: getattr(told, name) for name in _SHOWN}
        else:
            shown = {"type": "tool", "seq": told.seq, "name": told.name, "arguments": told.arguments}
            shown |= {} if isinstance(told, ToolStarted) else {"result": told.result, "ms": told.ms}
        return msgspec.json.encode(shown).decode()
