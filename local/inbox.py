"""`python -m local inbox`: a restaurant's small subscriber to events about bookings and orders.

It does what a real one must: let Event Grid validate it (CloudEvents webhook handshake), take deliveries only
from whoever knows its key, answer a repeated event as if it were new but do nothing about it, and put the
events of one subject in order by their `sequence`, because Event Grid delivers at least once and in no order.
"""

from __future__ import annotations

import argparse
import bisect
import hmac
import logging
import sys
from collections import OrderedDict
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
import uvloop
from aiohttp import web

from local.decoding import FieldError, decode
from local.serving import port, serve

_ORIGIN: Final = "eventgrid.azure.net"
_BODY_MOST: Final = 1024 * 1024
_SUBJECTS_MOST: Final = 1_000
_EVENTS_MOST: Final = 100
"""Of one subject."""
_IDS_MOST: Final = 20_000

type _Text = Annotated[str, msgspec.Meta(min_length=1)]


class Event(msgspec.Struct, frozen=True):
    """A CloudEvent as the topic sends it."""

    specversion: Literal["1.0"]
    id: _Text
    source: _Text
    type: _Text
    subject: _Text
    time: _Text
    sequence: Annotated[str, msgspec.Meta(pattern="^[0-9]{19}$")]
    """Digits of one length: orders as text."""
    data: Any = None


class Taken(StrEnum):
    """What an event was to the inbox."""

    NEW = "new"
    LATE = "late"
    """New, but a later event of its subject had come before."""
    REPEATED = "repeated"


class Inbox:
    """What came, by subject and in order. Forgets the subjects that were quiet longest."""

    def __init__(self) -> None:
        self.repeated = 0
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._subjects: OrderedDict[str, list[Event]] = OrderedDict()

    def take(self, event: Event) -> Taken:
        """Put an event in its place, unless it is there already. Source and id together name it."""
        name = (event.source, event.id)
        if name in self._seen:
            self.repeated += 1
            return Taken.REPEATED
        self._seen[name] = None
        events = self._subjects.setdefault(event.subject, [])
        self._subjects.move_to_end(event.subject)
        late = bool(events) and event.sequence < events[-1].sequence
        bisect.insort(events, event, key=lambda known: known.sequence)
        del events[:-_EVENTS_MOST]
        if len(self._subjects) > _SUBJECTS_MOST:
            self._subjects.popitem(last=False)
        if len(self._seen) > _IDS_MOST:
            self._seen.popitem(last=False)
        return Taken.LATE if late else Taken.NEW

    def events(self) -> list[Event]:
        """All of them, a subject's together and in order."""
        return [event for events in self._subjects.values() for event in events]


class InboxServer:
    """The inbox over HTTP. `key` must stand in the address as `code`."""

    def __init__(self, key: str) -> None:
        self.inbox = Inbox()
        self._key = key.encode()

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_BODY_MOST)
        app.router.add_route("OPTIONS", "/events", self._validate)
        app.router.add_post("/events", self._deliver)
        app.router.add_get("/", self._show)
        return app

    async def _validate(self, request: web.Request) -> web.Response:
        """The handshake: "CloudEvents webhook validation". Only Event Grid may send, as fast as it likes."""
        self._check(request)
        if request.headers.get("WebHook-Request-Origin") != _ORIGIN:
            return web.json_response({"error": f"WebHook-Request-Origin: must be {_ORIGIN}"}, status=400)
        return web.Response(headers={"WebHook-Allowed-Origin": _ORIGIN, "WebHook-Allowed-Rate": "*"})

    async def _deliver(self, request: web.Request) -> web.Response:
        self._check(request)
        try:
            event = decode(await request.read(), Event)
        except FieldError as error:
            return web.json_response({"error": str(error)}, status=400)
        taken = self.inbox.take(event)
        # What happened to which booking; the data, with the guest's name, is in GET / only.
        print(f"{event.time[11:19]} {event.subject} {int(event.sequence)} {event.type} {taken}", flush=True)
        return web.Response(status=200)

    async def _show(self, _: web.Request) -> web.Response:
        shown = {"repeated": self.inbox.repeated, "events": self.inbox.events()}
        return web.Response(body=msgspec.json.encode(shown), content_type="application/json")

    def _check(self, request: web.Request) -> None:
        if not hmac.compare_digest(request.query.get("code", "").encode(), self._key):
            raise web.HTTPUnauthorized(text="code: missing or not the key of this inbox")


_ABOUT = """\
A restaurant's inbox on 127.0.0.1: what it is told about bookings and orders.

  OPTIONS /events?code=KEY   Event Grid validates the subscription
  POST    /events?code=KEY   Event Grid delivers one CloudEvent
  GET     /                  what came, a subject's events together and in order

Each event is also a line on stdout: time, subject, sequence, type, and new, late or repeated.
"""


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m local inbox",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--key", required=True, help="secret that must stand in the address as code=KEY")
    options = parser.parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s inbox %(message)s")
    return uvloop.run(serve(InboxServer(options.key).app(), service="inbox", port=options.port))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
