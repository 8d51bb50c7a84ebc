"""The Event Grid topic that bookings and orders are announced to."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Final

from shared.findings import Finding, failed, ok, warning
from shared.outbox_topic import OutgoingEvent, Topic, Verdict
from shared.settings import EventsSettings

EVENT_TYPE: Final = "Tabletalk.Doctor.Checked"
"""What subscribers may see of a check: an event about nothing."""
_WHY: Final = "restaurants hear of no booking and no order; nothing is lost, it waits"


async def check_topic(settings: EventsSettings | None) -> list[Finding]:
    """Publish one event that is about nothing."""
    if settings is None:
        return [
            warning(
                "events.off",
                "no topic is set: events about bookings and orders are kept, not published",
                "restaurants' own systems hear of nothing",
                "EVENTS_TOPIC_ENDPOINT: set it to an Event Grid topic (azd provision makes one)",
            )
        ]
    topic = Topic(settings)
    now = datetime.now(UTC)
    try:
        sent = await topic.send(
            OutgoingEvent(
                id=str(uuid.uuid4()),
                source="tabletalk/doctor",
                type=EVENT_TYPE,
                subject="doctor",
                time=now,
                sequence=0,
                data={"checkedAt": now.isoformat()},
            )
        )
    finally:
        await topic.close()
    if sent.verdict is Verdict.ACCEPTED:
        return [ok("events.publish", "the topic takes events")]
    checks = {
        "HTTP 401": "events.key",
        "HTTP 403": "events.role",
        "HTTP 404": "events.address",
        "HTTP 400": "events.schema",
    }
    fixes = {
        "HTTP 401": "EVENTS_TOPIC_KEY: copy it from the topic; or unset it, for the managed identity",
        "HTTP 403": "the identity needs EventGrid Data Sender on the topic: azd provision grants it",
        "HTTP 404": "EVENTS_TOPIC_ENDPOINT: https://TOPIC.REGION.eventgrid.azure.net/api/events",
        "HTTP 400": "the topic's input schema must be CloudEvents 1.0; it is chosen when the topic is made",
    }
    return [
        failed(
            checks.get(sent.reason, "events.reach"),
            f"the topic does not take events: {sent.reason}",
            _WHY,
            fixes.get(
                sent.reason, "EVENTS_TOPIC_ENDPOINT: look at its spelling, and at the topic's firewall"
            ),
        )
    ]
