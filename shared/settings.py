"""Settings of both planes, read once from environment variables.

Every fault is a `SettingError` that names the variable and the fix. docs/configure.md lists them all.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from shared.caller_key import KEY_BYTES, CallerKeys
from shared.handover import is_target

ACS_ISSUER = "https://acscallautomation.communication.azure.com"
"""Issuer of the tokens on callbacks and media sockets (ACS: secure webhook endpoint)."""

ACS_JWKS_URL = f"{ACS_ISSUER}/calling/keys"

_SHARED = Path(__file__).parent
DEFAULT_AGENT_DIR = _SHARED / "agent"
DEFAULT_RESTAURANTS_FILE = _SHARED / "catalogue" / "restaurants.json"


class SettingError(ValueError):
    """A setting is missing or wrong; the message names it and says what to set."""


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where Table Storage is. Exactly one of `connection_string` and `endpoint` (managed identity) is set."""

    connection_string: str | None
    endpoint: str | None
    prefix: str
    """Put before every table name, so that several systems can share one account."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> StoreSettings:
        connection_string = env.get("TABLES_CONNECTION_STRING") or None
        endpoint = _url(env, "TABLES_ENDPOINT", ("https", "http")) if env.get("TABLES_ENDPOINT") else None
        if (connection_string is None) == (endpoint is None):
            raise SettingError(
                "TABLES_CONNECTION_STRING or TABLES_ENDPOINT: set exactly one "
                "(the connection string on a laptop, the endpoint with managed identity in Azure)"
            )
        prefix = env.get("TABLES_PREFIX", "")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,30}|", prefix):
            raise SettingError(f"TABLES_PREFIX: {prefix!r} is not letters and digits starting with a letter")
        return cls(connection_string, endpoint, prefix)


@dataclass(frozen=True, slots=True)
class AcsSettings:
    """The Azure Communication Services resource that carries the calls."""

    endpoint: str
    access_key: str | None
    """Base64 key; None means managed identity."""
    resource_id: str
    """Immutable id (GUID) of the resource: the audience of its tokens."""
    issuer: str
    jwks_url: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AcsSettings:
        return cls(
            endpoint=_url(env, "ACS_ENDPOINT", ("https", "http")),
            access_key=_base64(env, "ACS_ACCESS_KEY"),
            resource_id=_required(env, "ACS_RESOURCE_ID", "the immutable resource id of the ACS resource"),
            issuer=env.get("ACS_ISSUER") or ACS_ISSUER,
            jwks_url=_url(env, "ACS_JWKS_URL", ("https", "http"), ACS_JWKS_URL),
        )


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
        endpoint = _url(env, "EVENTS_TOPIC_ENDPOINT", ("https", "http"))
        if key is None and endpoint.startswith("http:"):
            raise SettingError("EVENTS_TOPIC_KEY: missing; a topic without https is reached with a key only")
        return cls(
            topic_endpoint=endpoint,
            topic_key=key,
            alarm_seconds=_integer(env, "EVENTS_ALARM_SECONDS", 300, 10, 86_400),
            max_attempts=_integer(env, "EVENTS_MAX_ATTEMPTS", 100, 1, 10_000),
        )


_TOKEN_LENGTH = 32
"""Characters that a token has at least: then nobody guesses it."""


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
            endpoint=_url(env, "INTENT_MODEL_ENDPOINT", ("https", "http")),
            deployment=_required(env, "INTENT_MODEL_DEPLOYMENT", "the deployment of the model there"),
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
class TelemetrySettings:
    """Where traces and numbers go besides the metrics page; nowhere by default."""

    otlp_endpoint: str | None = None
    """Base address of an OTLP receiver over HTTP; /v1/traces and /v1/metrics are added."""
    application_insights: str | None = field(default=None, repr=False)
    """Connection string of the Application Insights resource."""
    application_insights_identity: bool = False
    """Whether it is sent to with the managed identity, for a resource that takes nothing else."""
    trace_percent: int = 100
    """Share of the calls that are traced. Numbers are of all calls."""

    @property
    def wanted(self) -> bool:
        return self.otlp_endpoint is not None or self.application_insights is not None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> TelemetrySettings:
        otlp = env.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
        insights = env.get("APPLICATIONINSIGHTS_CONNECTION_STRING", "").strip() or None
        if insights is not None and "InstrumentationKey=" not in insights:
            raise SettingError(
                "APPLICATIONINSIGHTS_CONNECTION_STRING: no InstrumentationKey in it; copy the whole "
                "connection string from the Application Insights resource"
            )
        return cls(
            otlp_endpoint=_url(env, "OTEL_EXPORTER_OTLP_ENDPOINT", ("https", "http")) if otlp else None,
            application_insights=insights,
            application_insights_identity=bool(env.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING")),
            trace_percent=_integer(env, "TRACE_PERCENT", 100, 0, 100),
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
            calls=_days(env, "RETENTION_CALL_DAYS", 30),
            callers=_days(env, "RETENTION_CALLER_DAYS", 365),
            bookings=_days(env, "RETENTION_BOOKING_DAYS", 30),
            orders=_days(env, "RETENTION_ORDER_DAYS", 30),
            dead_letters=_days(env, "RETENTION_DEAD_LETTER_DAYS", 30),
            recordings=_days(env, "RETENTION_RECORDING_DAYS", 14),
        )


class WhenFull(StrEnum):
    """What becomes of a call that no bridge can hold."""

    REJECT = "reject"
    """The caller hears that the line is busy."""
    REDIRECT = "redirect"
    """It rings elsewhere."""
    QUEUE = "queue"
    """It is answered, and waits in line for a place."""
    ANSWER = "answer"
    """It is answered as if there were room."""


class WhenStoreDown(StrEnum):
    """What becomes of a call that rings while the store is away. Without it none can be answered."""

    REJECT = "reject"
    """The caller hears that the line is busy."""
    REDIRECT = "redirect"
    """It rings elsewhere."""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The line in which callers wait for a place."""

    length: int = 5
    """Callers who may wait at once."""
    longest: timedelta = timedelta(seconds=180)
    """Somebody waits, from the ring on."""
    every: timedelta = timedelta(seconds=20)
    """From the end of an announcement to the next."""
    person: bool = False
    """Whether who has waited so long is put through to a person of `[transfer]`; else they hear a goodbye."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> QueueSettings:
        then = env.get("ADMISSION_QUEUE_THEN", "").strip().lower() or "goodbye"
        if then not in ("goodbye", "person"):
            raise SettingError(f"ADMISSION_QUEUE_THEN: {then!r} is neither goodbye nor person")
        return cls(
            length=_queue_length(env),
            longest=timedelta(seconds=_integer(env, "ADMISSION_QUEUE_SECONDS", 180, 10, 1800)),
            every=timedelta(seconds=_integer(env, "ADMISSION_QUEUE_EVERY_SECONDS", 20, 5, 120)),
            person=then == "person",
        )


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """Who is let in when the bridges hold all they can, or the store is away."""

    when_full: WhenFull = WhenFull.REJECT
    redirect_to: str = ""
    """E.164, or a raw id."""
    queue: QueueSettings = QueueSettings()
    when_store_down: WhenStoreDown = WhenStoreDown.REJECT

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AdmissionSettings:
        text = env.get("ADMISSION_WHEN_FULL", "").strip().lower() or WhenFull.REJECT
        if text not in WhenFull:
            raise SettingError(f"ADMISSION_WHEN_FULL: {text!r} is none of {', '.join(WhenFull)}")
        down = env.get("ADMISSION_WHEN_STORE_DOWN", "").strip().lower() or WhenStoreDown.REJECT
        if down not in WhenStoreDown:
            raise SettingError(f"ADMISSION_WHEN_STORE_DOWN: {down!r} is none of {', '.join(WhenStoreDown)}")
        target = env.get("ADMISSION_REDIRECT_TO", "").strip()
        if "redirect" in (text, down) and not target:
            name = "ADMISSION_WHEN_FULL" if text == WhenFull.REDIRECT else "ADMISSION_WHEN_STORE_DOWN"
            raise SettingError(
                "ADMISSION_REDIRECT_TO: missing; set it to where calls ring that are redirected, "
                f"or {name} to reject"
            )
        if target and not is_target(target):
            raise SettingError(
                f"ADMISSION_REDIRECT_TO: {target!r} is neither a phone number such as +15550100 "
                "nor a raw id that begins with 8:acs: or 8:orgid:"
            )
        return cls(WhenFull(text), target, QueueSettings.from_env(env), WhenStoreDown(down))

    @property
    def places_in_line(self) -> int:
        """How many callers may wait in line; 0 when none is put there."""
        return self.queue.length if self.when_full is WhenFull.QUEUE else 0


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
    telemetry: TelemetrySettings = TelemetrySettings()
    admission: AdmissionSettings = AdmissionSettings()

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> ControlSettings:
        return cls(
            store=StoreSettings.from_env(env),
            acs=AcsSettings.from_env(env),
            callback_base_url=_url(env, "CALLBACK_BASE_URL", ("https", "http")),
            media_base_url=_url(env, "MEDIA_BASE_URL", ("wss", "ws")),
            retention=RetentionSettings.from_env(env),
            operator=OperatorSettings.from_env(env),
            events=EventsSettings.from_env(env),
            telemetry=TelemetrySettings.from_env(env),
            admission=AdmissionSettings.from_env(env),
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
        endpoints = tuple(_url({name: url}, name, ("https", "http")) for url in wanted)
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
            connections_per_minute=_integer(env, "VOICE_LIVE_CONNECTIONS_PER_MINUTE", 30, 1, 10_000),
            tokens_per_minute=_integer(env, "VOICE_LIVE_TOKENS_PER_MINUTE", 120_000, 1_000, 100_000_000),
            warm_sessions=_integer(env, "VOICE_LIVE_WARM_SESSIONS", 0, 0, 20),
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
        megabytes = _integer(env, "BRIDGE_SPILL_MEGABYTES", 64, 1, 100_000)
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
    telemetry: TelemetrySettings = TelemetrySettings()
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
            port=_integer(env, "BRIDGE_PORT", 8080, 0, 65535),
            max_calls=_integer(env, "BRIDGE_MAX_CALLS", 50, 1, 1000),
            drain_seconds=_integer(env, "BRIDGE_DRAIN_SECONDS", 25, 0, 3600),
            voice_live=VoiceLiveSettings.from_env(env),
            agent_dir=Path(env.get("AGENT_DIR") or DEFAULT_AGENT_DIR),
            restaurants_file=Path(env.get("RESTAURANTS_FILE") or DEFAULT_RESTAURANTS_FILE),
            spill=SpillSettings.from_env(env),
            record_phrases=_switch(env, "RECORD_PHRASES", default=True),
            places_in_line=_places_in_line(env),
            metrics_token=env.get("METRICS_TOKEN") or None,
            release=env.get("BRIDGE_RELEASE", "").strip(),
            scale_url=_url(env, "BRIDGE_SCALE_URL", ("https", "http"))
            if env.get("BRIDGE_SCALE_URL")
            else None,
            telemetry=TelemetrySettings.from_env(env),
            proxies=_integer(env, "BRIDGE_PROXIES", 0, 0, 5),
            caller_keys=caller_keys(env),
        )


def caller_keys(env: Mapping[str, str] = os.environ) -> CallerKeys | None:
    """The keys of `shared.caller_key`; None without any.

    Raises:
        SettingError: one is too short or no base64.
    """
    current = _key(env.get("CALLER_KEY", "").strip(), "CALLER_KEY")
    previous = [_key(text, "CALLER_PREVIOUS_KEYS") for text in env.get("CALLER_PREVIOUS_KEYS", "").split()]
    if current is None:
        if previous:
            raise SettingError("CALLER_KEY: missing; set it, or leave CALLER_PREVIOUS_KEYS out as well")
        return None
    return CallerKeys(current, [key for key in previous if key is not None])


def _key(text: str, name: str) -> bytes | None:
    """A secret key; its value is in no message."""
    if not text:
        return None
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SettingError(f"{name}: not base64; make one with `openssl rand -base64 {KEY_BYTES}`") from error
    if len(key) < KEY_BYTES:
        raise SettingError(
            f"{name}: {len(key)} bytes are too few; make one with `openssl rand -base64 {KEY_BYTES}`"
        )
    return key


def _queue_length(env: Mapping[str, str]) -> int:
    return _integer(env, "ADMISSION_QUEUE_LENGTH", 5, 1, 20)


def _places_in_line(env: Mapping[str, str]) -> int:
    """How many callers the control plane may put in line; 0 when it puts none there."""
    wanted = env.get("ADMISSION_WHEN_FULL", "").strip().lower()
    return _queue_length(env) if wanted == WhenFull.QUEUE else 0


def _days(env: Mapping[str, str], name: str, default: int) -> timedelta:
    return timedelta(days=_integer(env, name, default, 1, 3650))


def _required(env: Mapping[str, str], name: str, meaning: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingError(f"{name}: missing; set it to {meaning}")
    return value


def _base64(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name, "").strip()
    try:
        base64.b64decode(value, validate=True)
    except ValueError as error:
        # The value itself is a secret.
        raise SettingError(f"{name}: not base64; copy the whole key from the resource") from error
    return value or None


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
    """A base URL without its trailing slash: the Call Automation client signs the wrong host with one."""
    value = (env.get(name, "").strip() or default or "").rstrip("/")
    if not value:
        raise SettingError(f"{name}: missing; set it to a URL such as {schemes[0]}://host")
    if not re.fullmatch(rf"({'|'.join(schemes)})://[^/\s?#]+(/[^\s?#]*)?", value):
        raise SettingError(f"{name}: {value!r} is not a URL starting with {schemes[0]}://")
    return value


def _switch(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if text not in ("", "on", "off"):
        raise SettingError(f"{name}: {text!r} is neither on nor off")
    return default if not text else text == "on"


def _integer(env: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"-?\d{1,9}", text) or not lowest <= int(text) <= highest:
        raise SettingError(f"{name}: {text!r} is not a whole number from {lowest} to {highest}")
    return int(text)
