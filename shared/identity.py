"""Our identity in Azure: the managed one there, whoever is signed in on a laptop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import DefaultAzureCredential

from shared.clock import steady, utc_now

_SECONDS: Final = 10.0
"""A token may take; the Azure CLI, on a laptop, needs some of them."""
_REST: Final = 5.0
"""Seconds after a failure in which nobody asks again: clients wait for a token one after the other."""
_GOOD_FOR: Final = 60.0
"""Seconds that a token must still be good for."""

type _Key = tuple[str | None, ...]


class Identity(DefaultAzureCredential):
    """Gives a token in time, or an error.

    Microsoft's own asks ten times, and sleeps out in full what a `Retry-After` says: whoever needs a token,
    for the store say, would wait for minutes. Tokens are renewed at half their life, so where that fails the
    old one goes on being given while it is good.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[_Key, Any] = {}
        """The last token of each kind."""
        self._failed: dict[_Key, tuple[float, str]] = {}
        """When the last try failed, by `steady`, and how."""

    async def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **kwargs: Any
    ) -> AccessToken:
        """A token for `scopes`.

        Raises:
            azure.core.exceptions.ClientAuthenticationError: there is none, or not in time.
        """
        ask = super().get_token
        key = ("token", tenant_id, *scopes)
        return await self._given(
            key, claims, lambda: ask(*scopes, claims=claims, tenant_id=tenant_id, **kwargs)
        )

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """The same, as Microsoft's clients ask for it."""
        ask = super().get_token_info
        asked = options or {}
        key = ("info", asked.get("tenant_id"), *scopes)
        return await self._given(key, asked.get("claims"), lambda: ask(*scopes, options=options))

    async def _given[T: (AccessToken, AccessTokenInfo)](
        self, key: _Key, claims: str | None, ask: Callable[[], Awaitable[T]]
    ) -> T:
        """A token, new or the last one. With `claims` the last one was refused."""
        failed_at, reason = self._failed.get(key, (None, ""))
        if claims or failed_at is None or steady() >= failed_at + _REST:
            try:
                token = await _in_time(ask())
            except ClientAuthenticationError as error:
                reason = str(error)
                self._failed[key] = steady(), reason
            else:
                self._kept[key] = token
                self._failed.pop(key, None)
                return token
        kept: T | None = None if claims else self._kept.get(key)
        if kept is None or kept.expires_on < utc_now().timestamp() + _GOOD_FOR:
            raise ClientAuthenticationError(reason)
        return kept


async def _in_time[T](token: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(_SECONDS):
            return await token
    except TimeoutError as error:
        raise ClientAuthenticationError(f"no token within {_SECONDS:.0f} s") from error
