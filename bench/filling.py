"""Writes generated calls as the planes write real ones: the same rows and counting, in larger pieces."""

from __future__ import annotations

import asyncio
import functools
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, Final

from azure.core.exceptions import AzureError

from bench.generated import Made, calls_of
from shared.call_facts import FactsMaker
from shared.call_rows import from_call, from_tool, from_turn, present
from shared.insights import InsightStore
from shared.restaurants import Catalogue
from shared.tables import Tables

_AT_ONCE: Final = 6
_TRIES: Final = 8
_PIECE: Final = 400
"""Calls written and counted together."""


class Filler:
    """Fills a store."""

    def __init__(self, tables: Tables, catalogue: Catalogue, maker: FactsMaker) -> None:
        self._tables = tables
        self._catalogue = catalogue
        self._maker = maker
        self._insights = InsightStore(tables, catalogue.zone)
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def day(self, day: date, count: int, seed: int) -> int:
        """Write a day of calls and count them; returns how many rows that were."""
        made = list(calls_of(day, count, self._catalogue, seed))
        rows = 0
        for first in range(0, len(made), _PIECE):
            rows += await self._piece(made[first : first + _PIECE])
        return rows

    async def _piece(self, made: Sequence[Made]) -> int:
        said = {one.call.id: _said(one) for one in made}
        records: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for one in made:
            row = from_call(one.call)
            records[row["PartitionKey"]].append(row)
        async with asyncio.TaskGroup() as group:
            for rows in said.values():
                group.create_task(self._write("turns", rows))
            for rows in records.values():
                group.create_task(self._write("calls", rows))
        facts = [self._maker.of(one.call, one.turns, one.tools) for one in made]
        await _persistently(functools.partial(self._insights.count, facts))
        return sum(map(len, said.values())) + 2 * len(made)

    async def _write(self, name: str, rows: Sequence[dict[str, Any]]) -> None:
        table = await self._tables.table(name)
        for first in range(0, len(rows), 100):
            piece = [("upsert", row) for row in rows[first : first + 100]]
            async with self._at_once:
                await _persistently(functools.partial(table.submit_transaction, piece))


async def _persistently(write: Callable[[], Awaitable[object]]) -> None:
    """Write again when the emulator is too slow: what is written twice stands once."""
    for tried in range(_TRIES):
        try:
            await write()
        except AzureError:
            if tried == _TRIES - 1:
                raise
            await asyncio.sleep(2 + tried)
        else:
            return


def _said(made: Made) -> list[dict[str, Any]]:
    turns = [(f"turn-{turn.seq:05d}", from_turn(turn)) for turn in made.turns]
    tools = [(f"tool-{run.seq:05d}", from_tool(run)) for run in made.tools]
    return [
        {"PartitionKey": made.call.id, "RowKey": key, **present(properties)}
        for key, properties in (*turns, *tools)
    ]
