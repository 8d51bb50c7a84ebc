"""The control plane in Microsoft's worker, with a real store and a small Call Automation service."""

from __future__ import annotations

import asyncio
import copy
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from control.answering import Line
from control.services import close_services, services
from local.functions_host.host import FunctionsHost
from local.functions_host.keys import Keys
from local.functions_host.timers import timer_datum
from local.functions_host.worker import Worker
from shared import telephony
from shared.call_store import CallStore
from shared.calls import Call, derive_call_id
from shared.tables import Tables
from shared.telephony import Telephony
from tests.control.one_call import Clock
from tests.control.waiting_house import House, open_house
from tests.shared.acs_server import RESOURCE_ID, AcsServer, acs_server

ROOT = Path(__file__).parent.parent.parent
KEYS = Keys(host="host-key", system="system-key")
OPERATOR_TOKEN = "t" * 32


class StoppedClock:
    """Timers never fire by themselves: tests run the sweep when they want it."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    async def sleep(self, _: float) -> None:
        await asyncio.Event().wait()


@pytest.fixture
async def acs(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AcsServer]:
    monkeypatch.setitem(telephony._POLICY, "retry_backoff_factor", 0)  # no wait between tries
    async with acs_server() as server:
        yield server


@dataclass(frozen=True)
class Hosted:
    """The app in a host of ours."""

    url: str
    worker: Worker


@pytest.fixture(scope="session")
async def hosted() -> AsyncIterator[Hosted]:
    """One host for all tests: the worker library indexes an app once per process."""
    host = await FunctionsHost.start(ROOT, KEYS, clock=StoppedClock())
    runner = web.AppRunner(host.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Hosted(f"http://127.0.0.1:{runner.addresses[0][1]}", host.worker)
    await runner.cleanup()


@dataclass(frozen=True)
class ControlPlane:
    """The control plane as the services outside see it."""

    url: str
    worker: Worker
    acs: AcsServer
    http: aiohttp.ClientSession

    async def deliver(self, *events: dict[str, Any], one: bool = False) -> int:
        """POST events as Event Grid does: an array of its own schema, or `one` CloudEvent."""
        async with self.http.post(
            f"{self.url}/runtime/webhooks/EventGrid?functionName=incoming_call&code={KEYS.system}",
            json=events[0] if one else list(events),
            headers={"aeg-event-type": "Notification"},
        ) as response:
            return response.status

    async def call_back(
        self, address: str, body: Any, *, authorization: str | None = ""
    ) -> tuple[int, dict[str, Any]]:
        """POST to a callback address as Call Automation does; an empty `authorization` means a good one."""
        headers = {"Authorization": f"Bearer {self.acs.token()}" if authorization == "" else authorization}
        raw = body if isinstance(body, bytes) else None
        async with self.http.post(
            address,
            data=raw,
            json=None if raw is not None else body,
            headers={name: value for name, value in headers.items() if value is not None},
        ) as response:
            return response.status, await response.json()

    async def sweep(self) -> None:
        """Run the sweep now, as its timer would."""
        function, now = self.worker.find("sweep"), datetime.now(UTC)
        assert function is not None
        result = await self.worker.run(function, timer_datum(now, now))
        assert result.ok, result.error

    def callback_addresses(self) -> list[str]:
        """What we gave Call Automation to call back on, one for each answer."""
        return [request.body["callbackUri"] for request in self.acs.of(":answer")]

    async def record(self, event: dict[str, Any]) -> Call | None:
        """What is stored about the call an event is about."""
        time = datetime.fromisoformat(event.get("eventTime") or event["time"])
        return await services().line.calls.get(derive_call_id(time, event["data"]["correlationId"]))


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
