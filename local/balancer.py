"""`python -m local balancer`: one address for several bridges, as the ingress of a container platform has it.

Each connection goes to the next bridge in turn that says it is ready at that moment, and stays there. When a
bridge dies, its connections break.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence

import uvloop

from local.serving import PORT_TAKEN, port

_READY_WITHIN = 1.0
"""Seconds that a bridge may take to say whether it is ready."""
_PIECE = 64 * 1024

_ASK = b"GET /readyz HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\n\r\n"
_NOBODY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Balancer:
    """Passes connections on to the bridges on these ports of this machine."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turn = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its end."""
        bridge = await self._next_ready()
        if bridge is None:
            writer.write(_NOBODY)
            writer.close()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", bridge)
        except OSError:
            writer.transport.abort()
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(_pass_on(reader, there_writer))
            group.create_task(_pass_on(there_reader, writer))

    async def _next_ready(self) -> int | None:
        for _ in self._ports:
            bridge = self._ports[self._turn % len(self._ports)]
            self._turn += 1
            if await _is_ready(bridge):
                return bridge
        return None


async def _is_ready(bridge: int) -> bool:
    try:
        async with asyncio.timeout(_READY_WITHIN):
            reader, writer = await asyncio.open_connection("127.0.0.1", bridge)
            writer.write(_ASK)
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Until either side ends; an end that is no end in order is passed on as one."""
    try:
        while piece := await source.read(_PIECE):
            sink.write(piece)
            await sink.drain()
        with contextlib.suppress(OSError):
            sink.close()
    except OSError:
        sink.transport.abort()


async def _run(listens: int, bridges: Sequence[int]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        server = await asyncio.start_server(Balancer(bridges).serve, "127.0.0.1", listens)
    except OSError as error:
        print(f"balancer: port {listens} cannot be used ({error.strerror})", file=sys.stderr)
        return PORT_TAKEN
    bound = server.sockets[0].getsockname()[1]
    print(json.dumps({"ready": True, "service": "balancer", "port": bound}), flush=True)
    await stop.wait()
    server.close()
    server.abort_clients()
    return 0


def main(argv: list[str]) -> int:
    """The `balancer` command. Exit status 0 after a stop, PORT_TAKEN when the port is."""
    parser = argparse.ArgumentParser(
        prog="python -m local balancer", description="One address for several bridges on this machine."
    )
    parser.add_argument("--port", type=port, default=0, help="where to listen (default: any free port)")
    parser.add_argument("--to", type=port, action="append", required=True, help="port of a bridge; repeat it")
    options = parser.parse_args(argv)
    return uvloop.run(_run(options.port, options.to))
