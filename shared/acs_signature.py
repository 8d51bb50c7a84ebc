"""Requests to Communication Services that are signed with an access key, dated by the store's time.

The service refuses what is dated over five minutes from its own time. Microsoft's client asks the machine,
whose clock may be wrong; what it has signed is signed once more.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest

from shared.clock import utc_now

_SIGNED: Final = "x-ms-date;host;x-ms-content-sha256"


def signing(access_key: str) -> Callable[[PipelineRequest[Any]], None]:
    """What signs a request, given the key in base64: a `raw_request_hook`, which comes after the client's own
    signature."""
    key = base64.b64decode(access_key)

    def sign(request: PipelineRequest[Any]) -> None:
        sent = request.http_request
        to, date = urlsplit(sent.url), format_datetime(utc_now(), usegmt=True)
        content = sent.headers["x-ms-content-sha256"]
        text = f"{sent.method}\n{to.path}?{to.query}\n{date};{to.netloc};{content}"
        signature = base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()
        sent.headers["x-ms-date"] = date
        sent.headers["Authorization"] = f"HMAC-SHA256 SignedHeaders={_SIGNED}&Signature={signature}"

    return sign
