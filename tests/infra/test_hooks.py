"""What azd runs after its own steps and around `azd down`, against Azure's REST API on this machine."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.check.azure_types import ResourceType, azure_types
from infra.check.wiring import azure_yaml
from infra.hooks import event_subscription, phone_numbers, revisions, steps, verify
from infra.hooks.azure import Azure, AzureError
from infra.hooks.settings import AzdEnvironment, SettingError
from tests.infra.fake_azure import (
    BRIDGE,
    DEAD,
    FUNCTIONS,
    GROUP,
    SUBSCRIPTION,
    TOPIC,
    VAULT,
    FakeAzure,
)

ROOT = Path(__file__).parents[2]
HOOKS = [hook["run"] for hook in azure_yaml(ROOT)["hooks"].values()]
FUNCTION = f"{FUNCTIONS}/functions/incoming_call"
SUBSCRIBED = f"{TOPIC}/eventSubscriptions/incoming-call"
REVISIONS = f"{BRIDGE}/revisions"


# --- after provisioning --------------------------------------------------------------------------------


def test_secrets_are_made_once(fake: FakeAzure, azure: Azure, environment: AzdEnvironment) -> None:
    """At random, long enough for a key, and never changed by another run."""
    assert steps.postprovision(azure, environment) == 0
    made = {path: fake.resources[path]["properties"]["value"] for path in fake.did("PUT")}
    assert set(made) == {f"{VAULT}/secrets/metrics-token", f"{VAULT}/secrets/caller-key"}
    assert all(len(base64.b64decode(value, validate=True)) == 32 for value in made.values())
    assert len(set(made.values())) == 2
    assert steps.postprovision(azure, environment) == 0
    assert len(fake.did("PUT")) == 2


# --- after deployment ----------------------------------------------------------------------------------


def test_the_subscription_is_what_calls_need(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment
) -> None:
    assert "was made" in event_subscription.ensure(azure, environment, ["+15550100200"])
    made = fake.resources[SUBSCRIBED]["properties"]
    assert made["destination"]["endpointType"] == "AzureFunction"
    assert made["destination"]["properties"]["resourceId"] == FUNCTION
    assert made["filter"]["includedEventTypes"] == ["Microsoft.Communication.IncomingCall"]
    assert made["filter"]["advancedFilters"][0]["values"] == ["+15550100200"]
    assert made["retryPolicy"] == {"maxDeliveryAttempts": 2, "eventTimeToLiveInMinutes": 1}
    assert made["deadLetterDestination"]["properties"] == {
        "resourceId": DEAD,
        "blobContainerName": "incoming-calls",
    }


def test_the_subscription_fits_the_published_type(environment: AzdEnvironment) -> None:
    """Every property and value exists in Azure's own types."""
    known = azure_types()["microsoft.eventgrid/systemtopics/eventsubscriptions@2025-02-15"]
    body = event_subscription.wanted(environment, ["+15550100200"])
    assert list(_misfits(known, "EventSubscriptionProperties", body)) == []
    body["retryPolicy"]["maxAttempts"] = 2
    body["destination"]["endpointType"] = "AzureFunktion"
    assert sorted(_misfits(known, "EventSubscriptionProperties", body)) == ["AzureFunktion", "maxAttempts"]


def _misfits(known: ResourceType, name: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _misfits(known, name.removesuffix("[]"), item)
        return
    kind = known.object(name)
    if kind is None:
        if isinstance(value, str) and " | " in name and value not in name.split(" | "):
            yield value
        return
    properties = dict(kind.properties)
    if kind.by is not None:
        if value[kind.by] not in kind.kinds:
            yield value[kind.by]
            return
        properties |= kind.kinds[value[kind.by]]
    for key, inner in value.items():
        if key not in properties:
            yield key
        else:
            yield from _misfits(known, properties[key].type, inner)


def test_a_subscription_in_place_is_left_alone(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment
) -> None:
    """Also when Azure has added properties and spells ids in its own way."""
    event_subscription.ensure(azure, environment, ["+15550100200"])
    known = fake.resources[SUBSCRIBED]["properties"]
    known["topic"] = GROUP
    known["destination"]["properties"]["resourceId"] = FUNCTION.upper().replace(
        "/SUBSCRIPTIONS", "/subscriptions"
    )
    fake.state_after_put = ["Succeeded"]
    assert "is in place" in event_subscription.ensure(azure, environment, ["+15550100200"])
    assert len(fake.did("PUT")) == 1


def test_another_number_changes_the_subscription(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment
) -> None:
    event_subscription.ensure(azure, environment, ["+15550100200"])
    fake.state_after_put = ["Succeeded", "Succeeded"]
    assert "up to date" in event_subscription.ensure(azure, environment, ["+15550100200", "+15550100201"])
    assert len(fake.resources[SUBSCRIBED]["properties"]["filter"]["advancedFilters"][0]["values"]) == 2


def test_the_subscription_waits_for_the_function(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment
) -> None:
    """A function that never appears is told, with what to look at; nothing is subscribed."""
    del fake.resources[FUNCTION]
    with pytest.raises(AzureError, match="does not know incoming_call 300 s after"):
        event_subscription.ensure(azure, environment, [])
    assert fake.did("PUT") == []


def test_a_subscription_that_fails_is_told(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment
) -> None:
    fake.state_after_put = ["Creating", "Failed"]
    with pytest.raises(AzureError, match="stays in the state Failed"):
        event_subscription.ensure(azure, environment, [])


def _revision(name: str, created: str, *, active: bool = True, weight: int = 0) -> Mapping[str, Any]:
    return {"name": name, "properties": {"active": active, "createdTime": created, "trafficWeight": weight}}


def test_revisions_before_the_last_two_are_stopped(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment
) -> None:
    """The newest takes calls, the one before keeps those it has; one that gets traffic is never stopped."""
    fake.resources[REVISIONS] = {
        "value": [
            _revision("r4", "2026-11-04", weight=100),
            _revision("r1", "2026-11-01"),
            _revision("r0", "2026-10-01", active=False),
            _revision("r3", "2026-11-03"),
            _revision("r2", "2026-11-02"),
            _revision("pinned", "2026-10-15", weight=5),
        ]
    }
    list(revisions.retire(azure, environment))
    assert fake.did("POST") == [f"{REVISIONS}/r2/deactivate", f"{REVISIONS}/r1/deactivate"]


def _well(_: str) -> tuple[int | None, str]:
    return 200, "ok"


def test_planes_that_answer_are_well(azure: Azure, environment: AzdEnvironment) -> None:
    asked: list[str] = []

    def probe(url: str) -> tuple[int | None, str]:
        asked.append(url)
        return 200, "ok"

    assert list(verify.silent(azure, environment, probe)) == []
    assert asked == ["https://func-x.example/api/health", "https://ca-bridge-x.example/readyz"]


def test_a_cold_start_is_waited_for(azure: Azure, environment: AzdEnvironment) -> None:
    answers = iter([(None, "refused"), (503, "starting"), (200, "ok"), (200, "ok")])
    assert list(verify.silent(azure, environment, lambda _: next(answers))) == []


def test_a_plane_that_is_not_well_is_told(azure: Azure, environment: AzdEnvironment) -> None:
    """With its own words."""

    def probe(url: str) -> tuple[int | None, str]:
        return (503, "store: ClientAuthenticationError") if "readyz" in url else (200, "ok")

    (line,) = verify.silent(azure, environment, probe)
    assert "the bridge is not well" in line
    assert "HTTP 503: store: ClientAuthenticationError" in line


def test_postdeploy_does_it_all_and_twice_over(
    fake: FakeAzure,
    azure: Azure,
    environment: AzdEnvironment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The numbers of the resource are taken when none were named."""
    monkeypatch.setattr(verify, "doctor", lambda: 0)
    assert steps.postdeploy(azure, environment, _well) == 0
    filters = fake.resources[SUBSCRIBED]["properties"]["filter"]["advancedFilters"]
    assert filters[0]["values"] == ["+15550100200"]
    fake.state_after_put = ["Succeeded"]
    assert steps.postdeploy(azure, environment, _well) == 0
    assert len(fake.did("PUT")) == 1
    assert "is in place" in capsys.readouterr().out


def test_without_the_bridge_postdeploy_says_what_is_next(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    """`azd deploy control` alone is no error."""
    del fake.resources[BRIDGE]
    assert steps.postdeploy(azure, environment) == 0
    assert "the bridge is not deployed yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wanted", "have", "said"),
    [
        ([], [], "No phone number yet"),
        (["+15550100200"], [], "sells no numbers to tenants"),
        (["+15550100299"], ["+15550100200"], "does not belong to"),
        ([], ["+15550100200"], "calls are taken on +15550100200"),
    ],
)
def test_advice_on_numbers(wanted: list[str], have: list[str], said: str) -> None:
    assert said in "\n".join(phone_numbers.advice(wanted, have, "https://acs"))


def test_nothing_is_said_about_numbers_that_are_right() -> None:
    assert list(phone_numbers.advice(["+15550100200"], ["+15550100200", "+15550100201"], "x")) == []


# --- azd down ------------------------------------------------------------------------------------------


def test_numbers_are_not_given_up_by_accident(
    azure: Azure, values: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert steps.predown(azure, AzdEnvironment(values)) == 1
    assert "azd env set TABLETALK_RELEASE_NUMBERS true" in capsys.readouterr().err
    values["TABLETALK_RELEASE_NUMBERS"] = "true"
    assert steps.predown(azure, AzdEnvironment(values)) == 0


def test_going_down_without_numbers_asks_nothing(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment
) -> None:
    fake.resources["/acs/phoneNumbers"] = {"phoneNumbers": []}
    assert steps.predown(azure, environment) == 0


def test_nothing_is_left_after_going_down(fake: FakeAzure, azure: Azure, environment: AzdEnvironment) -> None:
    """What was in our group is purged; what was in another, or is protected, is not."""
    location = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/swedencentral"
    ours = f"{location}/resourceGroups/rg-test/deletedAccounts/ais-x"
    fake.resources[ours] = {}
    fake.resources[f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/deletedAccounts"] = {
        "value": [
            {"id": ours, "name": "ais-x"},
            {"id": f"{location}/resourceGroups/rg-test2/deletedAccounts/other", "name": "other"},
        ]
    }
    deleted = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/swedencentral/deletedVaults"
    fake.resources[f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"] = {
        "value": [
            {"id": f"{deleted}/kv-x", "name": "kv-x", "properties": {"vaultId": VAULT}},
            {
                "id": f"{deleted}/kept",
                "name": "kept",
                "properties": {"vaultId": VAULT, "purgeProtectionEnabled": True},
            },
        ]
    }
    assert steps.postdown(azure, environment) == 0
    assert fake.did("DELETE") == [ours]
    assert fake.did("POST") == [f"{deleted}/kv-x/purge"]


# --- as azd runs them ----------------------------------------------------------------------------------


def test_a_missing_value_is_named_with_its_fix() -> None:
    with pytest.raises(SettingError, match=r"TABLETALK_VAULT_ID: missing .* run: azd provision"):
        AzdEnvironment({})["TABLETALK_VAULT_ID"]


def test_by_hand_the_environment_is_asked_of_azd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that `python infra/hooks/retire.py` needs no preparation."""
    azd = tmp_path / "azd"
    azd.write_text('#!/bin/sh\necho \'{"AZURE_ENV_NAME": "by-hand"}\'\n')
    azd.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("AZURE_ENV_NAME", raising=False)
    assert AzdEnvironment.current()["AZURE_ENV_NAME"] == "by-hand"
    monkeypatch.setenv("AZURE_ENV_NAME", "from-azd")
    assert AzdEnvironment.current()["AZURE_ENV_NAME"] == "from-azd"


def test_retire_leaves_the_newest_revision_alone(
    fake: FakeAzure, azure: Azure, environment: AzdEnvironment
) -> None:
    fake.resources[REVISIONS] = {
        "value": [_revision("new", "2026-11-04", weight=100), _revision("old", "2026-11-03")]
    }
    assert steps.retire(azure, environment) == 0
    assert fake.did("POST") == [f"{REVISIONS}/old/deactivate"]


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_run_by_their_path(hook: str, fake: FakeAzure, values: dict[str, str], tmp_path: Path) -> None:
    """In their own folder, with an azd on the PATH, without our packages; no error comes as a trace."""
    fake.state_after_put = ["Succeeded"]
    azd = tmp_path / "azd"
    azd.write_text('#!/bin/sh\nprintf \'{"token": "token for %s"}\' "$6"\n')
    azd.chmod(0o755)
    outcome = subprocess.run(
        [sys.executable, "-S", ROOT / hook],
        cwd=(ROOT / hook).parent,
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "TABLETALK_MANAGEMENT": fake.url}
        | {name: value for name, value in values.items() if "URL" not in name},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in outcome.stderr
    assert outcome.returncode in (0, 1)
    assert "tabletalk:" in outcome.stdout + outcome.stderr or not outcome.stderr
