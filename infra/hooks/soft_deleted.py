"""Resources that Azure keeps for a while after they were deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.hooks.azure import Azure
from infra.hooks.settings import AzdEnvironment


@dataclass(frozen=True)
class SoftDeleted:
    """One of them, and how it is purged."""

    kind: str
    name: str
    method: str
    path: str
    version: str


def soft_deleted(azure: Azure, environment: AzdEnvironment) -> Iterator[SoftDeleted]:
    """Those that were in the resource group of this environment."""
    marker = f"/resourcegroups/{environment.group}/".lower()
    accounts = f"{environment.subscription}/providers/Microsoft.CognitiveServices/deletedAccounts"
    for account in azure.list(accounts, "2025-06-01"):
        if marker in account["id"].lower():
            yield SoftDeleted("AI Services account", account["name"], "DELETE", account["id"], "2025-06-01")
    vaults = f"{environment.subscription}/providers/Microsoft.KeyVault/deletedVaults"
    for vault in azure.list(vaults, "2024-11-01"):
        properties = vault["properties"]
        protected = properties.get("purgeProtectionEnabled", False)
        if marker in properties["vaultId"].lower() and not protected:
            yield SoftDeleted("Key Vault", vault["name"], "POST", f"{vault['id']}/purge", "2024-11-01")


def purge(azure: Azure, environment: AzdEnvironment) -> list[SoftDeleted]:
    """Purge all of them. They need not be gone yet when this returns."""
    found = list(soft_deleted(azure, environment))
    for one in found:
        azure.request(one.method, one.path, one.version)
    return found
