"""Many phones that ring at once, and the processes that answer them, each `python -m bench.phones`.

A process reads its `Share` of the events from standard input, and prints what became of each event, as a
JSON list in their order.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from control.admitting import Gate
from control.answering import Line, answer_incoming
from shared.acs_events import IncomingCall
from shared.admission_store import AdmissionStore
from shared.call_store import CallStore
from shared.settings import AcsSettings, AdmissionSettings, StoreSettings
from shared.tables import Tables
from shared.telephony import Telephony

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)

AT_ONCE = 32
"""Events that one process deals with at a time, as an instance of the Functions app does."""

_HOWEVER_LONG = 60.0
"""Seconds: however busy the machine is, nobody is let in unseen."""


@dataclass(frozen=True)
class Share:
    """The events that one process gets. Their calls ring at RANG, and are told apart by a text each."""

    store: StoreSettings
    acs: AcsSettings
    now: datetime
    """The time at which all of them come. It stands still: what is tried is who comes first, not how fast
    this machine is."""
    events: list[str]


async def answered_by_processes(
    store: StoreSettings,
    acs: AcsSettings,
    *,
    calls: int,
    deliveries: int,
    processes: int = 2,
    now: datetime = RANG,
) -> Counter[str]:
    """What became of all deliveries, which come at `now`, in any order and to any process."""
    events = [f"call-{number}" for number in range(calls) for _ in range(deliveries)]
    random.Random(7).shuffle(events)  # noqa: S311 - the same order in every run
    shares = [Share(store, acs, now, events[number::processes]) for number in range(processes)]
    return Counter(one for answers in await asyncio.gather(*map(_in_a_process, shares)) for one in answers)


async def _in_a_process(share: Share) -> list[str]:
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.phones"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await running.communicate(msgspec.json.encode(share))
    if running.returncode != 0:
        raise RuntimeError(f"a process that answers phones ended with status {running.returncode}")
    return msgspec.json.decode(told, type=list[str])


async def answer_all(share: Share) -> list[str]:
    """What became of each event, in their order."""
    at_once = asyncio.Semaphore(AT_ONCE)
    async with Tables(share.store) as tables, Telephony(share.acs) as phone:
        gate = Gate(AdmissionStore(tables), phone, AdmissionSettings(), within=_HOWEVER_LONG)
        line = Line(
            CallStore(tables), phone, "https://f.example", "wss://b.example", lambda: share.now, gate=gate
        )

        async def answer(event: str) -> str:
            async with at_once:
                return await answer_incoming(line, IncomingCall(RANG, "", "", event, "", f"context-{event}"))

        return list(await asyncio.gather(*(answer(event) for event in share.events)))


if __name__ == "__main__":
    sent = msgspec.json.decode(sys.stdin.buffer.read(), type=Share)
    print(msgspec.json.encode(asyncio.run(answer_all(sent))).decode())
