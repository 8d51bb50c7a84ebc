"""`python -m abuse.probe`: how long a call in progress waits for the bridge, until standard input ends.

A talk from the page that sends silence as a microphone does, and pings: what answers them is the same loop
that moves its audio, so a ping waits as long as a frame does. When the talk ends, for the caller says
nothing, another begins. Prints the times in milliseconds as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import Final

import aiohttp
import msgspec
import uvloop
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.frames import CloseCode

from abuse.talks import begin_talk, opening

PINGS_PER_SECOND: Final = 10
_SILENCE: Final = '{"type":"audio","audio":"' + "A" * 1_280 + '"}'
_FRAME_SECONDS: Final = 0.02


class Order(msgspec.Struct, frozen=True):
    """Where, as the first line of standard input."""

    functions: str
    token: str


class Waits(msgspec.Struct):
    """On standard output."""

    ms: list[float] = []
    talks: int = 0
    broken: int = 0
    """Talks that could not be begun or ended in disorder."""


async def probe(order: Order, until: asyncio.Event) -> Waits:
    """Talk, silently, until told to stop."""
    waits = Waits()
    async with aiohttp.ClientSession() as http:
        while not until.is_set():
            waits.talks += 1
            try:
                url = await begin_talk(http, order.functions, order.token)
                async with opening(url, ping_interval=None) as socket:
                    await socket.send('{"type":"start","sample_rate":24000}')
                    await _talk(socket, waits, until)
                    if not until.is_set() and socket.close_code != CloseCode.NORMAL_CLOSURE:
                        waits.broken += 1
            except (ConnectionClosed, InvalidHandshake, aiohttp.ClientError, OSError, TimeoutError):
                waits.broken += 1
                await asyncio.sleep(1)
    return waits


async def _talk(socket: ClientConnection, waits: Waits, until: asyncio.Event) -> None:
    async def listen() -> None:
        async for _ in socket:
            pass

    async def speak() -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(_SILENCE)
                await asyncio.sleep(_FRAME_SECONDS)

    async def ping() -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                begun = time.perf_counter()
                await (await socket.ping())
                waits.ms.append((time.perf_counter() - begun) * 1000)
                await asyncio.sleep(1 / PINGS_PER_SECOND)

    tasks = [asyncio.create_task(work()) for work in (listen, speak, ping)]
    stopping = asyncio.create_task(until.wait())
    await asyncio.wait([tasks[0], stopping], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, stopping):
        task.cancel()
    await asyncio.gather(*tasks, stopping, return_exceptions=True)


async def _run() -> Waits:
    loop, until = asyncio.get_running_loop(), asyncio.Event()
    order = msgspec.json.decode(await asyncio.to_thread(sys.stdin.buffer.readline), type=Order)

    async def watch() -> None:
        await asyncio.to_thread(sys.stdin.buffer.read)
        until.set()

    watching = loop.create_task(watch())
    waits = await probe(order, until)
    await watching
    return waits


def main() -> int:
    print(msgspec.json.encode(uvloop.run(_run())).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
