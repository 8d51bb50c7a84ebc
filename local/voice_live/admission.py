"""Who may connect: the checks the service makes before it answers the websocket handshake."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

API_VERSION = "2026-07-15"
AUDIENCES = ("https://ai.azure.com", "https://cognitiveservices.azure.com")
"""What an Entra token for the service is made out to; the second one is the older."""

_MINUTE = 60.0


class AdmissionError(Exception):
    """A handshake turned down with an HTTP status and the service's JSON error body."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {"error": {"code": code, "message": message}}


@dataclass(frozen=True, slots=True)
class FoundryAgent:
    """The agent of a Foundry project that a session talks to, in place of a model."""

    name: str
    project: str
    version: str | None = None


@dataclass(slots=True)
class Admission:
    """Checks credentials, query and rate, in this order.

    Without `api_key` any key that is not empty will do, and without `bearer_audience` any bearer token that
    is not empty. A token that is a JWT must be unexpired and made out to the service; its signature is not
    checked, there is no issuer here to check it against.
    """

    clock: Callable[[], float]
    api_key: str | None = None
    bearer_audience: str | None = None
    connections_per_minute: int = 30
    """For each credential; 0: as many as like."""
    _recent: dict[str, deque[float]] = field(default_factory=dict)

    def admit(self, query: Mapping[str, str], headers: Mapping[str, str]) -> str | FoundryAgent:
        """The model or the agent asked for. Raises `AdmissionError`."""
        credential = self._check_credential(query, headers)
        version = query.get("api-version")
        if version != API_VERSION:
            found = f"'{version}'" if version else "missing"
            raise AdmissionError(
                400, "400", f"The api-version query parameter is {found}; use {API_VERSION}."
            )
        target = _agent(query, headers) or query.get("model")
        if not target:
            raise AdmissionError(
                400, "400", "The model query parameter is missing; name the model to talk to."
            )
        self._check_rate(credential)
        return target

    def _check_credential(self, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
        key = headers.get("api-key") or query.get("api-key")
        if key:
            if self.api_key is not None and not hmac.compare_digest(key.encode(), self.api_key.encode()):
                raise _denied("the key is not a key of this resource")
            return key
        scheme, _, token = (headers.get("Authorization") or query.get("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _denied("send an api-key, or a bearer token as Authorization")
        self._check_token(token.strip())
        return token

    def _check_token(self, token: str) -> None:
        audiences = [self.bearer_audience] if self.bearer_audience else list(AUDIENCES)
        options: Any = {"verify_signature": False, "verify_exp": True, "verify_aud": True}
        try:
            jwt.decode(token, options=options, audience=[*audiences, *(f"{name}/" for name in audiences)])
        except jwt.DecodeError:
            if self.bearer_audience is not None:
                raise _denied("the bearer token is not a JWT") from None
        except jwt.ExpiredSignatureError:
            raise _denied("the bearer token has expired") from None
        except jwt.InvalidTokenError:
            raise _denied(f"the bearer token is not made out to {audiences[0]}") from None

    def _check_rate(self, credential: str) -> None:
        if not self.connections_per_minute:
            return
        now = self.clock()
        name = hashlib.sha256(credential.encode()).hexdigest()
        recent = self._recent.setdefault(name, deque())
        while recent and now - recent[0] >= _MINUTE:
            recent.popleft()
        if len(recent) >= self.connections_per_minute:
            wait = math.ceil(_MINUTE - (now - recent[0]))
            message = (
                f"More than {self.connections_per_minute} new connections a minute; try again in {wait} s."
            )
            raise AdmissionError(429, "429", message, {"Retry-After": str(wait)})
        recent.append(now)


def _agent(query: Mapping[str, str], headers: Mapping[str, str]) -> FoundryAgent | None:
    """The agent named in the query, if one is. Agents know their callers by Entra tokens alone."""
    name, project = query.get("agent-name"), query.get("agent-project-name")
    if not name and not project:
        return None
    if not name or not project:
        missing = "agent-project-name" if name else "agent-name"
        raise AdmissionError(400, "400", f"The {missing} query parameter is missing; an agent needs both.")
    if headers.get("api-key") or query.get("api-key"):
        raise _denied("an agent takes no api-key; send a bearer token as Authorization")
    return FoundryAgent(name, project, query.get("agent-version"))


def _denied(reason: str) -> AdmissionError:
    return AdmissionError(401, "401", f"Access denied: {reason}.")
