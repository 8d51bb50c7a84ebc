"""The REST client of the hooks, and what is looked at before anything is made."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from infra.hooks import preflight
from infra.hooks.azure import Azure, AzureError
from infra.hooks.settings import AzdEnvironment
from tests.infra.fake_azure import BRIDGE, SUBSCRIPTION, FakeAzure

# --- the REST client -----------------------------------------------------------------------------------


def test_a_busy_azure_is_asked_again(fake: FakeAzure, azure: Azure, pauses: list[float]) -> None:
    """As long as Retry-After says, but no longer than 20 seconds."""
    fake.failing[BRIDGE] = [(429, {"Retry-After": "3"}), (503, {}), (500, {"Retry-After": "900"})]
    assert azure.get(BRIDGE, "2025-01-01")["name"] == "ca-bridge-x"
    assert pauses == [3.0, 4.0, 20.0]


def test_an_azure_that_stays_busy_is_given_up(fake: FakeAzure, azure: Azure) -> None:
    fake.failing[BRIDGE] = [(503, {})] * 9
    with pytest.raises(AzureError, match="HTTP 503 Busy: try later"):
        azure.get(BRIDGE, "2025-01-01")
    assert len(fake.asked) == 4


def test_an_azure_that_does_not_answer_is_given_up(fake: FakeAzure, pauses: list[float]) -> None:
    azure = Azure(management="http://127.0.0.1:9", run=fake.azd, sleep=pauses.append)
    with pytest.raises(AzureError, match=r"GET http://127\.0\.0\.1:9/x"):
        azure.get("/x", "1")
    assert pauses == [2, 4, 8]


def test_a_refusal_is_not_repeated(fake: FakeAzure, azure: Azure, pauses: list[float]) -> None:
    fake.failing[BRIDGE] = [(403, {})]
    with pytest.raises(AzureError) as raised:
        azure.get(BRIDGE, "2025-01-01")
    assert (raised.value.status, raised.value.code, pauses) == (403, "Busy", [])


def test_lists_come_page_by_page(fake: FakeAzure, azure: Azure) -> None:
    fake.resources["/a"] = {"value": [1, 2], "nextLink": f"{fake.url}/b?api-version=1"}
    fake.resources["/b"] = {"value": [3]}
    assert list(azure.list("/a", "1")) == [1, 2, 3]


def test_one_token_serves_many_requests(fake: FakeAzure, azure: Azure) -> None:
    azure.get(BRIDGE, "1")
    azure.get(BRIDGE, "1")
    assert fake.tokens == ["https://management.azure.com/.default"]


def test_nobody_signed_in_to_azd_is_told_how() -> None:
    def signed_out(command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: not logged in")

    with pytest.raises(AzureError, match=r"not logged in; run: azd auth login"):
        Azure(run=signed_out).token()


# --- before provisioning -------------------------------------------------------------------------------


@pytest.fixture
def ready(fake: FakeAzure) -> FakeAzure:
    """A subscription that has what it takes."""
    for name in preflight.PROVIDERS:
        fake.resources[f"{SUBSCRIPTION}/providers/{name}"] = {"registrationState": "Registered"}
    fake.resources |= {
        f"{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions": {
            "value": [{"actions": ["*"], "notActions": []}]
        },
        f"{SUBSCRIPTION}/providers/Microsoft.Web/geoRegions": {
            "value": [{"name": "Sweden Central"}, {"name": "West Europe"}]
        },
        f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/skus": {
            "value": [
                {"kind": "AIServices", "name": "S0", "locations": ["SWEDENCENTRAL"], "restrictions": []}
            ]
        },
        f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/deletedAccounts": {"value": []},
        f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults": {"value": []},
    }
    return fake


def test_a_good_subscription_passes(ready: FakeAzure, azure: Azure, environment: AzdEnvironment) -> None:
    assert list(preflight.problems(azure, environment)) == []
    assert ready.did("POST") == []


def test_providers_are_registered(ready: FakeAzure, azure: Azure, environment: AzdEnvironment) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.App"
    ready.resources[path] = {"registrationState": "NotRegistered"}
    assert list(preflight.problems(azure, environment)) == []
    assert ready.did("POST") == [f"{path}/register"]


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (
            "Microsoft.Authorization/permissions",
            {"value": [{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}]},
            "User Access Administrator",
        ),
        ("Microsoft.Web/geoRegions", {"value": [{"name": "West Europe"}]}, "to one of westeurope"),
        (
            "Microsoft.CognitiveServices/skus",
            {
                "value": [
                    {
                        "kind": "AIServices",
                        "name": "S0",
                        "locations": ["swedencentral"],
                        "restrictions": [{"a": 1}],
                    },
                    {"kind": "Face", "name": "S0", "locations": ["swedencentral"]},
                ]
            },
            "TABLETALK_VOICE_LIVE_REGIONS: 'swedencentral'",
        ),
        (
            "Microsoft.CognitiveServices/deletedAccounts",
            {"value": [{"id": f"{SUBSCRIPTION}/x/resourceGroups/RG-TEST/deletedAccounts/a", "name": "a"}]},
            "AI Services account a was deleted, not purged",
        ),
    ],
)
def test_what_would_fail_later_is_told(
    ready: FakeAzure, azure: Azure, environment: AzdEnvironment, path: str, content: Any, said: str
) -> None:
    ready.resources[f"{SUBSCRIPTION}/providers/{path}"] = content
    (problem,) = preflight.problems(azure, environment)
    assert said in problem


def test_missing_rights_are_told(ready: FakeAzure, azure: Azure, environment: AzdEnvironment) -> None:
    ready.failing[f"{SUBSCRIPTION}/providers/Microsoft.Web/geoRegions"] = [(403, {})]
    (problem,) = preflight.problems(azure, environment)
    assert "you need the role Owner" in problem


def test_a_number_that_is_none_is_told(ready: FakeAzure, azure: Azure, values: dict[str, str]) -> None:
    values["TABLETALK_PHONE_NUMBERS"] = "+15550100200, 0800 123"
    (problem,) = preflight.problems(azure, AzdEnvironment(values))
    assert "TABLETALK_PHONE_NUMBERS: '0800'" in problem


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"TABLETALK_BRIDGE_MIN_REPLICAS": "0"}, "MIN_REPLICAS: '0' is not a whole number from 1 to 1000"),
        ({"TABLETALK_BRIDGE_MAX_CALLS": "fifty"}, "TABLETALK_BRIDGE_MAX_CALLS: 'fifty' is not"),
        ({"TABLETALK_VOICE_LIVE_TOKENS": "999"}, "TABLETALK_VOICE_LIVE_TOKENS: '999' is not"),
        ({"TABLETALK_BRIDGE_MIN_REPLICAS": "11"}, "11 is more than TABLETALK_BRIDGE_MAX_REPLICAS, 10"),
        (
            {"TABLETALK_BRIDGE_MIN_REPLICAS": "3", "TABLETALK_BRIDGE_MAX_REPLICAS": "2"},
            "3 is more than TABLETALK_BRIDGE_MAX_REPLICAS, 2",
        ),
    ],
)
def test_numbers_that_the_bridge_would_refuse_are_told(
    ready: FakeAzure, azure: Azure, values: dict[str, str], given: dict[str, str], said: str
) -> None:
    (problem,) = preflight.problems(azure, AzdEnvironment(values | given))
    assert said in problem
    mended = dict.fromkeys(given, "5000") | {"TABLETALK_BRIDGE_MAX_CALLS": "40"}
    mended |= {name: "2" for name in given if name.endswith("REPLICAS")}
    assert list(preflight.problems(azure, AzdEnvironment(values | mended))) == []
