"""Our identity in Azure: the managed one there, whoever is signed in on a laptop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import DefaultAzureCredential

_SECONDS: Final = 10.0
"""A token may take; the Azure CLI, on a laptop, needs some of them."""


class Identity(DefaultAzureCredential):
    """Gives a token in time, or an error.

    Microsoft's own asks ten times, and sleeps out in full what a `Retry-After` says: whoever needs a token,
    for the store say, would wait for minutes. Tokens are kept, and renewed before they lapse, so hardly
    anybody waits for one.
    """

    async def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **kwargs: Any
    ) -> AccessToken:
        """A token for `scopes`.

        Raises:
            azure.core.exceptions.ClientAuthenticationError: there is none, or not in time.
        """
        return await _in_time(super().get_token(*scopes, claims=claims, tenant_id=tenant_id, **kwargs))

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """The same, as Microsoft's clients ask for it."""
        return await _in_time(super().get_token_info(*scopes, options=options))


async def _in_time[T](token: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(_SECONDS):
            return await token
    except TimeoutError as error:
        raise ClientAuthenticationError(f"no token within {_SECONDS:.0f} s") from error
