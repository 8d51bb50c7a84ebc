"""Callbacks to the app: CloudEvents in order, each with its own token, retried, and spoiled on request.

Wire fact: a POST with a JSON array of CloudEvents. Order and retry are not documented by the service; here
events of one call to one address keep their order, and an event is tried four times.
"""

import asyncio
import logging
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Annotated, Any

import aiohttp
import msgspec

from local.acs.background import Background
from local.acs.tokens import TokenSigner

log = logging.getLogger(__name__)

RETRY_AFTER_S = (0.5, 1.0, 2.0)
"""Seconds before each further attempt of a callback that failed."""

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LANE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Callback:
    """One CloudEvent and where it goes."""

    uri: str
    event: dict[str, Any]


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """What goes wrong on purpose; `POST /faults` sets it. The counts run down to nought."""

    callback_duplicate: Annotated[int, msgspec.Meta(ge=0)] = 0
    """This many of the next callbacks are sent twice."""
    callback_drop: Annotated[int, msgspec.Meta(ge=0)] = 0
    """This many of the next callbacks are not sent."""
    callback_reorder: Annotated[int, msgspec.Meta(ge=0)] = 0
    """This many of the next callbacks let the one after them go first."""
    callback_delay_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    """Every callback waits this long."""
    rest_unavailable: Annotated[int, msgspec.Meta(ge=0)] = 0
    """This many of the next REST requests are answered 503 and not carried out."""
    transfer_fails: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Nobody picks up for this many of the next transfers."""

    media_reset: bool = False
    """Break every media websocket now, without a close frame."""

    def spend(self, name: str) -> bool:
        """Whether the fault is to happen now; it is counted off."""
        left: int = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return bool(left)


@dataclass(slots=True)
class Lane:
    """Callbacks of one call, in order. No I/O: `push` takes them, `pop` says which is next."""

    faults: Faults
    running: bool = False
    _waiting: deque[Callback] = field(default_factory=deque)
    _held_back: Callback | None = None

    def push(self, callback: Callback) -> bool:
        """Add a callback. False when the lane is full and it is lost."""
        if len(self._waiting) >= _LANE_LIMIT:
            return False
        if self.faults.spend("callback_drop"):
            return True
        if self._held_back is None and self.faults.spend("callback_reorder"):
            self._held_back = callback
            return True
        self._waiting.append(callback)
        if self.faults.spend("callback_duplicate"):
            self._waiting.append(callback)
        self.release()
        return True

    def release(self) -> None:
        """Let go of a callback that was waiting to be overtaken."""
        if self._held_back is not None:
            self._waiting.append(self._held_back)
            self._held_back = None

    def pop(self) -> Callback | None:
        """The next callback to send, or None."""
        return self._waiting.popleft() if self._waiting else None


class CallbackSender:
    """Sends callbacks beside the calls, one lane a call. A call's lane is gone once its last is sent."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        signer: TokenSigner,
        work: Background,
        faults: Faults,
        retries_s: tuple[float, ...] = RETRY_AFTER_S,
    ) -> None:
        self.faults = faults
        self.counters: Counter[str] = Counter()
        self._http = http
        self._retries_s = retries_s
        self._signer = signer
        self._work = work
        self._lanes: dict[str, Lane] = {}

    def send(self, call_id: str, callback: Callback, *, last: bool = False) -> None:
        """Send a callback when those before it are through. `last`: the call sends no more."""
        lane = self._lanes.setdefault(call_id, Lane(self.faults))
        if not lane.push(callback):
            self.counters["lost_lane_full"] += 1
        if last:
            lane.release()
            del self._lanes[call_id]
        if not lane.running:
            lane.running = True
            self._work.start(self._drain(lane))

    async def _drain(self, lane: Lane) -> None:
        while (callback := lane.pop()) is not None:
            if self.faults.callback_delay_ms:
                await asyncio.sleep(self.faults.callback_delay_ms / 1000)
            await self._deliver(callback)
        lane.running = False

    async def _deliver(self, callback: Callback) -> None:
        body = msgspec.json.encode([callback.event])
        for wait in (*self._retries_s, None):
            trouble = await self._post(callback.uri, body)
            if trouble is None:
                self.counters["delivered"] += 1
                return
            log.warning("callback %s failed: %s", callback.event["type"], trouble)
            if wait is not None:
                await asyncio.sleep(wait)
        self.counters["given_up"] += 1

    async def _post(self, uri: str, body: bytes) -> str | None:
        """One attempt. What went wrong, or None."""
        self.counters["posts"] += 1
        headers = {
            "Authorization": f"Bearer {self._signer.callback_token()}",
            "Content-Type": "application/json; charset=utf-8",
        }
        try:
            async with self._http.post(uri, data=body, headers=headers, timeout=_TIMEOUT) as answer:
                return None if answer.status < 300 else f"status {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__
