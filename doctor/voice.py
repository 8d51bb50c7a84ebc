"""Voice Live: a real session with the agent's own settings, at every endpoint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

from bridge.services import voice_live_headers
from bridge.session import target_for
from bridge.voicelive import wire
from bridge.voicelive.connection import Headers, VoiceLive, VoiceLiveError
from bridge.voicelive.session_settings import SessionSettings
from shared.agent_config import Agent
from shared.findings import Finding, failed, ok, warning
from shared.settings import VoiceLiveSettings

_SECONDS: Final = 10.0
_SLOW: Final = 2.0
"""Seconds to a session that took its settings; the caller waits for them before the greeting."""
_WHY: Final = "callers hear an apology, or nobody"
_REGIONS: Final = "docs/regions.md tells which region has which model and voice"


async def check_voice_live(
    settings: VoiceLiveSettings, agent: Agent, session: SessionSettings
) -> list[Finding]:
    """Open a session at each endpoint, one after the other, and give it the agent's settings."""
    keys = settings.api_keys or (None,) * len(settings.endpoints)
    found: list[Finding] = []
    async with AsyncExitStack() as stack:
        for number, (endpoint, key) in enumerate(zip(settings.endpoints, keys, strict=True), 1):
            headers = await voice_live_headers(key, stack)
            found += await _try(number, endpoint, agent, session, headers)
    return found


async def _try(
    number: int, endpoint: str, agent: Agent, session: SessionSettings, headers: Headers
) -> list[Finding]:
    label = f"Voice Live endpoint {number}"
    began = time.monotonic()
    try:
        async with asyncio.timeout(_SECONDS):
            voice = await VoiceLive.open(endpoint, target_for(agent), headers)
            try:
                refusal = await _take(voice, session)
            finally:
                await voice.close()
    except VoiceLiveError as error:
        return [_explain(label, str(error), agent)]
    except TimeoutError:
        return [
            failed(
                "voice.settings", f"{label} opened a session and did not take its settings", _WHY, _REGIONS
            )
        ]
    if refusal:
        return [
            failed(
                "voice.settings",
                f"{label} refuses the agent's settings: {refusal}",
                "every call ends with an apology before the greeting",
                f"agent.toml: change what it names; {_REGIONS}",
            )
        ]
    took = time.monotonic() - began
    if took > _SLOW:
        return [
            warning(
                "voice.slow",
                f"{label} took {took:.1f} s to a session that is ready",
                "callers wait that long for the greeting",
                "put the bridge into the region of the endpoint, or set VOICE_LIVE_WARM_SESSIONS",
            )
        ]
    return [ok("voice.session", f"{label} gave a session and took the agent's settings in {took:.1f} s")]


async def _take(voice: VoiceLive, session: SessionSettings) -> str:
    """Why the settings are refused; empty when they are taken."""
    await voice.send(wire.SessionUpdate(event_id="session.update-1", session=session))
    async for event in voice.events():
        if isinstance(event, wire.SessionUpdated):
            return ""
        if isinstance(event, wire.Error):
            return f"{event.error.code or event.error.type or 'error'}: {event.error.message or ''}".strip(
                " :"
            )
    return "the session ended"


def _explain(label: str, reason: str, agent: Agent) -> Finding:
    facts: Mapping[str, tuple[str, str, str]] = {
        "HTTP 401": (
            "voice.key",
            "does not take our key",
            "VOICE_LIVE_API_KEY: copy it from the resource; or unset it, for the managed identity",
        ),
        "HTTP 403": (
            "voice.role",
            "does not let our identity in",
            "the identity needs Cognitive Services User and Foundry User on the resource: azd provision "
            "grants them; it takes some minutes",
        ),
        "HTTP 404": (
            "voice.address",
            "is no Voice Live",
            "VOICE_LIVE_ENDPOINT: https://RESOURCE.services.ai.azure.com of a Foundry resource in a region "
            f"that has Voice Live; {_REGIONS}",
        ),
        "HTTP 400": (
            "voice.model",
            f"does not have the model {agent.model!r}",
            f"agent.toml: model; {_REGIONS}",
        ),
        "HTTP 429": (
            "voice.quota",
            "has no quota left",
            "ask for more (docs/operate.md), or add a region: TABLETALK_VOICE_LIVE_REGIONS",
        ),
    }
    for sign, (check, what, fix) in facts.items():
        if sign in reason:
            return failed(check, f"{label} {what}", _WHY, fix)
    return failed(
        "voice.reach",
        f"{label} cannot be reached: {reason}",
        _WHY,
        "VOICE_LIVE_ENDPOINT: look at its spelling, at DNS and at the way out (port 443, websockets)",
    )
