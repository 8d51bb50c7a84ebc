"""Whether a REST request may be served: the HMAC the service asks for, or a bearer token.

Wire fact: "HMAC authentication" of Azure Communication Services and the SDK's HMACCredentialsPolicy. The
string that is signed is VERB, path with query, and `x-ms-date;host;x-ms-content-sha256`, one a line.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote

CLOCK_SKEW = timedelta(minutes=15)
_SCHEME = "HMAC-SHA256 "
_SIGNED_HEADERS = "x-ms-date;host;x-ms-content-sha256"


class AccessError(Exception):
    """401. The text says which check failed and, where it is safe, what was expected."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came off the wire. `path` has the query and is still percent-encoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def check_access(request: Received, key: bytes, now: datetime) -> None:
    """Raise `AccessError` unless the request is signed with `key`, or carries a bearer token.

    A bearer token is only checked to be there: who issues tokens for the real resource is Entra's business.
    """
    authorization = request.headers.get("Authorization", "")
    if authorization.startswith("Bearer ") and authorization.removeprefix("Bearer ").strip():
        return
    if not authorization.startswith(_SCHEME):
        raise AccessError("Authorization: missing; HMAC-SHA256 or Bearer is needed")
    signature = _signature(authorization)
    date = _header(request, "x-ms-date")
    _check_date(date, now)
    content_hash = _header(request, "x-ms-content-sha256")
    digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
    if not hmac.compare_digest(digest.encode(), content_hash.encode()):
        raise AccessError("x-ms-content-sha256: not the hash of this body")
    host = _header(request, "Host")
    signable = [
        f"{request.method}\n{path}\n{date};{host};{content_hash}" for path in _spellings(request.path)
    ]
    if not any(_signs(signature, text, key) for text in signable):
        raise AccessError(
            f"Signature: does not match {request.method}, this path and host {host!r}; check the access key, "
            "and that the endpoint has no trailing slash"
        )


def _spellings(path: str) -> tuple[str, str]:
    """The path as it came, and with its last segment encoded in full.

    The SDK signs the second, but its asynchronous transport does not encode a colon when it sends.
    """
    before, _, query = path.partition("?")
    folder, _, last = before.rpartition("/")
    return path, f"{folder}/{quote(unquote(last), safe='')}?{query}"


def _signs(signature: str, text: str, key: bytes) -> bool:
    expected = base64.b64encode(hmac.digest(key, text.encode(), "sha256"))
    return hmac.compare_digest(expected, signature.encode())


def _signature(authorization: str) -> str:
    fields = authorization.removeprefix(_SCHEME).partition("&")
    if fields[0] != f"SignedHeaders={_SIGNED_HEADERS}" or not fields[2].startswith("Signature="):
        raise AccessError(f"Authorization: must read SignedHeaders={_SIGNED_HEADERS}&Signature=...")
    return fields[2].removeprefix("Signature=")


def _header(request: Received, name: str) -> str:
    value = request.headers.get(name)
    if not value:
        raise AccessError(f"{name}: missing")
    return value


def _check_date(text: str, now: datetime) -> None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        raise AccessError("x-ms-date: must be an RFC 1123 date in GMT") from None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    if abs(now - date) > CLOCK_SKEW:
        raise AccessError(f"x-ms-date: more than {CLOCK_SKEW.seconds // 60} minutes from the time here")
