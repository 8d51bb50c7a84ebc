"""The attacks: each one try at one port, which says in a word what came of it."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from websockets.exceptions import ConnectionClosed, InvalidStatus

from abuse.raw import connected, request, send, upgrade
from abuse.talks import begin_talk, opening
from local.services import Addresses

CALL: Final = "20260101-00000000-0123456789abcdef"
"""A call that there is not."""
_HELD: Final = 300
"""Connections that say nothing, kept open at once: more than a bridge bears."""
_DEEP: Final = b"[" * 60_000
_HUGE: Final = b'{"prompt": "' + b"a" * (5 * 2**20) + b'"}'
_TRICKS: Final = (
    "/../../etc/passwd",
    "/api/page/..%2f..%2fhost.json",
    "/api/page/%2e%2e/%2e%2e/local.settings.json",
    "/api/page/....//....//function_app.py",
    f"/acs/{CALL}/../../metrics",
    "//metrics",
    "/acs/%00/%ff",
    "/" + "a/" * 2_000,
    "/api/v1/calls/" + "%F0%9F%8D%95" * 50,
    "http://169.254.169.254/metadata",
)


@dataclass
class Target:
    """The system under attack, and what an attacker may have got hold of."""

    addresses: Addresses
    inbox: str
    token: str
    """Of an operator: somebody who is let in may do harm as well."""
    http: aiohttp.ClientSession
    rng: random.Random = field(default_factory=random.Random)
    used: str = ""
    """The address of a media socket whose token is used up."""
    held: list[asyncio.StreamWriter] = field(default_factory=list)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def bridge(self) -> int:
        return port_of(self.addresses.bridge)

    @property
    def functions(self) -> int:
        return port_of(self.addresses.functions)

    def forged(self) -> str:
        """A token of Communication Services that is none."""
        now = int(time.time())
        claims = {
            "iss": "https://acscallautomation.communication.azure.com",
            "aud": "a-resource",
            "exp": now + 300,
        }
        if self.rng.random() < 0.3:
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if self.rng.random() < 0.3:
            return jwt.encode(claims, "k" * 32, "HS256", headers={"kid": "1"})
        return jwt.encode(claims, self.key, "RS256", headers={"kid": f"{self.rng.random()}"})


type Attack = Callable[[Target], Awaitable[str]]


def port_of(url: str) -> int:
    """The port of an address on this machine."""
    return urlsplit(url).port or 80


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


# --- any port ------------------------------------------------------------------------------------------


def noise(port: Callable[[Target], int]) -> Attack:
    """Bytes that mean nothing, or a handshake of TLS."""

    async def attack(target: Target) -> str:
        tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        return await send(port(target), tls + target.rng.randbytes(512) if target.rng.random() < 0.5 else
                          target.rng.randbytes(2_000) + b"\r\n\r\n")  # fmt: skip

    return attack


def half_request(port: Callable[[Target], int]) -> Attack:
    """A request that stops before its end; a server that waits for ever is left after a while."""

    async def attack(target: Target) -> str:
        return await send(port(target), b"GET /healthz HTTP/1.1\r\nHost: localh")

    return attack


def slow_request(port: Callable[[Target], int]) -> Attack:
    """A request a byte at a time."""

    async def attack(target: Target) -> str:
        pieces = [bytes([byte]) for byte in request("GET", f"/acs/{CALL}/secret")]
        return await send(port(target), *pieces, pause=0.2)

    return attack


def many_headers(port: Callable[[Target], int]) -> Attack:
    """Thousands of headers, or long ones."""

    async def attack(target: Target) -> str:
        many = [(f"X-{number}", "y") for number in range(2_000)]
        long = [(f"X-{number}", "y" * 7_000) for number in range(20)]
        return await send(port(target), request("GET", "/", many if target.rng.random() < 0.5 else long))

    return attack


def path_tricks(port: Callable[[Target], int]) -> Attack:
    """Addresses that try to be others."""

    async def attack(target: Target) -> str:
        return await send(port(target), request("GET", target.rng.choice(_TRICKS)))

    return attack


def huge_body(port: Callable[[Target], int], path: str) -> Attack:
    """Five megabytes, or brackets without end."""

    async def attack(target: Target) -> str:
        headers = [("Authorization", f"Bearer {target.rng.randbytes(24).hex()}")]
        body = target.rng.choice([_HUGE, _DEEP])
        return await send(port(target), request("POST", path, headers, body))

    return attack


# --- the bridge ----------------------------------------------------------------------------------------


async def hold(target: Target) -> str:
    """One more connection that says nothing, among hundreds."""
    try:
        _, writer = await connected(target.bridge)
    except OSError:
        return "not connected"
    target.held.append(writer)
    if len(target.held) > _HELD:
        target.held.pop(0).transport.abort()
    return "held"


async def no_token(target: Target) -> str:
    """A media socket without a token of Communication Services."""
    return await send(target.bridge, upgrade(f"/acs/{CALL}/secret"))


async def forged_token(target: Target) -> str:
    """One with a token that somebody else has signed."""
    headers = [("Authorization", f"Bearer {target.forged()}")]
    return await send(target.bridge, upgrade(f"/acs/{CALL}/secret", headers))


async def wrong_secret(target: Target) -> str:
    """The media socket of a talk that there is not, with an address of one's own choosing in a header."""
    headers = [
        ("Origin", "http://localhost"),
        ("X-Forwarded-For", f"10.{target.rng.randrange(256)}.0.1"),
    ]
    return await send(target.bridge, upgrade(f"/browser/{CALL}/{target.rng.randbytes(18).hex()}", headers))


async def replayed_token(target: Target) -> str:
    """The address of a talk that was."""
    if not target.used:
        return "nothing to replay yet"
    path = urlsplit(target.used).path
    return await send(target.bridge, upgrade(path, [("Origin", "http://localhost")]))


async def metrics(target: Target) -> str:
    """The numbers, with a token that is none."""
    headers = [("Authorization", f"Bearer {target.rng.randbytes(16).hex()}")]
    return await send(target.bridge, request("GET", "/metrics", headers))


async def readiness(target: Target) -> str:
    """What an orchestrator asks, asked by everybody."""
    return await send(target.bridge, request("GET", "/readyz"))


async def wild_media(target: Target) -> str:
    """A media socket that was let in and then sends what it may not."""
    try:
        url = await begin_talk(target.http, target.addresses.functions, target.token)
        async with opening(url) as socket:
            target.used = url
            await socket.send('{"type":"start","sample_rate":24000}')
            frames: list[str | bytes] = target.rng.choice(
                [
                    ['{"type":"x","y":' + "[" * 60_000] * 60,
                    [target.rng.randbytes(700)] * 60,
                    ['{"type":"audio","audio":"%%%"}'] * 60,
                    ["x" * 1_000_000],
                    ['{"type":"key","key":"1"}'] * 4_000,
                    ['{"type":"audio","audio":"' + "AAAAAAAA" * 12_000 + '"}'] * 80,
                ]
            )
            for frame in frames:
                await socket.send(frame)
            await asyncio.wait_for(socket.wait_closed(), 10)
            return f"closed {socket.close_code}"
    except ConnectionClosed as error:
        return f"closed {error.rcvd.code if error.rcvd else 1006}"
    except InvalidStatus as error:
        return str(error.response.status_code)
    except TimeoutError:
        return "no answer"
    except aiohttp.ClientResponseError as error:
        return f"no talk: {error.status}"
    except (aiohttp.ClientError, OSError):
        return "not connected"


# --- the Functions app ---------------------------------------------------------------------------------


async def callback(target: Target) -> str:
    """A callback without a token, or with a forged one."""
    headers = [] if target.rng.random() < 0.3 else [("Authorization", f"Bearer {target.forged()}")]
    body = target.rng.choice([b"[]", b"{", _DEEP, b'[{"type":"Microsoft.Communication.CallDisconnected"}]'])
    return await send(target.functions, request("POST", f"/api/calls/{CALL}/events/secret", headers, body))


async def webhook(target: Target) -> str:
    """A ringing phone that Event Grid does not know of."""
    path = "/runtime/webhooks/EventGrid?functionName=incoming_call&code=" + target.rng.randbytes(24).hex()
    event = b'[{"eventType": "Microsoft.Communication.IncomingCall", "data": {}}]'
    return await send(target.functions, request("POST", path, [("aeg-event-type", "Notification")], event))


async def admin(target: Target) -> str:
    """Functions run by hand, by whoever asks."""
    return await send(target.functions, request("POST", "/admin/functions/sweep", (), b"{}"))


async def operator_without(target: Target) -> str:
    """The operator API with no token, a wrong one, or a sign-in of one's own making."""
    sign_in = _part({"claims": [{"typ": "oid", "val": "1"}, {"typ": "roles", "val": "Tabletalk.Operator"}]})
    headers: list[tuple[str, str]] = target.rng.choice(
        [
            [],
            [("Authorization", f"Bearer {target.rng.randbytes(24).hex()}")],
            [("X-MS-CLIENT-PRINCIPAL", sign_in)],
        ]
    )
    path = target.rng.choice(["/api/v1/calls", "/api/v1/live", "/api/v1/options", "/api/health?deep=1"])
    return await send(target.functions, request("GET", path, headers))


async def operator_with(target: Target) -> str:
    """The operator API with the right token and bodies and queries that are none."""
    headers = [("Authorization", f"Bearer {target.token}")]
    if target.rng.random() < 0.5:
        body = target.rng.choice([_DEEP, _HUGE, b"null", b'{"prompt": 1}', b"\xff\xfe", b""])
        return await send(target.functions, request("POST", "/api/v1/talk", headers, body))
    query = "&".join(f"{target.rng.choice(['limit', 'from', 'text', 'x'])}={n}" for n in range(100))
    return await send(target.functions, request("GET", f"/api/v1/calls?{query}", headers))


async def slow_body(target: Target) -> str:
    """A body that is announced and does not come."""
    head = b"POST /api/v1/talk HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
    return await send(target.functions, head, b"{", patience=3.0)


async def health(target: Target) -> str:
    """Whether it is well, asked by everybody."""
    return await send(target.functions, request("GET", "/api/health"))


def _bridge(target: Target) -> int:
    return target.bridge


def _functions(target: Target) -> int:
    return target.functions


def _stand_in(name: str) -> Callable[[Target], int]:
    """The port of a stand-in."""

    def port(target: Target) -> int:
        match name:
            case "tables":
                endpoint = target.addresses.tables.partition("TableEndpoint=")[2].partition(";")[0]
                return port_of(endpoint)
            case "inbox":
                return port_of(target.inbox)
            case _:
                return port_of(getattr(target.addresses, name))

    return port


STAND_INS: Final = ("acs", "event_grid", "voice_live", "tables", "inbox")

ATTACKS: Final[dict[str, tuple[Attack, float]]] = {
    "bridge: says nothing": (hold, 6),
    "bridge: noise": (noise(_bridge), 2),
    "bridge: half a request": (half_request(_bridge), 2),
    "bridge: a byte at a time": (slow_request(_bridge), 1),
    "bridge: many headers": (many_headers(_bridge), 1),
    "bridge: path tricks": (path_tricks(_bridge), 2),
    "bridge: no token": (no_token, 4),
    "bridge: forged token": (forged_token, 4),
    "bridge: wrong secret": (wrong_secret, 4),
    "bridge: replayed token": (replayed_token, 1),
    "bridge: metrics": (metrics, 1),
    "bridge: readiness": (readiness, 2),
    "bridge: wild media": (wild_media, 0.15),
    "functions: noise": (noise(_functions), 1),
    "functions: half a request": (half_request(_functions), 0.5),
    "functions: many headers": (many_headers(_functions), 0.5),
    "functions: path tricks": (path_tricks(_functions), 1),
    "functions: huge body": (huge_body(_functions, f"/api/calls/{CALL}/events/s"), 0.3),
    "functions: callback": (callback, 3),
    "functions: webhook": (webhook, 2),
    "functions: admin": (admin, 0.5),
    "functions: operator without proof": (operator_without, 2),
    "functions: operator, bad input": (operator_with, 1),
    "functions: slow body": (slow_body, 0.5),
    "functions: health": (health, 2),
    **{f"{name}: noise": (noise(_stand_in(name)), 0.3) for name in STAND_INS},
    **{f"{name}: half a request": (half_request(_stand_in(name)), 0.1) for name in STAND_INS},
    **{f"{name}: many headers": (many_headers(_stand_in(name)), 0.2) for name in STAND_INS},
    **{f"{name}: path tricks": (path_tricks(_stand_in(name)), 0.3) for name in STAND_INS},
    **{f"{name}: huge body": (huge_body(_stand_in(name), "/x"), 0.1) for name in STAND_INS},
}
"""By name, with how often each comes in relation to the others."""
