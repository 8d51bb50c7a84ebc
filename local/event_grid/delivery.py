"""When to deliver, retry, give up: the rules of one subscription, without sockets and without a clock.

Wire facts: "Event Grid message delivery and retry". At least once and unordered; 200 to 204 is success; 400,
401, 403 and 413 are not retried; retries wait 10 s, 30 s, 1, 5, 10, 30 min, 1, 3, 6 h and then 12 h; attempts
and time to live bound them, and what is given up goes to dead letter with the reason.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from itertools import count
from typing import Annotated, Any

import msgspec

from local.event_grid.schemas import Event

RETRY_AFTER_S = (10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
"""Seconds to wait after the first, second ... failed attempt. The last one repeats."""

_SUCCESS = frozenset({200, 201, 202, 203, 204})
_NOT_RETRIED = frozenset({400, 401, 403, 413})
_MAX_WAITING = 10_000
_MAX_DEAD = 1_000


@dataclass(frozen=True, slots=True)
class Policy:
    """How hard a subscription tries. `time_scale` turns the service's seconds into seconds here."""

    max_attempts: int = 30
    ttl_s: float = 24 * 3600
    duplicates: int = 0
    time_scale: float = 1.0


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """What goes wrong on purpose with the events of every subscription. The counts run down to nought."""

    duplicate: Annotated[int, msgspec.Meta(ge=0)] = 0
    """This many of the next events are delivered twice, at the same time."""
    delay: Annotated[int, msgspec.Meta(ge=0)] = 0
    """This many of the next events are delivered late: those after them overtake them."""
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    """How late."""

    def spend(self, name: str) -> bool:
        """Whether the fault is to happen now; it is counted off."""
        left: int = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return bool(left)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a subscription wants. Empty matches all; case does not count, the service's default."""

    event_types: tuple[str, ...] = ()
    subject_begins_with: str = ""
    subject_ends_with: str = ""

    def matches(self, event: Event) -> bool:
        """Whether the event is delivered to this subscription."""
        if self.event_types and event.type.casefold() not in {kind.casefold() for kind in self.event_types}:
            return False
        subject = event.subject.casefold()
        return subject.startswith(self.subject_begins_with.casefold()) and subject.endswith(
            self.subject_ends_with.casefold()
        )


@dataclass(slots=True)
class Pending:
    """One event on its way to one endpoint."""

    event: Event
    expires_at: float
    attempts: int = 0
    last_outcome: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was given up, with the reason."""

    event: Event
    reason: str
    attempts: int
    last_outcome: str


@dataclass(slots=True)
class Counters:
    """What happened so far; shown by `GET /subscriptions/{name}`."""

    matched: int = 0
    filtered: int = 0
    delivered: int = 0
    failed_attempts: int = 0
    dead_lettered: int = 0
    dead_letters_dropped: int = 0
    refused_full: int = 0


@dataclass(slots=True)
class DeliveryQueue:
    """The events of one subscription, by the time they are due. All times come in as `now`, in seconds."""

    policy: Policy
    filter: Filter = field(default_factory=Filter)
    faults: Faults = field(default_factory=Faults)
    counters: Counters = field(default_factory=Counters)
    dead_letters: deque[DeadLetter] = field(default_factory=lambda: deque(maxlen=_MAX_DEAD))
    _heap: list[tuple[float, int, Pending]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def __len__(self) -> int:
        return len(self._heap)

    def offer(self, event: Event, now: float) -> bool:
        """Take an event in, with its duplicates. False when filtered out or when the queue is full."""
        if not self.filter.matches(event):
            self.counters.filtered += 1
            return False
        copies = 1 + self.policy.duplicates + self.faults.spend("duplicate")
        if len(self._heap) + copies > _MAX_WAITING:
            self.counters.refused_full += 1
            self._bury(Pending(event, now), "QueueFull")
            return False
        self.counters.matched += 1
        expires_at = now + self.policy.ttl_s * self.policy.time_scale
        due = now + (self.faults.delay_ms / 1000 if self.faults.spend("delay") else 0.0)
        for _ in range(copies):
            self._schedule(Pending(event, expires_at), due)
        return True

    def next_due(self) -> float | None:
        """When `take` has work again, or None when nothing waits."""
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> list[Pending]:
        """The deliveries to attempt now; each must come back through `report`. Expired ones are buried."""
        ready: list[Pending] = []
        while self._heap and self._heap[0][0] <= now:
            pending = heapq.heappop(self._heap)[2]
            if now >= pending.expires_at and pending.attempts > 0:
                self._bury(pending, "TimeToLiveExceeded")
                continue
            pending.attempts += 1
            ready.append(pending)
        return ready

    def report(self, pending: Pending, status: int | None, now: float) -> None:
        """Say how an attempt ended: the HTTP status, or None when the endpoint did not answer in time."""
        if status in _SUCCESS:
            self.counters.delivered += 1
            return
        self.counters.failed_attempts += 1
        pending.last_outcome = _outcome(status)
        if status in _NOT_RETRIED:
            self._bury(pending, "NotRetriedStatus")
        elif pending.attempts >= self.policy.max_attempts:
            self._bury(pending, "MaxDeliveryAttemptsExceeded")
        else:
            wait = RETRY_AFTER_S[min(pending.attempts, len(RETRY_AFTER_S)) - 1]
            self._schedule(pending, now + wait * self.policy.time_scale)

    def _schedule(self, pending: Pending, due: float) -> None:
        heapq.heappush(self._heap, (due, next(self._order), pending))

    def _bury(self, pending: Pending, reason: str) -> None:
        if len(self.dead_letters) == _MAX_DEAD:
            self.counters.dead_letters_dropped += 1
        self.counters.dead_lettered += 1
        self.dead_letters.append(DeadLetter(pending.event, reason, pending.attempts, pending.last_outcome))

    def state(self) -> dict[str, Any]:
        """Counters and what waits, for inspection."""
        return {
            "waiting": len(self._heap),
            **asdict(self.counters),
        }


def _outcome(status: int | None) -> str:
    """The last delivery outcome as the service words it: `TimedOut`, or the name of the status."""
    if status is None:
        return "TimedOut"
    try:
        return HTTPStatus(status).phrase.replace(" ", "")
    except ValueError:
        return str(status)
