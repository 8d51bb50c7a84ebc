"""A small Call Automation service for tests: checks signatures, records requests, answers as told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from local.serving import listening
from shared.settings import ACS_ISSUER, AcsSettings

KEY = base64.b64encode(b"an access key for tests").decode()
RESOURCE_ID = "3f1c2a52-0d0c-4b39-9c39-6a0b7d1c9e44"
_SIGNED = "x-ms-date;host;x-ms-content-sha256"

Reply = web.Response | Callable[[], Awaitable[web.Response]]


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class AcsServer:
    """`replies` are given in turn, then the usual answer. Requests with a bad signature get 401."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Queue[Request] = field(default_factory=asyncio.Queue)
    """The same requests, for a test that waits for one."""
    replies: list[Reply] = field(default_factory=list)
    state: str | None = "connected"
    """What GET tells of any call; None for 404."""
    key_fetches: int = 0
    keys_status: int = 200
    signing_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    key_id: str = "key-1"

    @property
    def settings(self) -> AcsSettings:
        return AcsSettings(self.url, KEY, RESOURCE_ID, ACS_ISSUER, f"{self.url}/calling/keys")

    def of(self, path: str) -> list[Request]:
        """The requests whose path ends so."""
        return [request for request in self.requests if request.path.endswith(path)]

    def token(self, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token as the service signs them; `claims` replace its own, None takes one out."""
        now = int(time.time())
        usual = {"iss": ACS_ISSUER, "aud": RESOURCE_ID, "nbf": now, "iat": now, "exp": now + 300}
        payload = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(payload, self.signing_key, "RS256", headers={"kid": self.key_id, **(header or {})})

    async def keys(self, _: web.Request) -> web.Response:
        self.key_fetches += 1
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.signing_key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**public, "kid": self.key_id}]}, status=self.keys_status)

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if not _signed(request, raw):
            return _error(401, "Denied")
        body = json.loads(raw) if raw else {}
        seen = Request(request.method, request.path, dict(request.query), dict(request.headers), body)
        self.requests.append(seen)
        self.arrived.put_nowait(seen)
        if self.replies:
            reply = self.replies.pop(0)
            return reply if isinstance(reply, web.Response) else await reply()
        return self._usual(seen)

    def _usual(self, request: Request) -> web.Response:
        if request.path.endswith(":answer"):
            # The same repeatability id is the same call.
            connection = f"connection-{request.headers['Repeatability-Request-ID']}"
            return web.json_response({"callConnectionId": connection, "callConnectionState": "connecting"})
        if request.path.endswith(":transferToParticipant"):
            return web.json_response({"operationContext": request.body["operationContext"]}, status=202)
        if request.path.endswith((":startMediaStreaming", ":play", ":cancelAllMediaOperations")):
            return web.Response(status=202)
        if request.path.endswith("ContinuousDtmfRecognition"):
            return web.Response(status=200)
        if request.method == "GET":
            if self.state is None:
                return _error(404, "8522")
            connection = request.path.rpartition("/")[2]
            return web.json_response({"callConnectionId": connection, "callConnectionState": self.state})
        return web.Response(status=204)


def failure(status: int, code: str = "Trouble", **headers: str) -> web.Response:
    """An error as the service words it."""
    response = _error(status, code)
    response.headers.update(headers)
    return response


@asynccontextmanager
async def acs_server() -> AsyncIterator[AcsServer]:
    """Serves on a free port of this machine."""
    server = AcsServer()
    app = web.Application()
    app.router.add_get("/calling/keys", server.keys)
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with listening(app) as server.url:
        yield server


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": "as the test wants it"}}, status=status)


def _signed(request: web.Request, body: bytes) -> bool:
    """Whether the request is signed as "Communication Services: sign an HTTP request" describes."""
    content = base64.b64encode(hashlib.sha256(body).digest()).decode()
    date = request.headers.get("x-ms-date", "")
    text = f"{request.method}\n{request.path_qs}\n{date};{request.host};{content}"
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), "sha256").digest()).decode()
    expected = f"HMAC-SHA256 SignedHeaders={_SIGNED}&Signature={signature}"
    return request.headers.get("Authorization") == expected
