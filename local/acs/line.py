"""The phone line of one call: what the caller said and heard in each 20 ms, sample for sample.

Everything here counts in ticks of 20 ms and bytes of PCM16LE at 24 kHz mono, 960 bytes a tick. There is no
clock: whoever owns one calls `tick`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

RATE = 24_000
TICK_MS = 20
FRAME_BYTES = RATE * 2 * TICK_MS // 1000
SILENCE = bytes(FRAME_BYTES)

CALLER_LIMIT_MS = 2_000
"""A phone that sends faster than real time is cut to this; the oldest goes."""

CALLER_JITTER_MS = 60
"""After a gap the caller is held back until this much is queued, or so long, as a jitter buffer does.
A phone that answers each frame with one then survives two ticks that come late together."""

CALLER_REPAY_MS = 200
"""Silence put in for a late phone is taken out of the caller's own silences again, up to this much, so that
late ticks do not add up to a long delay."""

AGENT_LIMIT_MS = 300_000
"""An app may queue this far ahead. The service's own limit is not documented; the newest goes."""


def bytes_of_ms(ms: int) -> int:
    """How many bytes of line audio last `ms` milliseconds."""
    return ms * RATE * 2 // 1000


class PcmQueue:
    """Audio waiting to be played. Whole samples leave; a byte without its other half waits for it."""

    def __init__(self, limit_ms: int, *, drop: Literal["oldest", "newest"]) -> None:
        self._limit = bytes_of_ms(limit_ms)
        self._drop = drop
        self._pcm = bytearray()
        self.dropped_bytes = 0

    def put(self, pcm: bytes) -> None:
        """Queue audio of any length. Above the limit, whole samples are dropped and counted."""
        self._pcm += pcm
        excess = len(self._pcm) - self._limit
        if excess <= 0:
            return
        excess += excess % 2
        self.dropped_bytes += excess
        if self._drop == "oldest":
            del self._pcm[:excess]
        else:
            del self._pcm[-excess:]

    def take(self, size: int = FRAME_BYTES) -> tuple[bytes, int]:
        """Exactly `size` bytes, padded with silence, and how many of them were queued."""
        available = min(size, len(self._pcm) // 2 * 2)
        frame = bytes(self._pcm[:available])
        del self._pcm[:available]
        return (frame if available == size else frame + bytes(size - available)), available

    def clear(self) -> int:
        """Drop everything, the odd byte too. Returns the bytes dropped."""
        size = len(self._pcm)
        self._pcm.clear()
        return size

    @property
    def queued_ms(self) -> int:
        """Milliseconds of audio waiting."""
        return len(self._pcm) * 1000 // (RATE * 2)


@dataclass(frozen=True, slots=True)
class Tick:
    """20 ms of a call. `silent` says that the caller said nothing."""

    said: bytes
    heard: bytes
    silent: bool


class Line:
    """Takes audio from both ends at any pace and plays it at the pace of the ticks."""

    def __init__(self) -> None:
        self.caller = PcmQueue(CALLER_LIMIT_MS, drop="oldest")
        self.agent = PcmQueue(AGENT_LIMIT_MS, drop="newest")
        self.muted = False
        self.on_hold = False
        self.ticks = 0
        self.gaps = 0
        self.played_bytes = 0
        self._caller_dry = True
        self._caller_held_ms = 0
        self._caller_owed_ms = 0
        self._caller_spoke = False

    def tick(self, prompt: bytes | None = None) -> Tick:
        """Play 20 ms. `prompt` is what the service itself plays to the caller, mixed over the agent.

        A caller who is muted or on hold is carried as silence; on hold they hear only the prompt. The
        agent's audio is used up all the same, for its clock does not stop.
        """
        self.ticks += 1
        said = self._caller_frame()
        heard, played = self.agent.take()
        self.played_bytes += played
        if self.muted or self.on_hold:
            said = SILENCE
        if self.on_hold:
            heard = SILENCE
        if prompt is not None:
            heard = prompt if heard == SILENCE else mix(heard, prompt)
        return Tick(said=said, heard=heard, silent=said == SILENCE)

    def _caller_frame(self) -> bytes:
        """20 ms from the phone, or silence while its queue is empty or filling again."""
        queued_ms = self.caller.queued_ms
        if self._caller_dry and queued_ms < CALLER_JITTER_MS and self._caller_held_ms < CALLER_JITTER_MS:
            self._caller_held_ms += TICK_MS if queued_ms else 0
            if self._caller_spoke:
                self._caller_owed_ms = min(self._caller_owed_ms + TICK_MS, CALLER_REPAY_MS)
            return SILENCE
        self._caller_spoke = True
        frame, fresh = self.caller.take()
        while frame == SILENCE and self._caller_owed_ms and self.caller.queued_ms >= CALLER_JITTER_MS:
            frame, fresh = self.caller.take()
            self._caller_owed_ms -= TICK_MS
        self._caller_dry = fresh < FRAME_BYTES
        if self._caller_dry:
            self.gaps += 1
            self._caller_held_ms = 0
        return frame


def mix(first: bytes, second: bytes) -> bytes:
    """The sum of two PCM16 pieces of equal length, clipped at full scale."""
    total = np.frombuffer(first, "<i2").astype(np.int32) + np.frombuffer(second, "<i2")
    return bytes(np.clip(total, -32768, 32767).astype("<i2"))


def interleave(left: bytes, right: bytes) -> bytes:
    """Two mono PCM16 pieces of equal length as one stereo piece."""
    stereo = np.empty(len(left), "<i2")
    stereo[0::2] = np.frombuffer(left, "<i2")
    stereo[1::2] = np.frombuffer(right, "<i2")
    return bytes(stereo)
