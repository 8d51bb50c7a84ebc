"""The Event Grid topic that events go out to, and what its answers mean for an event."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.core.messaging import CloudEvent
from azure.eventgrid.aio import EventGridPublisherClient

from shared.identity import Identity
from shared.settings import EventsSettings

_POLICY: Final[dict[str, Any]] = {"connection_timeout": 3, "read_timeout": 8, "retry_total": 0}
"""Seconds of one try. The relay is the retry: one inside the client would only hold up other events."""
_SEND_SECONDS: Final = 12.0
"""All of one send, a token for the managed identity included."""

_REFUSED: Final = frozenset({400, 413})
"""The event itself does not fit and never will."""
_DOWN: Final = frozenset({401, 403, 404, 408, 410, 429, 503})
"""The topic takes nothing from us now, whichever event it is: wrong key or role, no such topic, busy."""


class Verdict(StrEnum):
    """What a send came to."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """For good: the same event would be refused again."""
    FAILED = "failed"
    """This time; it may have arrived all the same."""
    DOWN = "down"
    """The topic takes no events now, so nothing is held against this one. It may have arrived too, when the
    connection broke under the answer."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The verdict, and its reason in words that hold nothing of the event's data."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """One event as CloudEvents 1.0 knows it."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int
    """Rises within the subject. Goes out as the extension attribute `sequence`, since Event Grid itself
    delivers in no order."""
    data: Any


class Topic:
    """Publishes to one custom topic, one event a request, so that each has an answer of its own."""

    def __init__(self, settings: EventsSettings) -> None:
        self._identity: Identity | None = None
        credential: AzureKeyCredential | Identity
        if settings.topic_key is not None:
            credential = AzureKeyCredential(settings.topic_key)
        else:
            credential = self._identity = Identity()
        self._client = EventGridPublisherClient(settings.topic_endpoint, credential, **_POLICY)

    async def send(self, event: OutgoingEvent) -> Sent:
        """Publish one event. Never raises for what the topic or the network does."""
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self._client.send(_cloud_event(event))
        except (AzureError, TimeoutError) as error:
            return _judge(error)
        return Sent(Verdict.ACCEPTED)

    async def close(self) -> None:
        """Close the connections. The object is not usable afterwards."""
        await self._client.close()
        if self._identity is not None:
            await self._identity.close()


def _cloud_event(event: OutgoingEvent) -> CloudEvent[Any]:
    return CloudEvent(
        id=event.id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=event.time,
        data=event.data,
        datacontenttype="application/json",
        # Digits of one length, so that it orders as text too (CloudEvents extension "sequence").
        extensions={"sequence": f"{event.sequence:019d}"},
    )


def _judge(error: AzureError | TimeoutError) -> Sent:
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if isinstance(error, ResourceNotFoundError):
        status = 404  # the client makes its own error of this answer and leaves the status out
    if status is not None:
        verdict = Verdict.REFUSED if status in _REFUSED else Verdict.FAILED
        return Sent(Verdict.DOWN if status in _DOWN else verdict, f"HTTP {status}")
    # No connection, one that broke, or no token to authenticate with.
    down = isinstance(error, ServiceRequestError | ClientAuthenticationError)
    return Sent(Verdict.DOWN if down else Verdict.FAILED, type(error).__name__)
