"""Where the store holds what of a person: the design that tests hold the tables to.

What is not named here holds nothing of anybody: a test makes calls with marked numbers, names and words and
then looks for the marks in every table. docs/privacy.md says why each has what it has, and for how long.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What something says of a person."""

    NUMBER = "number"
    """A telephone number, or the id of who calls."""
    NAME = "name"
    WORDS = "words"
    """What was said, or written by or about a caller."""
    ADDRESS = "address"
    HEALTH = "health"
    """Allergies."""
    SOUND = "sound"
    """A voice."""


_SAID: Final = frozenset({Kind.NUMBER, Kind.NAME, Kind.WORDS, Kind.ADDRESS, Kind.HEALTH})
"""Of free words: people say anything."""

_NUMBER: Final = frozenset({Kind.NUMBER})
_NAME: Final = frozenset({Kind.NAME})
_HEALTH: Final = frozenset({Kind.HEALTH})
_SOUND: Final = frozenset({Kind.SOUND})

COLUMNS: Final[Mapping[str, Mapping[str, frozenset[Kind]]]] = {
    "bookings": {"caller": _NUMBER, "name": _NAME, "requests": _SAID, "data": _SAID},
    "callers": {"memory": _SAID - _NUMBER},
    "calls": {"caller": _NUMBER, "summary": _SAID, "talk_user": _NUMBER, "talk_prompt": _SAID},
    "commands": {"to": _NUMBER, "summary": _SAID},
    "insights": {"facts": _NUMBER | {Kind.WORDS}, "words": _SAID},
    "orders": {
        "caller": _NUMBER,
        "name": _NAME,
        "address": _SAID - _NUMBER,
        "directions": _SAID,
        "allergies": _HEALTH,
        "cart": _SAID,
        "lines": _SAID,
        "data": _SAID,
    },
    "outbox": {"data": _SAID},
    "tapes": {"caller": _SOUND, "agent": _SOUND},
    "turns": {"text": _SAID, "arguments": _SAID, "result": _SAID},
}
"""By table and column. `PartitionKey` and `RowKey` are columns like any other."""

TABLES: Final = frozenset(
    {
        "bookings", "callers", "calls", "checks", "commands", "insights", "orders", "outbox", "recordings",
        "replicas", "retention", "tapes", "turns", "uncounted",
    }
)  # fmt: skip
"""All that there are."""
