"""`python -m shared.outbox_dead`: see the events that were given up, and send them again."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.data.tables import TableEntity, UpdateMode

from shared.outbox import DEAD, TABLE, Outbox
from shared.settings import SettingError, StoreSettings
from shared.table_rows import delete_rows
from shared.tables import Tables

_ADDED: Final = frozenset(
    {"PartitionKey", "RowKey", "table", "partition", "row", "reason", "gave_up_at", "attempts", "not_before"}
)
"""Properties of a dead letter that its row does not get back."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was given up. What it tells is left out: it may be about a guest."""

    id: str
    """Of the dead letter, not of the event."""
    event_type: str
    subject: str
    reason: str
    gave_up_at: datetime


class DeadLetters:
    """Reads dead letters and puts them back. Every method raises AzureError when the store fails."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def all(self) -> AsyncIterator[DeadLetter]:
        """Every dead letter, in no order."""
        outbox = await self._tables.table(TABLE)
        async for row in outbox.query_entities("PartitionKey eq @dead", parameters={"dead": DEAD}):
            yield _letter(row)

    async def delete_before(self, moment: datetime) -> int:
        """Delete those that were given up before a moment (aware), for they hold names; says how many."""
        outbox = await self._tables.table(TABLE)
        rows = outbox.query_entities(
            "PartitionKey eq @dead and gave_up_at lt @moment",
            parameters={"dead": DEAD, "moment": moment},
            select=["RowKey"],
        )
        keys = [row["RowKey"] async for row in rows]
        await delete_rows(outbox, DEAD, keys)
        return len(keys)

    async def again(self, letter_id: str) -> bool:
        """Put an event back where it stood, as if it had never been tried; False when there is none.

        Later events of its subject may be out already: it keeps its sequence, by which subscribers order.
        """
        outbox = await self._tables.table(TABLE)
        try:
            letter = await outbox.get_entity(DEAD, letter_id)
        except ResourceNotFoundError:
            return False
        entity: dict[str, Any] = {name: value for name, value in letter.items() if name not in _ADDED}
        entity |= {"PartitionKey": letter["partition"], "RowKey": letter["row"]}
        await Outbox(self._tables).announce(letter["table"], letter["partition"])
        table = await self._tables.table(letter["table"])
        await table.upsert_entity(entity, mode=UpdateMode.REPLACE)
        await outbox.delete_entity(DEAD, letter_id)
        return True


def _letter(row: TableEntity) -> DeadLetter:
    return DeadLetter(
        id=row["RowKey"],
        event_type=str(row.get("event_type", "")),
        subject=str(row.get("subject", "")),
        reason=row["reason"],
        gave_up_at=row["gave_up_at"],
    )


def main(argv: Sequence[str]) -> int:
    """The command. Exit status 0, or 1 when the store failed or an id is not known, 2 for a wrong setting."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.outbox_dead",
        description="Events that were given up: list them, or send some again.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="one line each: id, when, type, subject, reason")
    commands.add_parser("again", help="send again").add_argument("id", nargs="+")
    options = parser.parse_args(argv)
    try:
        return asyncio.run(_run(StoreSettings.from_env(os.environ), getattr(options, "id", None)))
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except AzureError as error:
        print(f"the store failed: {type(error).__name__}", file=sys.stderr)
        return 1


async def _run(settings: StoreSettings, ids: Sequence[str] | None) -> int:
    async with Tables(settings) as tables:
        letters = DeadLetters(tables)
        if ids is None:
            async for letter in letters.all():
                print(letter.id, f"{letter.gave_up_at:%Y-%m-%dT%H:%MZ}", letter.event_type, end=" ")
                print(letter.subject, letter.reason)
            return 0
        unknown = [letter_id for letter_id in ids if not await letters.again(letter_id)]
        for letter_id in unknown:
            print(f"{letter_id}: no dead letter has this id", file=sys.stderr)
        return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
