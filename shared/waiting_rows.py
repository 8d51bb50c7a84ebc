"""How callers in line stand in Table Storage. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.waiting_queue import Stage, Waiting

PARTITION: Final = "bridge"
"""Of table `replicas`: the queue stands beside the reports and channels that decide how it moves."""
SEAT: Final = "waiting-"

_SAME: Final = (
    "call_id",
    "language",
    "secret",
    "connection",
    "rounds",
    "failures",
    "offers_person",
    "wants_person",
)


def seat_key(seat: int) -> str:
    """The row of a seat, from 0."""
    return f"{SEAT}{seat:06d}"


def from_waiting(one: Waiting) -> dict[str, Any]:
    return {
        "PartitionKey": PARTITION,
        "RowKey": seat_key(one.seat),
        "since": one.since,
        "due_at": one.due_at,
        "stage": str(one.stage),
        **{name: getattr(one, name) for name in _SAME},
    }


def to_waiting(row: Mapping[str, Any]) -> Waiting:
    return Waiting(
        seat=int(row["RowKey"].removeprefix(SEAT)),
        since=_time(row["since"]),
        due_at=_time(row["due_at"]),
        stage=Stage(row["stage"]),
        **{name: row[name] for name in _SAME},
    )


def _time(value: datetime) -> datetime:
    """A plain UTC datetime of what the client read, which is a subclass with the service's text beside it."""
    return datetime.combine(value.date(), value.time(), UTC)
