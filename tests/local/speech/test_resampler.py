"""Streaming sample rate conversion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.speech import Resampler
from tests.local.speech.measures import resampled, tone

RATES = [
    (24_000, 16_000),
    (16_000, 24_000),
    (8_000, 24_000),
    (24_000, 8_000),
    (44_100, 24_000),
    (11_025, 24_000),
]


@pytest.mark.parametrize(("from_rate", "to_rate"), RATES)
def test_a_tone_keeps_its_time_length_and_shape(from_rate: int, to_rate: int) -> None:
    output = resampled(tone(1000, 0.4, from_rate), from_rate, to_rate)
    ideal = tone(1000, 0.4, to_rate)
    assert len(output) == len(ideal)
    edge = to_rate // 50
    assert np.abs(output - ideal)[edge:-edge].max() < 1e-3


@pytest.mark.parametrize(("from_rate", "to_rate"), [(24_000, 16_000), (24_000, 8_000), (44_100, 24_000)])
def test_what_the_lower_rate_cannot_carry_is_gone(from_rate: int, to_rate: int) -> None:
    output = resampled(tone(to_rate * 0.58, 0.5, from_rate), from_rate, to_rate)
    assert np.abs(output[to_rate // 50 : -to_rate // 50]).max() < 1e-3


@given(st.sampled_from(RATES), st.lists(st.integers(1, 700), min_size=1, max_size=30))
@settings(max_examples=40)
def test_the_size_of_chunks_does_not_matter(rates: tuple[int, int], sizes: list[int]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, sum(sizes)).astype(np.float32)
    resampler = Resampler(*rates)
    pieces = [resampler.feed(chunk) for chunk in np.split(noise, np.cumsum(sizes)[:-1])]
    output = np.concatenate([*pieces, resampler.flush()])
    assert len(output) == round(len(noise) * rates[1] / rates[0])
    np.testing.assert_allclose(output, resampled(noise, *rates), atol=1e-6)


@pytest.mark.parametrize(("from_rate", "to_rate"), RATES)
def test_no_more_than_three_milliseconds_are_held_back(from_rate: int, to_rate: int) -> None:
    resampler = Resampler(from_rate, to_rate)
    frame = np.zeros(from_rate // 50, np.float32)
    given = sum(len(resampler.feed(frame)) for _ in range(10))
    assert given / to_rate > 0.2 - 0.003


@pytest.mark.parametrize(("from_rate", "to_rate"), [(0, 8_000), (8_000, -1), (8_000, 8_000_000)])
def test_rates_that_cannot_be_are_refused(from_rate: int, to_rate: int) -> None:
    with pytest.raises(ValueError, match=f"from {from_rate} Hz to {to_rate} Hz"):
        Resampler(from_rate, to_rate)
