"""What the bridge tells over HTTP: whether it is well, its numbers, and the calls of all bridges."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from azure.core.exceptions import AzureError
from websockets.datastructures import Headers
from websockets.http11 import Response

from bridge.admission import RefusedError
from bridge.metrics import CONTENT_TYPE
from bridge.reporting import Load
from bridge.services import Services
from shared.admission import demand
from shared.admission_store import AdmissionStore
from shared.auth import same_text
from shared.clock import utc_now
from shared.pulse import Pulse
from shared.waiting_queue import in_line

_READY_WITHIN = 5.0
"""Seconds that the store may take to answer."""
_CALLS_WITHIN = 2.0
"""Seconds to count the calls of all bridges: the platform waits three for an answer."""


class Pages:
    """GET /healthz and /readyz, for everybody; /metrics and /calls, for who has the token."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._channels = AdmissionStore(services.tables)
        self._store = Pulse(services.tables.ping)

    async def answer(self, path: str, headers: Headers, load: Load) -> Response | None:
        """The page at `path`; None when there is none.

        Raises:
            RefusedError: it needs a token, which was not shown.
        """
        if path == "/healthz":
            return text_page(HTTPStatus.OK, "ok")
        if path == "/readyz":
            return await self._ready(load)
        if path == "/metrics":
            self._want_token(headers)
            return _page(HTTPStatus.OK, self._services.metrics.page(), CONTENT_TYPE)
        if path == "/calls" or path.startswith("/calls/"):
            self._want_token(headers)
            return await self._calls(path.removeprefix("/calls").removeprefix("/"))
        return None

    async def _ready(self, load: Load) -> Response:
        if load.draining:
            return text_page(HTTPStatus.SERVICE_UNAVAILABLE, "draining")
        try:
            async with asyncio.timeout(_READY_WITHIN):
                await self._store.beat()
        except (AzureError, TimeoutError) as error:
            return text_page(HTTPStatus.SERVICE_UNAVAILABLE, f"store: {type(error).__name__}")
        services = self._services
        memory = "remembered" if services.callers else "not remembered, for CALLER_KEY is not set"
        calls = f"{len(load.live)} of {load.most} calls"
        return text_page(HTTPStatus.OK, f"ready, {calls}; callers are {memory}")

    def _want_token(self, headers: Headers) -> None:
        """Numbers are for whoever shows the token; without a token set there are none.

        Raises:
            RefusedError
        """
        token = self._services.settings.metrics_token
        if token is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "set METRICS_TOKEN to have numbers")
        shown = headers.get_all("authorization")
        if not shown or not same_text(shown[0], f"Bearer {token}"):
            raise RefusedError(
                HTTPStatus.UNAUTHORIZED, "numbers need the header Authorization: Bearer METRICS_TOKEN"
            )

    async def _calls(self, release: str) -> Response:
        """Calls of all bridges of a release, this one or not, by which the platform decides how many it runs.

        It keeps as many as there are when it gets no number, so no answer is better than too small a one.
        """
        try:
            async with asyncio.timeout(_CALLS_WITHIN):
                seen = await self._channels.seen()
        except (AzureError, TimeoutError) as error:
            return text_page(HTTPStatus.SERVICE_UNAVAILABLE, f"store: {type(error).__name__}")
        waiting, now = len(in_line(seen.waiting)), utc_now()
        calls = demand(seen.reports, seen.channels.values(), now, release, waiting=waiting)
        if calls is None:
            return text_page(HTTPStatus.SERVICE_UNAVAILABLE, "no bridge of this release reports")
        return _page(HTTPStatus.OK, json.dumps({"calls": calls}).encode(), "application/json")


def text_page(status: HTTPStatus, text: str) -> Response:
    """A line of text."""
    return _page(status, f"{text}\n".encode(), "text/plain; charset=utf-8")


def _page(status: HTTPStatus, body: bytes, content_type: str) -> Response:
    headers = Headers(
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
    )
    return Response(status.value, status.phrase, headers, body)
