"""The 20 ms clock: one loop ticks all calls, against absolute deadlines."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

TICK_S = 0.020
MAX_CATCH_UP = 50
"""Ticks made up for after a stall. A longer one (a laptop that slept) is skipped and counted."""

_LATE_BUCKETS_MS = (1, 2, 5, 10, 20, 50)


@dataclass(slots=True)
class Deadlines:
    """Which ticks are due.

    Tick n is due at start + n * 20 ms, whatever happened before, so nothing drifts.
    """

    start: float
    done: int = 0
    skipped: int = 0

    def due(self, now: float) -> int:
        """How many ticks to make now; they count as made."""
        owed = int((now - self.start) / TICK_S + 1e-9) - self.done
        if owed > MAX_CATCH_UP:
            self.skipped += owed - MAX_CATCH_UP
            self.start += (owed - MAX_CATCH_UP) * TICK_S
            owed = MAX_CATCH_UP
        self.done += max(owed, 0)
        return max(owed, 0)

    def next(self) -> float:
        """When the next tick is due."""
        return self.start + (self.done + 1) * TICK_S


@dataclass(slots=True)
class Lateness:
    """How late ticks were made, as counts under each bound, and the worst, in milliseconds."""

    worst_ms: float = 0.0
    ticks: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * (len(_LATE_BUCKETS_MS) + 1))

    def add(self, late_s: float) -> None:
        """One tick was made this late."""
        late_ms = late_s * 1000
        self.ticks += 1
        self.worst_ms = max(self.worst_ms, late_ms)
        bucket = next(
            (i for i, bound in enumerate(_LATE_BUCKETS_MS) if late_ms < bound), len(_LATE_BUCKETS_MS)
        )
        self.counts[bucket] += 1

    def state(self) -> dict[str, float]:
        """For inspection: `under_N_ms` counts ticks less than N ms late and not under the bound before."""
        names = [*(f"under_{bound}_ms" for bound in _LATE_BUCKETS_MS), "later"]
        return {
            "ticks": self.ticks,
            "worst_ms": round(self.worst_ms, 2),
            **dict(zip(names, self.counts, strict=True)),
        }


async def keep_time(tick: Callable[[], None], lateness: Lateness) -> None:
    """Call `tick` every 20 ms, forever.

    After a delay the ticks that are due follow at once, and no others.
    """
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop.time())
    while True:
        await asyncio.sleep(deadlines.next() - loop.time())
        due_at = deadlines.next()
        for number in range(deadlines.due(loop.time())):
            lateness.add(loop.time() - due_at - number * TICK_S)
            tick()
