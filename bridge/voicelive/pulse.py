"""Whether a session lives, or only its socket is open. No I/O, no clock.

Voice Live tells nothing while nobody speaks, so its silence alone says little. It is asked then, by a ping of
the websocket; whoever stands still answers none. Times are monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

ASK_AFTER = 0.4
"""Seconds without a sign of life after which the session is asked for one."""
DOUBTED_AFTER = 1.5
"""Seconds without an answer. A lost packet is sent again within one; a caller waits for 2.5 at most."""
_LATE = 0.25
"""Seconds that we may come late. Who got no time cannot tell what came meanwhile."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A session has given no sign of life since then, though it was asked for one. None: it has after all."""

    since: float | None


class Finding(Enum):
    """What is to be done about a session."""

    ASK = auto()
    """Ask it for a sign of life."""
    DOUBT = auto()
    """It gives none."""
    TRUST = auto()
    """It has given one after all."""
    STILL = auto()
    """Wait no longer."""


class Pulse:
    """Follows the signs of life of one session.

    `look` wants to be called at least every `ASK_AFTER` seconds.

    Args:
        patience: seconds without an answer after which nobody waits any longer.
    """

    def __init__(self, now: float, patience: float) -> None:
        self.last = now
        """When it last gave a sign of life."""
        self.patience = patience
        """May change from look to look."""
        self._asked_at: float | None = None
        self._looked_at = now
        self._doubted = False

    def sign(self, now: float) -> None:
        """Something came from it, an answer or anything else."""
        self.last = now
        self._asked_at = None

    def look(self, now: float) -> Finding | None:
        """What is due at `now`; it counts as done."""
        late, self._looked_at = now - self._looked_at > ASK_AFTER + _LATE, now
        if self._asked_at is None:
            if self._doubted:
                self._doubted = False
                return Finding.TRUST
            if now < self.last + ASK_AFTER:
                return None
            self._asked_at = now
            return Finding.ASK
        if late:
            self._asked_at = now
        if now >= self._asked_at + self.patience:
            return Finding.STILL
        if now >= self._asked_at + DOUBTED_AFTER and not self._doubted:
            self._doubted = True
            return Finding.DOUBT
        return None

    def wait(self, now: float) -> float:
        """Seconds until `look` wants to be called, unless a sign comes before."""
        if self._asked_at is None:
            due = self.last + ASK_AFTER
        else:
            due = self._asked_at + (self.patience if self._doubted else DOUBTED_AFTER)
        return min(max(due - now, 0.0), ASK_AFTER)
