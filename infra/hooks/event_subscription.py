"""The Event Grid subscription that makes the phone ring in `incoming_call`.

It is made after the code is deployed: Event Grid checks that the function exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from infra.hooks.azure import Azure, AzureError
from infra.hooks.settings import AzdEnvironment

NAME: Final = "incoming-call"
FUNCTION: Final = "incoming_call"

_VERSION: Final = "2025-02-15"
_WEB_VERSION: Final = "2024-11-01"
_INDEXED: Final = 300.0
"""Seconds after a deployment within which the host knows its functions."""
_MADE: Final = 180.0


def wanted(environment: AzdEnvironment, numbers: list[str]) -> dict[str, Any]:
    """The subscription as it must be. Without numbers it takes every call of the resource."""
    advanced = [
        # Without it, a call that is redirected to an identity of our own would come here again.
        {"operatorType": "StringIn", "key": "data.to.PhoneNumber.Value", "values": numbers}
    ]
    return {
        "destination": {
            "endpointType": "AzureFunction",
            "properties": {
                "resourceId": f"{environment['TABLETALK_FUNCTIONS_ID']}/functions/{FUNCTION}",
                "maxEventsPerBatch": 1,
                "preferredBatchSizeInKilobytes": 64,
            },
        },
        "eventDeliverySchema": "EventGridSchema",
        "filter": {
            "includedEventTypes": ["Microsoft.Communication.IncomingCall"],
            "advancedFilters": advanced if numbers else [],
        },
        # A call rings for 30 seconds: a later delivery finds nobody.
        "retryPolicy": {"maxDeliveryAttempts": 2, "eventTimeToLiveInMinutes": 1},
        "deadLetterDestination": {
            "endpointType": "StorageBlob",
            "properties": {
                "resourceId": environment["TABLETALK_DEAD_LETTERS_ID"],
                "blobContainerName": environment["TABLETALK_DEAD_LETTERS_CONTAINER"],
            },
        },
    }


def ensure(azure: Azure, environment: AzdEnvironment, numbers: list[str]) -> str:
    """Make the subscription, or bring it up to date; do nothing when it is as it must be.

    Returns what was done, in words.

    Raises:
        AzureError: the function does not appear, or Event Grid refuses.
    """
    path = f"{environment['TABLETALK_SYSTEM_TOPIC_ID']}/eventSubscriptions/{NAME}"
    properties = wanted(environment, numbers)
    found = azure.find(path, _VERSION)
    if found is not None and _state(found) == "Succeeded" and includes(found["properties"], properties):
        return f"the subscription {NAME} is in place"
    function = f"{environment['TABLETALK_FUNCTIONS_ID']}/functions/{FUNCTION}"
    if not azure.wait_until(lambda: azure.find(function, _WEB_VERSION) is not None, _INDEXED):
        raise AzureError(
            f"the Functions app does not know {FUNCTION} {_INDEXED:.0f} s after its deployment; look at its "
            "log stream for an import error, then run: azd deploy control"
        )
    azure.request("PUT", path, _VERSION, {"properties": properties})
    final: list[str] = []

    def settled() -> bool:
        state = _state(azure.get(path, _VERSION))
        final[:] = [state]
        return state in ("Succeeded", "Failed", "Canceled")

    azure.wait_until(settled, _MADE)
    if final != ["Succeeded"]:
        raise AzureError(
            f"the subscription {NAME} stays in the state {final[0]}; try: azd hooks run postdeploy"
        )
    return f"the subscription {NAME} was {'made' if found is None else 'brought up to date'}"


def _state(subscription: Mapping[str, Any]) -> str:
    return str(subscription.get("properties", {}).get("provisioningState", "unknown"))


def includes(found: object, expected: object) -> bool:
    """Whether all that is wanted is there; Azure adds properties of its own, and spells ids as it likes."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            includes(found.get(key), value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return False
        return all(includes(one, other) for one, other in zip(found, expected, strict=True))
    if isinstance(expected, str) and expected.startswith("/subscriptions/"):
        return isinstance(found, str) and found.lower() == expected.lower()
    return bool(found == expected) or (expected == [] and found is None)
