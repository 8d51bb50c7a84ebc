"""`python -m bench ringing`: many phones ring at once, and several processes of the control plane answer.

Event Grid delivers at least once, late and in any order: every call is to be answered once, and none missed.
"""

from __future__ import annotations

import time
from collections import Counter

from shared.call_store import CallStore
from shared.calls import RING, CallState
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.control.ringing import RANG, answered_by_processes
from tests.shared.acs_server import acs_server


async def ring(store: str, *, calls: int, deliveries: int, processes: int) -> int:
    """Deliver the events of `calls` phones several times each, and tell what became of them.

    Args:
        store: connection string of an empty Table Storage.

    Returns:
        0 when every call was answered once, 1 otherwise.
    """
    async with acs_server() as acs:
        begun = time.monotonic()
        answers = await answered_by_processes(
            store, "", acs, calls=calls, deliveries=deliveries, processes=processes
        )
        seconds = time.monotonic() - begun
        begun = time.monotonic()
        late = await answered_by_processes(
            store, "", acs, calls=calls, deliveries=1, processes=processes, now=RANG + RING
        )
        late_ms = (time.monotonic() - begun) / calls * 1000
        asked = Counter(request.body["incomingCallContext"] for request in acs.of(":answer"))
    async with Tables(StoreSettings(store, None, "")) as tables:
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
