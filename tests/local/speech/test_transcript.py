"""Tidying and doubting a transcript."""

from __future__ import annotations

import pytest

from local.speech import Transcript, is_noise
from local.speech.transcript import tidy


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Sushi to night, please.", "Sushi tonight, please."),
        ("To-morrow at eight.", "Tomorrow at eight."),
        ("From day to day.", "From day to day."),
        ("Seven thirty.", "Seven thirty."),
        ("At 7:30.", "At 7:30."),
        ("Into nightlife.", "Into nightlife."),
    ],
)
def test_spelling_habits_are_undone_and_times_left_as_heard(heard: str, meant: str) -> None:
    assert tidy(heard) == meant


@pytest.mark.parametrize(
    "transcript",
    [
        Transcript("", 0.9),
        Transcript("\u266a \u266a", 0.9),
        Transcript("...", 0.9),
        Transcript("You", 0.97),
        Transcript("Yeah", 0.3),
        Transcript("Some long and unlikely text.", 0.1),
    ],
)
def test_noise(transcript: Transcript) -> None:
    assert is_noise(transcript)


@pytest.mark.parametrize(
    "transcript",
    [
        Transcript("Six.", 0.32),
        Transcript("Vegan.", 0.33),
        Transcript("Yeah.", 0.8),
        Transcript("Thank you.", 0.7),
        Transcript("You?", 0.8),
        Transcript("7", 0.5),
    ],
)
def test_speech(transcript: Transcript) -> None:
    assert not is_noise(transcript)


def test_a_sound_too_brief_for_its_words_is_noise() -> None:
    assert is_noise(Transcript("Thank you.", 0.9), voiced_seconds=0.1)
    assert not is_noise(Transcript("Thank you.", 0.9), voiced_seconds=0.4)
    assert not is_noise(Transcript("Two.", 0.9), voiced_seconds=0.1)
