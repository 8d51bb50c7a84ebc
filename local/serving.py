"""One way for every stand-in to serve HTTP: a ready line, a clean end, a clear word if it cannot listen."""

import argparse
import asyncio
import errno
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

PORT_TAKEN = 3
"""Exit code when another process listens on the port."""

CANNOT_LISTEN = 1
"""Exit code when the system refuses the port for another reason."""

_HOST = "127.0.0.1"


def port(text: str) -> int:
    """The value of a --port option: 0 (any free one) to 65535."""
    if not (text.isascii() and text.isdecimal()) or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to 65535")
    return int(text)


@asynccontextmanager
async def listening(app: web.Application, *, shutdown_timeout: float = 0.1) -> AsyncIterator[str]:
    """Serve `app` on a free port of 127.0.0.1; yields its address, such as "http://127.0.0.1:40123".

    In the end, requests that still run have `shutdown_timeout` seconds.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_timeout)
    await runner.setup()
    try:
        await web.TCPSite(runner, _HOST, 0).start()
        yield f"http://{_HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def serve(app: web.Application, *, service: str, port: int) -> int:
    """Serve `app` on 127.0.0.1 until SIGTERM or SIGINT. Returns the process's exit code.

    Port 0 takes a free one. When the socket listens, one line goes to stdout:
    `{"ready": true, "service": "<name>", "port": N}`. Everything else a stand-in says goes to stderr.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # Handlers of open websockets end in the app's own on_shutdown; two seconds is for one that hangs.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, _HOST, port).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason, status = "is taken", PORT_TAKEN
            else:
                reason, status = f"cannot be used ({error.strerror})", CANNOT_LISTEN
            print(f"{service}: port {port} on {_HOST} {reason}; choose another with --port", file=sys.stderr)
            return status
        bound = runner.addresses[0][1]
        print(json.dumps({"ready": True, "service": service, "port": bound}), flush=True)
        await stop.wait()
        return 0
    finally:
        await runner.cleanup()
