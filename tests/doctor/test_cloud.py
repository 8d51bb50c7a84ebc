"""A deployment seen from outside, against Azure's REST API on this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from doctor.cloud import check_cloud
from doctor.report import Report
from infra.hooks import event_subscription
from infra.hooks.azure import Azure
from infra.hooks.settings import AzdEnvironment
from shared.findings import Finding, failed, ok
from tests.infra.fake_azure import BRIDGE, DEAD, FUNCTIONS, SUBSCRIPTION, TOPIC, FakeAzure, fake_azure

ROOT = Path(__file__).parents[2]
SUBSCRIBED = f"{TOPIC}/eventSubscriptions/{event_subscription.NAME}"
ACS = f"{SUBSCRIPTION}/resourceGroups/rg-test/providers/Microsoft.Communication/communicationServices/acs-x"
RESOURCE_ID = "3f1c2a52-0d0c-4b39-9c39-6a0b7d1c9e44"
NUMBER = "+15550100200"


class Deployment(FakeAzure):
    """Azure with keys for functions."""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if method == "POST" and path.endswith("/functions/health_deep/listKeys"):
            return 200, {"default": "the-key"}
        return super().answer(method, path, body)


@pytest.fixture
def values() -> dict[str, str]:
    return {
        "AZURE_ENV_NAME": "test",
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION.rpartition("/")[2],
        "TABLETALK_FUNCTIONS_ID": FUNCTIONS,
        "TABLETALK_SYSTEM_TOPIC_ID": TOPIC,
        "TABLETALK_BRIDGE_NAME": BRIDGE.rpartition("/")[2],
        "TABLETALK_DEAD_LETTERS_ID": DEAD,
        "TABLETALK_DEAD_LETTERS_CONTAINER": "dead",
        "TABLETALK_ACS_RESOURCE_ID": RESOURCE_ID,
        "TABLETALK_CALLBACK_BASE_URL": "https://func-x.azurewebsites.net",
    }


@pytest.fixture
def cloud(values: dict[str, str]) -> Iterator[FakeAzure]:
    """All as it must be."""
    with fake_azure() as made:
        made.__class__ = Deployment
        values["TABLETALK_ACS_ENDPOINT"] = f"{made.url}/acs"
        made.state_after_put = []
        properties = event_subscription.wanted(AzdEnvironment(values), [NUMBER])
        made.resources |= {
            SUBSCRIBED: {"properties": {**properties, "provisioningState": "Succeeded"}},
            TOPIC: {"properties": {"source": ACS}},
            ACS: {"properties": {"immutableResourceId": RESOURCE_ID.upper()}},
            "/acs/phoneNumbers": {"phoneNumbers": [{"phoneNumber": NUMBER}]},
            FUNCTIONS: {
                "properties": {
                    "state": "Running",
                    "functionAppConfig": runtime("3.13"),
                }
            },
            BRIDGE: {
                "properties": {
                    "latestRevisionName": "b--2",
                    "latestReadyRevisionName": "b--2",
                    "template": {"scale": scale("metrics-api", "cpu")},
                }
            },
        }
        yield made


def scale(*scalers: str, least: int = 1) -> Mapping[str, Any]:
    rules = [{"name": name, "custom": {"type": name}} for name in scalers]
    return {"minReplicas": least, "maxReplicas": 10, "rules": rules}


def look(
    cloud: FakeAzure, values: Mapping[str, str], health: bytes | Exception | None = None
) -> dict[str, Finding]:
    """What is complained about. `health` is what the app's deep health answers."""

    def ask(url: str, headers: Mapping[str, str]) -> bytes:
        assert url == "https://func-x.azurewebsites.net/api/health/deep"
        assert headers == {"x-functions-key": "the-key"}
        if isinstance(health, Exception):
            raise health
        return health if health is not None else Report.of([ok("store.write", "well")]).json().encode()

    azure = Azure(management=cloud.url, run=cloud.azd, sleep=lambda _: None)
    found = check_cloud(azure, AzdEnvironment(values), ask)
    return {finding.check: finding for finding in found if finding.verdict != "ok"}


def test_a_deployment_that_is_well(cloud: FakeAzure, values: dict[str, str]) -> None:
    assert look(cloud, values) == {}


def properties(path: str, **changed: Any) -> Callable[[FakeAzure], None]:
    def change(cloud: FakeAzure) -> None:
        cloud.resources[path]["properties"].update(changed)

    return change


def gone(path: str) -> Callable[[FakeAzure], None]:
    def change(cloud: FakeAzure) -> None:
        del cloud.resources[path]

    return change


def phones(*numbers: str) -> Callable[[FakeAzure], None]:
    def change(cloud: FakeAzure) -> None:
        cloud.resources["/acs/phoneNumbers"] = {"phoneNumbers": [{"phoneNumber": one} for one in numbers]}

    return change


def runtime(version: str) -> dict[str, Any]:
    return {"runtime": {"name": "python", "version": version}}


@pytest.mark.parametrize(
    ("check", "break_it"),
    [
        ("cloud.subscription", gone(SUBSCRIBED)),
        ("cloud.subscription.state", properties(SUBSCRIBED, provisioningState="Failed")),
        ("cloud.subscription.target", properties(SUBSCRIBED, destination={"endpointType": "WebHook"})),
        ("cloud.subscription.schema", properties(SUBSCRIBED, eventDeliverySchema="CustomInputSchema")),
        ("cloud.subscription.filter", properties(SUBSCRIBED, filter={"includedEventTypes": ["All"]})),
        ("cloud.subscription.filter", phones(NUMBER, "+15550100201")),
        ("cloud.subscription.retries", properties(SUBSCRIBED, retryPolicy={"maxDeliveryAttempts": 30})),
        ("cloud.subscription.dead_letters", properties(SUBSCRIBED, deadLetterDestination=None)),
        ("cloud.numbers", phones()),
        ("cloud.audience", properties(ACS, immutableResourceId="another")),
        ("cloud.functions.state", properties(FUNCTIONS, state="Stopped")),
        ("cloud.functions.runtime", properties(FUNCTIONS, functionAppConfig=runtime("3.11"))),
        ("cloud.bridge", gone(BRIDGE)),
        ("cloud.bridge.revision", properties(BRIDGE, latestReadyRevisionName="b--1")),
        ("cloud.bridge.scale", properties(BRIDGE, template={"scale": scale("cpu")})),
        ("cloud.bridge.scale", properties(BRIDGE, template={"scale": scale("metrics-api", least=0)})),
        ("cloud.bridge.scale", properties(BRIDGE, template={"scale": None})),
        ("cloud.functions.runtime", gone(FUNCTIONS)),
    ],
)  # fmt: skip
def test_a_fault_is_recognised(
    cloud: FakeAzure, values: dict[str, str], check: str, break_it: Callable[[FakeAzure], None]
) -> None:
    break_it(cloud)
    complaint = look(cloud, values)[check]
    assert complaint.why
    assert complaint.fix


def test_a_number_that_belongs_to_somebody_else(cloud: FakeAzure, values: dict[str, str]) -> None:
    values["TABLETALK_PHONE_NUMBERS"] = "+15550100999"
    assert {"cloud.numbers.foreign", "cloud.subscription.filter"} <= set(look(cloud, values))


def test_what_the_apps_found_is_told(cloud: FakeAzure, values: dict[str, str]) -> None:
    trouble = failed("store.role", "refused", "why", "fix")
    assert look(cloud, values, Report.of([trouble]).json().encode()) == {"store.role": trouble}


@pytest.mark.parametrize("health", [OSError("HTTP Error 404: Not Found"), b"<html>", b"{}"])
def test_an_app_that_does_not_say_how_it_is(
    cloud: FakeAzure, values: dict[str, str], health: bytes | Exception
) -> None:
    assert "cloud.deep_health" in look(cloud, values, health)


def test_nobody_signed_in(values: dict[str, str]) -> None:
    def azd(command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "not logged in")

    azure = Azure(management="http://127.0.0.1:9", run=azd, sleep=lambda _: None)
    [finding] = check_cloud(azure, AzdEnvironment(values))
    assert (finding.check, finding.fix) == ("cloud.sign_in", "azd auth login")


def test_an_environment_that_is_not_whole(cloud: FakeAzure, values: dict[str, str]) -> None:
    del values["TABLETALK_DEAD_LETTERS_ID"]
    assert "TABLETALK_DEAD_LETTERS_ID" in look(cloud, values)["cloud.environment"].what


def test_it_needs_nothing_installed() -> None:
    """A hook of azd runs it with the Python that it finds."""
    code = "import doctor.__main__, sys; sys.exit(doctor.__main__.main(['--help']))"
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "what mends it" in done.stdout
