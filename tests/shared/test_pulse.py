"""Asking whether the store answers: one question a second, however many ask."""

from __future__ import annotations

import asyncio

import pytest
from azure.core.exceptions import AzureError

from shared.pulse import GOOD_FOR, Pulse


class Store:
    asked = 0
    broken = False

    async def ping(self) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.broken:
            raise AzureError("no answer")


async def test_many_who_ask_at_once_ask_once() -> None:
    store, now = Store(), 0.0
    pulse = Pulse(store.ping, clock=lambda: now)
    await asyncio.gather(*(pulse.beat() for _ in range(100)))
    assert store.asked == 1
    now += GOOD_FOR
    await pulse.beat()
    assert store.asked == 2


async def test_trouble_is_told_to_all_and_ends() -> None:
    store, now = Store(), 0.0
    pulse = Pulse(store.ping, clock=lambda: now)
    store.broken = True
    told = await asyncio.gather(*(pulse.beat() for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in told] == [AzureError] * 5
    store.broken = False
    with pytest.raises(AzureError):
        await pulse.beat()
    now += GOOD_FOR
    await pulse.beat()
    assert store.asked == 2


async def test_who_gives_up_does_not_leave_the_others_waiting() -> None:
    store = Store()
    pulse = Pulse(store.ping)
    first = asyncio.create_task(pulse.beat())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(pulse.beat(), 5)
    assert store.asked == 2
