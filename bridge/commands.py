"""What a conversation asks its call to do. Values, so that the rules stay without I/O."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.turns import AgentTurn, CallerTurn
from bridge.voicelive import wire


@dataclass(frozen=True, slots=True)
class Send:
    """Send this event to Voice Live."""

    event: wire.ClientEvent


@dataclass(frozen=True, slots=True)
class Play:
    """Write audio (PCM16LE, 24 kHz, mono) to the carrier."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class StopPlayback:
    """Tell the carrier to drop what it has queued."""


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


Command = Send | Play | StopPlayback | RunTool | CancelTool | AskForPerson | HandOver | SaveTurn | HangUp
