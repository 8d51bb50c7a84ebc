"""What each hook does, from the parts beside this file. Each returns an exit status: not 0 stops azd."""

from __future__ import annotations

import sys
from collections.abc import Callable

from infra.hooks import (
    event_subscription,
    phone_numbers,
    preflight,
    revisions,
    secrets_once,
    soft_deleted,
    verify,
)
from infra.hooks.azure import Azure, AzureError
from infra.hooks.settings import AzdEnvironment, SettingError


def preprovision(azure: Azure, environment: AzdEnvironment) -> int:
    """Look before anything is made."""
    found = list(preflight.problems(azure, environment))
    for problem in found:
        complain(problem)
    if not found:
        say("your subscription and regions have what it takes")
    return 1 if found else 0


def postprovision(azure: Azure, environment: AzdEnvironment) -> int:
    """Fill the vault."""
    for line in secrets_once.make_secrets(azure, environment):
        say(line)
    return 0


def postdeploy(azure: Azure, environment: AzdEnvironment, probe: verify.Probe = verify.ask) -> int:
    """Let the phone ring in the function, stop old revisions, and see whether all of it answers."""
    taken = environment.numbers
    try:
        have = phone_numbers.purchased(azure, environment)
    except AzureError as error:
        complain(f"cannot look up phone numbers, going on with TABLETALK_PHONE_NUMBERS: {error}")
    else:
        for line in phone_numbers.advice(taken, have, environment["TABLETALK_ACS_ENDPOINT"]):
            say(line)
        taken = taken or have
    say(event_subscription.ensure(azure, environment, taken))
    for line in revisions.retire(azure, environment):
        say(line)
    if azure.find(environment.bridge, "2025-01-01") is None:
        say("the bridge is not deployed yet; run: azd deploy")
        return 0
    failing = list(verify.silent(azure, environment, probe))
    for line in failing:
        complain(line)
    return 1 if failing else verify.doctor()


def retire(azure: Azure, environment: AzdEnvironment) -> int:
    """Stop the revision before the newest too, without waiting for its calls to end by themselves."""
    for line in revisions.retire(azure, environment, kept=1):
        say(line)
    return 0


def predown(azure: Azure, environment: AzdEnvironment) -> int:
    """Deleting the resource gives its phone numbers back, and they may not be had again."""
    if not environment.get("TABLETALK_ACS_ENDPOINT") or environment.flag("TABLETALK_RELEASE_NUMBERS"):
        return 0
    try:
        have = phone_numbers.purchased(azure, environment)
    except AzureError as error:
        if error.status is None or error.status == 404:
            return 0  # gone already
        raise
    if have:
        complain(
            f"azd down would give up {', '.join(have)} for good. "
            "If you mean it: azd env set TABLETALK_RELEASE_NUMBERS true"
        )
        return 1
    return 0


def postdown(azure: Azure, environment: AzdEnvironment) -> int:
    """Purge what Azure would keep for days, and with it the names a new environment needs."""
    for one in soft_deleted.purge(azure, environment):
        say(f"purging {one.kind} {one.name}")
    return 0


def main(step: Callable[[Azure, AzdEnvironment], int]) -> int:
    """Run a hook; errors become one line and exit status 1."""
    environment = AzdEnvironment.current()
    azure = Azure(management=environment.get("TABLETALK_MANAGEMENT", Azure.management))
    try:
        return step(azure, environment)
    except (AzureError, SettingError) as error:
        complain(str(error))
        return 1


def say(line: str) -> None:
    """For the person who waits."""
    print(f"tabletalk: {line}", flush=True)


def complain(line: str) -> None:
    """The same, when something is wrong."""
    print(f"tabletalk: {line}", file=sys.stderr, flush=True)
