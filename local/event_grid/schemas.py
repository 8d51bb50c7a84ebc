"""The two event schemas of Event Grid, read, checked and written.

Wire facts: "Azure Event Grid event schema", "CloudEvents v1.0 schema with Azure Event Grid" and "Post events
to custom topics" (an array of at most 1 MB; a body that does not fit the schema is answered 400).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from local.decoding import FieldError, decode

MAX_BODY = 1024 * 1024
"""Bytes of one publish, all events together. More is answered 413."""

DeliverySchema = Literal["EventGridSchema", "CloudEventSchemaV1_0"]


class PublishError(Exception):
    """A publish that is refused. `status` is the HTTP answer; the text names the field."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Event:
    """One event, whichever schema it came in. `time` is RFC 3339 text, kept as it was sent."""

    id: str
    topic: str
    subject: str
    type: str
    time: str
    data: Any
    data_version: str = ""
    attributes: Mapping[str, str | int | bool] = field(default_factory=dict)
    """Of a CloudEvent: content type and schema of the data, and extension attributes. They go out as they
    came in; an EventGridEvent has no place for them."""


class _EventGridIn(msgspec.Struct, rename="camel"):
    id: str
    subject: str
    event_type: str
    event_time: datetime
    data: Any = None
    data_version: str = ""
    topic: str | None = None


class _CloudIn(msgspec.Struct):
    id: str
    source: str
    type: str
    specversion: Literal["1.0"]
    subject: str = ""
    time: datetime | None = None
    data: Any = None
    data_base64: str | None = None


_EXTENSION = re.compile(r"[a-z0-9]{1,20}")
"""Name of an extension attribute: CloudEvents 1.0, "Attribute Naming Convention"."""


def parse_publish(body: bytes, content_type: str, topic: str) -> list[Event]:
    """The events of one publish to `topic`.

    `application/cloudevents+json` is one CloudEvent, `application/cloudevents-batch+json` an array of them,
    anything else an array of EventGridEvent. Raises `PublishError`: 413 above 1 MB, 400 for a misfit.
    """
    if len(body) > MAX_BODY:
        raise PublishError(413, "PayloadTooLarge", f"body: {len(body)} bytes; a publish may have {MAX_BODY}")
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        if media_type == "application/cloudevents+json":
            return [_from_cloud(decode(body, _CloudIn), decode(body, dict[str, Any]))]
        if media_type == "application/cloudevents-batch+json":
            whole = decode(body, list[dict[str, Any]])
            return [_from_cloud(*both) for both in zip(decode(body, list[_CloudIn]), whole, strict=True)]
        return [_from_event_grid(event, topic) for event in decode(body, list[_EventGridIn])]
    except FieldError as error:
        raise PublishError(400, "BadRequest", f"not the schema this topic takes: {error}") from None


def _from_event_grid(event: _EventGridIn, topic: str) -> Event:
    return Event(
        id=event.id,
        topic=event.topic or topic,
        subject=event.subject,
        type=event.event_type,
        time=_timestamp(event.event_time),
        data=event.data,
        data_version=event.data_version,
    )


def _from_cloud(event: _CloudIn, whole: Mapping[str, Any]) -> Event:
    return Event(
        id=event.id,
        topic=event.source,
        subject=event.subject,
        type=event.type,
        time=_timestamp(event.time or datetime.now(UTC)),
        data=event.data if event.data_base64 is None else event.data_base64,
        attributes=_attributes(whole),
    )


def _attributes(event: Mapping[str, Any]) -> dict[str, str | int | bool]:
    """What a CloudEvent has beyond the attributes that `Event` names."""
    attributes: dict[str, str | int | bool] = {}
    for name, value in event.items():
        if name in _CloudIn.__struct_fields__ or value is None:
            continue
        if not _EXTENSION.fullmatch(name) or not isinstance(value, str | int | bool):
            text = "must be named in 1 to 20 of a-z and 0-9, and be a text, whole number or truth value"
            raise PublishError(400, "BadRequest", f"not the schema this topic takes: {name}: {text}")
        attributes[name] = value
    return attributes


def _timestamp(moment: datetime) -> str:
    """RFC 3339 with seven fractional digits, as the service writes it."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def to_wire(event: Event, schema: DeliverySchema) -> tuple[bytes, str]:
    """The body and content type of one delivery: an array of one EventGridEvent, or one CloudEvent object."""
    if schema == "CloudEventSchemaV1_0":
        return msgspec.json.encode(cloud_event(event)), "application/cloudevents+json; charset=utf-8"
    return msgspec.json.encode([event_grid_event(event)]), "application/json; charset=utf-8"


def event_grid_event(event: Event) -> dict[str, Any]:
    """The event as EventGridEvent."""
    return {
        "id": event.id,
        "topic": event.topic,
        "subject": event.subject,
        "data": event.data,
        "eventType": event.type,
        "dataVersion": event.data_version,
        "metadataVersion": "1",
        "eventTime": event.time,
    }


def cloud_event(event: Event) -> dict[str, Any]:
    """The event as CloudEvent 1.0; the topic becomes the source."""
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.topic,
        "subject": event.subject,
        "type": event.type,
        "time": event.time,
        **event.attributes,
        "data": event.data,
    }
