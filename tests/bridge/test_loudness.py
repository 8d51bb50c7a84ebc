"""How loud a caller is, in made-up sounds: tones for a voice, noise for the line."""

from __future__ import annotations

from base64 import b64encode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.carriers import SAMPLE_RATE
from bridge.loudness import Loudness
from local.speech import float_to_pcm16
from tests.e2e.interruptions.sounds import over_the_telephone

FRAME = SAMPLE_RATE // 50

type Audio = NDArray[np.float32]


def tone(seconds: float, level_db: float) -> Audio:
    """A voice of 200 Hz whose power is this far below full scale."""
    phase = 2 * np.pi * 200 * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave: Audio = (np.sqrt(2) * 10 ** (level_db / 20) * np.sin(phase)).astype(np.float32)
    return wave


def line(seconds: float, level_db: float) -> Audio:
    """The noise of a line."""
    noise = np.random.default_rng(1).standard_normal(round(seconds * SAMPLE_RATE))
    return (10 ** (level_db / 20) * noise).astype(np.float32)


def heard(before: Audio, after: Audio, *, piece: int = FRAME) -> Loudness:
    """Followed from the end of `before` on, all of it in pieces of so many samples."""
    loudness = Loudness()
    for audio in (before, after):
        if audio is after:
            loudness.follow()
        pcm = float_to_pcm16(audio)
        for at in range(0, len(pcm), piece * 2):
            loudness.hear(b64encode(pcm[at : at + piece * 2]).decode())
    return loudness


@pytest.mark.parametrize("noise_db", [-90.0, -60.0, -45.0])
@pytest.mark.parametrize("voice_db", [-25.0, -15.0])
def test_a_sound_and_the_quiet_after_it_are_told_apart(noise_db: float, voice_db: float) -> None:
    """Whatever the levels; the sound began before it was followed, as the service takes a while to tell."""
    sound = tone(0.5, voice_db)
    cut = len(sound) // 2
    before = np.concatenate([line(0.8, noise_db), sound[:cut]])
    loudness = heard(before, np.concatenate([sound[cut:], line(0.3, noise_db)]))
    assert loudness.sounded == pytest.approx(0.5, abs=0.05)
    assert loudness.quiet == pytest.approx(0.3, abs=0.05)
    assert not loudness.sounds


@pytest.mark.parametrize("noise_db", [-90.0, -55.0])
def test_a_telephone_changes_nothing(noise_db: float) -> None:
    whole = np.concatenate([line(0.6, noise_db), tone(0.4, -20.0), line(0.4, noise_db)])
    carried = over_the_telephone(whole)
    loudness = heard(carried[: SAMPLE_RATE * 8 // 10], carried[SAMPLE_RATE * 8 // 10 :])
    assert loudness.sounded == pytest.approx(0.4, abs=0.05)
    assert loudness.quiet == pytest.approx(0.4, abs=0.05)


def test_a_weaker_syllable_is_still_sound() -> None:
    loudness = heard(line(0.8, -60), np.concatenate([tone(0.3, -20), tone(0.3, -36)]))
    assert loudness.quiet == 0
    assert loudness.sounded == pytest.approx(0.6, abs=0.05)


def test_on_a_line_as_loud_as_the_voice_nobody_is_quiet() -> None:
    loudness = heard(line(0.8, -32), np.concatenate([tone(0.4, -20), line(0.6, -32)]))
    assert (loudness.quiet, loudness.sounded, loudness.sounds) == (0, 0, False)


def test_who_goes_on_after_a_pause_sounds_again() -> None:
    pause = np.concatenate([tone(0.4, -20), line(0.3, -60)])
    assert not heard(line(0.8, -60), pause).sounds
    assert heard(line(0.8, -60), np.concatenate([pause, tone(0.1, -20)])).sounds


def test_a_click_in_the_quiet_is_no_speech() -> None:
    pause = np.concatenate([tone(0.4, -20), line(0.3, -60)])
    assert not heard(line(0.8, -60), np.concatenate([pause, tone(0.02, -20)])).sounds


def test_silence_tells_nothing() -> None:
    loudness = heard(np.zeros(SAMPLE_RATE, np.float32), np.zeros(SAMPLE_RATE, np.float32))
    assert (loudness.quiet, loudness.sounded, loudness.sounds) == (0, 0, False)


def test_nothing_is_known_of_a_sound_that_is_not_followed() -> None:
    loudness = heard(line(0.8, -60), tone(0.4, -20))
    loudness.leave()
    assert (loudness.followed, loudness.quiet, loudness.sounded) == (False, 0, 0)


@given(piece=st.integers(FRAME // 2, 4 * FRAME))
def test_the_size_of_the_pieces_does_not_matter(piece: int) -> None:
    """A browser sends others than a telephone."""
    sound = np.concatenate([tone(0.3, -20), line(0.28, -60)])
    loudness = heard(line(0.2, -60), sound, piece=piece)
    assert loudness.quiet == pytest.approx(0.28, abs=0.04)
