"""Many phones ring at once, every event comes several times, and several processes answer."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from datetime import UTC, datetime

from shared.admission import Report
from shared.admission_store import AdmissionStore
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.acs_server import AcsServer

RANG = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)


async def answered_by_processes(
    store: str, prefix: str, acs: AcsServer, *, calls: int, deliveries: int, processes: int = 2
) -> Counter[str]:
    """What became of all deliveries, which come in any order and to any process."""
    events = [f"call-{number}" for number in range(calls) for _ in range(deliveries)]
    random.Random(7).shuffle(events)  # the same order in every run

    async def process(share: list[str]) -> list[str]:
        job = {"store": store, "prefix": prefix, "acs": acs.url, "rang_at": RANG.isoformat(), "events": share}
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


def contexts(acs: AcsServer, operation: str) -> list[str]:
    """The calls for which Call Automation was asked for it, one for each request."""
    return sorted(request.body["incomingCallContext"] for request in acs.of(operation))


async def test_every_call_is_answered_once_and_none_is_missed(
    azurite: str, table_prefix: str, acs: AcsServer
) -> None:
    answers = await answered_by_processes(azurite, table_prefix, acs, calls=60, deliveries=5)
    assert answers == {"answered": 60, "duplicate": 60 * 4}
    assert contexts(acs, ":answer") == sorted(f"context-call-{number}" for number in range(60))


async def test_ten_places_take_ten_calls(azurite: str, table_prefix: str, acs: AcsServer) -> None:
    async with Tables(StoreSettings(azurite, None, table_prefix)) as tables:
        store = AdmissionStore(tables)
        await store.report(Report("a", RANG, calls=6, live=0, late_ms=0, sessions=100))
        await store.report(Report("b", RANG, calls=4, live=0, late_ms=0, sessions=100))
        answers = await answered_by_processes(azurite, table_prefix, acs, calls=100, deliveries=2)
        assert answers == {"answered": 10, "rejected": 90, "duplicate": 100}
        let_in, busy = contexts(acs, ":answer"), contexts(acs, ":reject")
        assert (len(let_in), len(busy)) == (10, 90)
        assert sorted(let_in + busy) == sorted(f"context-call-{number}" for number in range(100))
        assert sorted((await store.seen()).channels) == list(range(10))
