"""Tapes: the sound of calls that may be recorded, kept in pieces in Table Storage.

| table | partition | row | says |
|---|---|---|---|
| tapes | call id | head | when it begins, and whether the caller took the yes back |
| tapes | call id | piece-{first sample} | a few seconds of both channels, mu-law, 8 kHz |

A piece is named after its place, so to write it twice changes nothing, whichever bridge does it, and what is
missing between two pieces is a gap in time that is as long as it was. In Table Storage because a piece is
smaller than a row may be, because erasing and keeping by day are those of all other rows, and because nobody
needs one service, one role and one emulator more; docs/privacy.md tells the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from shared.g711 import RATE, SILENT
from shared.retention_agenda import Agenda, Kind
from shared.table_rows import delete_rows
from shared.tables import Tables

TABLE: Final = "tapes"
PIECE: Final = 5 * RATE
"""Most samples of a piece, 40 kB a channel: a property takes 64 KiB."""
_HEAD: Final = "head"
_PIECES: Final = "RowKey ge 'piece-' and RowKey lt 'piece.'"


class TapeState(StrEnum):
    """Whether a call may be recorded."""

    ON = "on"
    """It is, or was until its end."""
    REFUSED = "refused"
    """The caller did not want it, or took the yes back."""


@dataclass(frozen=True, slots=True)
class Tape:
    """The head of a tape."""

    state: TapeState
    began_at: datetime
    """When its first sample was (UTC)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A few seconds of a call: what was said and heard, mu-law. An empty channel is silent."""

    start: int
    """Place of its first sample, counted from the beginning of the tape."""
    samples: int
    caller: bytes
    agent: bytes
    last: bool = False
    """Whether the call ended with it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a piece is."""

    start: int
    samples: int
    last: bool = False

    @property
    def end(self) -> int:
        return self.start + self.samples


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is of a tape."""

    samples: int
    """From its beginning to the end of its last piece, gaps included."""
    complete: bool
    """Whether nothing is missing, neither in between nor at the end."""


def extent(spans: Sequence[Span]) -> Extent:
    """What these pieces make together."""
    at, whole = 0, bool(spans)
    for span in sorted(spans, key=lambda span: span.start):
        whole = whole and span.start <= at
        at = max(at, span.end)
    return Extent(at, whole and any(span.last for span in spans))


def joined(pieces: Sequence[Piece], begin: int, end: int) -> tuple[bytes, bytes]:
    """Caller and agent from one sample to another, mu-law; what no piece has is silence."""
    channels = bytearray([SILENT]) * (end - begin), bytearray([SILENT]) * (end - begin)
    for piece in pieces:
        first, behind = max(begin, piece.start), min(end, piece.start + piece.samples)
        if first >= behind:
            continue
        for channel, sound in zip(channels, (piece.caller, piece.agent), strict=True):
            if sound:
                part = sound[first - piece.start : behind - piece.start]
                channel[first - begin : first - begin + len(part)] = part
    return bytes(channels[0]), bytes(channels[1])


class TapeStore:
    """Reads and writes tapes. Safe from many tasks and processes.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._agenda = Agenda(tables)

    async def find(self, call_id: str) -> Tape | None:
        """The head of a call's tape; None for a call that nobody was asked to have recorded."""
        table = await self._tables.table(TABLE)
        try:
            row = await table.get_entity(call_id, _HEAD)
        except ResourceNotFoundError:
            return None
        return Tape(TapeState(row["state"]), datetime.fromisoformat(row["began_at"]).astimezone(UTC))

    async def begin(self, call_id: str, at: datetime) -> Tape:
        """A tape begins, unless there is one. What comes to be deleted is noted before it is there.

        Returns:
            the head that stands: another bridge may have written it, and the caller may have refused there.
        """
        await self._agenda.add(Kind.TAPES, at.astimezone(UTC).date(), call_id)
        table = await self._tables.table(TABLE)
        new = Tape(TapeState.ON, at.astimezone(UTC))
        while True:
            try:
                await table.create_entity(_head(call_id, new))
            except ResourceExistsError:
                if (found := await self.find(call_id)) is not None:  # else it was deleted in between
                    return found
            else:
                return new

    async def add(self, call_id: str, piece: Piece) -> None:
        """Write a piece; again is no harm."""
        channels = {"caller": piece.caller, "agent": piece.agent}
        row = {
            "PartitionKey": call_id,
            "RowKey": _piece_key(piece.start),
            "samples": piece.samples,
            "last": piece.last,
            **{name: sound for name, sound in channels.items() if sound},
        }
        table = await self._tables.table(TABLE)
        await table.upsert_entity(row, mode=UpdateMode.REPLACE)

    async def refuse(self, call_id: str, at: datetime) -> None:
        """The caller does not want it: what there is goes, and that they said so stays with the call.

        What fails half way is made up for by the timer that does the rest of what was to be forgotten.
        """
        today = at.astimezone(UTC).date()
        await self._agenda.add(Kind.TAPES, today, call_id)
        await self._agenda.add(Kind.FORGET_TAPE, today, call_id)
        table = await self._tables.table(TABLE)
        row = _head(call_id, Tape(TapeState.REFUSED, at))
        await table.upsert_entity(row, mode=UpdateMode.REPLACE)
        await self.erase(call_id)

    async def erase(self, call_id: str) -> None:
        """Delete all sound of a call; that there was a tape stays."""
        table = await self._tables.table(TABLE)
        await delete_rows(table, call_id, [_piece_key(span.start) for span in await self.spans(call_id)])

    async def delete(self, call_id: str) -> None:
        """Delete a tape with its head. The sound first: a crash in between leaves the head to find it by."""
        await self.erase(call_id)
        await (await self._tables.table(TABLE)).delete_entity(call_id, _HEAD)

    async def spans(self, call_id: str) -> list[Span]:
        """Where the pieces of a call are, in order."""
        table = await self._tables.table(TABLE)
        rows = table.query_entities(
            f"PartitionKey eq @call and {_PIECES}",
            parameters={"call": call_id},
            select=["RowKey", "samples", "last"],
        )
        return [Span(_start(row["RowKey"]), row["samples"], row["last"]) async for row in rows]

    async def read(self, call_id: str, begin: int, end: int) -> tuple[bytes, bytes]:
        """Caller and agent from one sample to another, mu-law; what is not there is silence."""
        table = await self._tables.table(TABLE)
        return joined(await _pieces(table, call_id, begin, end), begin, end)


async def _pieces(table: TableClient, call_id: str, begin: int, end: int) -> list[Piece]:
    rows = table.query_entities(
        "PartitionKey eq @call and RowKey ge @first and RowKey lt @end",
        # One that begins before `begin` may reach into it, and none is longer than PIECE.
        parameters={"call": call_id, "first": _piece_key(begin - PIECE + 1), "end": _piece_key(end)},
    )
    return [
        Piece(_start(row["RowKey"]), row["samples"], row.get("caller", b""), row.get("agent", b""))
        async for row in rows
    ]


def _head(call_id: str, tape: Tape) -> dict[str, Any]:
    began_at = tape.began_at.astimezone(UTC).isoformat()
    return {"PartitionKey": call_id, "RowKey": _HEAD, "state": str(tape.state), "began_at": began_at}


def _piece_key(start: int) -> str:
    return f"piece-{max(0, start):010d}"


def _start(row_key: str) -> int:
    return int(row_key.removeprefix("piece-"))
