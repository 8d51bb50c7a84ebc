"""Making another voice of the network's output."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from local.speech.voices import VOICES, Frames, VoiceShape, reshape

BINS, FRAMES, BIN_HZ = 601, 5, 20


def outputs(pitch: NDArray[np.floating], level: Frames | None = None) -> list[Frames]:
    random = np.random.default_rng(0)
    spectra = [random.normal(size=(BINS, FRAMES)).astype(np.float32) for _ in range(5)]
    if level is not None:
        spectra[0] = level
    return [*spectra, pitch.astype(np.float32)]


def test_the_agents_voice_is_left_alone() -> None:
    given = outputs(np.full(FRAMES, 200.0))
    assert reshape(given, VOICES["agent"]) is given


def test_pitch_is_scaled_and_unvoiced_frames_stay_unvoiced() -> None:
    pitch = np.array([0.0, 100.0, 200.0, 300.0, 0.0])
    assert reshape(outputs(pitch), VoiceShape(0.5, 0.9))[5] == pytest.approx(pitch * 0.5)


@pytest.mark.parametrize("tract", [0.85, 1.1])
def test_formants_move_with_the_tract(tract: float) -> None:
    formant = 100  # bin
    level = -np.abs(np.arange(BINS, dtype=np.float32) - formant)[:, None].repeat(FRAMES, axis=1)
    moved = reshape(outputs(np.zeros(FRAMES), level), VoiceShape(1.0, tract))[0]
    assert moved.argmax(axis=0) == pytest.approx(np.full(FRAMES, formant * tract), abs=1)


def test_only_the_harmonics_of_the_first_pitch_count() -> None:
    """Between them the network's values mean nothing: here they would be a roar."""
    pitch_bins = 10
    level = np.full((BINS, FRAMES), 9.0, np.float32)
    level[::pitch_bins] = 1.0
    given = outputs(np.full(FRAMES, float(pitch_bins * BIN_HZ)), level)
    moved = reshape(given, VoiceShape(0.6, 1.0))[0]
    assert moved[: BINS - pitch_bins].max() == pytest.approx(1.0)
