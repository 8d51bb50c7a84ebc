"""How a caller is named in the store without their number: by an HMAC of it.

Numbers are few enough to try them all, so a plain digest of one is no secret; with a key it is. No I/O.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

KEY_BYTES = 32
"""The least length of a key (RFC 2104: not shorter than the digest)."""

_DIGITS = 32
"""Hex digits of a name: 128 bits, in which no two numbers meet."""


class CallerKeys:
    """The key that names are made with now, and those that were used before it.

    Args:
        current: at least KEY_BYTES long.
        previous: the latest first; callers named by them are found, and named anew.
    """

    def __init__(self, current: bytes, previous: Sequence[bytes] = ()) -> None:
        self._current = current
        self._previous = tuple(key for key in dict.fromkeys(previous) if key != current)

    def name(self, number: str) -> str:
        """What a caller is called in the store; `number` as `shared.booking_access.own_number` gives it."""
        return _name(self._current, number)

    def earlier_names(self, number: str) -> list[str]:
        """What the caller was called under the previous keys."""
        return [_name(key, number) for key in self._previous]

    def __repr__(self) -> str:
        return f"CallerKeys(<current>, {len(self._previous)} previous)"


def _name(key: bytes, number: str) -> str:
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:_DIGITS]
