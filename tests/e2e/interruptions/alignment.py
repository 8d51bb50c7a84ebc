"""What of the agent's own speech was heard at the phone, to the sample.

The agent's voice is the same for the same words and the line carries its samples as they are, so they are
found again one by one: where the line fell silent, and what was lost or said twice when it went on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from local.ear import RATE, Samples

_PROBE = RATE // 50
"""Samples by which a place in the speech is recognised."""
_REACH = 2 * RATE
"""How far from where the speech broke off it is looked for."""


@dataclass(frozen=True, slots=True)
class Break:
    """A silence that is none of the speech's own, in samples."""

    at: int
    """Where in the recording it began."""
    length: int
    lost: int
    """Of the speech, silence not counted."""
    repeated: int


@dataclass(slots=True)
class Heard:
    """How a turn was heard, in samples."""

    start: int
    """Where in the recording its sound began."""
    end: int
    """After its last sound in the recording."""
    sounded: int = 0
    """How much of the speech was heard, up to its last sound ..."""
    played: int = 0
    """... and including silence of the speech's own after it."""
    whole: bool = False
    breaks: list[Break] = field(default_factory=list)


def follow(recording: Samples, speech: Samples, begin: int) -> Heard | None:
    """Follow `speech` through what was heard from about `begin`; None when it does not begin there."""
    first = int(np.flatnonzero(speech)[0])
    at = _find(recording, speech[first : first + _PROBE], begin - RATE // 2, begin + RATE, begin)
    if at is None:
        return None
    heard = Heard(start=at, end=at)
    place = first
    while True:
        same = _same(recording[at:], speech[place:])
        if sounding := _sounding(speech[place : place + same]):
            heard.end, heard.sounded = at + sounding, place + sounding
        at, place = at + same, place + same
        heard.played = place
        if not speech[place:].any():
            heard.whole = True
            return heard
        silence = _silence(recording[at:])
        probe = recording[at + silence : at + silence + _PROBE]
        found = _find(speech, probe, place - _REACH, place + _REACH, place)
        if found is None or len(probe) < _PROBE:
            return heard
        heard.breaks.append(
            Break(
                at=at,
                length=silence - (found - place),
                lost=int(np.count_nonzero(speech[place:found])),
                repeated=int(np.count_nonzero(speech[found:place])),
            )
        )
        at, place = at + silence, found


def _same(one: Samples, other: Samples) -> int:
    """How many samples are alike from the beginning."""
    length = min(len(one), len(other))
    differ = np.flatnonzero(one[:length] != other[:length])
    return int(differ[0]) if len(differ) else length


def _sounding(samples: Samples) -> int:
    """How many samples there are up to the last that is not silence."""
    sounding = np.flatnonzero(samples)
    return int(sounding[-1]) + 1 if len(sounding) else 0


def _silence(samples: Samples) -> int:
    sounding = np.flatnonzero(samples)
    return int(sounding[0]) if len(sounding) else len(samples)


def _find(samples: Samples, probe: Samples, low: int, high: int, near: int) -> int | None:
    """Where `probe` is found from `low` to `high`, nearest to `near`."""
    low = max(low, 0)
    reach = samples[low : max(high, 0) + len(probe)]
    if not len(probe) or len(reach) < len(probe):
        return None
    windows = np.lib.stride_tricks.sliding_window_view(reach, len(probe))
    alike = np.flatnonzero(windows[:, 0] == probe[0])
    places = [low + int(place) for place in alike if np.array_equal(windows[place], probe)]
    return min(places, key=lambda place: abs(place - near), default=None)
