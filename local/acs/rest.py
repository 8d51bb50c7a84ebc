"""The Call Automation REST API: who may ask, which versions, repeats, and what each operation does.

Wire fact: Call Automation REST 2026-03-12 as azure-communication-callautomation 1.6.0 drives it; status
codes are the ones its operations accept.
"""

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from local.acs import bodies, midcall
from local.acs.access import AccessError, Received, check_access
from local.acs.callbacks import Faults
from local.acs.errors import ServiceError
from local.acs.exchange import Exchange
from local.acs.recording import Recording
from local.acs.repeats import Answer, Repeats
from local.decoding import FieldError, decode

log = logging.getLogger(__name__)

API_VERSIONS = (
    "2023-03-06",
    "2023-10-15",
    "2024-04-15",
    "2024-09-15",
    "2025-05-15",
    "2025-06-15",
    "2026-03-12",
)
MAX_BODY = 256 * 1024

Handler = Callable[[web.Request, bytes], Awaitable[Answer]]


class AccessKeyError(ValueError):
    """The access key is not base64."""


def decode_key(text: str) -> bytes:
    """The bytes of a base64 access key. Raises `AccessKeyError`."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise AccessKeyError("the access key must be base64, as the portal shows it") from None


class Rest:
    """Routes for an aiohttp app."""

    def __init__(
        self, exchange: Exchange, mid_call: midcall.MidCall, key: bytes, repeats: Repeats, faults: Faults
    ) -> None:
        self._exchange = exchange
        self._mid_call = mid_call
        self._key = key
        self._repeats = repeats
        self._faults = faults

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the operations. An operation the stand-in does not have is answered 501."""
        calls = "/calling/callConnections"
        one = calls + "/{id:[^/:]+}"
        recording = "/calling/recordings/{id:[^/:]+}"
        routes: list[tuple[str, str, Handler]] = [
            ("POST", calls, self._create),
            ("POST", calls + ":answer", self._answer),
            ("POST", calls + ":reject", self._reject),
            ("POST", calls + ":redirect", self._redirect),
            ("POST", calls + ":{operation}", self._not_here),
            ("GET", one, self._properties),
            ("DELETE", one, self._hang_up),
            ("POST", one + ":terminate", self._hang_up),
            ("GET", one + "/participants", self._participants),
            ("GET", one + "/participants/{participant}", self._participant),
            ("POST", one + "/participants:{operation}", self._participant_operation),
            ("POST", one + ":{operation}", self._operation),
            ("POST", "/calling/recordings", self._record),
            ("GET", recording, self._recording_state),
            ("DELETE", recording, self._stop_recording),
            ("POST", recording + ":{operation:pause|resume}", self._pause_recording),
        ]
        for method, path, handler in routes:
            router.add_route(method, path, self._guarded(handler))

    # -- what every request goes through

    def _guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            try:
                answer = await self._checked(request, body, handler)
            except ServiceError as error:
                answer = _error_answer(error)
            content_type = "application/json" if answer.body else None
            return web.Response(status=answer.status, body=answer.body, content_type=content_type)

        return serve

    async def _checked(self, request: web.Request, body: bytes, handler: Handler) -> Answer:
        received = Received(request.method, request.raw_path, request.headers, body)
        try:
            check_access(received, self._key, datetime.now(UTC))
        except AccessError as error:
            raise ServiceError(401, "Denied", str(error)) from None
        version = request.query.get("api-version", "")
        if version not in API_VERSIONS:
            known = ", ".join(API_VERSIONS)
            raise ServiceError(
                400, "ApiVersionUnsupported", f"api-version {version!r} is not one of {known}", "api-version"
            )
        if self._faults.spend("rest_unavailable"):
            raise ServiceError(503, "ServiceUnavailable", "A fault that was asked for.")
        request_id = request.headers.get("Repeatability-Request-ID")
        if request_id is None or request.method != "POST":
            return await _answered(handler, request, body)
        first = await self._repeats.first_answer(request_id, request.path)
        if first is not None:
            return first
        try:
            answer = await _answered(handler, request, body)
        except BaseException:
            self._repeats.forget(request_id)
            raise
        self._repeats.settle(request_id, answer)
        return answer

    # -- calls that ring, and new ones

    async def _answer(self, request: web.Request, body: bytes) -> Answer:
        call = self._exchange.answer(decode(body, bodies.Answer), request.query["api-version"])
        return _json(200, call.properties())

    async def _reject(self, _request: web.Request, body: bytes) -> Answer:
        self._exchange.reject(decode(body, bodies.Reject))
        return Answer(204, b"")

    async def _redirect(self, _request: web.Request, body: bytes) -> Answer:
        self._exchange.redirect(decode(body, bodies.Redirect))
        return Answer(204, b"")

    async def _create(self, request: web.Request, body: bytes) -> Answer:
        call = self._exchange.create(decode(body, bodies.Create), request.query["api-version"])
        return _json(201, call.properties())

    async def _not_here(self, request: web.Request, _body: bytes) -> Answer:
        raise ServiceError(
            501, "NotImplemented", f"The stand-in has no operation {request.match_info['operation']}."
        )

    # -- calls that are up

    async def _properties(self, request: web.Request, _body: bytes) -> Answer:
        return _json(200, self._exchange.get(request.match_info["id"]).properties())

    async def _hang_up(self, request: web.Request, _body: bytes) -> Answer:
        self._exchange.get(request.match_info["id"]).hang_up()
        return Answer(204, b"")

    async def _operation(self, request: web.Request, body: bytes) -> Answer:
        call = self._exchange.get(request.match_info["id"])
        status, result = self._mid_call.run(call, request.match_info["operation"], body)
        return _json(status, result)

    async def _participants(self, request: web.Request, _body: bytes) -> Answer:
        call = self._exchange.get(request.match_info["id"])
        return _json(200, {"value": call.roster.wire()})

    async def _participant(self, request: web.Request, _body: bytes) -> Answer:
        call = self._exchange.get(request.match_info["id"])
        return _json(200, midcall.participant(call, request.match_info["participant"]))

    async def _participant_operation(self, request: web.Request, body: bytes) -> Answer:
        call = self._exchange.get(request.match_info["id"])
        status, result = self._mid_call.run(call, f"participants:{request.match_info['operation']}", body)
        return _json(status, result)

    # -- recordings

    async def _record(self, _request: web.Request, body: bytes) -> Answer:
        return _json(200, _recording_wire(self._exchange.record(decode(body, bodies.StartRecording))))

    async def _recording_state(self, request: web.Request, _body: bytes) -> Answer:
        _, recording = self._exchange.recording(request.match_info["id"])
        return _json(200, _recording_wire(recording))

    async def _stop_recording(self, request: web.Request, _body: bytes) -> Answer:
        call, recording = self._exchange.recording(request.match_info["id"])
        if not recording.stop():
            raise ServiceError(404, "8522", "Recording not found: it was stopped already.", "recordingId")
        call.report_recording(recording)
        return Answer(204, b"")

    async def _pause_recording(self, request: web.Request, _body: bytes) -> Answer:
        call, recording = self._exchange.recording(request.match_info["id"])
        if recording.stopped:
            raise ServiceError(404, "8522", "Recording not found: it was stopped already.", "recordingId")
        if recording.set_state("inactive" if request.match_info["operation"] == "pause" else "active"):
            call.report_recording(recording)
        return Answer(202, b"")


async def _answered(handler: Handler, request: web.Request, body: bytes) -> Answer:
    """The handler's answer; a request that does not fit is an answer too, and is repeated like one."""
    try:
        return await handler(request, body)
    except FieldError as error:
        return _error_answer(ServiceError.of_field(error))
    except ServiceError as error:
        return _error_answer(error)


def _json(status: int, value: dict[str, Any] | None) -> Answer:
    return Answer(status, b"" if value is None else msgspec.json.encode(value))


def _error_answer(error: ServiceError) -> Answer:
    return _json(error.status, error.body())


def _recording_wire(recording: Recording) -> dict[str, Any]:
    return {
        "recordingId": recording.id,
        "recordingState": recording.state,
        "recordingKind": "azureCommunicationServices",
    }
