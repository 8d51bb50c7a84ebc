"""Events of one subject that were never published, or were given up: deleted with what they tell of."""

from __future__ import annotations

from azure.data.tables import TableEntity
from azure.data.tables.aio import TableClient

from shared import outbox
from shared.table_rows import delete_rows
from shared.tables import Tables


async def drop_events(tables: Tables, name: str, partition: str, subject: str) -> None:
    """Delete the events of a subject whose latest ones stand in `partition` of table `name`.

    Raises:
        azure.core.exceptions.AzureError: the store failed; the same again does the rest.
    """
    table = await tables.table(name)
    found: dict[str, list[str]] = {}
    look_in: str | None = partition
    while look_in is not None and look_in not in found:
        rows = await _waiting(table, look_in, subject)
        found[look_in] = [row["RowKey"] for row in rows]
        look_in = next((row["follows"] for row in rows if "follows" in row), None)
    for earlier, keys in reversed(found.items()):  # the last ones lead to those before
        await delete_rows(table, earlier, keys)
    letters = await tables.table(outbox.TABLE)
    dead = letters.query_entities(
        "PartitionKey eq @dead and subject eq @subject", parameters={"dead": outbox.DEAD, "subject": subject}
    )
    await delete_rows(letters, outbox.DEAD, [row["RowKey"] async for row in dead])


async def _waiting(table: TableClient, partition: str, subject: str) -> list[TableEntity]:
    """The events of a subject that are not published, as far as they are in one partition."""
    rows = table.query_entities(
        "PartitionKey eq @partition and RowKey ge @first and RowKey lt @end and subject eq @subject",
        parameters={
            "partition": partition,
            "first": outbox.PREFIX,
            "end": f"{outbox.PREFIX[:-1]}.",
            "subject": subject,
        },
    )
    return [row async for row in rows]
