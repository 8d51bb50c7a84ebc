"""A deployment in Azure, seen from outside with the sign-in of azd: what the apps cannot see themselves.

Standard library only, as all that runs as a hook.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from doctor.report import Report
from infra.hooks import event_subscription, phone_numbers
from infra.hooks.azure import Azure, AzureError
from infra.hooks.settings import AzdEnvironment, SettingError
from shared.findings import Finding, failed, ok, warning

_GRID: Final = "2025-02-15"
_WEB: Final = "2024-11-01"
_APP: Final = "2025-01-01"
_COMMUNICATION: Final = "2025-05-01"
_DEEP: Final = "health_deep"
_SECONDS: Final = 90.0
_UNHEARD: Final = "callers ring and nobody answers"
_AGAIN: Final = "azd hooks run postdeploy"

type Ask = Callable[[str, Mapping[str, str]], bytes]
"""Fetches a URL with headers; raises OSError when that fails."""


def fetch(url: str, headers: Mapping[str, str]) -> bytes:
    """See `Ask`."""
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - our own app's address
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        body = error.read()
        if error.code == 503 and body.startswith(b"{"):
            return body  # deep health that found something
        raise


def check_cloud(azure: Azure, environment: AzdEnvironment, ask: Ask = fetch) -> list[Finding]:
    """All checks, in an order in which the first failure explains the next."""
    try:
        azure.token()
    except AzureError as error:
        return [failed("cloud.sign_in", str(error), "nothing in Azure can be looked at", "azd auth login")]
    checks = {
        "cloud.subscription": _subscription,
        "cloud.numbers": _numbers,
        "cloud.audience": _resource_id,
        "cloud.functions.runtime": _functions_runtime,
        "cloud.bridge": _bridge_revision,
    }
    found: list[Finding] = []
    for name, check in checks.items():
        try:
            found += check(azure, environment)
        except SettingError as error:
            why = "not all of Azure can be looked at"
            found.append(failed("cloud.environment", str(error), why, "azd provision"))
        except AzureError as error:
            fix = "it may have been deleted: azd up; or you need the role Reader on the resource group"
            found.append(failed(name, str(error), "this could not be looked at", fix))
    return [*found, *_deep_health(azure, environment, ask)]


def _subscription(azure: Azure, environment: AzdEnvironment) -> Iterator[Finding]:
    path = f"{environment['TABLETALK_SYSTEM_TOPIC_ID']}/eventSubscriptions/{event_subscription.NAME}"
    there = azure.find(path, _GRID)
    if there is None:
        yield failed(
            "cloud.subscription",
            f"the Event Grid subscription {event_subscription.NAME} is not there",
            _UNHEARD,
            _AGAIN,
        )
        return
    have: Mapping[str, Any] = there["properties"]
    numbers = environment.numbers or _purchased(azure, environment)
    wanted = event_subscription.wanted(environment, numbers)
    if have.get("provisioningState") != "Succeeded":
        what = f"the subscription is in the state {have.get('provisioningState')}"
        yield failed("cloud.subscription.state", what, _UNHEARD, _AGAIN)
    names = {
        "destination": ("target", "events go somewhere else than to incoming_call", _UNHEARD),
        "eventDeliverySchema": ("schema", "events are delivered in another schema", _UNHEARD),
        "filter": (
            "filter",
            "its filter is not for IncomingCall on your numbers",
            "calls are missed, or answered twice",
        ),
        "retryPolicy": (
            "retries",
            "it delivers longer than a phone rings",
            "late events cost time and answer nobody",
        ),
        "deadLetterDestination": (
            "dead_letters",
            "undelivered events go nowhere",
            "missed calls leave no trace",
        ),
    }
    wrong = [key for key in names if not event_subscription.includes(have.get(key), wanted[key])]
    for key in wrong:
        check, what, why = names[key]
        yield failed(f"cloud.subscription.{check}", f"the subscription is wrong: {what}", why, _AGAIN)
    if not wrong and have.get("provisioningState") == "Succeeded":
        yield ok("cloud.subscription", "IncomingCall events of your numbers go to the function")


def _purchased(azure: Azure, environment: AzdEnvironment) -> list[str]:
    try:
        return phone_numbers.purchased(azure, environment)
    except AzureError:
        return []  # the next check says so


def _numbers(azure: Azure, environment: AzdEnvironment) -> Iterator[Finding]:
    have = phone_numbers.purchased(azure, environment)
    if not have:
        yield warning(
            "cloud.numbers",
            "the Communication Services resource has no phone number",
            "nobody can ring from a telephone; the page and Communication Services users can",
            "docs/deploy.md: A phone number",
        )
    for number in environment.numbers:
        if have and number not in have:
            what = f"TABLETALK_PHONE_NUMBERS names {number}, which the resource does not have"
            fix = f"azd env set TABLETALK_PHONE_NUMBERS {','.join(have)}, then {_AGAIN}"
            yield failed("cloud.numbers.foreign", what, "calls to it do not come here", fix)
    if have and all(number in have for number in environment.numbers):
        yield ok("cloud.numbers", f"the resource has {len(have)} phone number(s)")


def _resource_id(azure: Azure, environment: AzdEnvironment) -> Iterator[Finding]:
    topic = azure.get(environment["TABLETALK_SYSTEM_TOPIC_ID"], _GRID)
    there = azure.get(topic["properties"]["source"], _COMMUNICATION)["properties"]["immutableResourceId"]
    if str(there).lower() == environment["TABLETALK_ACS_RESOURCE_ID"].lower():
        yield ok("cloud.audience", "tokens of the Communication Services resource are for us")
    else:
        yield failed(
            "cloud.audience",
            "ACS_RESOURCE_ID is not the immutable id of the Communication Services resource",
            "every callback and media socket is refused with 401, so calls are answered and stay silent",
            "azd provision, then azd deploy",
        )


def _functions_runtime(azure: Azure, environment: AzdEnvironment) -> Iterator[Finding]:
    site = azure.get(environment["TABLETALK_FUNCTIONS_ID"], _WEB)["properties"]
    runtime = (site.get("functionAppConfig") or {}).get("runtime") or {}
    if site.get("state", "Running") != "Running":
        what = f"the Functions app is {str(site['state']).lower()}"
        yield failed(
            "cloud.functions.state", what, _UNHEARD, "az functionapp start, or look at who stopped it"
        )
    if (runtime.get("name"), runtime.get("version")) == ("python", "3.13"):
        yield ok("cloud.functions.runtime", "the Functions app runs Python 3.13")
    else:
        what = f"the Functions app runs {runtime.get('name')} {runtime.get('version')}, not Python 3.13"
        yield failed("cloud.functions.runtime", what, _UNHEARD, "azd provision")


def _bridge_revision(azure: Azure, environment: AzdEnvironment) -> Iterator[Finding]:
    app = azure.find(environment.bridge, _APP)
    if app is None:
        yield failed(
            "cloud.bridge",
            "the bridge is not deployed",
            "calls are answered and stay silent",
            "azd deploy bridge",
        )
        return
    properties = app.get("properties", {})
    latest, ready = properties.get("latestRevisionName"), properties.get("latestReadyRevisionName")
    if latest != ready:
        what = f"the bridge's revision {latest} does not become ready; {ready or 'none'} serves calls"
        fix = "az containerapp logs show, and the findings about the bridge; then azd deploy bridge"
        yield failed("cloud.bridge.revision", what, "the last deployment is not in use", fix)
    else:
        yield ok("cloud.bridge.revision", "the latest revision of the bridge is in use")
    scale = (properties.get("template") or {}).get("scale") or {}
    scalers = [(rule.get("custom") or {}).get("type") for rule in scale.get("rules") or []]
    if "metrics-api" in scalers and scale.get("minReplicas"):
        most = scale.get("maxReplicas")
        yield ok("cloud.bridge.scale", f"replicas of the bridge follow the calls, {most} at most")
    else:
        yield warning(
            "cloud.bridge.scale",
            "replicas of the bridge do not follow the calls: its scale rules were changed by hand",
            "at a rush callers find the line busy, or a first caller finds nobody",
            "azd deploy bridge",
        )


def _deep_health(azure: Azure, environment: AzdEnvironment, ask: Ask) -> list[Finding]:
    """What the apps find out about themselves, with their own identities."""
    why = "whether the apps' own roles and settings are right is not known"
    try:
        keys = azure.request(
            "POST", f"{environment['TABLETALK_FUNCTIONS_ID']}/functions/{_DEEP}/listKeys", _WEB
        )
        url = f"{environment['TABLETALK_CALLBACK_BASE_URL']}/api/health/deep"
        body = ask(url, {"x-functions-key": keys["default"]})
        return list(Report.read(body).findings)
    except (AzureError, SettingError) as error:
        return [
            failed("cloud.deep_health", str(error), why, "you need the role Website Contributor on the app")
        ]
    except (OSError, KeyError, ValueError) as error:
        what = f"the Functions app does not say how it is: {error}"
        return [
            failed("cloud.deep_health", what, why, "azd deploy control, then look at the app's log stream")
        ]
