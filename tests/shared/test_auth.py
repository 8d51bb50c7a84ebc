"""Who may speak to us."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.auth import (
    AcsTokens,
    AuthError,
    KeysUnavailableError,
    new_secret,
    secret_hash,
    secret_matches,
)
from tests.shared.acs_server import AcsServer, acs_server


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def acs() -> AsyncIterator[AcsServer]:
    async with acs_server() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def tokens(acs: AcsServer, clock: Clock) -> AsyncIterator[AcsTokens]:
    async with AcsTokens(acs.settings, clock=clock) as opened:
        yield opened


class TestToken:
    async def test_the_services_own_is_good(self, tokens: AcsTokens, acs: AcsServer) -> None:
        await tokens.verify(f"Bearer {acs.token()}")

    async def test_the_scheme_has_no_case(self, tokens: AcsTokens, acs: AcsServer) -> None:
        await tokens.verify(f"bearer {acs.token()}")

    @pytest.mark.parametrize(
        "header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer abc", "Bearer a.b.c"]
    )
    async def test_no_token(self, tokens: AcsTokens, header: str | None) -> None:
        with pytest.raises(AuthError):
            await tokens.verify(header)

    @pytest.mark.parametrize(
        ("claims", "reason"),
        [
            ({"iss": "https://elsewhere.example"}, "InvalidIssuerError"),
            ({"aud": "another resource"}, "InvalidAudienceError"),
            ({"exp": None}, "MissingRequiredClaimError"),
            ({"aud": None}, "MissingRequiredClaimError"),
            ({"iss": None}, "MissingRequiredClaimError"),
        ],
    )
    async def test_wrong_claims(
        self, tokens: AcsTokens, acs: AcsServer, claims: dict[str, Any], reason: str
    ) -> None:
        with pytest.raises(AuthError, match=reason):
            await tokens.verify(f"Bearer {acs.token(**claims)}")

    @pytest.mark.parametrize(
        ("claim", "seconds", "reason"),
        [("exp", -310, "ExpiredSignatureError"), ("nbf", 400, "ImmatureSignatureError")],
    )
    async def test_out_of_its_time(
        self, tokens: AcsTokens, acs: AcsServer, claim: str, seconds: int, reason: str
    ) -> None:
        claims: dict[str, Any] = {claim: int(time.time()) + seconds}
        with pytest.raises(AuthError, match=reason):
            await tokens.verify(f"Bearer {acs.token(**claims)}")

    @pytest.mark.parametrize(("claim", "seconds"), [("exp", -200), ("nbf", 200), ("iat", 200)])
    async def test_clocks_may_differ_by_minutes(
        self, tokens: AcsTokens, acs: AcsServer, claim: str, seconds: int
    ) -> None:
        claims: dict[str, Any] = {claim: int(time.time()) + seconds}
        await tokens.verify(f"Bearer {acs.token(**claims)}")

    @pytest.mark.parametrize("claim", ["exp", "nbf"])
    async def test_times_are_numbers(self, tokens: AcsTokens, acs: AcsServer, claim: str) -> None:
        claims: dict[str, Any] = {claim: "soon"}
        with pytest.raises(AuthError, match="DecodeError"):
            await tokens.verify(f"Bearer {acs.token(**claims)}")

    async def test_the_time_is_not_asked_of_the_machine(self, acs: AcsServer) -> None:
        """Whose clock may be wrong: by another clock the same token is over, or not yet good."""
        token, now = f"Bearer {acs.token()}", datetime.now(UTC)
        for day, reason in ((now + timedelta(days=2), "Expired"), (now - timedelta(days=2), "Immature")):
            async with AcsTokens(acs.settings, now=functools.partial(lambda at: at, day)) as tokens:
                with pytest.raises(AuthError, match=reason):
                    await tokens.verify(token)

    async def test_signed_by_somebody_else(self, tokens: AcsTokens, acs: AcsServer) -> None:
        await tokens.verify(f"Bearer {acs.token()}")
        acs.signing_key = rsa.generate_private_key(65537, 2048)
        with pytest.raises(AuthError, match="InvalidSignatureError"):
            await tokens.verify(f"Bearer {acs.token()}")

    async def test_unsigned(self, tokens: AcsTokens, acs: AcsServer) -> None:
        _, payload, _ = acs.token().split(".")
        header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": acs.key_id}).encode())
        with pytest.raises(AuthError):
            await tokens.verify(f"Bearer {header.decode().rstrip('=')}.{payload}.")

    async def test_signed_with_the_public_key_as_a_password(self, tokens: AcsTokens, acs: AcsServer) -> None:
        forged = jwt.encode(
            {"iss": "x"}, "the modulus, which everybody knows " * 2, "HS256", headers={"kid": acs.key_id}
        )
        with pytest.raises(AuthError, match="InvalidAlgorithmError"):
            await tokens.verify(f"Bearer {forged}")

    async def test_the_reason_holds_nothing_of_the_token(self, tokens: AcsTokens, acs: AcsServer) -> None:
        with pytest.raises(AuthError) as raised:
            await tokens.verify(f"Bearer {acs.token(iss='https://person@example')}")
        assert "person" not in raised.value.reason


class TestKeys:
    async def test_are_fetched_once_for_all_who_wait(self, tokens: AcsTokens, acs: AcsServer) -> None:
        await asyncio.gather(*(tokens.verify(f"Bearer {acs.token()}") for _ in range(10)))
        assert acs.key_fetches == 1

    async def test_a_new_key_is_fetched_when_first_seen(
        self, tokens: AcsTokens, acs: AcsServer, clock: Clock
    ) -> None:
        await tokens.verify(f"Bearer {acs.token()}")
        clock.now += 30
        acs.signing_key, acs.key_id = rsa.generate_private_key(65537, 2048), "key-2"
        await tokens.verify(f"Bearer {acs.token()}")
        assert acs.key_fetches == 2

    async def test_unknown_keys_do_not_make_us_fetch_without_end(
        self, tokens: AcsTokens, acs: AcsServer, clock: Clock
    ) -> None:
        await tokens.verify(f"Bearer {acs.token()}")
        clock.now += 29
        for n in range(5):
            with pytest.raises(AuthError, match="unknown key"):
                await tokens.verify(f"Bearer {acs.token(header={'kid': f'made up {n}'})}")
        assert acs.key_fetches == 1

    async def test_the_old_keys_stay_when_a_fetch_fails(
        self, tokens: AcsTokens, acs: AcsServer, clock: Clock
    ) -> None:
        await tokens.verify(f"Bearer {acs.token()}")
        clock.now += 30
        acs.keys_status = 503
        with pytest.raises(AuthError, match="unknown key"):
            await tokens.verify(f"Bearer {acs.token(header={'kid': 'key-2'})}")
        await tokens.verify(f"Bearer {acs.token()}")

    async def test_a_key_that_was_withdrawn_is_good_for_an_hour_at_most(
        self, tokens: AcsTokens, acs: AcsServer, clock: Clock
    ) -> None:
        """Nobody waits for the fetch: the call that finds the keys old is let in by them."""
        old = acs.token()
        await tokens.verify(f"Bearer {old}")
        acs.signing_key, acs.key_id = rsa.generate_private_key(65537, 2048), "key-2"
        clock.now += 3600
        await tokens.verify(f"Bearer {old}")
        assert tokens._renewing is not None
        await tokens._renewing
        await tokens.verify(f"Bearer {acs.token()}")
        with pytest.raises(AuthError, match="unknown key"):
            await tokens.verify(f"Bearer {old}")
        assert acs.key_fetches == 2

    async def test_old_keys_that_cannot_be_fetched_anew_stay_good(
        self, tokens: AcsTokens, acs: AcsServer, clock: Clock
    ) -> None:
        await tokens.verify(f"Bearer {acs.token()}")
        acs.keys_status = 503
        for _ in range(3):
            clock.now += 3600
            await tokens.verify(f"Bearer {acs.token()}")
            assert tokens._renewing is not None
            await tokens._renewing
        await tokens.verify(f"Bearer {acs.token()}")
        assert acs.key_fetches == 4

    async def test_without_any_keys_nothing_can_be_said(
        self, tokens: AcsTokens, acs: AcsServer, clock: Clock
    ) -> None:
        acs.keys_status = 503
        for _ in range(3):
            with pytest.raises(KeysUnavailableError):
                await tokens.verify(f"Bearer {acs.token()}")
        assert acs.key_fetches == 1
        acs.keys_status = 200
        clock.now += 2
        await tokens.verify(f"Bearer {acs.token()}")


class TestSecret:
    def test_is_long_and_fit_for_a_path(self) -> None:
        secrets = {new_secret() for _ in range(100)}
        assert len(secrets) == 100
        assert all(len(s) == 32 and s.replace("-", "").replace("_", "").isalnum() for s in secrets)

    def test_matches_any_of_the_stored_hashes(self) -> None:
        old, new = new_secret(), new_secret()
        hashes = (secret_hash(new), secret_hash(old))
        assert secret_matches(old, hashes)
        assert secret_matches(new, hashes)

    @pytest.mark.parametrize(
        "sent", ["", "x", "é", new_secret()], ids=["empty", "short", "not-ascii", "of-another"]
    )
    def test_others_do_not(self, sent: str) -> None:
        assert not secret_matches(sent, (secret_hash(new_secret()),))

    def test_a_hash_is_no_secret(self) -> None:
        stored = secret_hash(new_secret())
        assert not secret_matches(stored, (stored,))

    def test_no_secret_matches_no_hash(self) -> None:
        assert not secret_matches("", ())
