"""How the bridge proves to Voice Live who it is."""

from __future__ import annotations

import contextlib
from typing import NamedTuple, Self

import pytest
from azure.core.exceptions import ClientAuthenticationError

import bridge.services
import bridge.voicelive.connection
from bridge.services import voice_live_headers
from bridge.voicelive.connection import VoiceLive, VoiceLiveError
from tests.bridge.stand_ins import Model


class Token(NamedTuple):
    token: str


class Identity:
    """Stands for the managed identity of a container, which no test machine has."""

    refuses = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def get_token(self, scope: str) -> Token:
        if self.refuses:
            raise ClientAuthenticationError("the answer of the token service, not for a log")
        return Token(f"token for {scope}")


async def test_a_key_is_shown_as_it_is() -> None:
    async with contextlib.AsyncExitStack() as stack:
        headers = await voice_live_headers("key", stack)
        assert await headers() == {"api-key": "key"}


async def test_without_a_key_the_identity_vouches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scope is the one that Voice Live documents."""
    monkeypatch.setattr(bridge.services, "Identity", Identity)
    async with contextlib.AsyncExitStack() as stack:
        headers = await voice_live_headers(None, stack)
        assert await headers() == {"Authorization": "Bearer token for https://ai.azure.com/.default"}


async def test_an_identity_that_gets_no_token_is_a_fault_of_voice_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Told in words that are safe to log."""
    monkeypatch.setattr(bridge.services, "Identity", Identity)
    monkeypatch.setattr(Identity, "refuses", True)
    async with contextlib.AsyncExitStack() as stack, Model().serve() as model:
        headers = await voice_live_headers(None, stack)
        with pytest.raises(VoiceLiveError, match=r"session: ClientAuthenticationError$"):
            await VoiceLive.open(model.url, {"model": "gpt-4.1"}, headers)
        assert model.handshakes == 0
