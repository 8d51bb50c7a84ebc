"""What a `Mouth` gives the line, on generated speech."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from local.ear import FRAME_SAMPLES, Samples
from local.mouth import LEAD_FRAMES, Mouth

speeches = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60 * FRAME_SAMPLES)), min_size=1, max_size=4)
"""Ticks of silence before each, and its samples."""


@given(speeches)
def test_everything_is_said_in_time_and_never_too_far_ahead(speeches: list[tuple[int, int]]) -> None:
    mouth = Mouth()
    sent = 0
    said: list[Samples] = []
    tick = 0

    def next_tick() -> None:
        nonlocal sent, tick
        said.append(mouth.next())
        sent += len(said[-1])
        tick += 1
        assert tick <= sent / FRAME_SAMPLES <= tick + LEAD_FRAMES

    for silence, samples in speeches:
        for _ in range(silence):
            next_tick()
        begins = sent
        mouth.say(np.full(samples, 1, np.int16))
        next_tick()
        while mouth.busy:
            next_tick()
        assert sent == tick * FRAME_SAMPLES
        assert np.flatnonzero(np.concatenate(said))[-samples] == begins
        assert np.count_nonzero(np.concatenate(said)[begins:]) == samples


def test_a_tick_that_is_missed_cuts_nothing() -> None:
    """The line plays on for as long as speech is ahead."""
    mouth = Mouth()
    mouth.say(np.full(100 * FRAME_SAMPLES, 1, np.int16))
    assert len(mouth.next()) == (1 + LEAD_FRAMES) * FRAME_SAMPLES
    assert len(mouth.next()) == FRAME_SAMPLES
