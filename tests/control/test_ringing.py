"""Many phones ring at once, every event comes several times, and several processes answer."""

from __future__ import annotations

from shared.admission import Report
from shared.admission_store import AdmissionStore
from shared.calls import RING
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.control.ringing import RANG, answered_by_processes
from tests.shared.acs_server import AcsServer


def contexts(acs: AcsServer, operation: str) -> list[str]:
    """The calls for which Call Automation was asked for it, one for each request."""
    return sorted(request.body["incomingCallContext"] for request in acs.of(operation))


async def test_every_call_is_answered_once_and_none_is_missed(
    azurite: str, table_prefix: str, acs: AcsServer
) -> None:
    answers = await answered_by_processes(azurite, table_prefix, acs, calls=60, deliveries=5)
    assert answers == {"answered": 60, "duplicate": 60 * 4}
    late = await answered_by_processes(azurite, table_prefix, acs, calls=60, deliveries=1, now=RANG + RING)
    assert late == {"duplicate": 60}
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
