"""`python -m bridge`: serve media sockets until SIGTERM, then drain."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from typing import Final

import uvloop

from bridge.reporting import reporting
from bridge.self_check import checking_itself
from bridge.server import BridgeServer
from bridge.services import Services
from bridge.spill_keeper import SpillKeeper
from doctor.bridge_plane import look
from shared.admission_store import AdmissionStore
from shared.agent_config import AgentError
from shared.finding_store import FindingStore
from shared.restaurants import CatalogueError
from shared.settings import BridgeSettings, SettingError
from shared.telemetry import configure_logging

_WRITING_SECONDS: Final = 15.0
"""What the store has at least to take what is on disk, though calls have used up the time to drain."""

log = logging.getLogger("bridge")


async def serve(settings: BridgeSettings) -> None:
    """Serve until told to stop: SIGTERM lets calls end within the drain time and then gives them to other
    bridges, SIGINT ends them at once."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[signal.Signals] = loop.create_future()

    def on_signal(number: signal.Signals) -> None:
        if not stop.done():
            stop.set_result(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    async with Services.open(settings) as services:
        server = BridgeServer(services)
        port = await server.start()
        async with (
            reporting(
                AdmissionStore(services.tables),
                services.name,
                server.load,
                server.freed,
                services.voice_live.pool.share,
                services.metrics.callers_wait,
                release=settings.release,
            ),
            # Last, since it also asks this very bridge.
            checking_itself(
                FindingStore(services.tables),
                lambda: look(settings, services.agents.current(), services.catalogue),
            ),
        ):
            print(json.dumps({"ready": True, "service": "bridge", "port": port}), flush=True)
            in_order = await stop is signal.SIGTERM
            await wind_down(server, services.keeper, settings.drain_seconds, in_order=in_order)


async def wind_down(
    server: BridgeServer, keeper: SpillKeeper | None, drain_seconds: float, *, in_order: bool
) -> None:
    """End the calls, in order or at once, and write what waits on disk."""
    loop = asyncio.get_running_loop()
    patience = drain_seconds if in_order else 0.0
    until = loop.time() + patience
    await server.drain(patience, gives_away=in_order)
    if keeper is not None:
        # The disk may go with the replica: the store has the rest of the time to come back.
        left = until - loop.time()
        await keeper.write_out(within=max(left, _WRITING_SECONDS) if in_order else left)


def main() -> int:
    """Exit status: 0 after a stop, 2 for a wrong setting or file, 3 when the port is taken."""
    configure_logging()
    try:
        uvloop.run(serve(BridgeSettings.from_env()))
    except (SettingError, AgentError, CatalogueError) as error:
        print(f"bridge: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"bridge: cannot listen: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
