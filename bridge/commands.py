"""What a conversation asks its call to do. Values, so that the rules stay without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.turns import AgentTurn, CallerTurn
from bridge.voicelive import wire


class Why(StrEnum):
    """Why a call needs a session."""

    BEGINS = "begins"
    LOST = "lost"
    """The one before broke, or was ended by the service."""
    SILENT = "silent"
    """It gave no answer."""
    FAILED = "failed"
    """Its responses failed again and again."""
    EXPIRES = "expires"
    """It will be ended by the service soon."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this event to Voice Live."""

    event: wire.ClientEvent


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Connect another session of Voice Live, however often that takes, and report to `on_session_open`."""

    why: Why


@dataclass(frozen=True, slots=True)
class SwitchSession:
    """From here on all goes to this session; the one before is closed."""

    session_id: int
    tells: tuple[wire.ClientEvent, ...]
    """Its settings, and what has been said and done so far."""
    hears_since: float
    """From when on it is given the caller's audio, in monotonic seconds."""


@dataclass(frozen=True, slots=True)
class DropSession:
    """The session is of no use: close it."""

    why: Why


@dataclass(frozen=True, slots=True)
class Play:
    """Write audio (PCM16LE, 24 kHz, mono) to the carrier."""

    pcm: bytes
    starts_at: float = 0.0
    """When the caller hears its first sample, in monotonic seconds."""


@dataclass(frozen=True, slots=True)
class StopPlayback:
    """Tell the carrier to drop what it has queued."""


@dataclass(frozen=True, slots=True)
class Record:
    """From here on the call may be recorded: the caller has been told."""


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run a tool beside the pumps and report to `on_tool_result`. `arguments` is JSON text of the model."""

    seq: int
    """Its place among the turns."""
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CancelTool:
    """Give up a tool whose result is of no use any more; nothing is reported."""

    call_id: str


@dataclass(frozen=True, slots=True)
class AskForPerson:
    """Find out whom the call can be handed over to, and report to `on_person`."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Transfer the phone call, and report to `on_hand_over_failed` when it does not succeed."""

    target: str
    summary: str


@dataclass(frozen=True, slots=True)
class SaveTurn:
    """Write this turn to the store; a later one with the same `seq` replaces it."""

    turn: CallerTurn | AgentTurn


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the phone call: on purpose after a goodbye, or because something failed."""

    reason: str
    failed: bool = False


Command = (
    Send
    | OpenSession
    | SwitchSession
    | DropSession
    | Play
    | StopPlayback
    | Record
    | RunTool
    | CancelTool
    | AskForPerson
    | HandOver
    | SaveTurn
    | HangUp
)
