"""`python -m local event-grid`: the Event Grid stand-in as a process."""

import argparse
import logging
import sys

import uvloop

from local.event_grid.server import running
from local.serving import port, serve

_ABOUT = """\
A stand-in for Azure Event Grid on 127.0.0.1.

  POST /topics/{topic}/api/events   publish (EventGridEvent or CloudEvent; aeg-sas-key with --key)
  PUT  /subscriptions/{name}        subscribe an endpoint: topic, endpoint, schema, included_event_types,
                                    subject_begins_with, subject_ends_with, max_delivery_attempts,
                                    event_ttl_seconds, duplicates. The endpoint is validated first.
  GET  /subscriptions/{name}        state and counters
  GET  /dead-letters/{name}         events given up, with the reason
  POST /faults                      {"duplicate": N, "delay": N, "delay_ms": MS}, of the next N events
"""


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m local event-grid",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--key", help="key publishers must send as aeg-sas-key (default: none is asked for)")
    parser.add_argument(
        "--time-scale",
        type=float,
        default=1.0,
        help="factor on retry waits and time to live: 0.01 makes a 10 s wait 0.1 s (default 1.0)",
    )
    options = parser.parse_args(argv)
    if options.time_scale <= 0:
        parser.error("--time-scale: must be above 0")
    line = "%(asctime)s event-grid %(levelname)s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=line)
    return uvloop.run(_serve(options.port, options.key, options.time_scale))


async def _serve(port: int, key: str | None, time_scale: float) -> int:
    async with running(key=key, time_scale=time_scale) as app:
        return await serve(app, service="event-grid", port=port)
