"""When somebody starts and pauses speaking, from one speech probability per frame. No audio in here."""

from enum import Enum, auto

from local.voice_live.settings import TurnRules

FRAME_MS = 32
"""Audio behind one probability of the voice-activity model (512 samples at 16 kHz)."""

_HYSTERESIS = 0.15
"""Speech goes on this close below the threshold; the model wavers inside words."""
_LOST_AFTER_MS = 192
"""Sound that pauses this long before it has lasted `speech_duration_ms` was no speech."""


class Change(Enum):
    NONE = auto()
    STARTED = auto()
    """Somebody has now spoken for `speech_duration_ms`."""
    RESUMED = auto()
    """Speech again after a pause inside the turn."""


class TurnDetector:
    """Follows one caller."""

    def __init__(self, rules: TurnRules) -> None:
        self._rules = rules
        self._in_sound = False
        self.speaking = False
        self.start_ms = 0
        """Where the sound began that the current or next turn starts with, on the caller's audio clock."""
        self.voiced_ms = 0
        """Frames of speech in it."""
        self.silence_ms = 0
        """Silence since its last frame of speech."""

    def feed(self, probability: float, begins_at: int) -> Change:
        """Take the next frame, which begins at this many ms of audio."""
        inside_word = self._in_sound and not self.silence_ms
        threshold = self._rules.threshold - (_HYSTERESIS if inside_word else 0.0)
        if probability >= threshold:
            return self._speech(begins_at)
        self.silence_ms += FRAME_MS
        if not self.speaking and self.silence_ms >= _LOST_AFTER_MS:
            self._in_sound = False
        return Change.NONE

    def end_turn(self) -> None:
        """The turn is over; the next speech starts another."""
        self.speaking = False
        self._in_sound = False

    def _speech(self, begins_at: int) -> Change:
        paused = self.silence_ms > 0
        self.silence_ms = 0
        if not self._in_sound:
            self._in_sound = True
            self.start_ms = begins_at
            self.voiced_ms = 0
        self.voiced_ms += FRAME_MS
        if self.speaking:
            return Change.RESUMED if paused else Change.NONE
        if self.voiced_ms < self._rules.speech_duration_ms:
            return Change.NONE
        self.speaking = True
        return Change.STARTED
