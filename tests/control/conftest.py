"""The control plane in Microsoft's worker, with a real store and a small Call Automation service."""

from __future__ import annotations

import copy
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from control.answering import Line
from control.services import close_services
from local.functions_host.host import FunctionsHost
from local.serving import listening
from shared import telephony
from shared.call_store import CallStore
from shared.tables import Tables
from shared.telephony import Telephony
from tests.control.hosted_plane import KEYS, OPERATOR_TOKEN, ROOT, ControlPlane, Hosted, StoppedClock
from tests.control.one_call import Clock
from tests.control.operator_house import Api
from tests.control.waiting_house import House, open_house
from tests.shared.acs_server import RESOURCE_ID, AcsServer, acs_server


@pytest.fixture
async def acs(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AcsServer]:
    monkeypatch.setitem(telephony._POLICY, "retry_backoff_factor", 0)  # no wait between tries
    async with acs_server() as server:
        yield server


@pytest.fixture(scope="session")
async def hosted() -> AsyncIterator[Hosted]:
    """One host for all tests: the worker library indexes an app once per process."""
    host = await FunctionsHost.start(ROOT, KEYS, clock=StoppedClock())
    async with listening(host.app()) as url:
        yield Hosted(url, host.worker)


@pytest.fixture
async def control(
    hosted: Hosted, acs: AcsServer, azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ControlPlane]:
    settings = {
        "TABLES_CONNECTION_STRING": azurite,
        "TABLES_PREFIX": table_prefix,
        "ACS_ENDPOINT": acs.url,
        "ACS_ACCESS_KEY": acs.settings.access_key,
        "ACS_RESOURCE_ID": RESOURCE_ID,
        "ACS_JWKS_URL": acs.settings.jwks_url,
        "CALLBACK_BASE_URL": hosted.url,
        "MEDIA_BASE_URL": "ws://127.0.0.1:1",
        "OPERATOR_TOKEN": OPERATOR_TOKEN,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value or "")
    async with aiohttp.ClientSession() as http:
        yield ControlPlane(hosted.url, hosted.worker, acs, http)
    await close_services()


@pytest.fixture
def incoming() -> dict[str, Any]:
    """A phone that rings now, in Event Grid's own schema."""
    number = {"kind": "phoneNumber", "rawId": "4:+15550100", "phoneNumber": {"value": "+15550100"}}
    return {
        "id": str(uuid.uuid4()),
        "topic": "/subscriptions/s/resourceGroups/providers/microsoft.communication/communicationservices/c",
        "subject": "/caller/4:+15550100/recipient/4:+15550199",
        "data": {
            "to": copy.deepcopy(number) | {"rawId": "4:+15550199"},
            "from": number,
            "serverCallId": "aHR0cHM6Ly9h",
            "callerDisplayName": "",
            "incomingCallContext": "ctx",
            "correlationId": str(uuid.uuid4()),
        },
        "eventType": "Microsoft.Communication.IncomingCall",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
    }


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def line(tables: Tables, acs: AcsServer, clock: Clock) -> AsyncIterator[Line]:
    """What answers calls, without a host around it, and with a clock in the test's hand."""
    async with Telephony(acs.settings) as phone:
        yield Line(CallStore(tables), phone, "https://func.example", "wss://bridge.example", clock)


@pytest.fixture
async def house(
    azurite: str, table_prefix: str, acs: AcsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """A control plane with one place, in which callers wait in line."""
    async with open_house(azurite, table_prefix, acs, tmp_path, monkeypatch) as house:
        yield house


@pytest.fixture
def api(control: ControlPlane) -> Api:
    return Api(control)
