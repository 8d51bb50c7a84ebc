"""The outbox one step at a time: a small table service and a topic that wait before every operation.

The service keeps what the outbox relies on: operations on a partition are atomic and seen by all later ones,
every write gives a new ETag and timestamp, and a conditional delete fails when the ETag has changed.
"""

from __future__ import annotations

import asyncio
import itertools
import operator
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import EntityMetadata, TableEntity

from shared.outbox_topic import OutgoingEvent, Sent, Verdict
from shared.tables import Tables

_COMPARE = {"eq": operator.eq, "ge": operator.ge, "lt": operator.lt}


@dataclass
class Steps:
    """Whoever wants to do something waits here until the test lets them."""

    waiting: list[tuple[str, asyncio.Future[Any]]] = field(default_factory=list)
    """What each is about to do, who came first standing first."""

    async def turn(self, what: str) -> Any:
        """Wait to be let through; returns what the test says to it."""
        place: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append((what, place))
        return await place

    async def let(self, index: int, message: object = None) -> None:
        """Let one of those that wait do one thing, and wait until it waits again."""
        await self.rest()
        if self.waiting:
            _, place = self.waiting.pop(index % len(self.waiting))
            if not place.done():
                place.set_result(message)
        await self.rest()

    async def go_on(self, index: int, until: str) -> None:
        """Let one of them, the last that waits, go on until it is about to do `until`."""
        await self.rest()
        while self.waiting[index][0] != until:
            await self.let(index)

    async def rest(self) -> None:
        """Until everybody waits."""
        for _ in range(25):  # more than any chain of wake-ups between two operations
            await asyncio.sleep(0)
        self.waiting = [wait for wait in self.waiting if not wait[1].done()]


@dataclass
class World:
    """The tables, their clock, and the topic."""

    steps: Steps
    now: datetime = datetime(2026, 11, 22, 18, tzinfo=UTC)
    tables: dict[str, dict[tuple[str, str], TableEntity]] = field(default_factory=dict)
    accepted: list[OutgoingEvent] = field(default_factory=list)
    versions: itertools.count[int] = field(default_factory=itertools.count)

    def opened(self) -> Tables:
        """As the code under test sees it."""
        return cast(Tables, self)

    async def table(self, name: str) -> StepTable:
        return StepTable(self, self.tables.setdefault(name, {}))

    async def send(self, event: OutgoingEvent) -> Sent:
        """The test says what becomes of it: a verdict, and whether it arrived."""
        verdict, arrived = await self.steps.turn("send") or (Verdict.ACCEPTED, True)
        if arrived:
            self.accepted.append(event)
        return Sent(verdict, "as told")

    def rows(self, table: str, prefix: str) -> list[TableEntity]:
        """What is stored, without a step."""
        return [row for key, row in self.tables.get(table, {}).items() if key[1].startswith(prefix)]

    def pointers(self) -> list[TableEntity]:
        return [row for key, row in self.tables.get("outbox", {}).items() if key[0].startswith("pointer-")]


@dataclass
class StepTable:
    """The part of azure.data.tables.aio.TableClient that the outbox uses."""

    world: World
    rows: dict[tuple[str, str], TableEntity]

    async def upsert_entity(self, entity: Mapping[str, Any], mode: object = None) -> None:
        await self.world.steps.turn("upsert")
        self.put(entity)

    async def update_entity(self, entity: Mapping[str, Any], mode: object = None) -> None:
        await self.world.steps.turn("update")
        known = self.rows.get((entity["PartitionKey"], entity["RowKey"]))
        if known is None:
            raise ResourceNotFoundError
        self.put({**known, **entity})

    async def delete_entity(
        self, partition: str, row: str, etag: str | None = None, match_condition: object = None
    ) -> None:
        await self.world.steps.turn("delete")
        known = self.rows.get((partition, row))
        if etag is not None and known is not None and known.metadata["etag"] != etag:
            raise ResourceModifiedError
        self.rows.pop((partition, row), None)

    async def query_entities(
        self, query: str, parameters: Mapping[str, Any], results_per_page: int = 0
    ) -> AsyncIterator[TableEntity]:
        what = "list" if "pointer-" in query else "read"
        await self.world.steps.turn(what)

        def meant(value: str) -> str:
            return str(parameters[value[1:]]) if value.startswith("@") else value.strip("'")

        terms = [term.split() for term in query.split(" and ")]
        found = [
            row
            for _, row in sorted(self.rows.items())
            if all(_COMPARE[how](row[name], meant(value)) for name, how, value in terms)
        ]
        await self.world.steps.turn(f"{what} on")  # the answer is on its way, and what it says may grow old
        for row in found:
            yield row

    def put(self, entity: Mapping[str, Any]) -> None:
        """Write a row, in no step of its own: a transaction is one step however many rows it has."""
        row = TableEntity(entity)
        stamp: dict[str, Any] = {"etag": f'W/"{next(self.world.versions)}"', "timestamp": self.world.now}
        row._metadata = cast(EntityMetadata, stamp)
        self.rows[entity["PartitionKey"], entity["RowKey"]] = row


@dataclass
class Writer:
    """Makes the events of one booking, each announced and then committed in one step."""

    world: World
    subject: str
    homes: list[str]
    """Partition of each event in turn; a booking may move."""
    announced_at: datetime | None = None
    """While a transaction is on its way."""
    committed: list[str] = field(default_factory=list)

    async def run(self, announce: Any, row: Any) -> None:
        for sequence, home in enumerate(self.homes):
            before = self.homes[sequence - 1] if sequence else home
            event_id = f"{self.subject}-{sequence}"
            entity = row(
                "Test.Changed",
                self.subject,
                {"n": sequence},
                event_id=event_id,
                sequence=sequence,
                follows=before if before != home else None,
            )
            await announce("bookings", home)
            self.announced_at = self.world.now
            await self.world.steps.turn("commit")
            (await self.world.table("bookings")).put({"PartitionKey": home, **entity})
            self.committed.append(event_id)
            self.announced_at = None

    def would_be_late(self, wait: timedelta, settle: timedelta) -> bool:
        """Whether a transaction under way would by then have been given up."""
        return self.announced_at is not None and self.world.now + wait >= self.announced_at + settle
