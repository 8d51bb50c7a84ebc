"""Everything that the control plane can find out about itself and its surroundings."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from azure.core.exceptions import AzureError

from doctor.acs import check_acs
from doctor.machine import check_clock, check_packages, check_python
from doctor.queue import check_queue
from doctor.reach import check_bridge, check_functions
from doctor.store import check_store
from doctor.telemetry import check_telemetry
from doctor.topic import check_topic
from shared.agent_config import AgentError, load_agent
from shared.clock import utc_now
from shared.finding_store import FindingStore
from shared.findings import Finding, failed, ok, skipped, warning
from shared.prices import PricesError, load_prices
from shared.restaurants import Catalogue, CatalogueError
from shared.settings import ControlSettings, OperatorSettings, SettingError
from shared.tables import Tables

_ROOT: Final = Path(__file__).parents[1]
_STALE: Final = timedelta(hours=2)
"""A bridge looks again at least every hour."""
_CHECK_SECONDS: Final = 40.0


async def check_control(env: Mapping[str, str], *, from_outside: bool = False) -> list[Finding]:
    """All checks of this plane, at once. `from_outside` also asks the Functions app for its health, which it
    cannot well do itself."""
    machine = [check_python(), *check_packages(_ROOT / "control" / "requirements.txt")]
    try:
        settings = ControlSettings.from_env(env)
    except SettingError as error:
        return [*machine, _wrong_setting(error)]
    checks: list[Awaitable[Sequence[Finding]]] = [
        check_store(settings.store),
        check_acs(settings.acs),
        check_topic(settings.events),
        check_bridge(settings.media_base_url),
        check_telemetry(settings.telemetry),
        check_queue(settings),
        _bridges(settings),
        _clock(settings),
    ]
    if from_outside:
        checks.append(check_functions(settings.callback_base_url))
    found = await asyncio.gather(*(_in_time(check) for check in checks))
    return [*machine, _settings_are_whole("control"), *_operators(env), *itertools.chain(*found)]


def _settings_are_whole(plane: str) -> Finding:
    return ok("settings", f"the settings of the {plane} plane are whole")


def _wrong_setting(error: SettingError) -> Finding:
    name, _, rest = str(error).partition(": ")
    return failed(
        "settings",
        f"{name}: {rest}",
        "nothing of this plane runs without it",
        f"docs/configure.md explains {name}; in Azure: azd provision sets all of them",
    )


def _operators(env: Mapping[str, str]) -> list[Finding]:
    """Who may use the operator API, and whether its files can be read."""
    try:
        settings = OperatorSettings.from_env(env)
        load_agent(settings.agent_dir)
        load_prices(settings.agent_dir)
        Catalogue.load(settings.restaurants_file)
    except SettingError as error:
        return [_wrong_setting(error)]
    except (AgentError, PricesError, CatalogueError) as error:
        why = "the operator's page shows nothing, and calls are answered with the last files that were right"
        return [
            failed("files", str(error), why, "correct what it names; docs/configure.md explains each key")
        ]
    found = [ok("files", "agent, prices and restaurants can be read")]
    if settings.token is None and not settings.easy_auth:
        found.append(
            warning(
                "operators.nobody",
                "nobody may use the operator API and its page",
                "calls cannot be watched, taken over or looked up",
                "set OPERATOR_TOKEN on a laptop; in Azure name an Entra application: docs/deploy.md",
            )
        )
    if not env.get("CALLER_KEY", "").strip():
        found.append(
            warning(
                "callers.no_key",
                "CALLER_KEY is not set",
                "nothing is remembered about callers, and who is cut off begins anew",
                "set it to 32 random bytes in base64: openssl rand -base64 32",
            )
        )
    return found


async def _clock(settings: ControlSettings) -> list[Finding]:
    return [await check_clock(settings.acs.jwks_url)]


async def _bridges(settings: ControlSettings) -> list[Finding]:
    """What the bridges found out about themselves, their identity and Voice Live above all."""
    try:
        async with Tables(settings.store) as tables:
            replicas = await FindingStore(tables).all()
    except (AzureError, ValueError):
        return [skipped("bridge.self", "the store could not be asked what the bridges found")]
    fresh = [one for one in replicas if one.at > utc_now() - _STALE]
    if not fresh:
        return [
            warning(
                "bridge.self",
                "no bridge has looked at itself in the last two hours",
                "whether Voice Live takes calls is not known",
                "azd deploy bridge; a bridge looks at itself when it starts, and writes that into the store",
            )
        ]
    return [finding for finding in fresh[0].findings if finding.verdict != "skipped"]


async def _in_time(check: Awaitable[Sequence[Finding]]) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await check
    except TimeoutError:
        why, fix = "whatever it asked hangs instead of refusing", "look at the network: firewall, DNS, proxy"
        return [failed("doctor.slow", f"a check took over {_CHECK_SECONDS:.0f} s", why, fix)]
