"""One subscription at work: the handshake that proves the endpoint wants events, then delivery."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

import aiohttp
import msgspec

from local.event_grid.delivery import DeliveryQueue, Faults, Filter, Pending, Policy
from local.event_grid.schemas import DeliverySchema, Event, cloud_event, event_grid_event, to_wire

log = logging.getLogger(__name__)

_ORIGIN = "eventgrid.azure.net"
_VALIDATION_TYPE = "Microsoft.EventGrid.SubscriptionValidationEvent"
_ANSWER_WITHIN_S = 30.0
_POSTS_AT_ONCE = 32

State = Literal["Creating", "Succeeded", "AwaitingManualAction", "Failed"]


class ValidationError(Exception):
    """The endpoint did not prove that it wants events. The text says what it answered instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a subscription delivers, where and how."""

    name: str
    topic: str
    endpoint: str
    schema: DeliverySchema
    policy: Policy
    filter: Filter


class Subscription:
    """Delivers matching events to one endpoint, one event a POST, until `run` is cancelled."""

    def __init__(
        self,
        target: Target,
        http: aiohttp.ClientSession,
        base_url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        answer_within_s: float = _ANSWER_WITHIN_S,
        faults: Faults | None = None,
    ) -> None:
        self.target = target
        self.queue = DeliveryQueue(target.policy, target.filter, faults or Faults())
        self.state: State = "Creating"
        self._http = http
        self._base_url = base_url
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=answer_within_s)
        self._code = secrets.token_hex(16)
        self._wake = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Take an event for delivery; before the endpoint is validated it waits."""
        if self.queue.offer(event, self._clock()):
            self._wake.set()

    # -- validation: "Endpoint validation with Event Grid event schema" and "... with CloudEvents schema"

    async def validate(self) -> None:
        """Shake hands with the endpoint. Raises `ValidationError`; sets `state`."""
        try:
            cloud = self.target.schema == "CloudEventSchemaV1_0"
            if (cloud and await self._allows_origin()) or await self._echoes_code():
                self._accept()
            else:
                self.state = "AwaitingManualAction"
        except (ValidationError, aiohttp.ClientError, TimeoutError) as error:
            self.state = "Failed"
            raise ValidationError(
                f"endpoint {self.target.endpoint.partition('?')[0]}: {error or type(error).__name__}"
            ) from None

    def confirm(self, code: str) -> bool:
        """Validate by hand: whoever received the code opened the validation URL."""
        if not secrets.compare_digest(code, self._code):
            return False
        self._accept()
        return True

    def _accept(self) -> None:
        self.state = "Succeeded"
        self._wake.set()

    async def _allows_origin(self) -> bool:
        """The CloudEvents handshake. False when the endpoint knows no OPTIONS, as an Event Grid trigger."""
        headers = {"WebHook-Request-Origin": _ORIGIN}
        async with self._http.options(self.target.endpoint, headers=headers, timeout=self._timeout) as answer:
            if answer.status in {404, 405}:
                return False
            allowed = answer.headers.get("WebHook-Allowed-Origin", "")
            if answer.status != 200 or allowed not in {"*", _ORIGIN}:
                raise ValidationError(
                    f"answered OPTIONS with {answer.status} and WebHook-Allowed-Origin {allowed!r}; "
                    f"200 and {_ORIGIN!r} or '*' were expected"
                )
            return True

    async def _echoes_code(self) -> bool:
        """The Event Grid handshake. False when the endpoint took the event but left the echo to a person."""
        url = f"{self._base_url}/subscriptions/{self.target.name}/validate?code={self._code}"
        event = Event(
            id=str(uuid4()),
            topic=self.target.topic,
            subject="",
            type=_VALIDATION_TYPE,
            time=time.strftime("%Y-%m-%dT%H:%M:%S.0000000Z", time.gmtime()),
            data={"validationCode": self._code, "validationUrl": url},
            data_version="2",
        )
        wire: Any = [event_grid_event(event)]
        if self.target.schema == "CloudEventSchemaV1_0":
            wire = cloud_event(event)
        headers = self._headers("SubscriptionValidation", event, 0, "application/json; charset=utf-8")
        async with self._http.post(
            self.target.endpoint, data=msgspec.json.encode(wire), headers=headers, timeout=self._timeout
        ) as answer:
            body = await answer.content.read(4096)
            if answer.status != 200:
                raise ValidationError(f"answered the validation event with {answer.status}; 200 was expected")
        echo = None
        with contextlib.suppress(msgspec.DecodeError, AttributeError):
            echo = msgspec.json.decode(body).get("validationResponse")
        if echo is None:
            return False
        if not secrets.compare_digest(str(echo), self._code):
            raise ValidationError("answered with a validationResponse that is not its validationCode")
        return True

    # -- delivery

    async def run(self) -> None:
        """Deliver what is due, forever; up to 32 attempts at once, so a slow answer holds up no other."""
        slots = asyncio.Semaphore(_POSTS_AT_ONCE)
        async with asyncio.TaskGroup() as posts:
            while True:
                await self._something_due()
                for pending in self.queue.take(self._clock()):
                    await slots.acquire()
                    posts.create_task(self._attempt(pending)).add_done_callback(lambda _: slots.release())

    async def _something_due(self) -> None:
        while True:
            self._wake.clear()
            due = self.queue.next_due() if self.state == "Succeeded" else None
            wait = None if due is None else due - self._clock()
            if wait is not None and wait <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def _attempt(self, pending: Pending) -> None:
        body, content_type = to_wire(pending.event, self.target.schema)
        headers = self._headers("Notification", pending.event, pending.attempts, content_type)
        status: int | None = None
        try:
            async with self._http.post(
                self.target.endpoint, data=body, headers=headers, timeout=self._timeout
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("delivery to %s failed: %s", self.target.name, type(error).__name__)
        self.queue.report(pending, status, self._clock())
        self._wake.set()

    def _headers(self, kind: str, event: Event, attempt: int, content_type: str) -> dict[str, str]:
        return {
            "Content-Type": content_type,
            "aeg-event-type": kind,
            "aeg-subscription-name": self.target.name.upper(),
            "aeg-delivery-count": str(max(0, attempt - 1)),
            "aeg-data-version": event.data_version,
            "aeg-metadata-version": "1",
        }
