"""What reading JSON of others may end in."""

from __future__ import annotations

from typing import Final

import msgspec

NOT_JSON: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""Not JSON, or not of the type that was expected (`msgspec.ValidationError` is a `DecodeError`); text that is
no Unicode; brackets within brackets beyond what the interpreter follows, which is near a thousand."""

_OURS: Final = ("Expected ", "Object missing required field ")
"""Beginnings of messages that hold only types and names of ours."""


def where(error: Exception) -> str:
    """What is wrong and where, without a word of what was sent: msgspec quotes a value that is none of the
    allowed ones."""
    match error:
        case RecursionError():
            return "nested too deeply"
        case msgspec.ValidationError():
            what, _, path = str(error).partition(" - at ")
            if not what.startswith(_OURS):
                what = "a value that is not allowed"
            return f"{what} at {path}" if path else what
        case _:
            return "not JSON"
