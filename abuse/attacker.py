"""`python -m abuse.attacker`: attacks at a steady rate for a while; prints what came of them as JSON.

A process of its own, as nice as can be: on a machine with two cores its own work would else be what a call
feels of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import time
from collections import Counter, defaultdict
from typing import Final

import aiohttp
import msgspec
import uvloop

from abuse.attacks import ATTACKS, Target
from local.services import Addresses

AT_ONCE: Final = 150
"""Attacks under way; more are left out, and counted."""
NICE: Final = 19


class Order(msgspec.Struct, frozen=True):
    """What to attack, on standard input."""

    addresses: Addresses
    inbox: str
    """Empty when it is not known where it is."""
    token: str
    seconds: float
    per_second: float
    seed: int


class Outcome(msgspec.Struct, frozen=True):
    """What came of it, on standard output."""

    attacks: dict[str, dict[str, int]]
    """How often each came to each end."""
    left_out: int
    cpu_seconds: float


async def attack(order: Order) -> Outcome:
    """Attack as ordered, and clean up."""
    rng = random.Random(order.seed)  # noqa: S311 - an attack that can be repeated
    names = [name for name in ATTACKS if order.inbox or not name.startswith("inbox")]
    weights = [ATTACKS[name][1] for name in names]
    ends: defaultdict[str, Counter[str]] = defaultdict(Counter)
    running: set[asyncio.Task[None]] = set()
    left_out = 0
    async with aiohttp.ClientSession() as http:
        target = Target(order.addresses, order.inbox, order.token, http, rng)

        async def one(name: str) -> None:
            ends[name][await ATTACKS[name][0](target)] += 1

        begun, number = time.monotonic(), 0
        while (now := time.monotonic()) < begun + order.seconds:
            due = begun + number / order.per_second
            if due > now:
                await asyncio.sleep(due - now)
            number += 1
            # Each once at first, so that a short run has tried everything.
            name = names[number - 1] if number <= len(names) else rng.choices(names, weights)[0]
            if len(running) >= AT_ONCE:
                left_out += 1
                continue
            task = asyncio.create_task(one(name))
            running.add(task)
            task.add_done_callback(running.discard)
        if running:
            await asyncio.wait(running, timeout=20)
        for writer in target.held:
            with contextlib.suppress(OSError):
                writer.transport.abort()
    times = os.times()
    return Outcome(
        {name: dict(ends[name]) for name in names if ends[name]}, left_out, times.user + times.system
    )


def main() -> int:
    os.nice(NICE)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    print(msgspec.json.encode(uvloop.run(attack(order))).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
