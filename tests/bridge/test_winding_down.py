"""What waits on disk has time to be written, however long the calls took to end."""

from __future__ import annotations

import asyncio

import pytest

from bridge.__main__ import wind_down
from bridge.server import BridgeServer
from bridge.spill_keeper import SpillKeeper
from tests.bridge.virtual_time import run_virtually


class Server(BridgeServer):
    """Stands for one whose calls take so long to end."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def drain(self, seconds: float, *, gives_away: bool = False) -> None:
        await asyncio.sleep(self.seconds)


class Keeper(SpillKeeper):
    """Stands for one whose store answers after so long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.written = False

    async def write_out(self, call_id: str = "", *, within: float) -> bool:
        try:
            async with asyncio.timeout(within):
                await asyncio.sleep(self.seconds)
                self.written = True
        except TimeoutError:
            return False
        return True


@pytest.mark.parametrize(
    ("calls_take", "store_takes", "in_order", "written"),
    [
        (0, 24, True, True),  # all the time that calls left
        (0, 26, True, False),
        (40, 14, True, True),  # they left none
        (40, 16, True, False),
        (0, 1, False, False),  # nobody waits
    ],
)
def test_the_store_has_time(calls_take: float, store_takes: float, in_order: bool, written: bool) -> None:
    keeper = Keeper(store_takes)
    run_virtually(wind_down(Server(calls_take), keeper, 25.0, in_order=in_order))
    assert keeper.written is written
