"""A caller who asks, listens, and at times talks over the agent.

Like `Phone` it has no clock but the ticks of the line, so what is said when does not depend on the machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from local.ear import RATE, Samples
from local.mouth import Mouth
from local.phone import GIVE_UP_MS, PATIENCE_MS, Move, Phone
from tests.e2e.interruptions.cases import Kind

PAUSE_MS = 2_000
"""The agent that was not interrupted is silent for less than this before it goes on."""
_ROOM = 3.3
"""Standard deviation of the samples of a quiet room, 80 dB below full scale: no telephone is without."""
_SOUNDING_MS = 60
"""The agent is talked over only while it sounds; its words are at most so far apart."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something the caller utters: 24 kHz samples."""

    name: str
    samples: Samples = field(repr=False)
    kind: Kind | None = None
    """What it is when uttered over the agent; None for a question that waits until the agent has finished."""
    after_ms: int = 0
    """How long after the reply began to sound it is uttered over it."""


@dataclass(frozen=True, slots=True)
class Uttered:
    """An act, and the sample of the line's clock at which it was decided on."""

    act: Act
    at: int


class Interrupter(Phone):
    """Does `acts` in turn, then hangs up. One for which the agent leaves no time is left out."""

    def __init__(self, acts: Sequence[Act]) -> None:
        super().__init__([])
        self.uttered: list[Uttered] = []
        self._acts = deque(acts)
        self._asked_at = 0
        self._patience_ms = PATIENCE_MS
        self._mouth = Mouth()
        self._room = np.random.default_rng(1)

    def tick(self, frame: bytes) -> Move:
        """Take one stereo frame of the line."""
        super().tick(frame)  # it listens; what it would do is not done
        if not self._mouth.busy:
            if not self._acts:
                return Move(self._next_sound(), hang_up=self._has_finished)
            self._consider(self._acts[0])
        return Move(self._next_sound())

    def _next_sound(self) -> bytes:
        """What the caller utters, in a quiet room."""
        words = self._mouth.next()
        sound = words + self._room.normal(0.0, _ROOM, len(words))
        return np.clip(sound, -32_768, 32_767).astype("<i2").tobytes()

    @property
    def _quiet_ms(self) -> int:
        """How long nobody has made a sound."""
        last = max(self.caller.last_sound or 0, self.agent.last_sound or 0, self._asked_at)
        return (self.agent.now - last) * 1000 // RATE

    @property
    def _reply_began(self) -> int | None:
        return self.agent.onset_after(self._asked_at)

    @property
    def _has_finished(self) -> bool:
        """Whether the agent has said what it had to say."""
        return self._quiet_ms >= (GIVE_UP_MS if self._reply_began is None else self._patience_ms)

    def _consider(self, act: Act) -> None:
        began = self._reply_began
        if act.kind is None:
            if self._has_finished:
                self._utter(act)
            return
        if self._has_finished:
            self._acts.popleft()
            return
        sounds = self._since_ms(self.agent.last_sound) <= _SOUNDING_MS
        if sounds and began is not None and self._since_ms(began) >= act.after_ms:
            self._utter(act)

    def _utter(self, act: Act) -> None:
        self._acts.popleft()
        self.uttered.append(Uttered(act, self.agent.now))
        self._mouth.say(act.samples)
        goes_on = act.kind in ("backchannel", "noise")
        self._patience_ms = PAUSE_MS if goes_on else PATIENCE_MS
        if not goes_on:
            self._asked_at = self.agent.now + len(act.samples)  # the next onset is the reply to this

    def _since_ms(self, moment: int | None) -> int:
        return (self.agent.now - (moment or 0)) * 1000 // RATE
