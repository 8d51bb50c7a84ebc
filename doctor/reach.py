"""Whether the two planes are reached where the world is told to reach them."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from shared.findings import Finding, failed, ok

_SECONDS: Final = 15.0
"""A container that had scaled to zero takes some seconds to come."""
_NO_CALL: Final = "acs/20260101-00000000-0000000000000000/doctor"
"""Has the form of a media socket's path, so it is refused for want of a token and not of a page."""


async def check_bridge(media_base_url: str) -> list[Finding]:
    """From here to the bridge, over HTTP and as a websocket. `media_base_url` is ws:// or wss://."""
    url = media_base_url.replace("ws", "http", 1)
    found = [*_encrypted("MEDIA_BASE_URL", media_base_url, "wss")]
    why = "calls are answered and stay silent, until the sweep ends them"
    fix = "MEDIA_BASE_URL must be the bridge's own address; azd deploy bridge, then look at its log"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as http:
        try:
            async with http.get(f"{url}/readyz") as answer:
                status, text = answer.status, (await answer.text())[:200].strip()
        except (aiohttp.ClientError, TimeoutError) as error:
            return [
                *found,
                failed("bridge.reach", f"the bridge does not answer: {type(error).__name__}", why, fix),
            ]
        if status == 503:
            return [
                *found,
                failed("bridge.ready", f"the bridge takes no calls: {text}", "new calls get no answer", fix),
            ]
        if status != 200 or not text.startswith("ready"):
            return [
                *found,
                failed(
                    "bridge.address", f"what answers at MEDIA_BASE_URL is no bridge: HTTP {status}", why, fix
                ),
            ]
        found.append(ok("bridge.ready", "the bridge is up and takes calls"))
        try:
            async with http.ws_connect(f"{url}/{_NO_CALL}"):
                found.append(
                    failed(
                        "bridge.open",
                        "the bridge took a media socket that showed no token",
                        "anybody can listen and talk in calls",
                        "this must not be: stop the bridge, and look at what answers at MEDIA_BASE_URL",
                    )
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status == 401:
                found.append(ok("bridge.socket", "websockets reach the bridge, which asks for a token"))
            else:
                found.append(
                    failed(
                        "bridge.socket",
                        f"a websocket to the bridge gets HTTP {error.status}, not 401",
                        why,
                        "something between does not pass websockets on: a proxy, a gateway, a firewall",
                    )
                )
        except (aiohttp.ClientError, TimeoutError) as error:
            found.append(
                failed("bridge.socket", f"no websocket to the bridge: {type(error).__name__}", why, fix)
            )
    return found


async def check_functions(callback_base_url: str) -> list[Finding]:
    """From here to the Functions app."""
    why = "Communication Services tells us nothing, so calls are not followed to their end"
    fix = "CALLBACK_BASE_URL must be https://APP.azurewebsites.net, without /api; azd deploy control"
    found = [*_encrypted("CALLBACK_BASE_URL", callback_base_url, "https")]
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as http,
            http.get(f"{callback_base_url}/api/health") as answer,
        ):
            status = answer.status
            body = await answer.json(content_type=None) if status in (200, 503) else None
    except (aiohttp.ClientError, TimeoutError) as error:
        return [
            *found,
            failed("functions.reach", f"the Functions app does not answer: {type(error).__name__}", why, fix),
        ]
    except ValueError:
        body = None
    if not isinstance(body, dict) or "status" not in body:
        return [
            *found,
            failed(
                "functions.address",
                f"what answers at CALLBACK_BASE_URL is not our app: HTTP {status}",
                why,
                fix,
            ),
        ]
    if status != 200:
        text = f"the Functions app is up and cannot work: {body.get('failing')}: {body.get('message')}"
        return [
            *found,
            failed("functions.health", text, why, "see the finding about it, or the app's log stream"),
        ]
    return [*found, ok("functions.health", "the Functions app answers and reaches its store")]


def _encrypted(name: str, url: str, scheme: str) -> list[Finding]:
    parts = urlsplit(url)
    if parts.scheme == scheme or _is_loopback(parts.hostname or ""):
        return []
    return [
        failed(
            f"{'bridge' if name.startswith('MEDIA') else 'functions'}.encrypted",
            f"{name} is not {scheme}://",
            "secrets and audio of callers cross the network for all to read, and the service refuses it",
            f"set {name} to {scheme}://...",
        )
    ]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
