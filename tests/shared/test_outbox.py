"""What writers of events use: the row, and the announcement."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outbox import PREFIX, Outbox, pointer, row
from shared.settings import StoreSettings
from shared.tables import Tables


def a_row(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "event_type": "Test.Changed",
        "subject": "bookings/K7M2",
        "data": {"n": 1},
        "event_id": "k7m2-1",
        "sequence": 1,
    }
    return row(**{**arguments, **changes})


def test_a_row_holds_the_event_and_no_partition() -> None:
    before = datetime.now(UTC)
    made = a_row()
    assert "PartitionKey" not in made
    assert made["RowKey"].startswith(PREFIX)
    assert (made["event_type"], made["subject"], made["event_id"]) == (
        "Test.Changed",
        "bookings/K7M2",
        "k7m2-1",
    )
    assert made["data"] == '{"n":1}'
    assert before <= made["created_at"] <= datetime.now(UTC)
    assert "follows" not in made
    assert a_row(follows="r_2026-11-22")["follows"] == "r_2026-11-22"


@given(st.lists(st.integers(0, 10**19 - 1), min_size=2, max_size=5))
def test_rows_sort_by_sequence(sequences: list[int]) -> None:
    rows = [a_row(sequence=n, event_id=f"e{n}")["RowKey"] for n in sequences]
    assert sorted(rows) == [a_row(sequence=n, event_id=f"e{n}")["RowKey"] for n in sorted(sequences)]


def test_the_same_event_is_the_same_row_and_another_is_another() -> None:
    assert a_row()["RowKey"] == a_row(data={"n": 2})["RowKey"]
    assert a_row()["RowKey"] != a_row(event_id="other")["RowKey"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"event_type": ""}, "event_type"),
        ({"subject": ""}, "subject"),
        ({"subject": "s" * 201}, "subject"),
        ({"event_id": ""}, "event_id"),
        ({"sequence": -1}, "sequence"),
        ({"sequence": 10**19}, "sequence"),
        ({"data": {"x": object()}}, "data"),
        ({"data": {"x": "é" * 32_000}}, "data"),
    ],
)
def test_a_bad_argument_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}: "):
        a_row(**changes)


def test_data_of_the_greatest_size_fits() -> None:
    """32,000 UTF-16 units with the quotes and braces; a character beyond U+FFFF counts as two."""
    assert a_row(data={"x": "\N{POT OF FOOD}" * 15_996})
    with pytest.raises(ValueError, match="data: 32002 UTF-16 units"):
        a_row(data={"x": "\N{POT OF FOOD}" * 15_997})


async def test_the_greatest_row_can_be_stored(azurite: str, table_prefix: str) -> None:
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        table = await tables.table("bookings")
        made = a_row(data={"x": "\N{POT OF FOOD}" * 15_996}, sequence=10**19 - 1)
        await table.create_entity({"PartitionKey": "p", **made})
        assert (await table.get_entity("p", made["RowKey"]))["data"] == made["data"]


async def test_announcements_of_a_partition_are_one_pointer(azurite: str, table_prefix: str) -> None:
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        outbox = Outbox(tables)
        for partition in ("a_2026-11-22", "a_2026-11-22", "b_2026-11-22"):
            await outbox.announce("bookings", partition)
        rows = [entity async for entity in (await tables.table("outbox")).list_entities()]
        assert sorted(row["partition"] for row in rows) == ["a_2026-11-22", "b_2026-11-22"]


def test_pointers_are_spread_over_sixteen_partitions() -> None:
    shards = {pointer("bookings", f"r_{n}")["PartitionKey"] for n in range(500)}
    assert shards == {f"pointer-{digit}" for digit in "0123456789abcdef"}
