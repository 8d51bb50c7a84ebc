"""A process that places the cart of a call, many times at once: `python -m tests.shared.order_rival`.

Arguments: connection string, table prefix, how many times. Writes "ready", waits for a line, then writes a
JSON list with the code that each got.
"""

from __future__ import annotations

import asyncio
import json
import sys

from shared.order_carts import CartStore
from shared.orders import OrderStore
from shared.settings import StoreSettings
from shared.tables import Tables
from tests.shared.order_house import NOW, placement


async def codes(connection: str, prefix: str, times: int) -> list[str]:
    async with Tables(StoreSettings(connection, None, prefix)) as tables:
        carts, orders = CartStore(tables), OrderStore(tables)
        entry = await carts.of_call("call")
        assert entry is not None
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        found = await asyncio.gather(*(orders.place(entry, placement(entry), NOW) for _ in range(times)))
    return [order.code for order in found]


if __name__ == "__main__":
    given = sys.argv[1:]
    print(json.dumps(asyncio.run(codes(given[0], given[1], int(given[2])))))
