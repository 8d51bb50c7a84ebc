"""Secrets that nobody has to know: made at random, once, and left alone ever after."""

from __future__ import annotations

import base64
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


SECRETS: Final = (
    Secret("metrics-token", "what GET /metrics of the bridge wants to see"),
    Secret("caller-key", "the key that callers are named with in the store"),
)

BY_HAND: Final = (
    Secret("caller-previous-keys", "keys that caller-key had before, while it is being changed"),
)
"""What an operator makes, when the day comes. Named here for `infra.check`, which looks for every secret."""

_VERSION: Final = "2024-11-01"


def make_secrets(
    azure: Azure, environment: AzdEnvironment, random: Callable[[int], bytes] = secrets.token_bytes
) -> Iterator[str]:
    """Make what is missing, over the management API: it writes secrets and never shows one.

    Yields a line about each that was made.
    """
    for secret in SECRETS:
        path = f"{environment['TABLETALK_VAULT_ID']}/secrets/{secret.name}"
        if azure.find(path, _VERSION) is None:
            body = {
                "properties": {"value": base64.b64encode(random(32)).decode(), "contentType": secret.meaning}
            }
            azure.request("PUT", path, _VERSION, body)
            yield f"made the secret {secret.name}: {secret.meaning}"
