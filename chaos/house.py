"""The system that the calls go through, and the handles by which its parts are taken away."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

import aiohttp

from chaos.clock import set_clock, with_clock
from local.processes import Tell
from local.services import Addresses
from local.stack import Stack, open_stack
from shared.settings import StoreSettings
from shared.tables import Tables

BRIDGES = ("bridge-1", "bridge-2")
DRAIN_S = 3
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_RECORDED_WITHIN_S = 60.0
_BACK_WITHIN_S = 40.0


class House:
    """A running system with two bridges, and two endpoints of Voice Live.

    Args:
        places: calls that each bridge may hold.
    """

    def __init__(self, stack: Stack, http: aiohttp.ClientSession, places: int) -> None:
        self.stack = stack
        self.places = places * len(BRIDGES)
        self._http = http

    @property
    def addresses(self) -> Addresses:
        return self.stack.addresses

    async def voice_live(self, **fault: Any) -> None:
        """Have the next sessions of Voice Live go wrong: the fields of `local.voice_live.faults`."""
        await self._order(self.addresses.voice_live, fault)

    async def acs(self, **fault: Any) -> None:
        """Have Communication Services make trouble from now on, and no other than this."""
        await self._order(self.addresses.acs, fault)

    async def event_grid(self, **fault: Any) -> None:
        """The same of Event Grid."""
        await self._order(self.addresses.event_grid, fault)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a service."""
        self.stack.service(name).send(number)

    @contextlib.contextmanager
    def frozen(self, names: Sequence[str]) -> Iterator[None]:
        """These services get no time while the block runs."""
        for name in names:
            self.send(name, signal.SIGSTOP)
        try:
            yield
        finally:
            for name in names:
                self.send(name, signal.SIGCONT)

    @contextlib.contextmanager
    def clocks(self, off_s: Mapping[str, float]) -> Iterator[None]:
        """The wall clocks of these services are off by so many seconds while the block runs: they leap there,
        and back."""
        try:
            for name, off in off_s.items():
                set_clock(self.stack.directory, name, off)
            yield
        finally:
            for name in off_s:
                set_clock(self.stack.directory, name, 0.0)

    async def back(self, name: str, ended: object) -> None:
        """Wait until a service that was ended has come back and is ready."""
        async with asyncio.timeout(_BACK_WITHIN_S):
            while self.stack.service(name) is ended:  # noqa: ASYNC110 - a process tells nobody that it is born
                await asyncio.sleep(0.1)
            await self.stack.service(name).ready(self._http, time.monotonic() + _BACK_WITHIN_S)

    async def recorded(self) -> None:
        """Wait until the phrases are there that are heard when Voice Live is away."""
        async with Tables(StoreSettings(self.addresses.tables, endpoint=None, prefix="")) as tables:
            table = await tables.table("recordings")
            async with asyncio.timeout(_RECORDED_WITHIN_S):
                while len([row async for row in table.list_entities(select=["RowKey"])]) < _PHRASES:  # noqa: ASYNC110 - a store tells nobody
                    await asyncio.sleep(0.5)

    async def _order(self, url: str, fault: dict[str, Any]) -> None:
        async with self._http.post(f"{url}/faults", json=fault, timeout=_TIMEOUT) as answer:
            if answer.status != 200:
                raise ValueError(f"{url}/faults refuses {fault}: {await answer.text()}")


_EXTRA = 2
"""Calls that faults place beside the others."""
_PHRASES = 6
"""Greeting, three fillers, the words before a transfer, and the apology."""


@contextlib.asynccontextmanager
async def open_house(calls: int, tell: Tell) -> AsyncIterator[House]:
    """Start a system that so many calls are to go through, and stop it at the end.

    Raises what `open_stack` does.
    """
    places = calls + _EXTRA  # of each bridge: one of them must be able to hold all calls

    def planes(addresses: Addresses) -> dict[str, str]:
        # By another name the same stand-in is another endpoint, with health and quotas of its own.
        other = addresses.voice_live.replace("127.0.0.1", "localhost")
        return {
            "VOICE_LIVE_ENDPOINT": "",
            "VOICE_LIVE_ENDPOINTS": f"{addresses.voice_live},{other}",
            "BRIDGE_MAX_CALLS": str(places),
            "BRIDGE_DRAIN_SECONDS": str(DRAIN_S),
            "ADMISSION_WHEN_FULL": "reject",
            "RECORD_PHRASES": "on",
        }

    async with (
        open_stack(bridges=len(BRIDGES), planes=planes, changed=with_clock, tell=tell) as stack,
        aiohttp.ClientSession() as http,
    ):
        house = House(stack, http, places)
        await house.recorded()
        yield house
