"""Talks from the page, as its script begins them: what somebody has who is let in."""

from __future__ import annotations

from typing import Any

import aiohttp
from websockets.asyncio.client import connect

_ORIGIN = "http://localhost"
_SECONDS = aiohttp.ClientTimeout(total=20)


async def begin_talk(http: aiohttp.ClientSession, functions: str, token: str) -> str:
    """The address of a media socket, good once and for a minute.

    Raises aiohttp.ClientError, TimeoutError.
    """
    headers = {"Authorization": f"Bearer {token}", "Origin": _ORIGIN}
    async with http.post(f"{functions}/api/v1/talk", json={}, headers=headers, timeout=_SECONDS) as answer:
        answer.raise_for_status()
        ticket: dict[str, Any] = await answer.json()
        return str(ticket["url"])


def opening(url: str, **options: Any) -> connect:
    """The media socket of a talk, to be opened."""
    headers = {"Origin": _ORIGIN}
    return connect(url, additional_headers=headers, compression=None, proxy=None, max_size=None, **options)
