"""Who may speak to us: tokens that Call Automation signs, and the secrets in the URLs we hand it.

Callbacks and media sockets carry `Authorization: Bearer <JWT>`: RS256, a fixed issuer, our resource id as the
audience, keys at the issuer's JWKS address (ACS: "Secure webhook endpoint"). The secret in the URL is a
second factor that binds a request to one call.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Self

import aiohttp
import jwt
import msgspec

from shared.clock import utc_now
from shared.json_errors import NOT_JSON
from shared.settings import AcsSettings

_log = logging.getLogger(__name__)

LEEWAY: Final = timedelta(minutes=5)
"""For clocks that differ and deliveries held up; callback tokens themselves live five minutes."""

_REFRESH_EVERY: Final = 30.0
"""Seconds between fetches of the keys, however many tokens name a key we do not know."""
_GOOD_FOR: Final = 3600.0
"""Seconds after which keys are fetched again though all that are asked for are known: a withdrawn one must
not be good for as long as this process lives."""
_RETRY_AFTER: Final = 2.0
"""Seconds before another try while no keys could be had at all."""
_FETCH_TIMEOUT: Final = 5.0
_TOKEN_LIMIT: Final = 8 * 1024
"""Characters of a token; those of Communication Services have about 1,000."""
_KEYS_LIMIT: Final = 256 * 1024
"""Bytes of a key document we are ready to read."""


class AuthError(Exception):
    """The request is not the service's. `reason` is safe to log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TokenTimeError(AuthError):
    """The token is the service's, but not good now by our clock."""


class KeysUnavailableError(AuthError):
    """The keys could not be fetched, so nothing can be said of the token: ask the sender to retry."""


class AcsTokens:
    """Verifies the service's tokens against its published keys, which are fetched once and kept.

    Belongs to the event loop it is first used on; an async context manager.
    """

    def __init__(
        self,
        acs: AcsSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._acs = acs
        self._clock = clock
        self._now = now
        self._keys: dict[str, jwt.PyJWK] = {}
        self._next_fetch = float("-inf")
        self._stale_at = float("inf")
        self._renewing: asyncio.Task[None] | None = None
        self._fetching = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def verify(self, authorization: str | None) -> None:
        """Check the value of an Authorization header.

        Raises:
            AuthError: missing, malformed, not signed by the service, or meant for somebody else.
            TokenTimeError: expired, or not good yet.
            KeysUnavailableError: the keys could not be fetched.
        """
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise AuthError("no bearer token")
        if len(token) > _TOKEN_LIMIT or not token.isascii():
            raise AuthError("not a JWT")
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except (jwt.InvalidTokenError, RecursionError) as error:
            raise AuthError("not a JWT") from error
        key = await self._key(key_id)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],  # never what the token asks for
                audience=self._acs.resource_id,
                issuer=self._acs.issuer,
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_exp": False,  # by the machine's clock; see below
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.InvalidTokenError, RecursionError) as error:
            # The class says what is wrong; the message may quote the token's claims.
            raise AuthError(f"token refused: {type(error).__name__}") from error
        try:
            _check_times(claims, self._now())
        except jwt.InvalidTokenError as error:
            raise TokenTimeError(f"token refused: {type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connection to the key server."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _key(self, key_id: str | None) -> jwt.PyJWK:
        if not isinstance(key_id, str):
            raise AuthError("token names no key")
        if key_id not in self._keys:
            async with self._fetching:  # one fetch for all who wait
                if key_id not in self._keys and self._clock() >= self._next_fetch:
                    await self._fetch()
        key = self._keys.get(key_id)
        if self._clock() >= max(self._stale_at, self._next_fetch) and not self._is_renewing:
            # Beside: a caller does not wait for keys that are known.
            self._renewing = asyncio.create_task(self._renew())
        if key is None:
            if not self._keys:
                raise KeysUnavailableError("token keys cannot be fetched")
            raise AuthError("token signed with an unknown key")
        return key

    @property
    def _is_renewing(self) -> bool:
        return self._renewing is not None and not self._renewing.done()

    async def _renew(self) -> None:
        async with self._fetching:
            await self._fetch()

    async def _fetch(self) -> None:
        """Replace the keys; a failed fetch keeps the old ones."""
        try:
            self._keys = _rsa_keys(await self._get_json())
        except (aiohttp.ClientError, TimeoutError, ValueError, *NOT_JSON) as error:
            self._next_fetch = self._clock() + (_REFRESH_EVERY if self._keys else _RETRY_AFTER)
            _log.warning("token keys cannot be fetched: %s", type(error).__name__)
        else:
            self._next_fetch = self._clock() + _REFRESH_EVERY
            self._stale_at = self._clock() + _GOOD_FOR

    async def _get_json(self) -> object:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_FETCH_TIMEOUT))
        async with self._session.get(self._acs.jwks_url, allow_redirects=False) as response:
            response.raise_for_status()
            body = bytearray()
            async for chunk in response.content.iter_chunked(65_536):
                body += chunk
                if len(body) > _KEYS_LIMIT:
                    raise ValueError(f"JWKS: more than {_KEYS_LIMIT} bytes")
            return msgspec.json.decode(body)


def _check_times(claims: Mapping[str, object], now: datetime) -> None:
    """Raise what PyJWT does unless a token is good now."""
    expires, begins = claims["exp"], claims.get("nbf", 0)
    if not isinstance(expires, int | float) or not isinstance(begins, int | float):
        raise jwt.DecodeError("exp and nbf must be numbers")
    if expires <= (now - LEEWAY).timestamp():
        raise jwt.ExpiredSignatureError
    if begins > (now + LEEWAY).timestamp():
        raise jwt.ImmatureSignatureError


def _rsa_keys(document: object) -> dict[str, jwt.PyJWK]:
    """The RSA signing keys of a JWKS document (RFC 7517) by key id; other keys are of no use to us."""
    if not isinstance(document, Mapping) or not isinstance(document.get("keys"), list):
        raise ValueError("JWKS: no 'keys' list")  # noqa: TRY004 - a wrong document, not a wrong call
    found: dict[str, jwt.PyJWK] = {}
    for entry in document["keys"]:
        if isinstance(entry, Mapping) and entry.get("kty") == "RSA" and isinstance(entry.get("kid"), str):
            try:
                found[entry["kid"]] = jwt.PyJWK(dict(entry), algorithm="RS256")
            except jwt.InvalidKeyError as error:
                raise ValueError(f"JWKS: a key cannot be read: {type(error).__name__}") from error
    return found


def new_secret() -> str:
    """A secret for the URLs of one call: 32 characters, 192 random bits, safe in a path."""
    return secrets.token_urlsafe(24)


def secret_hash(secret: str) -> str:
    """What the store keeps of a secret: sha256, hex."""
    return hashlib.sha256(_bytes(secret)).hexdigest()


def same_text(shown: str, known: str) -> bool:
    """Whether somebody shows the secret that is known; takes the same time wherever they differ."""
    return hmac.compare_digest(_bytes(shown), _bytes(known))


def _bytes(text: str) -> bytes:
    """Also of what no Unicode has: servers read bytes of a request that are no ASCII as lone surrogates."""
    return text.encode("utf-8", "surrogatepass")


def secret_matches(secret: str, hashes: Iterable[str]) -> bool:
    """Whether `secret` has one of `hashes`; takes the same time for each of them."""
    ours = secret_hash(secret)
    found = False
    for known in hashes:
        found |= hmac.compare_digest(ours, known)
    return found
