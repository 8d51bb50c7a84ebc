"""The ids of calls: what they are made of, and what they tell. No I/O and no clock."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

_DAY_MS = 86_400_000
_CALL_ID = re.compile(r"\d{8}-\d{8}-[0-9a-f]{16}")


def derive_call_id(event_time: datetime, correlation_id: str) -> str:
    """The id of the call an IncomingCall event is about: the same event gives the same id.

    "yyyymmdd-remaining-digest": milliseconds left in the UTC day, so that ids in ascending order list the
    newest call of a day first, and 16 hex digits of sha256(correlation id).
    """
    utc = event_time.astimezone(UTC)
    midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0)
    remaining = _DAY_MS - 1 - (utc - midnight) // timedelta(milliseconds=1)
    digest = hashlib.sha256(correlation_id.encode()).hexdigest()[:16]
    return f"{utc:%Y%m%d}-{remaining:08d}-{digest}"


def rang_at(call_id: str) -> datetime:
    """When a call rang, UTC, to the millisecond: the opposite of `derive_call_id`."""
    day, remaining, _ = call_id.split("-")
    midnight = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    return midnight + timedelta(milliseconds=_DAY_MS - 1 - int(remaining))


def is_call_id(text: str) -> bool:
    """Whether `text` has the form `derive_call_id` gives: fit for a table key, whoever sent it."""
    return _CALL_ID.fullmatch(text) is not None


def partition_of(call_id: str) -> str:
    """The partition a call is stored in: 16 a day, so that none takes more than its share of writes."""
    day, _, digest = call_id.split("-")
    return f"{day}-{digest[0]}"


def newest_first(call_id: str) -> tuple[int, int, str]:
    """Sorts call ids of several days: within a day the id itself does."""
    day, remaining, digest = call_id.split("-")
    return -int(day), int(remaining), digest
