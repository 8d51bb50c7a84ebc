"""Table Storage: reached, in time, and with the right to do all that the system does there."""

from __future__ import annotations

import secrets
import time
from typing import Final

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.data.tables import UpdateMode

from shared.findings import Finding, failed, ok, warning
from shared.settings import StoreSettings
from shared.tables import Tables

_SLOW: Final = 0.5
"""Seconds of one round trip, after which tools keep callers waiting."""
_WHY: Final = "no call is answered and nothing is booked without the store"


async def check_store(settings: StoreSettings) -> list[Finding]:
    """Write, read, change by ETag and delete one row of a table of our own."""
    try:
        async with Tables(settings) as tables:
            return await _use(tables)
    except AzureError as error:
        return [_explain(error, settings)]
    except ValueError as error:  # the client refuses the connection string or address itself
        return [
            failed("store.address", f"the address of the store cannot be used: {error}", _WHY, _fix(settings))
        ]


async def _use(tables: Tables) -> list[Finding]:
    key = {"PartitionKey": "doctor", "RowKey": secrets.token_hex(8)}
    table = await tables.table("checks")
    began = time.monotonic()
    created = await table.create_entity({**key, "step": 1})
    took = time.monotonic() - began
    try:
        await table.get_entity(key["PartitionKey"], key["RowKey"])
        await table.update_entity(
            {**key, "step": 2},
            mode=UpdateMode.REPLACE,
            etag=created["etag"],
            match_condition=MatchConditions.IfNotModified,
        )
    finally:
        await table.delete_entity(key["PartitionKey"], key["RowKey"])
    found = [ok("store.write", "rows of the store can be made, read, changed and deleted")]
    if took > _SLOW:
        found.append(
            warning(
                "store.slow",
                f"one write took {took:.1f} s",
                "callers hear fillers while tools wait for the store",
                "put the store into the region of the apps, and look at its throttling metrics",
            )
        )
    return found


def _explain(error: AzureError, settings: StoreSettings) -> Finding:
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if isinstance(error, ClientAuthenticationError) and status is None:
        return failed("store.identity", "no token for the store can be had", _WHY, _IDENTITY_FIX)
    if status in (401, 403):
        return failed("store.role", f"the store refuses us: HTTP {status}", _WHY, _fix(settings))
    if status is not None:
        return failed("store.answer", f"the store answers HTTP {status}", _WHY, _fix(settings))
    return failed("store.reach", f"the store does not answer: {type(error).__name__}", _WHY, _fix(settings))


_IDENTITY_FIX: Final = (
    "give the app its user-assigned identity and set AZURE_CLIENT_ID to it: azd provision; on a laptop set "
    "TABLES_CONNECTION_STRING instead of TABLES_ENDPOINT"
)


def _fix(settings: StoreSettings) -> str:
    if settings.connection_string is not None:
        return "TABLES_CONNECTION_STRING: copy it whole from the storage account, or start Azurite: make run"
    return (
        "TABLES_ENDPOINT must be https://ACCOUNT.table.core.windows.net, the identity needs Storage Table "
        "Data Contributor on it (azd provision grants it; give it minutes), and its firewall must let us in"
    )
