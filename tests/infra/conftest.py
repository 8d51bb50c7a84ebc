"""What the tests of the hooks share: Azure on this machine, and the environment that azd would hand over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.hooks.azure import Azure
from infra.hooks.settings import AzdEnvironment
from tests.infra.fake_azure import (
    BRIDGE,
    DEAD,
    FUNCTIONS,
    SUBSCRIPTION,
    TOPIC,
    VAULT,
    FakeAzure,
    fake_azure,
)

FUNCTION = f"{FUNCTIONS}/functions/incoming_call"
REVISIONS = f"{BRIDGE}/revisions"


@pytest.fixture
def fake() -> Iterator[FakeAzure]:
    """Azure as it is when both services have been deployed and a number was bought."""
    with fake_azure() as made:
        made.resources |= {
            FUNCTION: {"name": "func-x/incoming_call"},
            BRIDGE: {"name": "ca-bridge-x"},
            REVISIONS: {"value": []},
            "/acs/phoneNumbers": {"phoneNumbers": [{"phoneNumber": "+15550100200"}]},
        }
        yield made


@pytest.fixture
def pauses() -> list[float]:
    """Seconds slept."""
    return []


@pytest.fixture
def azure(fake: FakeAzure, pauses: list[float]) -> Azure:
    return Azure(management=fake.url, run=fake.azd, sleep=pauses.append)


@pytest.fixture
def values(fake: FakeAzure) -> dict[str, str]:
    """What azd hands over after provisioning."""
    return {
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION.rpartition("/")[2],
        "AZURE_ENV_NAME": "test",
        "AZURE_LOCATION": "swedencentral",
        "AZURE_RESOURCE_GROUP": "rg-test",
        "TABLETALK_ACS_ENDPOINT": f"{fake.url}/acs",
        "TABLETALK_BRIDGE_NAME": "ca-bridge-x",
        "TABLETALK_CALLBACK_BASE_URL": "https://func-x.example",
        "TABLETALK_DEAD_LETTERS_CONTAINER": "incoming-calls",
        "TABLETALK_DEAD_LETTERS_ID": DEAD,
        "TABLETALK_FUNCTIONS_ID": FUNCTIONS,
        "TABLETALK_MEDIA_BASE_URL": "wss://ca-bridge-x.example",
        "TABLETALK_SYSTEM_TOPIC_ID": TOPIC,
        "TABLETALK_VAULT_ID": VAULT,
    }


@pytest.fixture
def environment(values: dict[str, str]) -> AzdEnvironment:
    return AzdEnvironment(values)
