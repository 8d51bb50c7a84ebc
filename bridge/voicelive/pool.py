"""Which endpoint of Voice Live to ask: in what order, how often, and which to leave alone. No I/O, no clock.

`now` is a monotonic time in seconds, handed in. Endpoints are numbered from 0 in failover order: the first
that is well and has quota left gets every new session.

The quotas are the service's, for each resource: 30 new connections and 120,000 tokens a minute. Counted over
any 60 seconds, so that a burst at the turn of a minute keeps to them, too.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

_MINUTE = 60.0
_FAILURES = 3
"""Failures in a row after which an endpoint is left alone for a while."""
_FIRST_REST = 1.0
_LONGEST_REST = 10.0
"""Seconds that it is left alone, doubled with each further failure. No longer than a caller waits: every call
that has nothing else tries it once."""
_LONGEST_THROTTLE = 60.0
_PROBE_WITHIN = 10.0
"""Seconds after which a try whose outcome was never told is forgotten."""


class Trouble(StrEnum):
    """What went wrong with an endpoint."""

    REFUSED = "refused"
    """It does not want us: key, role, model or address are wrong. Asking again at once is of no use."""
    THROTTLED = "throttled"
    """It has too much to do, or our quota is used up."""
    FAILED = "failed"
    """It did not answer in time, or with an error of its own."""
    LOST = "lost"
    """A session broke."""
    SILENT = "silent"
    """A session gave no answer, or only failures."""


@dataclass(slots=True)
class _Endpoint:
    failures: int = 0
    """In a row."""
    rests_until: float = -math.inf
    trying_since: float = -math.inf
    """When the one try began that an endpoint gets after a rest; -inf without one."""
    connections: deque[float] = field(default_factory=deque)
    tokens: deque[tuple[float, int]] = field(default_factory=deque)
    tokens_used: int = 0


class Pool:
    """Health and quota of the endpoints.

    Args:
        size: how many there are.
        connections_per_minute, tokens_per_minute: what each may be asked for by all processes together.
    """

    def __init__(self, size: int, *, connections_per_minute: int, tokens_per_minute: int) -> None:
        self._endpoints = [_Endpoint() for _ in range(size)]
        self._quota = connections_per_minute, tokens_per_minute
        self._sharers = 1

    @property
    def connections_per_minute(self) -> int:
        """This process's share of the quota of each endpoint."""
        return max(1, self._quota[0] // self._sharers)

    def share(self, sharers: int) -> None:
        """So many processes use the endpoints, this one among them: each keeps to an equal part."""
        self._sharers = max(1, sharers)

    def choose(self, now: float, avoid: Collection[int] = (), *, spare: int = 0) -> int | None:
        """The endpoint to connect to now; the connection counts from here on. None when there is none.

        One whose tokens are used up is chosen when no other is left: what the service counts, it knows best.

        Args:
            avoid: endpoints that have been tried already.
            spare: connections of its quota to leave to others.
        """
        ready = [
            number
            for number, endpoint in enumerate(self._endpoints)
            if number not in avoid and self._is_ready(endpoint, now) and self._room(endpoint, now) > spare
        ]
        ready.sort(key=lambda number: not self._has_tokens(self._endpoints[number]))
        if not ready:
            return None
        endpoint = self._endpoints[ready[0]]
        endpoint.connections.append(now)
        endpoint.trying_since = now if endpoint.failures >= _FAILURES else -math.inf
        return ready[0]

    def opened(self, number: int) -> None:
        """An endpoint gave a session."""
        endpoint = self._endpoints[number]
        endpoint.failures, endpoint.rests_until, endpoint.trying_since = 0, -math.inf, -math.inf

    def failed(self, number: int, trouble: Trouble, now: float, retry_after: float | None = None) -> None:
        """Something went wrong with an endpoint; `retry_after` seconds it wants to be left alone."""
        endpoint = self._endpoints[number]
        endpoint.trying_since = -math.inf
        endpoint.failures += 1
        rest = 0.0
        if trouble is Trouble.REFUSED:
            endpoint.failures = max(endpoint.failures, _FAILURES)
            rest = _LONGEST_REST
        elif trouble is Trouble.THROTTLED:
            rest = min(
                _LONGEST_THROTTLE, self._rest(endpoint.failures) if retry_after is None else retry_after
            )
        elif endpoint.failures >= _FAILURES:
            rest = self._rest(endpoint.failures - _FAILURES + 1)
        endpoint.rests_until = max(endpoint.rests_until, now + rest)

    def used(self, number: int, tokens: int, now: float) -> None:
        """A response cost so many tokens."""
        endpoint = self._endpoints[number]
        endpoint.tokens.append((now, tokens))
        endpoint.tokens_used += tokens

    def left(self, now: float) -> int:
        """Connections that the quotas of all endpoints together leave until some are a minute old.

        Whatever tokens were used: they say whom to ask first, and turn nobody away.
        """
        return sum(max(0, self._room(endpoint, now)) for endpoint in self._endpoints)

    # --- inside ---------------------------------------------------------------------------------------

    def _is_ready(self, endpoint: _Endpoint, now: float) -> bool:
        """Whether it is well, or may be tried."""
        return max(endpoint.rests_until, endpoint.trying_since + _PROBE_WITHIN) <= now

    def _has_tokens(self, endpoint: _Endpoint) -> bool:
        return endpoint.tokens_used < self._quota[1] // self._sharers

    def _room(self, endpoint: _Endpoint, now: float) -> int:
        self._forget(endpoint, now)
        return self.connections_per_minute - len(endpoint.connections)

    def _forget(self, endpoint: _Endpoint, now: float) -> None:
        while endpoint.connections and endpoint.connections[0] + _MINUTE <= now:
            endpoint.connections.popleft()
        while endpoint.tokens and endpoint.tokens[0][0] + _MINUTE <= now:
            endpoint.tokens_used -= endpoint.tokens.popleft()[1]

    def _rest(self, times: int) -> float:
        return min(_LONGEST_REST, _FIRST_REST * 2.0 ** min(times - 1, 10))
