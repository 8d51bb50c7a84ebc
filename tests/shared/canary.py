"""Marks of a caller that are looked for wherever they must not be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from azure.data.tables.aio import TableServiceClient

from shared.personal_data import Kind

type Marks = Mapping[Kind, Sequence[str]]


def kinds_in(text: str, marks: Marks) -> set[Kind]:
    """The kinds of marks that a text has, however it is written."""
    plain = text.casefold()
    return {kind for kind, texts in marks.items() if any(one.casefold() in plain for one in texts)}


async def kinds_in_tables(
    connection_string: str, prefix: str, marks: Marks
) -> tuple[dict[str, dict[str, set[Kind]]], set[str]]:
    """The kinds of marks by table and column, with all there is in the store; and the tables there are."""
    found: defaultdict[str, defaultdict[str, set[Kind]]] = defaultdict(lambda: defaultdict(set))
    names = set()
    async with TableServiceClient.from_connection_string(connection_string) as service:
        async for table in service.list_tables():
            if not table.name.startswith(prefix):
                continue
            name = table.name.removeprefix(prefix)
            names.add(name)
            async for row in service.get_table_client(table.name).list_entities():
                for column, value in row.items():
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    if kinds := kinds_in(text, marks):
                        found[name][column] |= kinds
    return {table: dict(columns) for table, columns in found.items()}, names
