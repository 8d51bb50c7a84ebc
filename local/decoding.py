"""JSON in, typed values out, with errors that name the field and say what is wrong with it."""

import re

import msgspec

_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_PATH = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<path>[^`]+)`)?$", re.DOTALL)


class FieldError(ValueError):
    """A body that does not fit. `field` is a path such as `targets[0].rawId`; `reason` reads after it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def decode[T](body: bytes | str, kind: type[T]) -> T:
    """Decode JSON into `kind` (a msgspec struct or a plain type). Raises `FieldError`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _field_error(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FieldError("body", f"is not JSON: {error}") from None


def convert[T](value: object, kind: type[T]) -> T:
    """As `decode`, for a value that was already parsed."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _field_error(str(error)) from None


def _field_error(text: str) -> FieldError:
    """Turn msgspec's message, with its path at the end, into a field and a reason."""
    match = _PATH.match(text)
    if match is None:  # pragma: no cover - the pattern matches any text; this satisfies the type checker
        return FieldError("body", text)
    path = (match["path"] or "").removeprefix("$").removeprefix(".")
    reason = match["reason"]
    missing = _MISSING.search(reason)
    if missing is not None:
        name = missing["name"]
        return FieldError(f"{path}.{name}" if path else name, "missing")
    return FieldError(path or "body", reason[:1].lower() + reason[1:])
