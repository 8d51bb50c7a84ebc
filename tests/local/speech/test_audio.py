"""Samples and levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.speech import float_to_pcm16, pcm16_to_float
from local.speech.audio import speech_level
from tests.local.speech.measures import tone


@given(st.binary(max_size=200).filter(lambda data: len(data) % 2 == 0))
def test_pcm_comes_back_as_it_was(data: bytes) -> None:
    assert float_to_pcm16(pcm16_to_float(data)) == data


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="PCM16 audio of 3 bytes"):
        pcm16_to_float(b"abc")


def test_loud_samples_are_clipped_and_not_wrapped() -> None:
    clipped = pcm16_to_float(float_to_pcm16(np.array([2.0, -2.0, 1.0, -1.0], np.float32)))
    assert clipped == pytest.approx([1, -1, 1, -1], abs=1e-4)


def test_pauses_do_not_count_for_the_level() -> None:
    speech = tone(440, 1.0, 8_000, amplitude=0.1 * np.sqrt(2))
    assert speech_level(speech, 8_000) == pytest.approx(-20, abs=0.1)
    assert speech_level(np.pad(speech, 16_000), 8_000) == pytest.approx(-20, abs=0.1)
    assert speech_level(np.zeros(800, np.float32), 8_000) == -np.inf
    assert speech_level(np.zeros(3, np.float32), 8_000) == -np.inf
