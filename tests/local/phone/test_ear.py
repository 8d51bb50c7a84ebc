"""What an `Ear` says about sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from local.ear import FRAME_SAMPLES, JOIN_SAMPLES, VOICED_LEVEL, Ear, Span

BURSTS = st.lists(
    st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)), max_size=6
)  # (silent samples before, voiced samples)


def listen(audio: np.ndarray, sizes: Sequence[int]) -> Ear:
    """An ear that heard `audio` in frames of the given sizes, over and over."""
    ear = Ear()
    position = turn = 0
    while position < len(audio):
        size = sizes[turn % len(sizes)]
        ear.hear(audio[position : position + size])
        position, turn = position + size, turn + 1
    return ear


def audio_of(bursts: Sequence[tuple[int, int]]) -> np.ndarray:
    pieces = [np.zeros(0, np.int16)]
    for silence, sound in bursts:
        pieces += [np.zeros(silence, np.int16), np.full(sound, VOICED_LEVEL, np.int16)]
    return np.concatenate([*pieces, np.zeros(FRAME_SAMPLES, np.int16)])


@given(BURSTS)
def test_spans_begin_and_end_on_the_very_sample(bursts: list[tuple[int, int]]) -> None:
    """Bursts at least 300 ms apart come back exactly; closer ones come back joined."""
    expected: list[Span] = []
    position = 0
    for silence, sound in bursts:
        start = position + silence
        position = start + sound
        if expected and silence < JOIN_SAMPLES:
            start = expected.pop().start
        expected.append(Span(start, position))
    assert listen(audio_of(bursts), [FRAME_SAMPLES]).spans == tuple(expected)


@given(BURSTS, st.lists(st.integers(100, 20_000), min_size=1, max_size=4))
def test_how_the_audio_was_cut_into_frames_does_not_matter(
    bursts: list[tuple[int, int]], sizes: list[int]
) -> None:
    audio = audio_of(bursts)
    assert listen(audio, sizes).spans == listen(audio, [len(audio)]).spans


def test_negative_swings_are_sound_too_and_faint_noise_is_not() -> None:
    audio = np.zeros(FRAME_SAMPLES, np.int16)
    audio[10], audio[20], audio[30] = -32768, -VOICED_LEVEL, VOICED_LEVEL - 1
    assert listen(audio, [FRAME_SAMPLES]).spans == (Span(10, 21),)
