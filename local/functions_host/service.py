"""`python -m local functions`: the Functions host as a process."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import sys
from pathlib import Path

from local.functions_host.config import ConfigError, apply_local_settings
from local.functions_host.host import BODY_LIMIT, FunctionsHost
from local.functions_host.keys import Keys
from local.functions_host.ncrontab import ScheduleError
from local.functions_host.routes import RouteError
from local.functions_host.worker import IndexingError
from local.serving import port, serve

_ABOUT = """\
Runs an Azure Functions app (Python v2 model) on 127.0.0.1, with Microsoft's own worker library.

  {routePrefix}/...                                  HTTP triggers, with methods and keys
  POST /runtime/webhooks/EventGrid?functionName=F    Event Grid triggers; &code=<system key>
  GET  /admin/host/status, /admin/functions/F        state; what triggers F
  POST /admin/functions/F                            run F now: {"input": ...}

Timer triggers run by their schedule. Settings come from the environment, then from local.settings.json unless
--no-local-settings is given.
"""

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code: 1 when the app cannot be loaded."""
    parser = argparse.ArgumentParser(
        prog="python -m local functions",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--app-dir", type=Path, default=Path(), help="folder with function_app.py, host.json")
    parser.add_argument("--system-key", help="key of the Event Grid webhook (default: made up and logged)")
    parser.add_argument("--host-key", help="key of HTTP triggers and /admin (default: made up and logged)")
    parser.add_argument(
        "--body-limit", type=int, default=BODY_LIMIT, help="bytes of a request body (default 100 MiB)"
    )
    parser.add_argument(
        "--no-local-settings",
        dest="local_settings",
        action="store_false",
        help="leave local.settings.json alone: only the environment counts",
    )
    options = parser.parse_args(argv)
    _configure_logging()
    try:
        return asyncio.run(_serve(options))
    except (ConfigError, IndexingError, RouteError, ScheduleError) as error:
        print(f"functions: the app cannot be loaded\n{error}", file=sys.stderr)
        return 1


async def _serve(options: argparse.Namespace) -> int:
    app_dir = options.app_dir.resolve()
    if options.local_settings:
        apply_local_settings(app_dir, os.environ)
    keys = Keys(host=_key("host", options.host_key), system=_key("system", options.system_key))
    host = await FunctionsHost.start(app_dir, keys)
    for line in host.describe():
        _log.info("%s", line)
    return await serve(host.app(body_limit=options.body_limit), service="functions", port=options.port)


def _key(name: str, given: str | None) -> str:
    if given:
        return given
    made_up = secrets.token_urlsafe(24)
    _log.info("%s key: %s", name, made_up)
    return made_up


def _configure_logging() -> None:
    line = "%(asctime)s functions %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=line)
    # The worker library tells at INFO how it indexed the app; `describe` says it in one line a function.
    logging.getLogger("azure.functions").setLevel(logging.WARNING)
