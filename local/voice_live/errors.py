"""Client mistakes as the service's `error` events, and decoding that finds them."""

import re
from typing import Any

import msgspec

from local.voice_live.allowed_values import allowed_values

_TYPE_MISMATCH = re.compile(r"Expected `(?P<want>[^`]+)`, got `(?P<got>[^`]+)`")
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>[^`]+)`")
_MISSING_FIELD = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_BAD_VALUE = re.compile(r"Invalid (?:enum )?value (?P<value>.+)")
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


class ClientError(Exception):
    """A client event the session refuses. It becomes an `error` event; the session stays open.

    `code` is the service's code, `param` the path of the field at fault, as in `session.voice.name`.
    """

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


def error_details(
    code: str,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    client_event_id: str | None = None,
) -> dict[str, Any]:
    """The `error` object of an error event; `event_id` in it names the client event at fault."""
    return {"type": kind, "code": code, "message": message, "param": param, "event_id": client_event_id}


def decode_event[T](text: str, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode one client event. Raises `ClientError` with the service's code and the field's path."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _explain(str(error), decoder.type) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ClientError("invalid_json", f"The event is not valid JSON: {error}.") from None
    except RecursionError:
        raise ClientError("invalid_json", "The event is nested too deeply to be read.") from None


def client_event_id(text: str) -> str | None:
    """The `event_id` of an event that may be broken in every other way."""
    try:
        event = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    found = event.get("event_id") if isinstance(event, dict) else None
    return found if isinstance(found, str) else None


def _explain(text: str, expected: Any) -> ClientError:  # noqa: ANN401 - any type msgspec can decode
    """Turn msgspec's message, which ends in the path of the field, into the service's words."""
    at = _PATH.search(text)
    path = at["path"] if at else ""
    reason = text[: at.start()] if at else text
    if unknown := _UNKNOWN_FIELD.match(reason):
        param = _join(path, unknown["name"])
        return ClientError("unknown_parameter", f"Unknown parameter: '{param}'.", param)
    if missing := _MISSING_FIELD.match(reason):
        param = _join(path, missing["name"])
        return ClientError("missing_required_parameter", f"Missing required parameter: '{param}'.", param)
    if mismatch := _TYPE_MISMATCH.match(reason):
        subject = f"'{path}'" if path else "the event"
        message = (
            f"Invalid type for {subject}: expected {mismatch['want']}, but got {mismatch['got']} instead."
        )
        return ClientError("invalid_type", message, path or None)
    bad = _BAD_VALUE.fullmatch(reason)
    detail = bad["value"] if bad else reason
    if bad and (allowed := allowed_values(expected, path)):
        detail += f". Supported values are: {', '.join(allowed)}"
    return ClientError("invalid_value", f"Invalid value for '{path}': {detail}.", path or None)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
