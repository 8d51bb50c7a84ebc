"""What a session hands to its surroundings: events for the client, and work it wants done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.speech.audio import FloatAudio
from local.voice_live.ids import Ids


@dataclass(frozen=True, slots=True)
class Recognize:
    """Turn 16 kHz mono audio into text; the answer goes to `Session.recognized`.

    A hasty job is a partial result: it may be dropped (answered with None) when others wait.
    """

    job: int
    audio: FloatAudio
    phrases: Sequence[str]
    asked: str
    """What the agent said last."""
    hasty: bool


@dataclass(frozen=True, slots=True)
class Think:
    """Ask the mind what to say or call; the answer goes to `Session.thought` or `Session.failed`.

    When it takes longer than `patience_ms`, `Session.overdue` is told, once.
    """

    response_id: str
    instructions: str
    tools: Sequence[dict[str, Any]]
    items: Sequence[dict[str, Any]]
    tool_choice: str | dict[str, Any]
    patience_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Speak:
    """Synthesise text; each piece goes to `Session.spoken`, the end to `Session.speech_ended`."""

    response_id: str
    text: str
    rate: float


@dataclass(frozen=True, slots=True)
class Abandon:
    """The response ended early: stop thinking and speaking for it."""

    response_id: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket after everything sent so far."""

    code: int
    reason: str


type Effect = Recognize | Think | Speak | Abandon | Close


class Outbox:
    """Collects, in order, what one session wants to send and to have done."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._events: list[dict[str, Any]] = []
        self._effects: list[Effect] = []

    def send(self, kind: str, **fields: Any) -> None:
        """Queue the server event `kind`; it gets the next event id."""
        self._events.append({"event_id": self._ids.event(), "type": kind, **fields})

    def do(self, effect: Effect) -> None:
        self._effects.append(effect)

    def take_events(self) -> list[dict[str, Any]]:
        """The events queued since the last call, oldest first."""
        taken, self._events = self._events, []
        return taken

    def take_effects(self) -> list[Effect]:
        taken, self._effects = self._effects, []
        return taken
