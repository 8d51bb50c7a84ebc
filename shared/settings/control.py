"""What the control plane needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from shared.settings.admission import AdmissionSettings
from shared.settings.reading import SettingError, days, integer, required, url
from shared.settings.services import (
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    AcsSettings,
    StoreSettings,
    TelemetrySettings,
)

_TOKEN_LENGTH = 32
"""Characters that a token has at least: then nobody guesses it."""


@dataclass(frozen=True, slots=True)
class EventsSettings:
    """The Event Grid topic to which bookings and orders are published, and when to worry about it."""

    topic_endpoint: str
    topic_key: str | None
    """None means managed identity, which goes over https only."""
    alarm_seconds: int
    """An event that waits longer than this is reported."""
    max_attempts: int
    """Failed tries after which an event is moved aside."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> EventsSettings | None:
        """None without a topic: events are kept until there is one."""
        key = env.get("EVENTS_TOPIC_KEY", "").strip() or None
        if not env.get("EVENTS_TOPIC_ENDPOINT", "").strip():
            if key is not None:
                raise SettingError("EVENTS_TOPIC_ENDPOINT: missing; set it to the topic of EVENTS_TOPIC_KEY")
            return None
        endpoint = url(env, "EVENTS_TOPIC_ENDPOINT", ("https", "http"))
        if key is None and endpoint.startswith("http:"):
            raise SettingError("EVENTS_TOPIC_KEY: missing; a topic without https is reached with a key only")
        return cls(
            topic_endpoint=endpoint,
            topic_key=key,
            alarm_seconds=integer(env, "EVENTS_ALARM_SECONDS", 300, 10, 86_400),
            max_attempts=integer(env, "EVENTS_MAX_ATTEMPTS", 100, 1, 10_000),
        )


@dataclass(frozen=True, slots=True)
class IntentModelSettings:
    """A model that looks at the intent of ended calls after the rules did."""

    endpoint: str
    deployment: str
    key: str | None
    """None means managed identity."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> IntentModelSettings | None:
        """None without an endpoint: the rules decide alone."""
        if not env.get("INTENT_MODEL_ENDPOINT", "").strip():
            return None
        return cls(
            endpoint=url(env, "INTENT_MODEL_ENDPOINT", ("https", "http")),
            deployment=required(env, "INTENT_MODEL_DEPLOYMENT", "the deployment of the model there"),
            key=env.get("INTENT_MODEL_KEY", "").strip() or None,
        )


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Who may use the operator API and its page. With neither of the two, nobody."""

    token: str | None
    """Bearer token; whoever shows it is an operator."""
    easy_auth: bool
    """Whether the platform signs people in before a request gets here, and its headers tell who they are."""
    agent_dir: Path
    restaurants_file: Path
    intent_model: IntentModelSettings | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> OperatorSettings:
        token = env.get("OPERATOR_TOKEN", "").strip() or None
        easy_auth = env.get("OPERATOR_EASY_AUTH", "").strip().lower() or "false"
        if easy_auth not in ("true", "false"):
            raise SettingError(f"OPERATOR_EASY_AUTH: {easy_auth!r} is neither true nor false")
        if token is not None and len(token) < _TOKEN_LENGTH:
            raise SettingError(f"OPERATOR_TOKEN: too short; set {_TOKEN_LENGTH} random characters or more")
        if token is not None and easy_auth == "true":
            raise SettingError("OPERATOR_TOKEN: leave it out, since OPERATOR_EASY_AUTH signs people in")
        return cls(
            token=token,
            easy_auth=easy_auth == "true",
            intent_model=IntentModelSettings.from_env(env),
            agent_dir=Path(env.get("AGENT_DIR") or DEFAULT_AGENT_DIR),
            restaurants_file=Path(env.get("RESTAURANTS_FILE") or DEFAULT_RESTAURANTS_FILE),
        )


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How long personal data is kept, in whole days."""

    calls: timedelta
    """Calls with their turns and tools, from the day of the call."""
    callers: timedelta
    """What a caller let us keep, and that they refused to, from their last call."""
    bookings: timedelta
    """Bookings, from the day of the meal."""
    orders: timedelta
    """Orders, from the day they were due, and carts that never became one."""
    dead_letters: timedelta
    """Events that were given up, from then."""
    recordings: timedelta
    """Sound of calls that were recorded, from the day of the call; it goes with its call at the latest."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> RetentionSettings:
        return cls(
            calls=days(env, "RETENTION_CALL_DAYS", 30),
            callers=days(env, "RETENTION_CALLER_DAYS", 365),
            bookings=days(env, "RETENTION_BOOKING_DAYS", 30),
            orders=days(env, "RETENTION_ORDER_DAYS", 30),
            dead_letters=days(env, "RETENTION_DEAD_LETTER_DAYS", 30),
            recordings=days(env, "RETENTION_RECORDING_DAYS", 14),
        )


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """What the control plane needs."""

    store: StoreSettings
    acs: AcsSettings
    callback_base_url: str
    """Where ACS reaches the Functions app. Never taken from a request's Host header."""
    media_base_url: str
    """Where ACS reaches the bridge: wss://..., ws:// on a laptop."""
    retention: RetentionSettings
    operator: OperatorSettings
    events: EventsSettings | None = None
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    admission: AdmissionSettings = field(default_factory=AdmissionSettings)

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> ControlSettings:
        return cls(
            store=StoreSettings.from_env(env),
            acs=AcsSettings.from_env(env),
            callback_base_url=url(env, "CALLBACK_BASE_URL", ("https", "http")),
            media_base_url=url(env, "MEDIA_BASE_URL", ("wss", "ws")),
            retention=RetentionSettings.from_env(env),
            operator=OperatorSettings.from_env(env),
            events=EventsSettings.from_env(env),
            telemetry=TelemetrySettings.from_env(env),
            admission=AdmissionSettings.from_env(env),
        )
