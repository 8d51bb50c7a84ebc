"""Figures over calls in Table Storage, and the list of ended calls behind them.

Table `insights`. A day of the restaurants' time zone is one partition, "yyyymmdd", with

    call-{newest first}   the facts of one call, with what lists can be filtered by, and the words said in it
    tally                 the sums over these calls

so that one transaction puts calls in and changes the sums: either both stand or none, and a call that is
there already is taken out before it is put in again. Whatever is repeated, by however many processes at
once, each call is in the figures once. All of it can be built anew from the records (`shared.counter`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient

from shared.call_facts import CallFacts
from shared.calls import rang_at
from shared.tables import Tables
from shared.tally import Tally, pack, unpack

TABLE: Final = "insights"
_TALLY: Final = "tally"
_AT_ONCE: Final = 90
"""Calls in a transaction, which holds 100 rows at most."""
_TRIES: Final = 12
_PAUSE: Final = 0.05
_PIECE: Final = 60_000
"""Bytes of a property, which Table Storage limits to 64 KiB; a row has 1 MiB."""
_LAST_MS: Final = 10**14
_CONFLICTS: Final = frozenset({409, 412})


class CountConflictError(Exception):
    """Others changed the figures of the day each time we were about to: nothing was written."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What stands in the store, and the ETag with which it may be replaced."""

    etag: str
    facts: CallFacts


class InsightStore:
    """Reads and writes figures. Safe from many tasks and processes.

    Args:
        zone: of the restaurants: their days and hours are those of the figures.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables, zone: ZoneInfo) -> None:
        self._tables = tables
        self.zone = zone

    def day_of(self, moment: datetime) -> date:
        """The day of the figures that a moment belongs to."""
        return moment.astimezone(self.zone).date()

    async def count(self, calls: Iterable[CallFacts]) -> None:
        """Put calls into the figures, or replace what was counted of them.

        Raises:
            CountConflictError: still beaten by others after twelve tries.
        """
        days: dict[date, list[CallFacts]] = {}
        for facts in {facts.id: facts for facts in calls}.values():
            days.setdefault(self.day_of(rang_at(facts.id)), []).append(facts)
        for day, of_day in days.items():
            for first in range(0, len(of_day), _AT_ONCE):
                await self._count(day, of_day[first : first + _AT_ONCE])

    async def tally(self, day: date) -> Tally:
        """The figures of a day."""
        counted, _ = await self._tally(await self._table(), day)
        return counted

    async def tallies(self, days: Sequence[date]) -> list[Tally]:
        """The figures of several days, in their order."""
        async with asyncio.TaskGroup() as group:
            read = [group.create_task(self.tally(day)) for day in days]
        return [task.result() for task in read]

    async def facts(self, call_id: str) -> CallFacts | None:
        """What was counted of a call; None when it was not counted (yet)."""
        known = await self._known(await self._table(), self.day_of(rang_at(call_id)), [call_id])
        return known[call_id].facts if call_id in known else None

    async def reckon(self, day: date, gone: Collection[str]) -> None:
        """Work out the sums of a day anew from its rows, and remove those of the calls that are `gone`.

        Raises:
            CountConflictError: the day was counted all the while.
        """
        table = await self._table()
        for tried in range(_TRIES):
            await asyncio.sleep(tried * _PAUSE * random.random())  # noqa: S311 - spreads writers, no secret
            _, etag = await self._tally(table, day)
            counted = Tally()
            async for facts in self._all(table, day):
                if facts.id not in gone:
                    counted.count(facts, self.zone)
            # Whatever is counted meanwhile changes the ETag of the sums.
            try:
                await table.submit_transaction([_put(_tally_row(day, counted), etag)])
            except TableTransactionError as error:
                if error.status_code not in _CONFLICTS:
                    raise
                continue
            for call_id in gone:
                await table.delete_entity(_partition(day), row_key(call_id))
            return
        raise CountConflictError(f"day {day}: changed by others {_TRIES} times in a row")

    async def all(self, day: date) -> list[CallFacts]:
        """All calls of a day, the newest first."""
        return [facts async for facts in self._all(await self._table(), day)]

    async def _all(self, table: TableClient, day: date) -> AsyncIterator[CallFacts]:
        rows = table.query_entities(
            "PartitionKey eq @p and RowKey ge 'call-' and RowKey lt 'call.'",
            parameters={"p": _partition(day)},
            select=["facts"],
        )
        async for row in rows:
            yield read_facts(row)

    async def _table(self) -> TableClient:
        return await self._tables.table(TABLE)

    async def _count(self, day: date, calls: Sequence[CallFacts]) -> None:
        table = await self._table()
        known: dict[str, _Known] = {}  # most are new: only a conflict makes us look
        for tried in range(_TRIES):
            await asyncio.sleep(tried * _PAUSE * random.random())  # noqa: S311 - spreads writers, no secret
            counted, etag = await self._tally(table, day)
            changes = self._changes(day, calls, known, counted)
            if not changes:
                return
            try:
                await table.submit_transaction([*changes, _put(_tally_row(day, counted), etag)])
            except TableTransactionError as error:
                if error.status_code not in _CONFLICTS:
                    raise
                known = await self._known(table, day, [facts.id for facts in calls])
            else:
                return
        raise CountConflictError(f"day {day}: changed by others {_TRIES} times in a row")

    def _changes(
        self, day: date, calls: Sequence[CallFacts], known: Mapping[str, _Known], counted: Tally
    ) -> list[Any]:
        """The rows to write, with `counted` changed to match."""
        changes: list[Any] = []
        for facts in calls:
            before = known.get(facts.id)
            if before is not None and before.facts == facts:
                continue
            if before is not None:
                counted.count(before.facts, self.zone, -1)
            counted.count(facts, self.zone)
            changes.append(_put(self._row(day, facts), None if before is None else before.etag))
        return changes

    async def _tally(self, table: TableClient, day: date) -> tuple[Tally, str | None]:
        try:
            row = await table.get_entity(_partition(day), _TALLY)
        except ResourceNotFoundError:
            return Tally(), None
        return unpack(_joined(row)), row.metadata["etag"]

    async def _known(self, table: TableClient, day: date, call_ids: Sequence[str]) -> dict[str, _Known]:
        async def read(call_id: str) -> tuple[str, _Known] | None:
            try:
                row = await table.get_entity(_partition(day), row_key(call_id))
            except ResourceNotFoundError:
                return None
            return call_id, _Known(row.metadata["etag"] or "", read_facts(row))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read(call_id)) for call_id in call_ids]
        return dict(found for task in tasks if (found := task.result()) is not None)

    def _row(self, day: date, facts: CallFacts) -> dict[str, Any]:
        slowest = facts.slowest_ms
        properties: dict[str, Any] = {
            **stored(facts),
            "outcome": str(facts.outcome),
            "intent": str(facts.decision.intent),
            "reached": facts.decision.reached,
            "hour": facts.rang_at.astimezone(self.zone).hour,
            "carrier": facts.carrier,
            "interruptions": facts.interruptions,
            "misunderstandings": facts.misunderstandings,
            "tool_faults": facts.tool_faults,
        }
        properties |= {} if facts.greeting_ms is None else {"greeting_ms": facts.greeting_ms}
        properties |= {} if facts.contained is None else {"contained": facts.contained}
        properties |= {} if slowest is None else {"slowest_ms": slowest}
        properties |= {column("r", name): True for name in facts.restaurants}
        properties |= {column("w", wish): True for wish in facts.wishes}
        properties |= {column("f", name): True for name, (_, faults) in facts.tools.items() if faults}
        return {"PartitionKey": _partition(day), "RowKey": row_key(facts.id), **properties}


def row_key(call_id: str) -> str:
    """Key of the row of a call: the newest of a day comes first."""
    milliseconds = round(rang_at(call_id).timestamp() * 1000)
    return f"call-{_LAST_MS - milliseconds:014d}-{call_id.rpartition('-')[2]}"


def column(kind: str, value: str) -> str:
    """The property that is true in rows of calls which have `value` among several: a digest, because names
    of properties are letters, digits and "_" only."""
    return f"{kind}_{sha256(value.encode()).hexdigest()[:16]}"


def stored(facts: CallFacts) -> dict[str, str]:
    """The properties that hold the facts of a call: words in one of their own, which lists do not read."""
    bare = msgspec.json.encode(msgspec.structs.replace(facts, words=None)).decode()
    return {"facts": bare} | ({} if facts.words is None else {"words": facts.words})


def read_facts(row: Mapping[str, Any]) -> CallFacts:
    """The facts in a row, with the words said when they were read along."""
    facts = _decoder.decode(row["facts"])
    return msgspec.structs.replace(facts, words=row["words"]) if "words" in row else facts


_decoder = msgspec.json.Decoder(CallFacts)


def _partition(day: date) -> str:
    return f"{day:%Y%m%d}"


def _tally_row(day: date, counted: Tally) -> dict[str, Any]:
    return {"PartitionKey": _partition(day), "RowKey": _TALLY, **_pieces(pack(counted))}


def _put(entity: dict[str, Any], etag: str | None) -> Any:  # noqa: ANN401 - the client's type for operations
    """The operation of a transaction that writes a row: a new one, or in place of what has the ETag."""
    if etag is None:
        return "create", entity
    options = {"mode": UpdateMode.REPLACE, "etag": etag, "match_condition": MatchConditions.IfNotModified}
    return "update", entity, options


def _pieces(packed: bytes) -> dict[str, bytes]:
    starts = range(0, len(packed), _PIECE)
    return {f"part{number}": packed[start : start + _PIECE] for number, start in enumerate(starts)}


def _joined(row: Mapping[str, Any]) -> bytes:
    pieces: list[bytes] = []
    while (piece := row.get(f"part{len(pieces)}")) is not None:
        pieces.append(piece)
    return b"".join(pieces)


if __name__ == "__main__":
    import sys

    from shared.insights_cli import main

    sys.exit(main(sys.argv[1:]))
