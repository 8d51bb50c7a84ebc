"""What reading JSON of others may end in."""

from __future__ import annotations

from typing import Final

import msgspec

NOT_JSON: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""Not JSON, or not of the type that was expected (`msgspec.ValidationError` is a `DecodeError`); text that is
no Unicode; brackets within brackets beyond what the interpreter follows, which is near a thousand."""


def where(error: Exception) -> str:
    """What is wrong and where, without a word of what was sent: msgspec quotes a value that is none of the
    allowed ones."""
    match error:
        case RecursionError():
            return "nested too deeply"
        case msgspec.ValidationError():
            _, _, path = str(error).partition(" - at ")
            return f"not the right type at {path}" if path else "not the right type"
        case _:
            return "not JSON"
