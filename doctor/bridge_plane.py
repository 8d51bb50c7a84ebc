"""Everything that a bridge can find out about itself and its surroundings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bridge.agent_source import AgentSource
from bridge.session import session_for
from bridge.tools import ToolBox
from doctor.acs import check_acs
from doctor.machine import check_clock, check_packages, check_python
from doctor.scale import check_scale
from doctor.store import check_store
from doctor.telemetry import check_telemetry
from doctor.voice import check_voice_live
from shared.agent_config import Agent, AgentError
from shared.bookings import BookingStore
from shared.clock import utc_now
from shared.findings import Finding, failed, ok, warning
from shared.restaurants import Catalogue, CatalogueError
from shared.settings import BridgeSettings, SettingError
from shared.tables import Tables

_REQUIREMENTS: Final = Path(__file__).parents[1] / "bridge" / "requirements.txt"
_WHY_SETTINGS: Final = "the bridge does not start, so calls are answered and stay silent"


async def check_bridge_plane(env: Mapping[str, str]) -> list[Finding]:
    """All checks of this plane, from its environment."""
    try:
        settings = BridgeSettings.from_env(env)
    except SettingError as error:
        name, _, rest = str(error).partition(": ")
        fix = f"docs/configure.md explains {name}; in Azure: azd provision and azd deploy set all of them"
        return [failed("settings", f"{name}: {rest}", _WHY_SETTINGS, fix)]
    try:
        catalogue = Catalogue.load(settings.restaurants_file)
        agent = AgentSource(
            settings.agent_dir,
            with_key=bool(settings.voice_live.api_keys),
            restaurants=[restaurant.id for restaurant in catalogue.restaurants],
        ).current()
    except (AgentError, CatalogueError) as error:
        fix = "correct what it names; docs/configure.md explains each key"
        return [failed("files", str(error), _WHY_SETTINGS, fix)]
    return [ok("settings", "the settings of the bridge are whole"), *await look(settings, agent, catalogue)]


async def look(settings: BridgeSettings, agent: Agent, catalogue: Catalogue) -> list[Finding]:
    """The checks of a bridge whose settings and files are right."""
    async with Tables(settings.store) as tables:
        now = utc_now()
        tools = ToolBox(
            catalogue,
            BookingStore(tables),
            call_id="",
            caller=None,
            now=lambda: now,
            transfer=agent.transfer,
        )
        session = session_for(agent, tools, catalogue, now)
        store, acs, voice, scale, telemetry, clock = await asyncio.gather(
            check_store(settings.store),
            check_acs(settings.acs),
            check_voice_live(settings.voice_live, agent, session),
            check_scale(settings),
            check_telemetry(settings.telemetry),
            check_clock(settings.acs.jwks_url),
        )
    machine = [check_python(), *check_packages(_REQUIREMENTS), clock]
    return [*machine, *store, *acs, *voice, *scale, *telemetry, *_metrics(settings), *_spill(settings)]


def _metrics(settings: BridgeSettings) -> list[Finding]:
    if settings.metrics_token is not None or settings.telemetry.wanted:
        return []
    return [
        warning(
            "metrics.off",
            "neither a metrics page nor OpenTelemetry is set up",
            "slow replies and refused calls go unnoticed",
            "set METRICS_TOKEN, OTEL_EXPORTER_OTLP_ENDPOINT or APPLICATIONINSIGHTS_CONNECTION_STRING",
        )
    ]


def _spill(settings: BridgeSettings) -> list[Finding]:
    if settings.spill is not None:
        return []
    return [
        warning(
            "spill.off",
            "there is no disk on which records of calls can wait",
            "when Table Storage is away for long, or a bridge ends meanwhile, records are lost",
            "set BRIDGE_SPILL_DIR to a folder that outlives the process",
        )
    ]
