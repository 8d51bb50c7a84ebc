"""Access keys: sent as `x-functions-key` or in the query as `code`."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import IntEnum

from aiohttp import web


class Level(IntEnum):
    """authLevel of an HTTP trigger."""

    ANONYMOUS = 0
    FUNCTION = 1
    ADMIN = 2


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this host."""

    host: str
    """Opens HTTP triggers of level function and admin, and /admin: host key and master key in one."""
    system: str
    """Opens the Event Grid webhook: the system key eventgrid_extension."""


def opened_by(request: web.Request, key: str) -> bool:
    """Whether the request carries `key`."""
    sent = request.query.get("code") or request.headers.get("x-functions-key") or ""
    return hmac.compare_digest(sent.encode(), key.encode())
