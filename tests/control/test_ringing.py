"""Many phones ring at once, every event comes several times, and several processes answer."""

from __future__ import annotations

import pytest

from bench.phones import RANG, answered_by_processes
from shared.admission import Report
from shared.admission_store import AdmissionStore
from shared.call_claim import RING
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.acs_server import AcsServer


@pytest.fixture
def store(azurite: str, table_prefix: str) -> StoreSettings:
    return StoreSettings(azurite, None, table_prefix)


def contexts(acs: AcsServer, operation: str) -> list[str]:
    """The calls for which Call Automation was asked for it, one for each request."""
    return sorted(request.body["incomingCallContext"] for request in acs.of(operation))


async def test_every_call_is_answered_once_and_none_is_missed(store: StoreSettings, acs: AcsServer) -> None:
    answers = await answered_by_processes(store, acs.settings, calls=60, deliveries=5)
    assert answers == {"answered": 60, "duplicate": 60 * 4}
    late = await answered_by_processes(store, acs.settings, calls=60, deliveries=1, now=RANG + RING)
    assert late == {"duplicate": 60}
    assert contexts(acs, ":answer") == sorted(f"context-call-{number}" for number in range(60))


async def test_ten_places_take_ten_calls(store: StoreSettings, tables: Tables, acs: AcsServer) -> None:
    places = AdmissionStore(tables)
    await places.report(Report("a", RANG, calls=6, live=0, late_ms=0, sessions=100))
    await places.report(Report("b", RANG, calls=4, live=0, late_ms=0, sessions=100))
    answers = await answered_by_processes(store, acs.settings, calls=100, deliveries=2)
    assert answers == {"answered": 10, "rejected": 90, "duplicate": 100}
    let_in, busy = contexts(acs, ":answer"), contexts(acs, ":reject")
    assert (len(let_in), len(busy)) == (10, 90)
    assert sorted(let_in + busy) == sorted(f"context-call-{number}" for number in range(100))
    assert sorted((await places.seen()).channels) == list(range(10))
