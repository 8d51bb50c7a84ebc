"""The media plane's front door: who may bring audio for which call, health, and going away in order."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from azure.core.exceptions import AzureError
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from bridge.call import Call
from bridge.carriers import Carrier
from bridge.carriers.acs import AcsCarrier
from bridge.carriers.browser import BrowserCarrier
from bridge.command_watch import watch_commands
from bridge.line import Line
from bridge.metrics import CONTENT_TYPE
from bridge.recorder import Recorder
from bridge.services import Services
from bridge.sockets import close_socket
from shared.auth import AuthError, KeysUnavailableError, new_secret, secret_hash, secret_matches
from shared.call_store import UpdateConflictError
from shared.calls import Call as CallRecord
from shared.calls import CallEvent, CallState, EventKind, is_call_id
from shared.talks import redeem
from shared.telemetry import call_id_var
from shared.telephony import TelephonyError

_LARGEST_FRAME = 128 * 1024
"""ACS sends 1.4 kB and documents packets of up to 64 KB; a larger frame closes its own socket with 1009."""
_FRAMES_AHEAD = 512
"""Frames read ahead, 10 s of audio: more than waits while one frame to the model takes its longest."""
_PING_EVERY = 5.0
_PONG_WITHIN = 5.0
"""Seconds. A peer whose network went away closes nothing; only the missing pong tells."""
_CLOSE_SECONDS = 1.0
"""Seconds that a peer has for its side of the closing handshake."""

_NO_PLACE = "no place for another call, or the call has a media socket already"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Admission:
    """A media socket that has proved which call it belongs to."""

    record: CallRecord
    carrier: Carrier
    call_connection_id: str


class RefusedError(Exception):
    """The handshake is refused with this status; the text goes to the peer."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class MediaConnection(ServerConnection):
    """A connection that carries its admission from the handshake to the handler."""

    admission: Admission | None = None


class BridgeServer:
    """Websockets at /{carrier}/{call id}/{secret}; GET /healthz and /readyz.

    The first part of the path names the carrier. An ACS socket proves itself by the token of ACS and by the
    per-call secret; a browser by a secret that is good once, soon, and from the page it was given to.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._carriers: dict[str, Carrier] = {"acs": AcsCarrier(), "browser": BrowserCarrier()}
        self._live: dict[str, Call | None] = {}
        """Calls that run, by id; None while one is set up."""
        self._draining = False
        self._server: Server | None = None
        self._commands: asyncio.Task[None] | None = None

    @property
    def live_calls(self) -> int:
        """Calls that are running."""
        return len(self._live)

    async def start(self) -> int:
        """Listen; returns the port.

        Raises:
            OSError: the port is taken.
        """
        settings = self._services.settings
        self._server = await serve(
            self._handle,
            settings.host,
            settings.port,
            process_request=self._process_request,
            create_connection=MediaConnection,
            compression=None,  # base64 audio does not shrink; deflate would cost a core
            max_size=_LARGEST_FRAME,
            max_queue=_FRAMES_AHEAD,
            ping_interval=_PING_EVERY,
            ping_timeout=_PONG_WITHIN,
            close_timeout=_CLOSE_SECONDS,
            server_header=None,
        )
        self._commands = asyncio.create_task(watch_commands(self._services.commands, self._live))
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    async def drain(self, seconds: float) -> None:
        """Take no new calls and let the running ones end, for at most `seconds`; then end them."""
        self._draining = True
        try:
            await self._drain(seconds)
        finally:
            if self._commands is not None:
                self._commands.cancel()

    async def _drain(self, seconds: float) -> None:
        if self._server is None:
            return
        log.info("draining", extra={"calls": self.live_calls, "seconds": seconds})
        self._server.close(close_connections=False)
        try:
            async with asyncio.timeout(seconds):
                await self._server.wait_closed()
        except TimeoutError:
            if self.live_calls:
                log.warning("calls ended by the drain", extra={"calls": self.live_calls})
            await asyncio.gather(*(close_socket(connection, 1001) for connection in self._server.connections))
            await self._server.wait_closed()

    # --- handshake ------------------------------------------------------------------------------------

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == "/healthz":
            return _text(HTTPStatus.OK, "ok")
        if path == "/readyz":
            return await self._ready()
        if path == "/metrics":
            return self._metrics(request.headers)
        try:
            admission = await self._admit(path, request.headers)
        except RefusedError as refused:
            # The path holds the call's secret: it is not logged.
            log.warning(
                "media socket refused", extra={"status": refused.status.value, "reason": refused.text}
            )
            self._services.metrics.refused(refused.status.value)
            return _text(refused.status, refused.text)
        if isinstance(connection, MediaConnection):
            connection.admission = admission
        return None

    async def _ready(self) -> Response:
        if self._draining:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, "draining")
        try:
            async with asyncio.timeout(5):
                await self._services.tables.ping()
        except (AzureError, TimeoutError) as error:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, f"store: {type(error).__name__}")
        services = self._services
        memory = "remembered" if services.callers else "not remembered, for CALLER_KEY is not set"
        calls = f"{self.live_calls} of {services.settings.max_calls} calls"
        return _text(HTTPStatus.OK, f"ready, {calls}; callers are {memory}")

    def _metrics(self, headers: Headers) -> Response:
        """Counts and times, for whoever shows the token; without a token set there is no such page."""
        token = self._services.settings.metrics_token
        if token is None:
            return _text(HTTPStatus.NOT_FOUND, "set METRICS_TOKEN to have metrics")
        shown = headers.get_all("authorization")
        if not shown or not hmac.compare_digest(shown[0].encode(), f"Bearer {token}".encode()):
            return _text(
                HTTPStatus.UNAUTHORIZED, "metrics need the header Authorization: Bearer METRICS_TOKEN"
            )
        return _response(HTTPStatus.OK, self._services.metrics.page(), CONTENT_TYPE)

    async def _admit(self, path: str, headers: Headers) -> Admission:
        carrier_name, _, rest = path.removeprefix("/").partition("/")
        call_id, _, secret = rest.partition("/")
        carrier = self._carriers.get(carrier_name)
        if carrier is None or not is_call_id(call_id) or not secret:
            raise RefusedError(HTTPStatus.NOT_FOUND, "media sockets are at /{carrier}/{call id}/{secret}")
        if carrier_name == "acs":
            await self._check_token(headers)
        record = await self._record(call_id)
        if record is None or not secret_matches(secret, record.secret_hashes):
            # One answer for both: who guesses ids must not learn which exist.
            raise RefusedError(HTTPStatus.FORBIDDEN, "no such call, or not its secret")
        if carrier_name != _carrier_of(record):
            # Else the secret alone would open a phone call, which must show the token of ACS as well.
            raise RefusedError(HTTPStatus.FORBIDDEN, "the call came over another carrier")
        if record.state is CallState.ENDED:
            raise RefusedError(HTTPStatus.GONE, "the call has ended")
        if self._is_full(call_id):
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, _NO_PLACE)
        if record.talk is not None:
            await self._redeem(call_id, secret, headers)
        connection_id = headers.get("x-ms-call-connection-id", "") or record.call_connection_id
        return Admission(record, carrier, connection_id)

    async def _check_token(self, headers: Headers) -> None:
        authorization = headers.get_all("authorization")
        try:
            await self._services.acs_tokens.verify(authorization[0] if authorization else None)
        except KeysUnavailableError as error:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, error.reason) from error
        except AuthError as error:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, error.reason) from error

    async def _redeem(self, call_id: str, secret: str, headers: Headers) -> None:
        """Use up the token of a talk; of several sockets that bring it at once, one gets in."""
        origins, receipt, now = headers.get_all("origin"), secret_hash(new_secret()), datetime.now(UTC)
        origin = origins[0] if len(origins) == 1 else None
        try:
            record = await self._services.store.update(
                call_id, lambda known: redeem(known, secret_hash(secret), receipt, origin, now)
            )
        except (AzureError, UpdateConflictError) as error:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the store does not answer") from error
        if record is None or record.secret_hashes != (receipt,):
            raise RefusedError(HTTPStatus.FORBIDDEN, "the token is used up, too old, or for another page")

    async def _record(self, call_id: str) -> CallRecord | None:
        try:
            return await self._services.store.get(call_id)
        except AzureError as error:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the store does not answer") from error

    # --- a call ---------------------------------------------------------------------------------------

    async def _handle(self, connection: ServerConnection) -> None:
        admission = connection.admission if isinstance(connection, MediaConnection) else None
        if admission is None:
            return
        call_id = admission.record.id
        call_id_var.set(call_id)
        # Asked again: several handshakes may have passed at once, and one that fails later holds no place.
        call = self._live.get(call_id)
        if call is not None and call.waits_for_line:
            call.take_line(self._line(connection, admission, call.recorder))
            await connection.wait_closed()
            return
        if self._is_full(call_id):
            await connection.close(1013, _NO_PLACE)
            return
        self._live[call_id] = None
        self._services.metrics.call_began()
        log.info("call begins", extra={"carrier": admission.carrier.name})
        end, began = EventKind.FAILED, datetime.now(UTC)
        try:
            async with self._recorder(call_id) as recorder:
                end = await self._run(self._line(connection, admission, recorder), admission, recorder)
        finally:
            del self._live[call_id]
            self._services.metrics.call_ended(end)
            self._services.traces.media(call_id, began, carrier=admission.carrier.name, end=end)
            await close_socket(connection)

    def _recorder(self, call_id: str) -> Recorder:
        services = self._services
        return Recorder(services.store, call_id, metrics=services.metrics, traces=services.traces)

    async def _run(self, line: Line, admission: Admission, recorder: Recorder) -> EventKind:
        try:
            call = await self._services.new_call(line, admission.record, recorder)
        except Exception:
            log.exception("call cannot be set up")
            recorder.event(CallEvent(EventKind.FAILED, datetime.now(UTC), "bridge", line.call_connection_id))
            await line.hang_up()
            return EventKind.FAILED
        self._live[admission.record.id] = call
        return await call.run()

    def _is_full(self, call_id: str) -> bool:
        """Whether there is no place for `call_id`: a call has one media socket, another when that broke."""
        call = self._live.get(call_id)
        if call is not None and call.waits_for_line:
            return False
        full = self.live_calls >= self._services.settings.max_calls
        return self._draining or full or call_id in self._live

    def _line(self, connection: ServerConnection, admission: Admission, recorder: Recorder) -> Line:
        connection_id = admission.call_connection_id
        hang_up = (
            self._hang_up_phone(connection_id)
            if admission.carrier.name == "acs"
            else _end_browser(connection, recorder)
        )
        return Line(connection, admission.carrier, connection_id, hang_up)

    def _hang_up_phone(self, call_connection_id: str) -> Callable[[], Awaitable[None]]:
        async def hang_up() -> None:
            try:
                await self._services.telephony.hang_up(call_connection_id)
            except TelephonyError as error:
                log.error("cannot hang up; the sweep will", extra={"reason": str(error)})  # noqa: TRY400 - no trace is of use

        return hang_up


def _carrier_of(record: CallRecord) -> str:
    """The carrier a call came over."""
    return "acs" if record.talk is None else "browser"


def _end_browser(connection: ServerConnection, recorder: Recorder) -> Callable[[], Awaitable[None]]:
    """For a browser the socket is the call: closing it ends it, and nobody else tells the record."""

    async def hang_up() -> None:
        await close_socket(connection)
        recorder.event(CallEvent(EventKind.DISCONNECTED, datetime.now(UTC)))

    return hang_up


def _text(status: HTTPStatus, text: str) -> Response:
    return _response(status, f"{text}\n".encode(), "text/plain; charset=utf-8")


def _response(status: HTTPStatus, body: bytes, content_type: str) -> Response:
    headers = Headers(
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
    )
    return Response(status.value, status.phrase, headers, body)
