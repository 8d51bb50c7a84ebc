"""What the caller has heard so far.

ACS gives no playback acknowledgement, so this is modelled: audio written to the carrier plays in order at
real time, starting when it is written or when what is queued before it has ended. No I/O, no clock: `now`
is a monotonic time in seconds, handed in.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class _Stretch:
    """Audio of one item that plays without a gap."""

    item_id: str
    starts_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of an item the caller has heard, and how much was written to the carrier. Milliseconds."""

    item_id: str
    heard_ms: int
    written_ms: int


class Playout:
    """The playback clock of one call. Holds a stretch for each talk spurt since the last stop."""

    def __init__(self) -> None:
        self._stretches: list[_Stretch] = []
        self.ends_at = 0.0
        """When the last audio written will have been heard."""

    def wrote(self, item_id: str, seconds: float, now: float) -> float:
        """Record audio of `item_id` written at `now`; returns when its first sample plays."""
        starts_at = max(now, self.ends_at)
        self.ends_at = starts_at + seconds
        last = self._stretches[-1] if self._stretches else None
        if last is not None and last.item_id == item_id and last.ends_at == starts_at:
            last.ends_at = self.ends_at  # keeps one stretch a talk spurt, however many writes
        else:
            self._stretches.append(_Stretch(item_id, starts_at, self.ends_at))
        return starts_at

    def is_playing(self, now: float) -> bool:
        """Whether the caller is hearing the agent, as far as we know."""
        return now < self.ends_at

    def heard(self, item_id: str, now: float) -> Heard:
        """How much of `item_id` has been heard at `now`."""
        own = [stretch for stretch in self._stretches if stretch.item_id == item_id]
        heard = sum(min(stretch.ends_at, max(now, stretch.starts_at)) - stretch.starts_at for stretch in own)
        written = sum(stretch.ends_at - stretch.starts_at for stretch in own)
        # Floor what was heard: to credit the caller with a word not heard is worse than to repeat one.
        return Heard(item_id, int(heard * 1000 + 1e-6), round(written * 1000))

    def stop(self, now: float) -> list[Heard]:
        """The carrier was told to drop its queue: what each item cut short had been heard, in order."""
        cut = list(dict.fromkeys(stretch.item_id for stretch in self._stretches if stretch.ends_at > now))
        heard = [self.heard(item_id, now) for item_id in cut]
        self._stretches.clear()
        self.ends_at = min(self.ends_at, now)
        return heard
