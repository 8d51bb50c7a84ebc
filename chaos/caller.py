"""A caller with ears: hears the agent out, understands it, and answers by what was understood.

Everything is taken from the audio at the phone. What the store or a bridge says plays no part in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum

import numpy as np

from chaos.booker import NO, Booker
from local.ear import FRAME_SAMPLES, RATE, Ear, Samples
from local.mouth import Mouth
from local.phone import FRAME_BYTES, Move, listen

PATIENCE_S = 0.65
"""This much quiet after the agent spoke means that it has finished."""
ANSWERED_S = 2.5
"""Who has just spoken gives the agent so long to answer, before they answer what it said meanwhile."""
GIVE_UP_S = 9.0
"""Nothing was heard for this long: the caller says it once more."""
FAREWELL_S = 5.0
"""How long the caller waits, after the last word, for the agent to hang up first."""
_EDGE = RATE // 10
"""Of the silence around a sentence: a word begins more quietly than it sounds."""
LONGEST_S = 150.0
"""A caller who has not got anywhere by then hangs up."""

type Understand = Callable[[Samples], Awaitable[str]]
"""Words for a stretch of the agent's speech."""


class _Doing(Enum):
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    GONE = "gone"


class Caller:
    """A `Handset` in the hand of a `Booker`.

    Args:
        voice: the samples of each thing that the booker may say.
    """

    def __init__(self, booker: Booker, voice: Mapping[str, Samples], understand: Understand) -> None:
        self.booker = booker
        self.caller = Ear()
        self.agent = Ear()
        self.recording = bytearray()
        """Interleaved PCM16LE: left what was said, right what was heard."""
        self.talk: list[str] = []
        """Who said what, and at which second, as understood."""
        self.asked_again: list[int] = []
        """Where the caller lost patience, in samples."""
        self._voice = voice
        self._understand = understand
        self._doing = _Doing.LISTENING
        self._mouth = Mouth()
        self._acted_at = 0
        self._understood_to = 0
        self._thinking: asyncio.Task[None] | None = None

    def tick(self, frame: bytes) -> Move:
        """Take one stereo frame of the line and give one of speech back."""
        self.recording += listen(frame, self.caller, self.agent)
        if self._doing is _Doing.LISTENING:
            self._consider()
        if self._doing is _Doing.GONE:
            return Move(bytes(FRAME_BYTES), hang_up=True)
        return Move(self._speak())

    def hang_up(self) -> None:
        """Have had enough."""
        self._doing = _Doing.GONE

    @property
    def now_s(self) -> float:
        """Seconds since the call was answered."""
        return self.agent.now / RATE

    def _consider(self) -> None:
        now, last = self.agent.now, self.agent.last_sound or 0
        if now > LONGEST_S * RATE:
            self.hang_up()
        elif last > self._understood_to:
            patience = PATIENCE_S if last > self._acted_at else ANSWERED_S
            if now - max(last, self._acted_at) >= patience * RATE:
                self._doing = _Doing.THINKING
                self._thinking = asyncio.ensure_future(self._think(last))
        elif self._has_finished and now - max(last, self._acted_at) >= FAREWELL_S * RATE:
            self.hang_up()
        elif not self._has_finished and now - max(last, self._acted_at) >= GIVE_UP_S * RATE:
            self.asked_again.append(now)
            self._say(self.booker.hears_nothing())

    @property
    def _has_finished(self) -> bool:
        return self.booker.sent_away or (self.booker.told and self.booker.said[-1:] == [NO])

    async def _think(self, last: int) -> None:
        """Understand what was said since the caller spoke, and answer unless the agent goes on meanwhile."""
        since = self._understood_to
        heard = " ".join([await self._understand(piece) for piece in self._stretches(since, last)])
        if self._doing is not _Doing.THINKING:
            return
        self._doing = _Doing.LISTENING
        if self.agent.last_sound != last:
            return  # it was a pause within what is said
        self._understood_to = last
        self.talk.append(f"{since / RATE:6.1f} s  agent   {heard}")
        has_finished = self._has_finished
        answer = self.booker.hear(heard)
        if answer is not None and not has_finished:
            self._say(answer)

    def _stretches(self, since: int, last: int) -> list[Samples]:
        """What was heard from one moment to another, sentence by sentence: those are parted by a pause."""
        return [
            _right(self.recording, max(0, span.start - _EDGE), span.end + _EDGE)
            for span in self.agent.spans
            if since < span.end <= last
        ]

    def _say(self, text: str) -> None:
        self.talk.append(f"{self.now_s:6.1f} s  caller  {text}")
        self._mouth.say(self._voice[text])
        self._doing = _Doing.SPEAKING

    def _speak(self) -> bytes:
        audio = self._mouth.next()
        if self._doing is _Doing.SPEAKING and not self._mouth.busy:
            self._doing = _Doing.LISTENING
            self._acted_at = self.agent.now + FRAME_SAMPLES
        return audio.astype("<i2").tobytes()


def _right(recording: bytearray, start: int, end: int) -> Samples:
    """What was heard from one sample of the line's clock to another."""
    pcm = np.frombuffer(bytes(recording[start * 4 : end * 4]), "<i2")
    return pcm.reshape(-1, 2)[:, 1].copy()
