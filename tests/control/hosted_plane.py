"""The control plane in a host of ours, as the services outside see it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from control.services import services
from local.functions_host.keys import Keys
from local.functions_host.timers import timer_datum
from local.functions_host.worker import Worker
from shared.calls import Call, derive_call_id
from tests.shared.acs_server import AcsServer

ROOT = Path(__file__).parent.parent.parent
KEYS = Keys(host="host-key", system="system-key")
OPERATOR_TOKEN = "t" * 32


class StoppedClock:
    """Timers never fire by themselves: tests run the sweep when they want it."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    async def sleep(self, _: float) -> None:
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Hosted:
    """The app in a host of ours."""

    url: str
    worker: Worker


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
        await self.run("sweep")

    async def run(self, timer: str) -> None:
        """Run the function of a timer now."""
        function, now = self.worker.find(timer), datetime.now(UTC)
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
