"""The media plane's front door: who may bring audio for which call, health, and going away in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from azure.core.exceptions import AzureError
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from bridge.admission import NO_PLACE, Admission, Door, RefusedError
from bridge.call import Call
from bridge.command_watch import watch_commands
from bridge.limits import Addresses, Limit, sender_of
from bridge.line import Line
from bridge.media_owner import MediaOwner
from bridge.pages import Pages, text_page
from bridge.recorder import Recorder
from bridge.reporting import Load
from bridge.resuming import Resumed, load
from bridge.services import Services
from bridge.sockets import close_socket
from bridge.strangers import MediaConnection, Strangers
from bridge.tape_writer import TapeWriter
from shared.call_store import UpdateConflictError
from shared.calls import Call as CallRecord
from shared.calls import CallEvent, EventKind
from shared.clock import utc_now
from shared.tapes import TapeStore
from shared.telemetry import call_id_var
from shared.telephony import TelephonyError

_LARGEST_FRAME = 128 * 1024
"""ACS sends 1.4 kB and documents packets of up to 64 KB; a larger frame closes its own socket with 1009."""
_FRAMES_AHEAD = 512
"""Frames read ahead, 10 s of audio: more than waits while one frame to the model takes its longest."""
_OPEN_WITHIN = 10.0
"""Seconds that a handshake may take, with the keys and the store that it asks."""
_TOO_LARGE = 1009
"""The code with which websockets closes a socket that sends a frame above the limit (RFC 6455, 7.4.1)."""
_POLICY = 1008
"""The same for a peer that does what it may not."""
_STRANGER = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
"""What whoever knows no secret is refused with."""
_PING_EVERY = 5.0
_PONG_WITHIN = 5.0
"""Seconds. A peer whose network went away closes nothing; only the missing pong tells."""
_CLOSE_SECONDS = 1.0
"""Seconds that a peer has for its side of the closing handshake."""

_RESUME_SECONDS = 8.0
"""Seconds until a call that cannot be read is left to whoever gets its next media socket."""
_WRITE_OUT_SECONDS = 2.0
"""Seconds that a call may wait for records on disk before it goes on without them."""

_REFUGEES = 2
"""Times as many calls as a bridge takes by itself that it takes when others die."""

_GIVE_AWAY_SECONDS = 5.0
"""Seconds that calls have to end here once they are given away, with their last records."""


log = logging.getLogger(__name__)


class BridgeServer:
    """Websockets at /{carrier}/{call id}/{secret}; GET /healthz and /readyz, /metrics and /calls.

    The first part of the path names the carrier. An ACS socket proves itself by the token of ACS and by the
    per-call secret; a browser by a secret that is good once, soon, and from the page it was given to.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._door = Door(services, self._waits)
        self._addresses = Addresses()
        self._strangers = Strangers(self._limited, services.metrics.stranger)
        self._pages = Pages(services)
        self._live: dict[str, Call | None] = {}
        """Calls that run, by id; None while one is set up."""
        self._records: dict[str, CallRecord] = {}
        """Of the same, as they were when they began."""
        self._draining = False
        self.freed = asyncio.Event()
        """Set whenever a place has become free; whoever waits for it clears it."""
        self._idle = asyncio.Event()
        """Whether no call is left that was running when the drain began."""
        self._server: Server | None = None
        self._commands: asyncio.Task[None] | None = None

    @property
    def live_calls(self) -> int:
        """Calls that are running."""
        return len(self._live)

    def load(self) -> Load:
        """What this bridge has to do now."""
        return Load(
            live=tuple(self._live),
            most=self._services.settings.max_calls,
            # One that is warm has taken its part of the quota: the next call has it for nothing.
            sessions=self._services.voice_live.pool.left(time.monotonic()) + self._services.warm.ready,
            draining=self._draining,
        )

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
            create_connection=self._strangers.connection,  # type: ignore[arg-type]  # documented as a factory
            open_timeout=_OPEN_WITHIN,
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

    async def drain(self, seconds: float, *, gives_away: bool = False) -> None:
        """Take no new calls and let the running ones end, for at most `seconds`; then end them.

        Until the last has ended, /readyz says that nothing new is to come here.

        Args:
            gives_away: other bridges go on with the calls that are left.
        """
        self._draining = True
        if self._server is None:
            return
        log.info("draining", extra={"calls": self.live_calls, "seconds": seconds})
        try:
            if self._live and seconds:
                self._idle.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._idle.wait()
            if gives_away:
                await self._give_away()
        finally:
            if self._commands is not None:
                self._commands.cancel()
        self._server.close(close_connections=False)
        await asyncio.gather(*(close_socket(connection, 1001) for connection in self._server.connections))
        await self._server.wait_closed()

    async def _give_away(self) -> None:
        """Have other bridges go on with the calls that run."""
        calls = [call for call in self._live.values() if call is not None and call.can_move]
        if not calls:
            return
        log.warning("calls go to other bridges", extra={"calls": len(calls)})
        self._idle.clear()
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(call.give_away())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GIVE_AWAY_SECONDS):
                await self._idle.wait()

    # --- handshake ------------------------------------------------------------------------------------

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        address = self._address(connection, request.headers)
        try:
            page = await self._pages.answer(path, request.headers, self.load())
            if page is not None:
                return page
            await self._admit(connection, path, request.headers, address)
        except RefusedError as refused:
            return self._refuse(refused, address)
        return None

    async def _admit(self, connection: ServerConnection, path: str, headers: Headers, address: str) -> None:
        if isinstance(connection, MediaConnection):
            may_try = self._addresses.may_try(address, time.monotonic())
            connection.admission = await self._door.admit(
                path, headers, self._is_full, may_try=may_try, proved=connection.proved
            )

    def _refuse(self, refused: RefusedError, address: str) -> Response:
        """The answer to a request that is refused, which counts against its address if it is a stranger's."""
        now, status, text = time.monotonic(), refused.status, refused.text
        if status in _STRANGER:
            if not self._addresses.may_try(address, now):
                status, text = HTTPStatus.TOO_MANY_REQUESTS, "refused too often; wait a minute"
            self._addresses.refused(address, now)
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            self._limited(Limit.ADDRESS)
        # The path holds the call's secret: it is not logged.
        log.warning("media socket refused", extra={"status": status.value, "reason": text})
        self._services.metrics.refused(status.value)
        return text_page(status, text)

    def _address(self, connection: ServerConnection, headers: Headers) -> str:
        peer = connection.remote_address
        forwarded = headers.get_all("x-forwarded-for")
        return sender_of(str(peer[0]) if peer else "", forwarded, self._services.settings.proxies)

    def _limited(self, limit: Limit) -> None:
        self._services.metrics.limited(limit)

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
        if self._is_full(admission.record):
            await connection.close(1013, NO_PLACE)
            return
        self._live[call_id], self._records[call_id] = None, admission.record
        try:
            await self._begin(connection, admission)
        finally:
            del self._live[call_id], self._records[call_id]
            self.freed.set()
            if not self._live:
                self._idle.set()

    async def _begin(self, connection: ServerConnection, admission: Admission) -> None:
        """Begin a call, or go on with one that another bridge has begun."""
        record = admission.record
        owner = MediaOwner(self._services.store, record.id, self._services.name, record.media_epoch)
        resumed = None
        if record.media_connected_at is not None and admission.carrier.reconnects:
            try:
                async with asyncio.timeout(_RESUME_SECONDS):
                    resumed = await self._resume(owner, record)
            except (AzureError, UpdateConflictError, TimeoutError) as error:
                log.warning("call not resumed", extra={"reason": type(error).__name__})
            if resumed is None:
                await connection.close(1013, "another bridge has the call, or the store does not answer")
                return
            log.info("call goes on here")
            self._services.metrics.call_resumed()
        elif record.queued_at is not None:
            self._services.metrics.waited((utc_now() - record.queued_at).total_seconds())
        await self._hold(connection, admission, owner, resumed)

    async def _resume(self, owner: MediaOwner, record: CallRecord) -> Resumed | None:
        """What is known of a call that is ours from now on; None when it is not."""
        if not await owner.take():
            return None
        if self._services.keeper is not None:
            # What the bridge before left on this disk is part of the call, too.
            await self._services.keeper.write_out(record.id, within=_WRITE_OUT_SECONDS)
        return await load(self._services.store, record)

    def _waits(self, call_id: str) -> CallRecord | None:
        """The record of a call that waits for another media socket."""
        call = self._live.get(call_id)
        return self._records[call_id] if call is not None and call.waits_for_line else None

    async def _hold(
        self,
        connection: ServerConnection,
        admission: Admission,
        owner: MediaOwner,
        resumed: Resumed | None,
    ) -> None:
        self._services.metrics.call_began()
        log.info("call begins", extra={"carrier": admission.carrier.name})
        call_id = admission.record.id
        end, began = EventKind.FAILED, utc_now()
        try:
            async with (
                self._recorder(call_id) as recorder,
                self._services.tape(call_id, resumed=resumed is not None) as tape,
            ):
                if resumed is None:
                    recorder.also(owner.take)
                line = self._line(connection, admission, recorder)
                end = await self._run(line, admission, recorder, tape, owner, resumed)
                tape.call_goes_on = end is EventKind.MOVED
        finally:
            self._services.metrics.call_ended(end)
            self._services.traces.media(call_id, began, carrier=admission.carrier.name, end=end)
            await _close(connection)
            sent = connection.protocol.close_sent
            if sent is not None and sent.code == _TOO_LARGE:
                self._limited(Limit.FRAME_SIZE)

    def _recorder(self, call_id: str) -> Recorder:
        services = self._services
        return Recorder(
            services.store,
            call_id,
            metrics=services.metrics,
            traces=services.traces,
            keeper=services.keeper,
            tapes=TapeStore(services.tables),
        )

    async def _run(
        self,
        line: Line,
        admission: Admission,
        recorder: Recorder,
        tape: TapeWriter,
        owner: MediaOwner,
        resumed: Resumed | None,
    ) -> EventKind:
        try:
            call = await self._services.new_call(line, admission.record, recorder, tape, owner, resumed)
        except Exception:
            log.exception("call cannot be set up")
            recorder.event(CallEvent(EventKind.FAILED, utc_now(), "bridge", line.call_connection_id))
            await line.hang_up()
            return EventKind.FAILED
        self._live[admission.record.id] = call
        return await call.run()

    def _is_full(self, record: CallRecord) -> bool:
        """Whether there is no place for a call, which has one media socket, and another when that broke.

        One that was begun at a bridge that has died is turned away last: better that all are a little late.
        """
        call = self._live.get(record.id)
        if call is not None and call.waits_for_line:
            return False
        most = self._services.settings.max_calls
        if record.media_connected_at is not None and record.talk is None:
            most *= _REFUGEES
        return self._draining or self.live_calls >= most or record.id in self._live

    def _line(self, connection: ServerConnection, admission: Admission, recorder: Recorder) -> Line:
        connection_id = admission.call_connection_id
        hang_up = (
            self._hang_up_phone(connection_id)
            if admission.carrier.name == "acs"
            else _end_browser(connection, recorder)
        )

        def exceeded(limit: Limit) -> None:
            self._limited(limit)
            if isinstance(connection, MediaConnection):
                connection.end_code = _POLICY

        return Line(connection, admission.carrier, connection_id, hang_up, exceeded)

    def _hang_up_phone(self, call_connection_id: str) -> Callable[[], Awaitable[None]]:
        async def hang_up() -> None:
            try:
                await self._services.telephony.hang_up(call_connection_id)
            except TelephonyError as error:
                log.error("cannot hang up; the sweep will", extra={"reason": str(error)})  # noqa: TRY400 - no trace is of use

        return hang_up


async def _close(connection: ServerConnection) -> None:
    await close_socket(connection, connection.end_code if isinstance(connection, MediaConnection) else 1000)


def _end_browser(connection: ServerConnection, recorder: Recorder) -> Callable[[], Awaitable[None]]:
    """For a browser the socket is the call: closing it ends it, and nobody else tells the record."""

    async def hang_up() -> None:
        await _close(connection)
        recorder.event(CallEvent(EventKind.DISCONNECTED, utc_now()))

    return hang_up
