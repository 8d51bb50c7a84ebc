"""How much of a reply the caller has heard, if the client plays audio as soon as it arrives."""


class Playback:
    """The service's own assumption for `auto_truncate`: real-time playback from receipt."""

    def __init__(self) -> None:
        self._ends_at = 0.0

    def sent(self, milliseconds: float, now: float) -> None:
        """Audio went out at `now` (seconds); it plays when everything before it has played."""
        self._ends_at = max(now, self._ends_at) + milliseconds / 1000

    def remaining_ms(self, now: float) -> int:
        """Audio sent but not heard yet."""
        return max(0, round((self._ends_at - now) * 1000))

    def stop(self, now: float) -> None:
        """The client dropped what it had not played."""
        self._ends_at = min(self._ends_at, now)
