"""`python -m local acs`: the ACS stand-in as a process."""

import argparse
import functools
import importlib.util
import logging
import sys
from typing import TYPE_CHECKING

import uvloop

from local.acs.prompts import Synthesiser
from local.acs.rest import AccessKeyError, decode_key
from local.acs.server import AcsOptions, running
from local.acs.tokens import ISSUER
from local.serving import port, serve

if TYPE_CHECKING:
    from local.speech import Speaker

_ABOUT = """\
A stand-in for Azure Communication Services Call Automation on 127.0.0.1, with a phone line in front.

  /calling/...        the Call Automation REST API (key from --access-key, or any bearer token)
  /calling/keys       the key set that callback and media tokens are signed with
  GET  /phone         websocket of a simulated phone: {"type": "dial", "from": "+15550100", "to": "+15550199"}
  GET  /calls         state and counters of calls, and of the 20 ms clock
  POST /faults        {"callback_duplicate": N, "callback_drop": N, "callback_reorder": N,
                       "callback_delay_ms": MS, "rest_unavailable": N, "transfer_fails": N,
                       "media_reset": true}
"""


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m local acs", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=port, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--access-key", required=True, metavar="BASE64", help="key of REST requests")
    parser.add_argument("--resource-id", required=True, metavar="GUID", help="audience of the tokens")
    parser.add_argument("--event-grid", required=True, metavar="URL", help="topic for IncomingCall events")
    parser.add_argument("--event-grid-key", metavar="K", help="sent to the topic as aeg-sas-key")
    parser.add_argument("--issuer", default=ISSUER, help="issuer of the tokens (default: the service's)")
    parser.add_argument("--ring-seconds", type=float, default=30.0, help="how long a call rings (default 30)")
    parser.add_argument(
        "--number",
        action="append",
        default=[],
        help="a number to dial; repeatable (default: any)",
    )
    parser.add_argument(
        "--transfer-fails",
        action="append",
        default=[],
        metavar="NUMBER",
        help="a number nobody picks up: transfers, invitations and calls to it fail; repeatable",
    )
    options = parser.parse_args(argv)
    try:
        key = decode_key(options.access_key)
    except AccessKeyError as error:
        parser.error(f"--access-key: {error}")
    line = "%(asctime)s acs %(levelname)s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=line)
    return uvloop.run(
        _serve(
            AcsOptions(
                key=key,
                resource_id=options.resource_id,
                topic_url=options.event_grid,
                topic_key=options.event_grid_key,
                issuer=options.issuer,
                ring_s=options.ring_seconds,
                numbers=frozenset(options.number),
                unreachable=frozenset(options.transfer_fails),
                synthesiser=_synthesiser(),
            ),
            options.port,
        )
    )


def _synthesiser() -> Synthesiser | None:
    """Speech for text prompts, loaded when the first one is played. None without the speech packages."""
    if importlib.util.find_spec("hibari") is None:
        return None

    @functools.cache
    def speaker() -> "Speaker":
        from local.speech import Speaker

        return Speaker()

    return lambda text: speaker().stream(text)


async def _serve(options: AcsOptions, port: int) -> int:
    async with running(options) as app:
        return await serve(app, service="acs", port=port)
