"""What both planes use: the store, the carrier of the calls, where numbers go, and keys."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.caller_key import KEY_BYTES, CallerKeys
from shared.settings.reading import SettingError, base64_text, integer, required, url

ACS_ISSUER = "https://acscallautomation.communication.azure.com"
"""Issuer of the tokens on callbacks and media sockets (ACS: secure webhook endpoint)."""

ACS_JWKS_URL = f"{ACS_ISSUER}/calling/keys"

_SHARED = Path(__file__).parent.parent
DEFAULT_AGENT_DIR = _SHARED / "agent"
DEFAULT_RESTAURANTS_FILE = _SHARED / "catalogue" / "restaurants.json"


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
        endpoint = url(env, "TABLES_ENDPOINT", ("https", "http")) if env.get("TABLES_ENDPOINT") else None
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
            endpoint=url(env, "ACS_ENDPOINT", ("https", "http")),
            access_key=base64_text(env, "ACS_ACCESS_KEY"),
            resource_id=required(env, "ACS_RESOURCE_ID", "the immutable resource id of the ACS resource"),
            issuer=env.get("ACS_ISSUER") or ACS_ISSUER,
            jwks_url=url(env, "ACS_JWKS_URL", ("https", "http"), ACS_JWKS_URL),
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
            otlp_endpoint=url(env, "OTEL_EXPORTER_OTLP_ENDPOINT", ("https", "http")) if otlp else None,
            application_insights=insights,
            application_insights_identity=bool(env.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING")),
            trace_percent=integer(env, "TRACE_PERCENT", 100, 0, 100),
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
