"""What is written to the store about a call, as values: so that it can wait on disk, and be written by
another process than the one it happened in.

Each may be written again: the same turn, tool run or event twice makes one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from azure.core.exceptions import HttpResponseError

from shared.booking_access import own_number
from shared.call_store import CallStore, UpdateConflictError
from shared.callers import CallerStore
from shared.calls import Call, CallEvent, ToolRun, Turn, apply
from shared.tapes import TapeStore

_NOT_THE_RECORDS_FAULT: Final = frozenset({401, 403, 408, 429})


class TurnRecord(msgspec.Struct, frozen=True, tag="turn"):
    """A turn; a later one with the same `seq` replaces it."""

    turn: Turn


class ToolRecord(msgspec.Struct, frozen=True, tag="tool"):
    """A tool run, begun or ended; a later one with the same `seq` replaces it."""

    run: ToolRun


class EventRecord(msgspec.Struct, frozen=True, tag="event"):
    """Something that happened to the call."""

    event: CallEvent


class CallNoted(msgspec.Struct, frozen=True, tag="noted"):
    """The call is its caller's: that is how all of it is found when they want to be forgotten."""

    at: datetime
    """When it began, UTC."""


class Unrecorded(msgspec.Struct, frozen=True, tag="unrecorded"):
    """The caller does not want the call recorded: its sound is to be deleted."""

    at: datetime
    """When they said so, UTC."""


class Recount(msgspec.Struct, frozen=True, tag="recount"):
    """The call's figures are to be worked out anew: something was written after its end."""


type Record = TurnRecord | ToolRecord | EventRecord | CallNoted | Unrecorded | Recount

_decoder: Final[msgspec.json.Decoder[Record]] = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """A record as JSON."""
    return msgspec.json.encode(record)


def decode(payload: bytes) -> Record:
    """A record from what `encode` gave.

    Raises:
        msgspec.MsgspecError: it is none, or of another version.
    """
    return _decoder.decode(payload)


class RecordWriter:
    """Writes records.

    Args:
        callers: left out, nothing is kept about callers.
        tapes: left out, no call is recorded.
    """

    def __init__(
        self, calls: CallStore, callers: CallerStore | None = None, tapes: TapeStore | None = None
    ) -> None:
        self._calls = calls
        self._callers = callers
        self._tapes = tapes

    async def write(self, call_id: str, record: Record) -> None:
        """Write one record of a call.

        Raises:
            AzureError, UpdateConflictError: it is not written, or nobody knows.
        """
        match record:
            case TurnRecord(turn):
                await self._calls.add_turn(call_id, turn)
            case ToolRecord(run):
                await self._calls.add_tool(call_id, run)
            case EventRecord(event):
                await self._calls.update(call_id, lambda call: apply(call, event))
            case CallNoted(at):
                await self._note(await self._calls.get(call_id), at)
            case Unrecorded(at):
                if self._tapes is not None:
                    await self._tapes.refuse(call_id, at)
            case Recount():
                await self._calls.recount(call_id)

    async def _note(self, call: Call | None, at: datetime) -> None:
        number = None if call is None else own_number(call.caller)
        if call is not None and number is not None and self._callers is not None:
            await self._callers.called(number, call.id, at)


def is_away(error: Exception) -> bool:
    """Whether the store could not be asked, or has trouble of its own: no fault of what was to be written."""
    if isinstance(error, UpdateConflictError):
        return False
    if not isinstance(error, HttpResponseError):
        return True
    status = error.status_code
    return status is None or status in _NOT_THE_RECORDS_FAULT or status >= 500
