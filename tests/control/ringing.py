"""One of several processes that answer the phone: `python -m tests.control.ringing`.

Reads its job from standard input, and prints what became of each event, as a JSON list in their order.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime

from control.admitting import Gate
from control.answering import Line, answer_incoming
from shared.acs_events import IncomingCall
from shared.admission_store import AdmissionStore
from shared.call_store import CallStore
from shared.settings import ACS_ISSUER, AcsSettings, AdmissionSettings, StoreSettings
from shared.tables import Tables
from shared.telephony import Telephony
from tests.shared.acs_server import KEY, RESOURCE_ID

AT_ONCE = 32
"""Events that one process deals with at a time, as an instance of the Functions app does."""


async def answer_all(job: dict[str, object]) -> list[str]:
    """Answer the events of the job: its calls ring at `rang_at` and are told apart by a text each."""
    acs = AcsSettings(str(job["acs"]), KEY, RESOURCE_ID, ACS_ISSUER, f"{job['acs']}/calling/keys")
    rang_at = datetime.fromisoformat(str(job["rang_at"]))
    events = job["events"]
    assert isinstance(events, list)
    store = StoreSettings(str(job["store"]), None, str(job["prefix"]))
    at_once = asyncio.Semaphore(AT_ONCE)
    async with Tables(store) as tables, Telephony(acs) as phone:
        gate = Gate(AdmissionStore(tables), phone, AdmissionSettings())
        # The time stands still: what is tested is who comes first, not how fast this machine is.
        line = Line(
            CallStore(tables), phone, "https://f.example", "wss://b.example", lambda: rang_at, gate=gate
        )

        async def answer(event: str) -> str:
            async with at_once:
                incoming = IncomingCall(rang_at.astimezone(UTC), "", "", event, "", f"context-{event}")
                return await answer_incoming(line, incoming)

        return list(await asyncio.gather(*(answer(event) for event in events)))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(answer_all(json.load(sys.stdin)))))
