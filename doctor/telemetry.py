"""Whether anybody would hear: Application Insights takes what we send, and so does the OTLP receiver."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import aiohttp
from azure.core.exceptions import ClientAuthenticationError
from opentelemetry.util.re import parse_env_headers

from shared.findings import Finding, failed, ok
from shared.settings import TelemetrySettings

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

_SECONDS: Final = 10.0
_SCOPE: Final = "https://monitor.azure.com//.default"
_PUBLIC: Final = "https://dc.services.visualstudio.com"
"""Where a connection string sends that names no ingestion endpoint."""
_WHY: Final = "nothing is heard of this app: no trace, no number, and no alert rings"


async def check_telemetry(
    settings: TelemetrySettings, credential: AsyncTokenCredential | None = None
) -> list[Finding]:
    """Send one line to each place that traces and numbers go to, as this identity; nothing where none is set.

    `credential` stands in for the managed identity.
    """
    found = []
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        if settings.application_insights is not None:
            identity = settings.application_insights_identity
            found.append(await _insights(http, settings.application_insights, credential, identity=identity))
        if settings.otlp_endpoint is not None:
            found.append(await _otlp(http, settings.otlp_endpoint))
    return found


async def _insights(
    http: aiohttp.ClientSession, connection: str, credential: AsyncTokenCredential | None, *, identity: bool
) -> Finding:
    parts = {
        name.strip().lower(): value.strip()
        for name, _, value in (part.partition("=") for part in connection.split(";"))
    }
    url = f"{parts.get('ingestionendpoint', _PUBLIC).rstrip('/')}/v2.1/track"
    headers = {}
    if identity:
        try:
            headers["Authorization"] = f"Bearer {await _token(credential)}"
        except ClientAuthenticationError:
            fix = "give the app its user-assigned identity and set AZURE_CLIENT_ID to it: azd provision"
            return failed("telemetry.identity", "no token for Application Insights can be had", _WHY, fix)
    line = {
        "name": "Microsoft.ApplicationInsights.Message",
        "time": datetime.now(UTC).isoformat(),
        "iKey": parts.get("instrumentationkey", ""),
        "data": {"baseType": "MessageData", "baseData": {"ver": 2, "message": "doctor checked"}},
    }
    role = "the identity needs Monitoring Metrics Publisher on Application Insights: azd provision grants it"
    address = (
        "APPLICATIONINSIGHTS_CONNECTION_STRING: copy it whole from the resource; look at DNS and firewall"
    )
    try:
        async with http.post(url, json=[line], headers=headers) as answer:
            return _judge("Application Insights", answer.status, role=role, address=address)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        what = f"Application Insights does not answer: {type(error).__name__}"
        return failed("telemetry.reach", what, _WHY, address)


async def _token(credential: AsyncTokenCredential | None) -> str:
    if credential is not None:
        return (await credential.get_token(_SCOPE)).token
    from shared.identity import Identity

    async with Identity() as own:
        return (await own.get_token(_SCOPE)).token


async def _otlp(http: aiohttp.ClientSession, endpoint: str, env: Mapping[str, str] = os.environ) -> Finding:
    """An export of nothing: a message without fields is no bytes at all."""
    headers = dict(parse_env_headers(env.get("OTEL_EXPORTER_OTLP_HEADERS", ""), liberal=True))
    role = "OTEL_EXPORTER_OTLP_HEADERS: the key that the receiver asks for"
    address = (
        "OTEL_EXPORTER_OTLP_ENDPOINT: the base address of an OTLP receiver over HTTP, without /v1/traces"
    )
    content = {"Content-Type": "application/x-protobuf"}
    try:
        async with http.post(f"{endpoint}/v1/traces", data=b"", headers=headers | content) as answer:
            return _judge("the OTLP receiver", answer.status, role=role, address=address)
    except (aiohttp.ClientError, TimeoutError) as error:
        what = f"the OTLP receiver does not answer: {type(error).__name__}"
        return failed("telemetry.reach", what, _WHY, address)


def _judge(who: str, status: int, *, role: str, address: str) -> Finding:
    if status in (401, 403):
        return failed("telemetry.role", f"{who} refuses us: HTTP {status}", _WHY, role)
    if status in (400, 404, 405):
        return failed("telemetry.address", f"{who} is not what answers there: HTTP {status}", _WHY, address)
    if status >= 300:
        fix = "the daily cap may be reached (TABLETALK_DAILY_LOG_CAP), or it has trouble: Azure's status page"
        return failed("telemetry.answer", f"{who} does not take it: HTTP {status}", _WHY, fix)
    return ok("telemetry.sent", f"{who} takes what we send")
