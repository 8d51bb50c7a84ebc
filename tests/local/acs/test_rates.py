"""16 kHz to 24 kHz and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.acs.rates import RateConverter


def tone(rate: int, hertz: float) -> bytes:
    """One second of a sine."""
    return bytes((np.sin(2 * np.pi * hertz * np.arange(rate) / rate) * 10_000).astype("<i2"))


def level(pcm: bytes) -> float:
    """RMS, without the first 100 ms."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.sqrt(np.mean(np.square(samples[len(samples) // 10 :]))))


@pytest.mark.parametrize(("from_rate", "to_rate"), [(16_000, 24_000), (24_000, 16_000)])
def test_a_tone_in_the_speech_band_keeps_its_level_and_shape(from_rate: int, to_rate: int) -> None:
    """The converted tone is the tone at the other rate, to about 1 in 1,000."""
    out = RateConverter(from_rate, to_rate).feed(tone(from_rate, 1000.0))
    wave = np.frombuffer(out, "<i2").astype(float)[to_rate // 10 :]
    time = (np.arange(len(wave)) + to_rate // 10) / to_rate
    basis = np.stack([np.sin(2 * np.pi * 1000 * time), np.cos(2 * np.pi * 1000 * time)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, wave)
    assert np.hypot(*fit) == pytest.approx(10_000, rel=0.001)
    assert np.abs(wave - basis @ fit).max() < 10


def test_what_16_khz_cannot_hold_is_filtered_out() -> None:
    """A tone above 8 kHz does not come back as another one."""
    assert level(RateConverter(24_000, 16_000).feed(tone(24_000, 10_000.0))) < 10


@given(st.lists(st.integers(0, 2000), max_size=20), st.sampled_from([(16_000, 24_000), (24_000, 16_000)]))
def test_cutting_the_stream_anywhere_changes_nothing(cuts: list[int], rates: tuple[int, int]) -> None:
    """Pieces of any length, odd ones too, give what the whole gives, and the count of samples is exact."""
    whole = tone(rates[0], 440.0)[: sum(cuts)]
    converter = RateConverter(*rates)
    out, start = b"", 0
    for cut in cuts:
        out += converter.feed(whole[start : start + cut])
        start += cut
    assert out == RateConverter(*rates).feed(whole)
    assert len(out) // 2 == -(-(len(whole) // 2) * rates[1] // rates[0])
