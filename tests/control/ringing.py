"""Many phones that ring at once, and the processes that answer them, each `python -m tests.control.ringing`.

A process reads its job from standard input, and prints what became of each event, as a JSON list in their
order.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from datetime import UTC, datetime

from control.admitting import Gate
from control.answering import Line, answer_incoming
from shared.acs_events import IncomingCall
from shared.admission_store import AdmissionStore
from shared.call_store import CallStore
from shared.settings import ACS_ISSUER, AcsSettings, AdmissionSettings, StoreSettings
from shared.tables import Tables
from shared.telephony import Telephony
from tests.shared.acs_server import KEY, RESOURCE_ID, AcsServer

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)

AT_ONCE = 32
"""Events that one process deals with at a time, as an instance of the Functions app does."""


async def answered_by_processes(
    store: str,
    prefix: str,
    acs: AcsServer,
    *,
    calls: int,
    deliveries: int,
    processes: int = 2,
    now: datetime = RANG,
) -> Counter[str]:
    """What became of all deliveries, which come at `now`, in any order and to any process."""
    events = [f"call-{number}" for number in range(calls) for _ in range(deliveries)]
    random.Random(7).shuffle(events)  # the same order in every run

    async def process(share: list[str]) -> list[str]:
        job = {
            "store": store,
            "prefix": prefix,
            "acs": acs.url,
            "rang_at": RANG.isoformat(),
            "now": now.isoformat(),
            "events": share,
        }
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.control.ringing"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await running.communicate(json.dumps(job).encode())
        assert running.returncode == 0
        answers: list[str] = json.loads(told)
        return answers

    shares = [events[number::processes] for number in range(processes)]
    return Counter(one for share in await asyncio.gather(*map(process, shares)) for one in share)


async def answer_all(job: dict[str, object]) -> list[str]:
    """Answer the events of the job: its calls ring at `rang_at` and are told apart by a text each."""
    acs = AcsSettings(str(job["acs"]), KEY, RESOURCE_ID, ACS_ISSUER, f"{job['acs']}/calling/keys")
    rang_at, now = (datetime.fromisoformat(str(job[name])) for name in ("rang_at", "now"))
    events = job["events"]
    assert isinstance(events, list)
    store = StoreSettings(str(job["store"]), None, str(job["prefix"]))
    at_once = asyncio.Semaphore(AT_ONCE)
    async with Tables(store) as tables, Telephony(acs) as phone:
        gate = Gate(AdmissionStore(tables), phone, AdmissionSettings())
        # The time stands still: what is tested is who comes first, not how fast this machine is.
        line = Line(CallStore(tables), phone, "https://f.example", "wss://b.example", lambda: now, gate=gate)

        async def answer(event: str) -> str:
            async with at_once:
                incoming = IncomingCall(rang_at.astimezone(UTC), "", "", event, "", f"context-{event}")
                return await answer_incoming(line, incoming)

        return list(await asyncio.gather(*(answer(event) for event in events)))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(answer_all(json.load(sys.stdin)))))
