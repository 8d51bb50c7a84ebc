"""When the caller last spoke, by their audio alone: for when Voice Live does not tell. No I/O, no clock.

Voice Live hears better, and tells speech from noise. So this is asked only while there is no session, or one
says that the caller speaks, which it never takes back when it stands still. Times are monotonic seconds.
"""

from __future__ import annotations

from collections import deque

from bridge.loudness import Loudness

_KEPT = 150
"""Pieces of audio kept while nobody asks, 3 s: as long as it takes to notice that a session stands still."""
_LEAST = 8
"""Pieces without which the noise of the line is not known."""
_WORD = 0.1
"""Seconds of sound; shorter ones are clicks."""
_PAUSE = 0.6
"""Seconds of quiet after which the caller has finished, as far as this can tell."""
_NOISY_DB = -45.0
"""Below full scale. Louder, what cannot be told apart may be a voice in noise; fainter, nobody speaks."""


class OwnEar:
    """Listens to one caller.

    Args:
        patience: seconds that Voice Live may take to tell that the caller has finished.
    """

    def __init__(self, patience: float) -> None:
        self._kept: deque[str] = deque(maxlen=_KEPT)
        self._loudness: Loudness | None = None
        self.patience = patience
        self.spoke_until: float | None = None
        """When the caller was last heard to speak; None while it listens to nobody, or has heard nobody."""
        self.sounds = False
        """Whether the caller speaks, or did until a moment ago."""
        self.unsure = False
        """Whether there is sound of which it cannot tell whether it is a voice."""
        self._told = False

    def hear(self, base64: str, now: float) -> bool:
        """Audio of the caller, PCM16LE 24 kHz mono; whether they began to speak with it, or have finished."""
        self._kept.append(base64)
        if self._loudness is None:
            return False
        self._loudness.hear(base64)
        speaks_on = self._told and self.spoke_until is not None and self._loudness.unclear
        if self._loudness.sounds or speaks_on:
            self.spoke_until = now
        before, self.sounds = self.sounds, self._heard_within(_PAUSE, now)
        return before is not self.sounds

    def listens(self, now: float, *, wanted: bool, told: bool = False) -> None:
        """Whether somebody wants to know.

        Args:
            told: a session that lives says that the caller speaks: then what may be a voice is one.
        """
        self._told = told
        if wanted is (self._loudness is not None) or (wanted and len(self._kept) < _LEAST):
            return
        self.spoke_until, self.sounds, self.unsure = None, False, False
        self._loudness = loudness = Loudness(_KEPT) if wanted else None
        if loudness is None:
            return
        for piece in self._kept:
            loudness.hear(piece)
        loudness.follow()
        if loudness.sounded >= _WORD:
            self.spoke_until = now - loudness.quiet
        self.sounds = self._heard_within(_PAUSE, now)
        self.unsure = loudness.sounded == 0 and loudness.loudest_db > _NOISY_DB

    @property
    def quiet(self) -> bool:
        """Whether the caller has spoken and has finished."""
        return self.spoke_until is not None and not self.sounds

    def spoke_after(self, at: float) -> bool:
        """Whether the caller has spoken since then."""
        return self.spoke_until is not None and self.spoke_until > at

    def _heard_within(self, seconds: float, now: float) -> bool:
        return self.spoke_until is not None and now - self.spoke_until < seconds
