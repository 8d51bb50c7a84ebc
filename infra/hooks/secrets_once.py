"""Secrets that nobody has to know: made at random, once, and left alone ever after."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from infra.hooks.azure import Azure
from infra.hooks.settings import AzdEnvironment


@dataclass(frozen=True)
class Secret:
    """A secret in the vault."""

    name: str
    meaning: str


SECRETS: Final = (Secret("metrics-token", "what GET /metrics of the bridge wants to see"),)

_VERSION: Final = "2024-11-01"


def make_secrets(
    azure: Azure, environment: AzdEnvironment, random: Callable[[], str] = lambda: secrets.token_urlsafe(32)
) -> Iterator[str]:
    """Make what is missing, over the management API: it writes secrets and never shows one.

    Yields a line about each that was made.
    """
    for secret in SECRETS:
        path = f"{environment['TABLETALK_VAULT_ID']}/secrets/{secret.name}"
        if azure.find(path, _VERSION) is None:
            body = {"properties": {"value": random(), "contentType": secret.meaning}}
            azure.request("PUT", path, _VERSION, body)
            yield f"made the secret {secret.name}: {secret.meaning}"
