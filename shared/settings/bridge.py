"""What the media plane needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.caller_key import CallerKeys
from shared.settings.admission import places_in_line
from shared.settings.reading import SettingError, integer, switch, url
from shared.settings.services import (
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    AcsSettings,
    StoreSettings,
    TelemetrySettings,
    caller_keys,
)


@dataclass(frozen=True, slots=True)
class VoiceLiveSettings:
    """The resources of Voice Live, and how much of their quotas one bridge may use."""

    endpoints: tuple[str, ...]
    """In failover order."""
    api_keys: tuple[str, ...] = ()
    """One for each endpoint; none means managed identity."""
    connections_per_minute: int = 30
    tokens_per_minute: int = 120_000
    """Of each endpoint. The defaults are the quotas of a resource (Speech service quotas and limits)."""
    warm_sessions: int = 0
    """Sessions that are kept connected while calls come."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> VoiceLiveSettings:
        name = (
            "VOICE_LIVE_ENDPOINTS" if env.get("VOICE_LIVE_ENDPOINTS", "").strip() else "VOICE_LIVE_ENDPOINT"
        )
        if name == "VOICE_LIVE_ENDPOINTS" and env.get("VOICE_LIVE_ENDPOINT", "").strip():
            raise SettingError("VOICE_LIVE_ENDPOINT: set it or VOICE_LIVE_ENDPOINTS, which takes several")
        wanted = [env.get(name, "")] if name == "VOICE_LIVE_ENDPOINT" else env[name].split(",")
        endpoints = tuple(url({name: one}, name, ("https", "http")) for one in wanted)
        if len(set(endpoints)) != len(endpoints):
            raise SettingError("VOICE_LIVE_ENDPOINTS: names an endpoint twice; each stands there once")
        keys = tuple(key.strip() for key in env.get("VOICE_LIVE_API_KEY", "").split(",") if key.strip())
        if len(keys) not in (0, 1, len(endpoints)):
            raise SettingError(
                f"VOICE_LIVE_API_KEY: {len(keys)} keys for {len(endpoints)} endpoints; "
                "give one for all, or one for each, with commas between them and in their order"
            )
        return cls(
            endpoints=endpoints,
            api_keys=keys * len(endpoints) if len(keys) == 1 else keys,
            connections_per_minute=integer(env, "VOICE_LIVE_CONNECTIONS_PER_MINUTE", 30, 1, 10_000),
            tokens_per_minute=integer(env, "VOICE_LIVE_TOKENS_PER_MINUTE", 120_000, 1_000, 100_000_000),
            warm_sessions=integer(env, "VOICE_LIVE_WARM_SESSIONS", 0, 0, 20),
        )


@dataclass(frozen=True, slots=True)
class SpillSettings:
    """Where records of calls wait on disk while the store is away."""

    folder: Path
    megabytes: int
    """Most that all of them take."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> SpillSettings | None:
        """None without a folder."""
        megabytes = integer(env, "BRIDGE_SPILL_MEGABYTES", 64, 1, 100_000)
        text = env.get("BRIDGE_SPILL_DIR", "").strip()
        if not text:
            return None
        folder = Path(text)
        if not folder.is_absolute():
            raise SettingError(f"BRIDGE_SPILL_DIR: {text!r} is not an absolute path")
        return cls(folder, megabytes)


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """What the media plane needs."""

    store: StoreSettings
    acs: AcsSettings
    host: str
    port: int
    max_calls: int
    drain_seconds: float
    """How long running calls may go on after SIGTERM; less than the platform's termination grace."""
    voice_live: VoiceLiveSettings
    agent_dir: Path
    restaurants_file: Path
    spill: SpillSettings | None = None
    """None: what the store does not take waits in memory only."""
    record_phrases: bool = False
    """Whether fixed phrases are recorded, to be heard when Voice Live is away."""
    places_in_line: int = 0
    """Callers who may wait for a place: what they hear is recorded."""
    metrics_token: str | None = None
    """Bearer token of GET /metrics and /calls; None means that there are no such pages."""
    release: str = ""
    """The deployment that this bridge is of: a later one is a greater text."""
    scale_url: str | None = None
    """Where the platform asks how many calls there are, to add bridges: /calls of this bridge, as others
    reach it."""
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    proxies: int = 0
    """Proxies in front of it, each of which adds to X-Forwarded-For who asked it."""
    caller_keys: CallerKeys | None = None
    """What callers are named with in the store; None means that there is no memory of them."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> BridgeSettings:
        return cls(
            store=StoreSettings.from_env(env),
            acs=AcsSettings.from_env(env),
            host=env.get("BRIDGE_HOST") or "0.0.0.0",  # noqa: S104 - a container serves its network
            port=integer(env, "BRIDGE_PORT", 8080, 0, 65535),
            max_calls=integer(env, "BRIDGE_MAX_CALLS", 50, 1, 1000),
            drain_seconds=integer(env, "BRIDGE_DRAIN_SECONDS", 25, 0, 3600),
            voice_live=VoiceLiveSettings.from_env(env),
            agent_dir=Path(env.get("AGENT_DIR") or DEFAULT_AGENT_DIR),
            restaurants_file=Path(env.get("RESTAURANTS_FILE") or DEFAULT_RESTAURANTS_FILE),
            spill=SpillSettings.from_env(env),
            record_phrases=switch(env, "RECORD_PHRASES", default=True),
            places_in_line=places_in_line(env),
            metrics_token=env.get("METRICS_TOKEN") or None,
            release=env.get("BRIDGE_RELEASE", "").strip(),
            scale_url=url(env, "BRIDGE_SCALE_URL", ("https", "http"))
            if env.get("BRIDGE_SCALE_URL")
            else None,
            telemetry=TelemetrySettings.from_env(env),
            proxies=integer(env, "BRIDGE_PROXIES", 0, 0, 5),
            caller_keys=caller_keys(env),
        )
