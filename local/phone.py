"""A caller with a phone: what to do next, decided from what is heard.

No I/O and no clock of its own: time is the 20 ms tick of the line. Each tick brings one stereo frame (what
the caller said in it, what the caller heard in it) and takes one frame of speech back, perhaps with pressed
keys or the decision to hang up. The caller behaves as people do: hears the other side out, speaks when it has
been quiet for a moment, speaks anyway when nothing comes, and leaves time for a goodbye before hanging up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np

from local.ear import FRAME_SAMPLES, RATE, Ear, Samples
from local.mouth import Mouth

PATIENCE_MS = 650
"""This much quiet after the agent spoke means that it has finished; sentences in one reply are closer."""
GIVE_UP_MS = 8_000
"""When nobody has made a sound for this long the caller goes on regardless."""
FAREWELL_MS = 6_000
"""How long the caller waits, after the last reply, for the agent to hang up first."""

FRAME_BYTES = FRAME_SAMPLES * 2
STEREO_FRAME_BYTES = FRAME_BYTES * 2


@dataclass(frozen=True, slots=True)
class Line:
    """One thing the caller says: 24 kHz samples."""

    samples: Samples = field(repr=False)


@dataclass(frozen=True, slots=True)
class Move:
    """What the caller does in one tick."""

    audio: bytes
    """PCM16LE for the line to play: 20 ms, or several at once, or none where that made up for these."""
    digits: str = ""
    hang_up: bool = False


class Handset(Protocol):
    """What holds the near end of a line."""

    def tick(self, frame: bytes) -> Move:
        """Take 20 ms of the line and say what to do in the next: see `Phone.tick`."""


def listen(frame: bytes, caller: Ear, agent: Ear) -> bytes:
    """Have both ears hear one stereo frame of the line; its samples interleaved, as a recording has them.

    Raises:
        ValueError: it has another size than 1,920 bytes.
    """
    if len(frame) != STEREO_FRAME_BYTES:
        raise ValueError(f"a line frame of {len(frame)} bytes; expected {STEREO_FRAME_BYTES}")
    said = np.frombuffer(frame, "<i2", FRAME_SAMPLES)
    heard = np.frombuffer(frame, "<i2", FRAME_SAMPLES, FRAME_BYTES)
    caller.hear(said)
    agent.hear(heard)
    return np.stack([said, heard], axis=1).tobytes()


class _Doing(Enum):
    LISTENING = "listening"
    SPEAKING = "speaking"
    GONE = "gone"


class Phone:
    """The caller's side of one call.

    Says `lines` in turn, then presses `digits`, then hangs up. With `barge_in_ms` every line but the first
    is said that long after the agent began its reply, over whatever it is still saying; a single line is said
    over the greeting.
    """

    def __init__(self, lines: Sequence[Line], *, digits: str = "", barge_in_ms: int | None = None) -> None:
        self.caller = Ear()
        self.agent = Ear()
        self.recording = bytearray()
        """Every stereo frame of the call, interleaved PCM16LE: left what was said, right what was heard."""
        self._lines = list(lines)
        self._digits = digits
        self._barge_in_ms = barge_in_ms
        self._said = 0
        self._acted_at = 0
        self._doing = _Doing.LISTENING
        self._mouth = Mouth()

    def tick(self, frame: bytes) -> Move:
        """Take one stereo frame of the line; ValueError when it has another size than 1,920 bytes."""
        self.recording += listen(frame, self.caller, self.agent)
        if self._doing is _Doing.LISTENING and self._is_my_turn():
            return self._next_step()
        return Move(self._speak())

    def _next_step(self) -> Move:
        self._acted_at = self.agent.now
        if self._said < len(self._lines):
            self._mouth.say(self._lines[self._said].samples)
            self._said += 1
            self._doing = _Doing.SPEAKING
            return Move(self._speak())
        if self._digits:
            digits, self._digits = self._digits, ""
            return Move(_SILENCE, digits=digits)
        self._doing = _Doing.GONE
        return Move(_SILENCE, hang_up=True)

    def _speak(self) -> bytes:
        audio = self._mouth.next()
        if self._doing is _Doing.SPEAKING and not self._mouth.busy:
            self._doing = _Doing.LISTENING
        return audio.astype("<i2").tobytes()

    def _is_my_turn(self) -> bool:
        """Whether the agent has replied to the last thing the caller did and leaves room for the next."""
        last_act = max(self.caller.last_sound or 0, self._acted_at)
        last_sound = max(last_act, self.agent.last_sound or 0)
        quiet = self.agent.now - last_sound
        if quiet >= _samples(GIVE_UP_MS):
            return True
        reply = self.agent.onset_after(last_act)
        if reply is None:
            return False
        if self._talks_over():
            return self.agent.now - reply >= _samples(self._barge_in_ms or 0)
        return quiet >= _samples(FAREWELL_MS if self._has_said_all() else PATIENCE_MS)

    def _talks_over(self) -> bool:
        if self._barge_in_ms is None or self._said >= len(self._lines):
            return False
        return self._said > 0 or len(self._lines) == 1

    def _has_said_all(self) -> bool:
        return self._said >= len(self._lines) and not self._digits


_SILENCE = bytes(FRAME_BYTES)


def _samples(ms: int) -> int:
    return ms * RATE // 1000
