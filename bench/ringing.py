"""`python -m bench ringing`: many phones ring at once, and several processes of the control plane answer.

Event Grid delivers at least once, late and in any order: every call is to be answered once, and none missed.
"""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from bench.phones import RANG, answered_by_processes
from local.serving import listening
from shared.call_claim import RING
from shared.call_store import CallStore
from shared.calls import CallState
from shared.settings import ACS_ISSUER, AcsSettings, StoreSettings
from shared.tables import Tables


async def ring(store: str, *, calls: int, deliveries: int, processes: int) -> int:
    """Deliver the events of `calls` phones several times each, and tell what became of them.

    Args:
        store: connection string of an empty Table Storage.

    Returns:
        0 when every call was answered once, 1 otherwise.
    """
    settings = StoreSettings(store, None, "")
    async with _answers_counted() as counted:
        begun = time.monotonic()
        answers = await answered_by_processes(
            settings, counted.settings, calls=calls, deliveries=deliveries, processes=processes
        )
        seconds = time.monotonic() - begun
        begun = time.monotonic()
        late = await answered_by_processes(
            settings, counted.settings, calls=calls, deliveries=1, processes=processes, now=RANG + RING
        )
        late_ms = (time.monotonic() - begun) / calls * 1000
    asked = counted.answers
    async with Tables(settings) as tables:
        records = await CallStore(tables).day(RANG.date(), limit=calls + 1)
    answered = sum(record.state is CallState.ANSWERED for record in records)
    print(f"{calls} calls, {deliveries} deliveries each, {processes} processes: {seconds:.0f} s")
    print(f"  deliveries: {_told(answers)}")
    print(f"  once more after the ring: {_told(late)}, {late_ms:.0f} ms each")
    print(f"  answers asked of Call Automation: {asked.total()}, for {len(asked)} calls")
    print(f"  records: {len(records)}, answered {answered}")
    wanted = Counter(answered=calls, duplicate=calls * (deliveries - 1))
    in_time = answers == wanted and late == Counter(duplicate=calls)
    good = in_time and asked.total() == len(asked) == len(records) == answered == calls
    print("  every call was answered once" if good else "  NOT every call was answered once")
    return 0 if good else 1


def _told(answers: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(answers.items()))


@dataclass
class _CallAutomation:
    """As much of Call Automation as answering needs. It holds nobody back, so that the control plane alone
    is measured."""

    url: str = ""
    answers: Counter[str] = field(default_factory=Counter)
    """How often it was asked to answer, by the incoming call context of the phone."""

    @property
    def settings(self) -> AcsSettings:
        key = base64.b64encode(b"a key that nobody checks").decode()
        return AcsSettings(self.url, key, "resource", ACS_ISSUER, f"{self.url}/calling/keys")

    async def answer(self, request: web.Request) -> web.Response:
        self.answers[(await request.json())["incomingCallContext"]] += 1
        # The same repeatability id is the same call.
        connection = f"connection-{request.headers['Repeatability-Request-ID']}"
        return web.json_response({"callConnectionId": connection, "callConnectionState": "connecting"})


@asynccontextmanager
async def _answers_counted() -> AsyncIterator[_CallAutomation]:
    """Serves on a free port of this machine."""
    service = _CallAutomation()
    app = web.Application()
    app.router.add_post("/calling/callConnections:answer", service.answer)
    async with listening(app) as service.url:
        yield service
