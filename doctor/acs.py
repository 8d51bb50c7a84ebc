"""Communication Services: reached with our proof, and its tokens can be checked."""

from __future__ import annotations

import re
from typing import Final

import aiohttp

from shared.findings import Finding, failed, ok, warning
from shared.settings import ACS_ISSUER, AcsSettings
from shared.telephony import Telephony, TelephonyError

_SECONDS: Final = 8.0
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_CALL: Final = "doctor-asks-about-no-call"
_WHY: Final = "the phone rings and nobody answers, or calls are answered and never ended"


async def check_acs(settings: AcsSettings) -> list[Finding]:
    """Ask about a call that there is not, and fetch the keys that tokens are signed with."""
    return [await _ask(settings), _audience(settings), await _keys(settings), *_issuer(settings)]


async def _ask(settings: AcsSettings) -> Finding:
    try:
        async with Telephony(settings) as telephony:
            await telephony.state(_NO_CALL)
    except TelephonyError as error:
        if error.status in (400, 404):
            return ok("acs.ask", "Communication Services answers, and takes our proof")
        if error.status in (401, 403):
            return failed(
                "acs.role", f"Communication Services refuses us: HTTP {error.status}", _WHY, _fix(settings)
            )
        if error.status is not None:
            return failed(
                "acs.answer", f"Communication Services answers HTTP {error.status}", _WHY, _fix(settings)
            )
        return failed("acs.reach", f"Communication Services does not answer: {error}", _WHY, _fix(settings))
    return ok("acs.ask", "Communication Services answers, and takes our proof")


def _fix(settings: AcsSettings) -> str:
    if settings.access_key:
        return "ACS_ENDPOINT and ACS_ACCESS_KEY must be of one resource: copy both from its page Keys"
    return (
        "ACS_ENDPOINT must be https://RESOURCE.communication.azure.com, and the identity needs Communication "
        "and Email Service Owner on it: azd provision grants it; it takes some minutes"
    )


def _audience(settings: AcsSettings) -> Finding:
    if _GUID.fullmatch(settings.resource_id):
        return ok("acs.audience", "ACS_RESOURCE_ID has the form of an immutable id")
    return failed(
        "acs.audience",
        "ACS_RESOURCE_ID is no GUID",
        "every callback and media socket is refused with 401, so calls are answered and stay silent",
        "set it to what this prints: az communication show -n NAME -g GROUP --query immutableResourceId",
    )


async def _keys(settings: AcsSettings) -> Finding:
    why = "tokens of Communication Services cannot be checked, so callbacks and media sockets get 503"
    fix = f"ACS_JWKS_URL: leave it unset, and let the app reach {ACS_ISSUER} (firewall, proxy, DNS)"
    try:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(settings.jwks_url) as answer:
            if answer.status != 200:
                return failed("acs.keys", f"the signing keys answer HTTP {answer.status}", why, fix)
            document = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return failed("acs.keys", f"the signing keys cannot be fetched: {type(error).__name__}", why, fix)
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not any(
        isinstance(key, dict) and key.get("kty") == "RSA" for key in keys
    ):
        return failed("acs.keys", "the document of signing keys has no RSA key", why, fix)
    return ok("acs.keys", "the keys that tokens are signed with can be fetched")


def _issuer(settings: AcsSettings) -> list[Finding]:
    if settings.issuer == ACS_ISSUER:
        return []
    return [
        warning(
            "acs.issuer",
            "ACS_ISSUER is not the service's",
            "tokens of the real service are refused with 401",
            "leave ACS_ISSUER unset outside a laptop",
        )
    ]
