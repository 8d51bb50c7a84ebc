"""Where the sessions of one call come from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bridge.voicelive.connection import Target, VoiceLive
from bridge.voicelive.endpoints import Endpoints
from bridge.voicelive.warm import WarmSessions


@dataclass(frozen=True, slots=True)
class Source:
    """Where the sessions of one call come from."""

    endpoints: Endpoints
    target: Target
    warm: WarmSessions | None = None

    async def open(self, avoid: Collection[int] = ()) -> VoiceLive:
        """A session, from one of `avoid` only when there is no other.

        Raises:
            VoiceLiveError: none is to be had.
        """
        warm = None if self.warm is None or avoid else self.warm.take(self.target)
        return warm or await self.endpoints.open(self.target, avoid)
