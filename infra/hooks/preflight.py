"""What would make `azd provision` fail after ten minutes, found in ten seconds."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.hooks.azure import Azure, AzureError
from infra.hooks.settings import AzdEnvironment, SettingError
from infra.hooks.soft_deleted import soft_deleted

PROVIDERS: Final = (
    "Microsoft.App",
    "Microsoft.CognitiveServices",
    "Microsoft.Communication",
    "Microsoft.ContainerRegistry",
    "Microsoft.EventGrid",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
    "Microsoft.Web",
)

BRIDGE_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "TABLETALK_BRIDGE_MIN_REPLICAS": (1, 1000),
    "TABLETALK_BRIDGE_MAX_REPLICAS": (1, 1000),
    "TABLETALK_BRIDGE_MAX_CALLS": (2, 1000),
    "TABLETALK_VOICE_LIVE_CONNECTIONS": (1, 10_000),
    "TABLETALK_VOICE_LIVE_TOKENS": (1_000, 100_000_000),
}
"""The least and the most of each. With others the container app is refused or the bridge does not start; with
replicas of a single call, none would be added before the others are full."""

_REGISTERING: Final = 300.0
"""Seconds a provider may take to be registered."""


def problems(azure: Azure, environment: AzdEnvironment) -> Iterator[str]:
    """What is wrong, each with its fix. Nothing means that provisioning has what it needs."""
    try:
        azure.token()
    except AzureError as error:
        yield str(error)
        return  # all else would say the same
    checks = (_phones, _bridge, _providers, _may_assign_roles, _functions_region, _voice_regions, _left_overs)
    for check in checks:
        try:
            yield from check(azure, environment)
        except SettingError as error:
            yield str(error)
        except AzureError as error:
            if error.status == 403:
                yield f"{error}; you need the role Owner, or Contributor and User Access Administrator"
            else:
                yield str(error)


def _phones(_: Azure, environment: AzdEnvironment) -> Iterator[str]:
    """Raises SettingError for a number that is none."""
    yield from environment.numbers[:0]


def _bridge(_: Azure, environment: AzdEnvironment) -> Iterator[str]:
    given = {}
    for name, (least, most) in BRIDGE_NUMBERS.items():
        text = environment.get(name)
        if not text:
            continue
        if re.fullmatch(r"\d{1,9}", text) and least <= int(text) <= most:
            given[name] = int(text)
        else:
            yield f"{name}: {text!r} is not a whole number from {least} to {most}; azd env set {name} NUMBER"
    fewest, most = (
        given.get("TABLETALK_BRIDGE_MIN_REPLICAS", 1),
        given.get("TABLETALK_BRIDGE_MAX_REPLICAS", 10),
    )
    if fewest > most:
        yield f"TABLETALK_BRIDGE_MIN_REPLICAS: {fewest} is more than TABLETALK_BRIDGE_MAX_REPLICAS, {most}"


def _providers(azure: Azure, environment: AzdEnvironment) -> Iterator[str]:
    """Registers those that are not; that changes nothing but what the subscription may use."""
    for name in PROVIDERS:
        path = f"{environment.subscription}/providers/{name}"

        def registered(path: str = path) -> bool:
            return bool(azure.get(path, "2021-04-01")["registrationState"] == "Registered")

        if registered():
            continue
        azure.request("POST", f"{path}/register", "2021-04-01")
        if not azure.wait_until(registered, _REGISTERING):
            yield f"{name} is still being registered with your subscription; wait a few minutes and try again"


def _may_assign_roles(azure: Azure, environment: AzdEnvironment) -> Iterator[str]:
    path = f"{environment.subscription}/providers/Microsoft.Authorization/permissions"
    wanted = "Microsoft.Authorization/roleAssignments/write"
    if not any(_allows(permission, wanted) for permission in azure.list(path, "2022-04-01")):
        yield (
            "you may not assign roles in this subscription, and the apps need some; ask for the role "
            "User Access Administrator or Role Based Access Control Administrator"
        )


def _allows(permission: Mapping[str, Any], action: str) -> bool:
    def matches(patterns: list[str]) -> bool:
        return any(fnmatch.fnmatch(action.lower(), pattern.lower()) for pattern in patterns)

    return matches(permission.get("actions", [])) and not matches(permission.get("notActions", []))


def _functions_region(azure: Azure, environment: AzdEnvironment) -> Iterator[str]:
    location = environment["AZURE_LOCATION"]
    path = f"{environment.subscription}/providers/Microsoft.Web/geoRegions?sku=FlexConsumption"
    offered = sorted(_short(one["name"]) for one in azure.list(path, "2024-11-01"))
    if _short(location) not in offered:
        yield (
            f"AZURE_LOCATION: {location} has no Functions Flex Consumption; azd env set it to one of "
            f"{', '.join(offered)}. TABLETALK_VOICE_LIVE_REGIONS may name others"
        )


def _voice_regions(azure: Azure, environment: AzdEnvironment) -> Iterator[str]:
    wanted = [
        one.strip() for one in environment.get("TABLETALK_VOICE_LIVE_REGIONS", "swedencentral").split(",")
    ]
    path = f"{environment.subscription}/providers/Microsoft.CognitiveServices/skus"
    offered = {
        _short(location)
        for sku in azure.list(path, "2025-06-01")
        if sku.get("kind") == "AIServices" and sku.get("name") == "S0" and not sku.get("restrictions")
        for location in sku.get("locations", [])
    }
    for region in wanted:
        if _short(region) not in offered:
            yield f"TABLETALK_VOICE_LIVE_REGIONS: {region!r} offers you no AI Services with sku S0"


def _left_overs(azure: Azure, environment: AzdEnvironment) -> Iterator[str]:
    """Deleted accounts and vaults keep their names for days, and a new one of the same name is refused."""
    if azure.find(f"{environment.subscription}/resourceGroups/{environment.group}", "2021-04-01") is not None:
        return
    for one in soft_deleted(azure, environment):
        yield f"{one.kind} {one.name} was deleted, not purged: its name is still taken; azd down --purge"


def _short(region: str) -> str:
    return region.replace(" ", "").lower()
