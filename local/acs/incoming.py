"""The IncomingCall event: built as the service builds it, published to an Event Grid topic.

Wire fact: "Azure Communication Services as an Event Grid source, voice and video", with data as recorded by
the SDK's live tests; published in the Event Grid schema, api-version 2018-01-01.
"""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec

from local.acs.call import Call

log = logging.getLogger(__name__)

TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/local"
    "/providers/microsoft.communication/communicationservices/local"
)
_ATTEMPTS = 3
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_RETRY_AFTER_S = 0.5


class PublishError(Exception):
    """The topic did not take the event. The text says what it answered."""


def incoming_call_event(call: Call, context: str, headers: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The EventGridEvent. `headers` is the custom context: `sipHeaders` and `voipHeaders`."""
    return {
        "id": str(uuid4()),
        "topic": TOPIC,
        "subject": f"/caller/{call.caller.key}/recipient/{call.callee.key}",
        "data": {
            "to": call.callee,
            "from": call.caller,
            "serverCallId": call.server_call_id,
            "callerDisplayName": "",
            "incomingCallContext": context,
            "correlationId": call.correlation_id,
            "customContext": {"sipHeaders": {}, "voipHeaders": {}, **headers},
        },
        "eventType": "Microsoft.Communication.IncomingCall",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z",
    }


class Publisher:
    """Posts events to one topic."""

    def __init__(self, http: aiohttp.ClientSession, topic_url: str, key: str | None) -> None:
        self._http = http
        self._url = topic_url
        self._headers = {"Content-Type": "application/json; charset=utf-8"}
        if key is not None:
            self._headers["aeg-sas-key"] = key

    async def publish(self, event: dict[str, Any]) -> None:
        """Publish one event, trying three times in all. Raises `PublishError`."""
        body = msgspec.json.encode([event])
        trouble = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_RETRY_AFTER_S * attempt)
            try:
                async with self._http.post(
                    self._url,
                    params={"api-version": "2018-01-01"},
                    data=body,
                    headers=self._headers,
                    timeout=_TIMEOUT,
                ) as answer:
                    if answer.status == 200:
                        return
                    trouble = f"the Event Grid topic answered {answer.status}"
                    if 400 <= answer.status < 500:
                        break
            except (aiohttp.ClientError, TimeoutError) as error:
                trouble = f"the Event Grid topic could not be reached: {type(error).__name__}"
            log.warning("publish of IncomingCall failed: %s", trouble)
        raise PublishError(trouble)
