"""The host as one aiohttp application."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum

from local.functions_host.config import HostConfig, read_host_json
from local.functions_host.http import HttpTriggers
from local.functions_host.keys import Keys, opened_by
from local.functions_host.ncrontab import Schedule, ScheduleError
from local.functions_host.timers import Clock, SystemClock, run_timer, timer_datum
from local.functions_host.webhook import EventGridWebhook
from local.functions_host.worker import Function, Worker

BODY_LIMIT = 100 * 1024 * 1024
"""Bytes of a request body; the host's own limit (http trigger: maximum request length)."""

_DRAIN_SECONDS = 10.0
"""How long runs may go on after the host was told to stop."""


class FunctionsHost:
    """Microsoft's worker with the ways in: HTTP triggers, the Event Grid webhook, timers and /admin."""

    def __init__(self, worker: Worker, config: HostConfig, keys: Keys, clock: Clock) -> None:
        self.worker = worker
        self._keys = keys
        self._clock = clock
        self.http = HttpTriggers(worker, config.route_prefix, keys.host)
        self._webhook = EventGridWebhook(worker, keys.system)
        self._schedules = [(f, _schedule(f)) for f in worker.functions if f.kind == "timertrigger"]
        self._timers: list[asyncio.Task[None]] = []

    @classmethod
    async def start(cls, app_dir: Path, keys: Keys, *, clock: Clock | None = None) -> FunctionsHost:
        """Load the app in `app_dir`.

        Raises:
            ConfigError, IndexingError, RouteError, ScheduleError: something about the app is wrong.
        """
        config = read_host_json(app_dir)
        worker = await Worker.start(app_dir, timeout=config.timeout.total_seconds())
        return cls(worker, config, keys, clock or SystemClock())

    def app(self, *, body_limit: int = BODY_LIMIT) -> web.Application:
        """The application. Its timers run from startup on; its shutdown waits for what still runs."""
        app = web.Application(client_max_size=body_limit)
        app.router.add_post("/runtime/webhooks/{extension}", self._handle_webhook)
        app.router.add_get("/admin/host/status", self._status)
        app.router.add_get("/admin/functions/{name}", self._describe)
        app.router.add_post("/admin/functions/{name}", self._invoke)
        app.router.add_route("*", "/{path:.*}", self.http.handle)
        app.on_startup.append(self._start_timers)
        app.on_shutdown.append(self._stop)
        return app

    async def _start_timers(self, _: web.Application) -> None:
        self._timers = [
            asyncio.create_task(run_timer(self.worker, function, schedule, self._clock))
            for function, schedule in self._schedules
        ]

    async def _stop(self, _: web.Application) -> None:
        """No new runs; then wait for those under way, whose requests are still to be answered."""
        for timer in self._timers:
            timer.cancel()
        await asyncio.gather(*self._timers, return_exceptions=True)
        await self.worker.drain(_DRAIN_SECONDS)
        self.worker.close()

    async def _handle_webhook(self, request: web.Request) -> web.Response:
        if request.match_info["extension"].lower() != "eventgrid":
            return web.Response(status=404)
        return await self._webhook.handle(request)

    async def _status(self, request: web.Request) -> web.Response:
        if not opened_by(request, self._keys.host):
            return web.Response(status=401)
        return web.json_response({"state": "Running", "functions": len(self.worker.functions)})

    async def _describe(self, request: web.Request) -> web.Response:
        function = self._named(request)
        if isinstance(function, web.Response):
            return function
        return web.json_response({"name": function.name, "config": {"bindings": [dict(function.trigger)]}})

    async def _invoke(self, request: web.Request) -> web.Response:
        """Run a function that is not HTTP by hand, in the background: 202 at once, as the host answers."""
        function = self._named(request)
        if isinstance(function, web.Response):
            return function
        value = await _by_hand(function, request, self._clock)
        if value is None:
            return web.Response(status=400, text='expected {"input": ...} as the body')
        self.worker.begin(function, value)
        return web.Response(status=202)

    def _named(self, request: web.Request) -> Function | web.Response:
        """The function the path names, or the refusal."""
        if not opened_by(request, self._keys.host):
            return web.Response(status=401)
        return self.worker.find(request.match_info["name"]) or web.Response(status=404)

    def describe(self) -> list[str]:
        """One line for each function: its name and what triggers it."""
        routes = {e.function.name: e.route for e in self.http.endpoints}
        lines = []
        for function in self.worker.functions:
            trigger = function.trigger
            if function.name in routes:
                methods = ",".join(sorted(routes[function.name].methods)) or "any method"
                lines.append(f"{function.name}: [{methods}] {routes[function.name].template}")
            elif function.kind in ("timertrigger", "eventgridtrigger"):
                lines.append(f"{function.name}: {trigger['type']} {trigger.get('schedule', '')}".rstrip())
            else:
                lines.append(f"{function.name}: {trigger['type']} (only by hand, through /admin)")
        return lines


def _schedule(function: Function) -> Schedule:
    try:
        return Schedule.parse(str(function.trigger["schedule"]))
    except ScheduleError as error:
        raise ScheduleError(f"function {function.name}: {error}") from error


async def _by_hand(function: Function, request: web.Request, clock: Clock) -> Datum | None:
    """What a function run by hand is given; None when the body is not one."""
    try:
        given = json.loads(await request.read() or b"{}").get("input", "")
    except (ValueError, AttributeError):
        return None
    if function.kind == "timertrigger":
        now = clock.now()
        return timer_datum(now, now)
    if function.kind == "eventgridtrigger":
        return Datum(given if isinstance(given, str) else json.dumps(given), "json")
    return Datum(given, "string") if isinstance(given, str) else None
