"""Which role each piece of code needs, and why.

access.bicep is held against this, both ways, and this against the code: every client below must exist where
it says, and no other client of Azure may.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROLES: Final = {
    "acrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "cognitiveServicesUser": "a97b65f3-24c7-4388-baec-2e87135dc908",
    "communicationOwner": "09976791-48a7-449e-bb21-39d1a415f350",
    "eventGridDataSender": "d5a91429-5739-47e2-a06b-3470a27159e7",
    "foundryUser": "53ca6127-db72-4b80-b1b0-d745d6d5456d",
    "keyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
"""Azure's built-in roles (learn.microsoft.com/azure/role-based-access-control/built-in-roles)."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role of an identity on a resource."""

    identity: str
    """`control` or `bridge`."""
    role: str
    """A key of ROLES."""
    resource: str
    """The name of the resource in access.bicep."""


@dataclass(frozen=True, slots=True)
class Need:
    """One client of Azure, and what it takes to use it."""

    module: str
    """Where the code makes the client: a Python file; for what the platform does itself, a Bicep file."""
    client: str
    """What it makes: text that must stand in that file."""
    operations: str
    grants: tuple[Grant, ...]


def _both(role: str, resource: str) -> tuple[Grant, Grant]:
    return Grant("control", role, resource), Grant("bridge", role, resource)


NEEDS: Final = (
    Need(
        "shared/tables.py",
        "TableServiceClient",
        "creates tables; reads, writes and deletes entities",
        _both("storageTableDataContributor", "storage"),
    ),
    Need(
        "shared/telephony.py",
        "CallAutomationClient",
        "answers, transfers, asks about and ends calls",
        _both("communicationOwner", "communication"),
    ),
    Need(
        "shared/outbox_topic.py",
        "EventGridPublisherClient",
        "publishes events",
        (Grant("control", "eventGridDataSender", "topic"),),
    ),
    Need(
        "bridge/services.py",
        "TOKEN_SCOPE",
        "opens Voice Live sessions, with a model or an agent",
        (Grant("bridge", "cognitiveServicesUser", "voice"), Grant("bridge", "foundryUser", "voice")),
    ),
    Need(
        "shared/exporting.py",
        "AzureMonitorTraceExporter",
        "sends traces and numbers",
        _both("monitoringMetricsPublisher", "insights"),
    ),
    Need(
        "infra/modules/functions.bicep",
        "AzureWebJobsStorage__blobServiceUri",
        "the Functions host reads its package, keeps its keys and leases its timers",
        (Grant("control", "storageBlobDataOwner", "storage"),),
    ),
    Need(
        "infra/modules/functions.bicep",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "the Functions host sends telemetry",
        (Grant("control", "monitoringMetricsPublisher", "insights"),),
    ),
    Need(
        "infra/bridge.bicep",
        "registries: [{ server: registryServer, identity: identityId }]",
        "Container Apps pulls the image",
        (Grant("bridge", "acrPull", "registry"),),
    ),
    Need(
        "infra/bridge.bicep",
        "keyVaultUrl",
        "Container Apps reads secrets",
        (Grant("bridge", "keyVaultSecretsUser", "vault"),),
    ),
)
