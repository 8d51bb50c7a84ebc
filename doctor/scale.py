"""Whether the platform gets to know how many calls there are, and so when to add a bridge."""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp

from shared.findings import Finding, failed, ok
from shared.settings import BridgeSettings

_SECONDS: Final = 10.0
_TRIES: Final = 3
_PAUSE: Final = 2.0
"""Seconds. A bridge that has just started reports within two of them."""
_WHY: Final = "bridges are added by their processors alone, so callers may find the line busy at a rush"


async def check_scale(settings: BridgeSettings) -> list[Finding]:
    """Ask what the platform asks, where it asks and with what it shows. Nothing where no platform asks."""
    if settings.scale_url is None:
        return []
    found = await _ask(settings.scale_url, settings.metrics_token)
    for _ in range(_TRIES - 1):
        if found.verdict == "ok":
            break
        await asyncio.sleep(_PAUSE)
        found = await _ask(settings.scale_url, settings.metrics_token)
    return [found]


async def _ask(url: str, token: str | None) -> Finding:
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as http,
            http.get(url, headers=headers, allow_redirects=False) as answer,
        ):
            status, body = answer.status, (await answer.text())[:200].strip()
            told = await answer.json(content_type=None) if status == 200 else None
    except (aiohttp.ClientError, TimeoutError) as error:
        what = f"nobody says how many calls there are: {type(error).__name__}"
        fix = "BRIDGE_SCALE_URL must be /calls of the bridge itself; azd deploy bridge sets it"
        return failed("scale.reach", what, _WHY, fix)
    except ValueError:
        told = None
    if status in (401, 404):
        what = f"how many calls there are is not told to who shows our token: HTTP {status}"
        fix = "METRICS_TOKEN must be set, and the same in all bridges: azd deploy bridge after it was changed"
        return failed("scale.token", what, _WHY, fix)
    if not isinstance(told, dict) or not isinstance(told.get("calls"), int):
        what = f"how many calls there are is not known: HTTP {status}: {body}"
        fix = "see the findings about the store; BRIDGE_SCALE_URL must be /calls of the bridge itself"
        return failed("scale.answer", what, _WHY, fix)
    return ok("scale.calls", "the platform is told how many calls there are")
