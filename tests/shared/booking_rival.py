"""A process that wants the last table, with many calls at once: `python -m tests.shared.booking_rival`.

Arguments: connection string, table prefix, id of the restaurant, first number of its calls, how many. Writes
"ready", waits for a line, then writes a JSON list with the outcome of each call.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from shared.booking_records import Booking
from shared.bookings import BookingStore
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.booking_house import ask, book, house


async def outcomes(connection: str, prefix: str, name: str, first: int, count: int) -> list[dict[str, Any]]:
    restaurant = house({2: 1}, name=name)
    async with Tables(StoreSettings(connection, None, prefix)) as tables:
        await tables.ping()
        store = BookingStore(tables)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        calls = (book(store, ask(restaurant, call=f"call-{n}")) for n in range(first, first + count))
        found = await asyncio.gather(*calls)
    return [
        {"code": outcome.code}
        if isinstance(outcome, Booking)
        else {"reason": outcome.reason, "alternatives": [str(at) for at in outcome.alternatives]}
        for outcome in found
    ]


if __name__ == "__main__":
    given = sys.argv[1:]
    print(json.dumps(asyncio.run(outcomes(given[0], given[1], given[2], int(given[3]), int(given[4])))))
